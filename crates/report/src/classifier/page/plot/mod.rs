//! Plots of the report. Series that differ in colour also differ in shape.
pub(crate) mod learning;
pub(crate) mod recall;
pub(crate) mod reliability;
