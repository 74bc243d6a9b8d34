//! A tokenizer as transformers has it: the parts that its class makes, over those of `tokenizer.json`.
//!
//! Source: transformers 5.24.0, `TokenizersBackend.__init__` and
//! `models/{bert,mpnet,roberta,xlm_roberta,camembert}/tokenization_*.py`.
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokenizers::{
    AddedToken, DecoderWrapper, ModelWrapper, NormalizerWrapper, PostProcessorWrapper,
    PreTokenizerWrapper, Tokenizer,
};

use super::settings::{Class, Settings};

/// Makes the tokenizer that transformers makes of these settings and of `inner`, which has the added
/// tokens `own`; `rows` is the number of rows of the embedding matrix.
pub(super) fn apply(
    mut inner: Tokenizer,
    settings: &Settings,
    own: &[(u32, AddedToken)],
    rows: Option<usize>,
) -> Result<Tokenizer, String> {
    let text = |error: tokenizers::Error| error.to_string();
    let made_by_class = makes(settings.class, inner.get_model());
    let effective = effective(settings, own);
    if made_by_class {
        let kept = |token: &AddedToken| effective.iter().any(|other| other == token);
        if !own.iter().all(|(_, token)| kept(token)) {
            // A token cannot be taken back.
            inner = Tokenizer::new(inner.get_model().clone());
        }
        set_parts(&mut inner, settings)?;
    }
    inner.set_encode_special_tokens(settings.split_special_tokens);
    let mut tokens = effective;
    for token in settings.special() {
        let known = tokens.iter().any(|other| other.content == token.content)
            || inner
                .get_added_tokens_decoder()
                .values()
                .any(|other| other.content == token.content);
        // One that no text can be given, for want of a row, is left out.
        let next = inner.get_vocab_size(true) + tokens.len();
        let has_row = || rows.is_none_or(|rows| next < rows);
        if !known && (inner.token_to_id(&token.content).is_some() || has_row()) {
            tokens.push(token.clone());
        }
    }
    for token in &settings.extra {
        if !tokens.iter().any(|other| other.content == token.content) {
            tokens.push(token.clone());
        }
    }
    let is_special = |token: &AddedToken| settings.special().any(|s| s.content == token.content);
    for token in &mut tokens {
        token.special |= is_special(token);
    }
    inner.add_tokens(tokens).map_err(text)?;
    if made_by_class {
        let processor = part(post_processor(settings, &inner)?)?;
        inner.with_post_processor(Some::<PostProcessorWrapper>(processor));
    }
    if settings.lower_case {
        lower_case(&mut inner)?;
    }
    Ok(inner)
}

/// Whether a class makes the parts around such a model.
fn makes(class: Class, model: &ModelWrapper) -> bool {
    matches!(
        (class, model),
        (Class::Bert | Class::MpNet, ModelWrapper::WordPiece(_))
            | (Class::Roberta, ModelWrapper::BPE(_))
            | (Class::XlmRoberta | Class::Camembert, ModelWrapper::Unigram(_))
    )
}

/// Added tokens in the order of their ids: those of the settings, and of `tokenizer.json` where these
/// are not alone.
fn effective(settings: &Settings, own: &[(u32, AddedToken)]) -> Vec<AddedToken> {
    let mut tokens = settings.added.clone();
    if !settings.added_alone {
        tokens.retain(|(id, _)| !own.iter().any(|(known, _)| known == id));
        tokens.extend(own.iter().cloned());
        tokens.sort_by_key(|(id, _)| *id);
    }
    tokens.into_iter().map(|(_, token)| token).collect()
}

fn part<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// Sets what the class makes: normalizer, pre-tokenizer, decoder, and the model's unknown token.
fn set_parts(inner: &mut Tokenizer, settings: &Settings) -> Result<(), String> {
    let text = |error: tokenizers::Error| error.to_string();
    let (normalizer, pre_tokenizer, decoder): (Option<NormalizerWrapper>, _, _) =
        match settings.class {
            Class::Bert | Class::MpNet => {
                let normalizer = json!({
                    "type": "BertNormalizer",
                    "clean_text": true,
                    "handle_chinese_chars": settings.chinese,
                    "strip_accents": settings.strip_accents,
                    "lowercase": settings.do_lower_case,
                });
                let decoder = json!({"type": "WordPiece", "prefix": "##", "cleanup": true});
                (Some(part(normalizer)?), json!({"type": "BertPreTokenizer"}), decoder)
            }
            Class::Roberta => {
                let level = |prefix: bool| {
                    json!({
                        "type": "ByteLevel",
                        "add_prefix_space": prefix,
                        "trim_offsets": true,
                        "use_regex": true,
                    })
                };
                (None, level(settings.add_prefix_space.unwrap_or(false)), level(true))
            }
            Class::XlmRoberta | Class::Camembert => {
                let prefix = settings.add_prefix_space.unwrap_or(true);
                let metaspace = json!({
                    "type": "Metaspace",
                    "replacement": "▁",
                    "prepend_scheme": if prefix { "always" } else { "never" },
                    "split": true,
                });
                let words = json!({
                    "type": "Sequence",
                    "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace.clone()],
                });
                (precompiled(inner.get_normalizer()), words, metaspace)
            }
            Class::Other => return Ok(()),
        };
    inner.with_normalizer(normalizer).map_err(text)?;
    inner.with_pre_tokenizer(Some::<PreTokenizerWrapper>(part(pre_tokenizer)?));
    inner.with_decoder(Some::<DecoderWrapper>(part(decoder)?));
    if let (ModelWrapper::WordPiece(model), Some(unknown)) =
        (inner.get_model(), settings.named("unk_token"))
        && model.unk_token != unknown.content
    {
        let mut model = model.clone();
        model.unk_token.clone_from(&unknown.content);
        inner.with_model(model);
    }
    Ok(())
}

