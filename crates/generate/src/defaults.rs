//! A model's own settings of generation.
use cloze_checkpoint::ModelFolder;
use cloze_heads::masked::SampleParams;
use cloze_store::StoreError;
use serde::Deserialize;
use serde_json::Value;

use crate::GenerateError;

const FILE: &str = "generation_config.json";
const MAX_BYTES: u64 = 1 << 20;

/// Settings that a model folder has for generation (`generation_config.json`, as transformers 5 reads it).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// Whether tokens are drawn; else the likeliest is taken.
    pub do_sample: bool,
    /// τ of the softmax.
    pub temperature: Option<f64>,
    /// Number of likeliest tokens to draw from.
    pub top_k: Option<usize>,
    /// Probability of the likeliest tokens to draw from.
    pub top_p: Option<f64>,
    /// Least share of the likeliest token's probability.
    pub min_p: Option<f64>,
    /// Penalty for tokens that have been said.
    pub repetition_penalty: Option<f64>,
    /// Most new tokens.
    pub max_new_tokens: Option<usize>,
    /// Fewest new tokens.
    pub min_new_tokens: Option<usize>,
    /// Ids of tokens that end a text; `None` for those of `config.json`.
    pub eos: Option<Vec<u32>>,
    /// Id of the token that begins a text.
    pub bos: Option<u32>,
}

#[derive(Default, Deserialize)]
struct File {
    do_sample: Option<bool>,
    temperature: Option<f64>,
    top_k: Option<usize>,
    top_p: Option<f64>,
    min_p: Option<f64>,
    repetition_penalty: Option<f64>,
    max_new_tokens: Option<usize>,
    min_new_tokens: Option<usize>,
    eos_token_id: Option<Value>,
    bos_token_id: Option<u32>,
}

impl Defaults {
    /// Reads the file of a model; nothing is set where there is none.
    ///
    /// # Errors
    /// [`GenerateError::Store`] for a file that cannot be read; [`GenerateError::Json`] for one that is not
    /// such JSON.
    pub fn read(model: &ModelFolder) -> Result<Self, GenerateError> {
        let path = model.file(FILE);
        if !path.check_file().map_err(StoreError::Read)? {
            return Ok(Self::default());
        }
        let bytes = cloze_store::read::read_capped(&path, MAX_BYTES)?;
        let json = |source| GenerateError::Json { path: path.to_path_buf(), source };
        let file: File = serde_json::from_slice(&bytes).map_err(json)?;
        let eos = match file.eos_token_id {
            None | Some(Value::Null) => None,
            Some(Value::Array(ids)) => {
                Some(serde_json::from_value(Value::Array(ids)).map_err(json)?)
            }
            Some(id) => Some(vec![serde_json::from_value(id).map_err(json)?]),
        };
        Ok(Self {
            do_sample: file.do_sample == Some(true),
            temperature: file.temperature,
            top_k: file.top_k,
            top_p: file.top_p,
            min_p: file.min_p,
            repetition_penalty: file.repetition_penalty,
            max_new_tokens: file.max_new_tokens,
            min_new_tokens: file.min_new_tokens,
            eos,
            bos: file.bos_token_id,
        })
    }

    /// Settings of drawing: greedy, where the model does not say that tokens are drawn. A `top_k` of 0 is
    /// all, and transformers' own default is 50.
    pub fn sample(&self) -> SampleParams {
        let penalty = self.repetition_penalty.unwrap_or(1.0);
        let params = SampleParams::new().repetition_penalty(penalty);
        if !self.do_sample {
            return params;
        }
        let top_k = self.top_k.unwrap_or(50);
        params
            .temperature(self.temperature.unwrap_or(1.0))
            .top_k((top_k > 0).then_some(top_k))
            .top_p(self.top_p.unwrap_or(1.0))
            .min_p(self.min_p.unwrap_or(0.0))
    }
}
