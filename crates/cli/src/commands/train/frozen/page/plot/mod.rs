//! Plots of the report. What differs in colour also differs in form.
pub(super) mod learning;
pub(super) mod recall;
pub(super) mod reliability;
