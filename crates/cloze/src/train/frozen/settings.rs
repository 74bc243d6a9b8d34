//! Settings of a fit, as reports have them.
use cloze_embed::correction::Method;
use cloze_train::ValidHeadParams;
use serde_json::{Map, Value, json};

use super::error::FitError;
use crate::RowParams;

/// Settings of rows and features, for reports.
pub(super) fn feature_settings(
    rows: &RowParams,
    correction: Option<Method>,
    normalize: bool,
) -> Map<String, Value> {
    let settings = json!({
        "pooling": rows.pooling.to_string(),
        "layers": rows.layers.to_string(),
        "prompt": rows.prompt,
        "truncate": rows.truncate,
        "pairs": rows.pairs,
        "correction": correction.map_or("none", Method::name),
        "normalize": normalize,
    });
    settings.as_object().cloned().unwrap_or_default()
}

/// Settings of a head, for reports.
pub(super) fn head_settings(
    head: &ValidHeadParams,
    seed: u64,
) -> Result<Map<String, Value>, FitError> {
    let settings = serde_json::to_value(head.params())?;
    let mut settings = settings.as_object().cloned().unwrap_or_default();
    settings.insert("seed".into(), seed.into());
    Ok(settings)
}
