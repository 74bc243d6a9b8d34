//! Plots of the report. What differs in colour also differs in form.
pub(crate) mod learning;
pub(crate) mod recall;
pub(crate) mod reliability;
