//! Settings of `generation_config.json` that change texts and that are not followed: they are refused by name.
use serde_json::{Map, Value};

/// Settings, and the number that each has where it changes nothing; `None` for those that change something
/// wherever they are.
const SETTINGS: [(&str, Option<f64>); 13] = [
    ("encoder_repetition_penalty", Some(1.0)),
    ("encoder_no_repeat_ngram_size", Some(0.0)),
    ("num_beam_groups", Some(1.0)),
    ("diversity_penalty", Some(0.0)),
    ("penalty_alpha", Some(0.0)),
    ("typical_p", Some(1.0)),
    ("epsilon_cutoff", Some(0.0)),
    ("eta_cutoff", Some(0.0)),
    ("guidance_scale", Some(1.0)),
    ("sequence_bias", None),
    ("force_words_ids", None),
    ("exponential_decay_length_penalty", None),
    ("begin_suppress_tokens", None),
];

/// The first setting that is not followed, and its value.
pub(crate) fn find(file: &Map<String, Value>) -> Option<(&'static str, &Value)> {
    SETTINGS.iter().find_map(|(name, neutral)| {
        let value = file.get(*name).filter(|value| !value.is_null())?;
        let is_neutral = value.as_f64().is_some() && value.as_f64() == *neutral;
        (!is_neutral).then_some((*name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_nothing_is_no_fault() {
        let found = |file: Value| find(file.as_object().unwrap()).map(|(name, _)| name);
        assert_eq!(found(serde_json::json!({ "typical_p": 1.0, "num_beam_groups": 1 })), None);
        assert_eq!(found(serde_json::json!({ "sequence_bias": null, "top_k": 50 })), None);
        assert_eq!(found(serde_json::json!({ "num_beam_groups": 2 })), Some("num_beam_groups"));
        let decay = serde_json::json!({ "exponential_decay_length_penalty": [5, 1.1] });
        assert_eq!(found(decay), Some("exponential_decay_length_penalty"));
    }
}
