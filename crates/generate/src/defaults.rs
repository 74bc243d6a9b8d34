//! A model's own settings of generation.
use cloze_checkpoint::{GENAI_CONFIG, ModelFolder};
use cloze_heads::masked::SampleParams;
use cloze_store::StoreError;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{EarlyStopping, GenerateError, unfollowed};

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
    /// Number of texts that a beam search keeps at a time.
    pub beams: Option<usize>,
    /// Power of a text's length by which a beam search divides its log-probability.
    pub length_penalty: Option<f64>,
    /// End of a beam search.
    pub early_stopping: Option<EarlyStopping>,
    /// Number of tokens in a row that a text has once.
    pub no_repeat_ngram: Option<usize>,
    /// Id of the token that the decoder of an encoder–decoder begins with.
    pub start: Option<u32>,
    /// Id of the token that every text begins with, where the decoder has one token.
    pub forced_bos: Option<u32>,
    /// Id of the token that a text of the most tokens ends with.
    pub forced_eos: Option<u32>,
    /// Ids that are never drawn.
    pub suppressed: Vec<u32>,
    /// Ids that are never drawn unless they end a text.
    pub bad_words: Vec<u32>,
    /// Most tokens that a decoder has, the first included.
    pub(crate) max_length: Option<usize>,
    /// Fewest tokens that a decoder has, the first included.
    pub(crate) min_length: Option<usize>,
    /// Whether the file is there.
    pub(crate) is_file: bool,
}

/// The part of [`GENAI_CONFIG`] that matters here.
#[derive(Deserialize)]
struct GenaiFile {
    #[serde(default)]
    search: Map<String, Value>,
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
    num_beams: Option<usize>,
    length_penalty: Option<f64>,
    early_stopping: Option<Value>,
    no_repeat_ngram_size: Option<usize>,
    decoder_start_token_id: Option<u32>,
    forced_bos_token_id: Option<u32>,
    forced_eos_token_id: Option<u32>,
    suppress_tokens: Option<Vec<u32>>,
    bad_words_ids: Option<Vec<Vec<u32>>>,
    max_length: Option<usize>,
    min_length: Option<usize>,
}

impl Defaults {
    /// Reads the file of a model, or where there is none `search` of onnxruntime-genai's settings, which has the
    /// same names; nothing is set where there is neither.
    ///
    /// # Errors
    /// [`GenerateError::Store`] for a file that cannot be read; [`GenerateError::Json`] for one that is not
    /// such JSON; [`GenerateError::ModelSetting`] for a setting that is not followed.
    pub fn read(model: &ModelFolder) -> Result<Self, GenerateError> {
        let [own, genai] = [FILE, GENAI_CONFIG].map(|name| model.file(name));
        let is_own = own.check_file().map_err(StoreError::Read)?;
        let path = if is_own { own } else { genai };
        if !is_own && !path.check_file().map_err(StoreError::Read)? {
            return Ok(Self::default());
        }
        let bytes = cloze_store::read::read_capped(&path, MAX_BYTES)?;
        let json = |source| GenerateError::Json { path: path.to_path_buf(), source };
        let all: Map<String, Value> = if is_own {
            serde_json::from_slice(&bytes).map_err(json)?
        } else {
            serde_json::from_slice::<GenaiFile>(&bytes).map_err(json)?.search
        };
        let refused = |setting: &'static str, found: String, expected: &'static str| {
            GenerateError::ModelSetting { path: path.to_path_buf(), setting, found, expected }
        };
        if let Some((setting, found)) = unfollowed::find(&all) {
            return Err(refused(setting, found.to_string(), "none, since it is not followed"));
        }
        let file: File = serde_json::from_value(Value::Object(all)).map_err(json)?;
        let early_stopping = match file.early_stopping {
            None | Some(Value::Null) => None,
            Some(Value::Bool(false)) => Some(EarlyStopping::No),
            Some(Value::Bool(true)) => Some(EarlyStopping::Yes),
            Some(Value::String(text)) if text == "never" => Some(EarlyStopping::Never),
            Some(found) => {
                let expected = "false, true or \"never\"";
                return Err(refused("early_stopping", found.to_string(), expected));
            }
        };
        let bad_words = file.bad_words_ids.unwrap_or_default();
        if let Some(words) = bad_words.iter().find(|words| words.len() != 1) {
            let expected = "words of one token each";
            return Err(refused("bad_words_ids", format!("{words:?}"), expected));
        }
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
            beams: file.num_beams,
            length_penalty: file.length_penalty,
            early_stopping,
            no_repeat_ngram: file.no_repeat_ngram_size,
            start: file.decoder_start_token_id,
            forced_bos: file.forced_bos_token_id,
            forced_eos: file.forced_eos_token_id,
            suppressed: file.suppress_tokens.unwrap_or_default(),
            bad_words: bad_words.into_iter().flatten().collect(),
            max_length: file.max_length,
            min_length: file.min_length,
            is_file: true,
        })
    }

    /// The same for a decoder whose first token comes from nowhere: lengths that count it are those of new
    /// tokens and one.
    pub(crate) fn of_encoder_decoder(mut self) -> Self {
        let new = |length: usize| length.saturating_sub(1);
        self.max_new_tokens =
            self.max_new_tokens.or(self.max_length.map(new).filter(|&tokens| tokens > 0));
        self.min_new_tokens = self.min_new_tokens.or(self.min_length.map(new));
        self
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
