//! Settings of a tokenizer beside its own file: `tokenizer_config.json`, `special_tokens_map.json` and
//! `added_tokens.json`, read and checked.
//!
//! Source: transformers 5.24.0, `PreTrainedTokenizerBase._from_pretrained` and the tokenizers' classes.
use cloze_checkpoint::ModelFolder;
use cloze_store::Location;
use serde_json::{Map, Value};
use tokenizers::AddedToken;

use super::file::{MAX_ADDED, MAX_TEXT};
use crate::EncoderError;

/// The largest of these files that is read.
const MAX_BYTES: u64 = 16 << 20;

/// Names of special tokens with a meaning, in transformers' order.
const NAMES: [&str; 7] =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// Kinds of tokenizers whose parts are made by transformers' class, whatever `tokenizer.json` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// WordPiece between `[CLS]` and `[SEP]`.
    Bert,
    /// WordPiece between `<s>` and `</s>`, two of these between texts.
    MpNet,
    /// Byte pairs.
    Roberta,
    /// `SentencePiece`'s Unigram.
    XlmRoberta,
    /// The same, with other special tokens.
    Camembert,
    /// Any other: `tokenizer.json` is taken as it is.
    Other,
}

impl Class {
    fn of(name: Option<&str>) -> Self {
        let name = name.unwrap_or_default();
        match name.strip_suffix("Fast").unwrap_or(name) {
            "BertTokenizer" | "DistilBertTokenizer" | "ElectraTokenizer" => Self::Bert,
            "MPNetTokenizer" => Self::MpNet,
            "RobertaTokenizer" => Self::Roberta,
            "XLMRobertaTokenizer" => Self::XlmRoberta,
            "CamembertTokenizer" => Self::Camembert,
            _ => Self::Other,
        }
    }

    /// Special tokens by the order of [`NAMES`] where the folder names none.
    fn defaults(self) -> [Option<AddedToken>; 7] {
        let names = match self {
            Self::Bert => ["", "", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"],
            Self::MpNet => ["<s>", "</s>", "[UNK]", "</s>", "<pad>", "<s>", "<mask>"],
            Self::Roberta | Self::XlmRoberta | Self::Camembert => {
                ["<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"]
            }
            Self::Other => [""; 7],
        };
        let mut tokens =
            names.map(|name| (!name.is_empty()).then(|| AddedToken::from(name.to_owned(), true)));
        if let (Self::Camembert | Self::MpNet, Some(mask)) = (self, &mut tokens[6]) {
            mask.lstrip = true;
        }
        // As the class leaves them, which does not call them special.
        for token in tokens.iter_mut().flatten().filter(|_| self == Self::MpNet) {
            token.normalized = true;
        }
        tokens
    }
}

/// Settings as the files have them, with the defaults of the class.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of a file, not states")]
pub(super) struct Settings {
    pub(super) class: Class,
    /// Lower-cases texts before anything else, as sentence-transformers' `do_lower_case` does.
    pub(super) lower_case: bool,
    pub(super) do_lower_case: bool,
    pub(super) strip_accents: Option<bool>,
    pub(super) chinese: bool,
    pub(super) add_prefix_space: Option<bool>,
    pub(super) trim_offsets: bool,
    pub(super) split_special_tokens: bool,
    /// Whether texts that are too long lose their beginning (`truncation_side`).
    pub(super) cuts_left: bool,
    /// Special tokens by the order of their names.
    named: [Option<AddedToken>; 7],
    /// Special tokens without a meaning.
    pub(super) extra: Vec<AddedToken>,
    /// Added tokens by their ids.
    pub(super) added: Vec<(u32, AddedToken)>,
    /// Whether those of `tokenizer.json` do not count beside these.
    pub(super) added_alone: bool,
}

impl Settings {
    /// Reads the files of a model.
    ///
    /// # Errors
    /// [`EncoderError::Store`] for a file that cannot be read; [`EncoderError::Tokenizer`] for one that is
    /// not JSON, or a setting of another type.
    pub(super) fn read(model: &ModelFolder) -> Result<Self, EncoderError> {
        // The tokenizer of a table of vectors is read without transformers.
        let class =
            if model.is_static() { Class::Other } else { Class::of(model.tokenizer_class()) };
        let mut settings = Self {
            class,
            lower_case: model.lower_case(),
            do_lower_case: true,
            strip_accents: None,
            chinese: true,
            add_prefix_space: None,
            trim_offsets: true,
            split_special_tokens: false,
            cuts_left: false,
            named: class.defaults(),
            extra: vec![],
            added: vec![],
            added_alone: false,
        };
        if model.is_static() {
            return Ok(settings);
        }
        settings.take_file(&model.file("tokenizer_config.json"), Self::take_config)?;
        if !settings.added_alone {
            settings.take_file(&model.file("special_tokens_map.json"), Self::take_special)?;
            settings.take_file(&model.file("added_tokens.json"), Self::take_added)?;
        }
        settings.added.sort_by_key(|(id, _)| *id);
        Ok(settings)
    }

    /// Special token of a name, `cls_token`.
    pub(super) fn named(&self, name: &str) -> Option<&AddedToken> {
        let index = NAMES.iter().position(|known| *known == name)?;
        self.named[index].as_ref()
    }

    /// Special tokens with a meaning.
    pub(super) fn special(&self) -> impl Iterator<Item = &AddedToken> {
        self.named.iter().flatten()
    }