/// Table of characters of a normalizer, the one part of it that the classes for `SentencePiece` keep.
fn precompiled(normalizer: Option<&NormalizerWrapper>) -> Option<NormalizerWrapper> {
    match normalizer? {
        table @ NormalizerWrapper::Precompiled(_) => Some(table.clone()),
        NormalizerWrapper::Sequence(sequence) => {
            let mut parts = sequence.as_ref().iter();
            parts.find(|part| matches!(part, NormalizerWrapper::Precompiled(_))).cloned()
        }
        _ => None,
    }
}

/// The special tokens that the class puts around texts.
fn post_processor(settings: &Settings, inner: &Tokenizer) -> Result<Value, String> {
    let token = |name: &str| {
        let token = settings.named(name).map(|token| token.content.clone()).unwrap_or_default();
        match inner.token_to_id(&token) {
            Some(id) => Ok((token, id)),
            None => Err(format!("{name}: {token:?} is not in the vocabulary")),
        }
    };
    let special = |(token, _): &(String, u32), kind: u32| json!({"SpecialToken": {"id": token, "type_id": kind}});
    let sequence = |id: &str, kind: u32| json!({"Sequence": {"id": id, "type_id": kind}});
    let tokens = |tokens: [&(String, u32); 2]| -> Value {
        let entry = |(token, id): &(String, u32)| {
            (token.clone(), json!({"id": token, "ids": [id], "tokens": [token]}))
        };
        Value::Object(tokens.map(entry).into_iter().collect())
    };
    Ok(match settings.class {
        Class::Bert => {
            let (cls, sep) = (token("cls_token")?, token("sep_token")?);
            let single = [special(&cls, 0), sequence("A", 0), special(&sep, 0)];
            let second = [sequence("B", 1), special(&sep, 1)];
            let pair = [single.as_slice(), &second].concat();
            json!({
                "type": "TemplateProcessing",
                "single": single,
                "pair": pair,
                "special_tokens": tokens([&cls, &sep]),
            })
        }
        Class::MpNet | Class::Roberta => {
            let (cls, sep) = (token("cls_token")?, token("sep_token")?);
            let roberta = settings.class == Class::Roberta;
            json!({
                "type": "RobertaProcessing",
                "sep": [sep.0, sep.1],
                "cls": [cls.0, cls.1],
                "trim_offsets": settings.trim_offsets || !roberta,
                "add_prefix_space": roberta && settings.add_prefix_space.unwrap_or(false),
            })
        }
        Class::XlmRoberta | Class::Camembert | Class::Other => {
            let (bos, eos) = (token("bos_token")?, token("eos_token")?);
            let single = [special(&bos, 0), sequence("A", 0), special(&eos, 0)];
            let second = [special(&eos, 0), sequence("B", 0), special(&eos, 0)];
            let pair = [single.as_slice(), &second].concat();
            json!({
                "type": "TemplateProcessing",
                "single": single,
                "pair": pair,
                "special_tokens": tokens([&bos, &eos]),
            })
        }
    })
}

/// Lower-cases texts before any other normalisation, unless that is done already. Source:
/// sentence-transformers 6.2.0, `base/modules/transformer.py`.
fn lower_case(inner: &mut Tokenizer) -> Result<(), String> {
    let lower = |part: &NormalizerWrapper| matches!(part, NormalizerWrapper::Lowercase(_));
    let mut parts = match inner.get_normalizer() {
        None => vec![],
        Some(NormalizerWrapper::Sequence(sequence)) => sequence.as_ref().to_vec(),
        Some(normalizer) => vec![normalizer.clone()],
    };
    if parts.iter().any(lower) {
        return Ok(());
    }
    parts.insert(0, part(json!({"type": "Lowercase"}))?);
    let sequence = tokenizers::normalizers::Sequence::new(parts);
    inner.with_normalizer(Some(sequence)).map_err(|error| error.to_string())?;
    Ok(())
}
