//! 8-bit weights in `config.json`: its `quantization_config`, in the words of compressed-tensors,
//! as transformers and vLLM read them.
//!
//! Source: the compressed-tensors package 0.20, `quantization/quant_config.py` and `quant_args.py`.
use serde::Deserialize;
use serde_json::{Value, json};

/// Rounding of the inputs of 8-bit matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inputs {
    /// Each row by its own largest number: `dynamic`, `token`.
    ByRow,
    /// All by one scale, found beforehand: `static`, `tensor`.
    Fixed,
}

/// The key in `config.json`.
pub(crate) const KEY: &str = "quantization_config";
const METHOD: &str = "compressed-tensors";
/// The same with `input_factors` or a word table of 8 bits, which nobody must overlook.
const OWN_METHOD: &str = "cloze";
const FORMAT: &str = "int-quantized";

#[derive(Deserialize)]
struct Said {
    quant_method: Option<String>,
    format: Option<String>,
    #[serde(default)]
    config_groups: std::collections::BTreeMap<String, Group>,
}

#[derive(Deserialize)]
struct Group {
    weights: Option<Args>,
    input_activations: Option<Args>,
    output_activations: Option<Value>,
}

#[derive(Deserialize)]
struct Args {
    num_bits: Option<u32>,
    r#type: Option<String>,
    #[serde(default = "yes")]
    symmetric: bool,
    strategy: Option<String>,
    /// `true`, `false`, or `"local"`.
    dynamic: Option<Value>,
}

fn yes() -> bool {
    true
}

impl Args {
    fn is(&self, strategy: &str, dynamic: bool) -> bool {
        let said = self.dynamic.as_ref().unwrap_or(&Value::Bool(false));
        self.num_bits == Some(8)
            && self.r#type.as_deref().unwrap_or("int") == "int"
            && self.symmetric
            && self.strategy.as_deref() == Some(strategy)
            && *said == Value::Bool(dynamic)
    }
}

/// Whether weights that this is said of can be followed.
pub(super) fn check(value: &Value) -> Result<(), String> {
    let expected = "expected floats, or compressed-tensors' int-quantized with symmetric 8-bit channels \
                    of weights and 8-bit inputs, by token or fixed";
    let wrong = |what: String| Err(format!("quantization_config: {what}; {expected}"));
    let said: Said = match serde_json::from_value(value.clone()) {
        Ok(said) => said,
        Err(error) => return wrong(error.to_string()),
    };
    let method = said.quant_method.as_deref();
    let known = method == Some(METHOD) || method == Some(OWN_METHOD);
    if !known || said.format.as_deref().is_some_and(|format| format != FORMAT) {
        return wrong(format!("quant_method {method:?}, format {:?}", said.format));
    }
    for (name, group) in &said.config_groups {
        let weights = group.weights.as_ref().is_some_and(|w| w.is("channel", false));
        let inputs = group.input_activations.as_ref();
        let inputs = inputs.is_some_and(|a| a.is("token", true) || a.is("tensor", false));
        if !weights || !inputs || group.output_activations.as_ref().is_some_and(|o| !o.is_null()) {
            return wrong(format!("{name} is another scheme"));
        }
    }
    Ok(())
}

/// Returns the configuration of matrices of 8 bits with such inputs, perhaps in a form that is cloze's `own`.
/// Matrices in `ignored` have floats.
pub(crate) fn config(inputs: Inputs, own: bool, ignored: &[String]) -> Value {
    let (strategy, dynamic) = match inputs {
        Inputs::ByRow => ("token", true),
        Inputs::Fixed => ("tensor", false),
    };
    let args = |strategy: &str, dynamic: bool| {
        json!({
            "num_bits": 8, "type": "int", "symmetric": true, "strategy": strategy, "dynamic": dynamic,
        })
    };
    json!({
        "quant_method": if own { OWN_METHOD } else { METHOD },
        "format": FORMAT,
        "quantization_status": "compressed",
        "config_groups": { "group_0": {
            "targets": ["Linear"],
            "weights": args("channel", false),
            "input_activations": args(strategy, dynamic),
            "output_activations": null,
        } },
        "ignore": ignored,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read_and_others_are_named() {
        for (inputs, smoothed) in
            [(Inputs::ByRow, false), (Inputs::ByRow, true), (Inputs::Fixed, true)]
        {
            let said = config(inputs, smoothed, &["pooler.dense".into()]);
            check(&said).unwrap();
            let group = "/config_groups/group_0";
            for (path, other) in [
                ("/quant_method", json!("bitsandbytes")),
                ("/format", json!("pack-quantized")),
                (&*format!("{group}/weights/num_bits"), json!(4)),
                (&*format!("{group}/weights/strategy"), json!("group")),
                (&*format!("{group}/weights/symmetric"), json!(false)),
                (&*format!("{group}/input_activations"), Value::Null),
                (&*format!("{group}/input_activations/dynamic"), json!("local")),
                (&*format!("{group}/output_activations"), json!({})),
            ] {
                let mut changed = said.clone();
                *changed.pointer_mut(path).unwrap() = other;
                let error = check(&changed).unwrap_err();
                assert!(error.starts_with("quantization_config: "), "{path}: {error}");
            }
        }
        assert!(check(&json!(3)).is_err());
    }
}