    fn take_file(
        &mut self,
        path: &Location,
        take: fn(&mut Self, &Map<String, Value>) -> Result<(), String>,
    ) -> Result<(), EncoderError> {
        if !path.is_file() {
            return Ok(());
        }
        let bytes = cloze_store::read::read_capped(path, MAX_BYTES)?;
        let fields: Result<Map<String, Value>, _> = serde_json::from_slice(&bytes);
        fields
            .map_err(|error| format!("not the JSON expected: {error}"))
            .and_then(|fields| take(self, &fields))
            .map_err(|what| EncoderError::Tokenizer { path: path.to_path_buf(), what })
    }

    fn take_config(&mut self, fields: &Map<String, Value>) -> Result<(), String> {
        let flag = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(format!("{name}: expected true or false, found {other}")),
        };
        let side = |name: &str| match fields.get(name).map(Value::as_str) {
            None | Some(Some("right")) => Ok(false),
            Some(Some("left")) => Ok(true),
            Some(_) => Err(format!("{name}: expected left or right, found {}", fields[name])),
        };
        self.do_lower_case = flag("do_lower_case")?.unwrap_or(self.do_lower_case);
        self.strip_accents = flag("strip_accents")?;
        self.chinese = flag("tokenize_chinese_chars")?.unwrap_or(self.chinese);
        self.add_prefix_space = flag("add_prefix_space")?;
        self.trim_offsets = flag("trim_offsets")?.unwrap_or(self.trim_offsets);
        self.split_special_tokens = flag("split_special_tokens")?.unwrap_or(false);
        self.cuts_left = side("truncation_side")?;
        // Padding changes no result here, on whichever side the batch of the reference has it.
        side("padding_side")?;
        self.take_special(fields)?;
        let Some(Value::Object(added)) = fields.get("added_tokens_decoder") else {
            return Ok(());
        };
        self.added_alone = true;
        for (id, token) in added {
            let id = id.parse().map_err(|_| format!("added_tokens_decoder: no id {id:?}"))?;
            let token = added_token(token, false)
                .map_err(|what| format!("added_tokens_decoder.{id}: {what}"))?;
            self.push_added(id, token)?;
        }
        Ok(())
    }

    /// Takes the special tokens of a file.
    fn take_special(&mut self, fields: &Map<String, Value>) -> Result<(), String> {
        for (slot, name) in self.named.iter_mut().zip(NAMES) {
            let Some(value) = fields.get(name) else { continue };
            if value.is_null() {
                *slot = None;
            } else {
                let token = added_token(value, true).map_err(|what| format!("{name}: {what}"))?;
                // A text alone keeps what a longer description said of the same token.
                let same = slot.as_ref().is_some_and(|known| known.content == token.content);
                if !(same && value.is_string()) {
                    *slot = Some(token);
                }
            }
        }
        for name in ["extra_special_tokens", "additional_special_tokens"] {
            let values: Vec<&Value> = match fields.get(name) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(values)) => values.iter().collect(),
                Some(Value::Object(values)) => values.values().collect(),
                Some(other) => return Err(format!("{name}: expected a list, found {other}")),
            };
            if values.len() > MAX_ADDED {
                return Err(format!(
                    "{name}: expected at most {MAX_ADDED}, found {}",
                    values.len()
                ));
            }
            for value in values {
                let token = added_token(value, true).map_err(|what| format!("{name}: {what}"))?;
                if !self.extra.iter().any(|known| known.content == token.content) {
                    self.extra.push(token);
                }
            }
        }
        Ok(())
    }

    /// Takes `added_tokens.json`: ids by token.
    fn take_added(&mut self, fields: &Map<String, Value>) -> Result<(), String> {
        for (content, id) in fields {
            let number = id.as_u64().and_then(|id| u32::try_from(id).ok());
            let number =
                number.ok_or_else(|| format!("{content:?}: expected an id, found {id}"))?;
            let special = self.special().chain(&self.extra).any(|token| token.content == *content);
            let token = AddedToken::from(content.clone(), special);
            check_content(&token)?;
            self.push_added(number, token)?;
        }
        Ok(())
    }

    fn push_added(&mut self, id: u32, token: AddedToken) -> Result<(), String> {
        if self.added.len() >= MAX_ADDED {
            return Err(format!("expected at most {MAX_ADDED} added tokens, found more"));
        }
        self.added.push((id, token));
        Ok(())
    }
}

fn check_content(token: &AddedToken) -> Result<(), String> {
    match token.content.len() {
        1..=MAX_TEXT => Ok(()),
        bytes => Err(format!("expected a token of 1 to {MAX_TEXT} bytes, found {bytes}")),
    }
}

/// A token as the files have it: its text, or an object that has it as `content`.
pub(super) fn added_token(value: &Value, special: bool) -> Result<AddedToken, String> {
    let token = match value {
        Value::String(content) => AddedToken::from(content.clone(), special),
        Value::Object(fields) => {
            let content = fields.get("content").and_then(Value::as_str);
            let content = content.ok_or("expected a token's content, found none")?;
            let flag = |name: &str, default: bool| match fields.get(name) {
                None | Some(Value::Null) => Ok(default),
                Some(Value::Bool(value)) => Ok(*value),
                Some(other) => Err(format!("{name}: expected true or false, found {other}")),
            };
            let special = special || flag("special", false)?;
            AddedToken {
                content: content.to_owned(),
                single_word: flag("single_word", false)?,
                lstrip: flag("lstrip", false)?,
                rstrip: flag("rstrip", false)?,
                normalized: flag("normalized", !special)?,
                special,
            }
        }
        other => return Err(format!("expected a token, found {other}")),
    };
    check_content(&token)?;
    Ok(token)
}
