//! Chats as a model's own template puts them into a prompt.
//!
//! Source: transformers 5.24.0, `utils/chat_template_utils.py`.
mod functions;

use std::io::{self, Write};
use std::time::SystemTime;

use cloze_checkpoint::ModelFolder;
use cloze_store::Location;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::GenerateError;
use functions::Now;

const FILE: &str = "chat_template.jinja";
const SETTINGS: &str = "tokenizer_config.json";
/// Most bytes of a template, and of the settings that it stands in.
const MAX_BYTES: u64 = 16 << 20;
/// Work that a template may do: a million instructions, or 64 bytes of memory in place of each.
const FUEL: u64 = 1_000_000;
/// Deepest nesting of blocks and calls.
const DEPTH: usize = 200;
/// Most bytes of a prompt.
const MAX_PROMPT: usize = 16 << 20;
/// Tokens that templates know by name.
const SPECIAL: [&str; 7] =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// A message of a chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Role of the writer: `system`, `user`, `assistant`, …
    pub role: String,
    /// Text, or what else the template takes.
    #[serde(default)]
    pub content: serde_json::Value,
    /// Other fields that a template may know, such as `tool_calls`.
    #[serde(flatten)]
    pub more: Map<String, serde_json::Value>,
}

impl Message {
    /// A text.
    #[must_use]
    pub fn new(role: impl Into<String>, text: impl Into<String>) -> Self {
        Self { role: role.into(), content: text.into().into(), more: Map::new() }
    }

    /// A text of the user.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new("user", text)
    }

    /// A text of the system: what holds for the whole chat.
    #[must_use]
    pub fn system(text: impl Into<String>) -> Self {
        Self::new("system", text)
    }
}

/// The template of a model, in Jinja, and the tokens that it may name.
///
/// Templates are foreign code: they reach nothing but the messages, the tokens and the date (in UTC), and
/// their work, memory, nesting and output are bounded.
#[derive(Clone, Debug)]
pub struct ChatTemplate {
    source: String,
    path: Location,
    special: Vec<(&'static str, String)>,
    now: Option<SystemTime>,
}

#[derive(Default, Deserialize)]
struct Settings {
    chat_template: Option<Templates>,
    #[serde(flatten)]
    others: Map<String, serde_json::Value>,
}

/// One template, or several of which one is for chats without tools.
#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Named(Vec<Named>),
}

#[derive(Deserialize)]
struct Named {
    name: String,
    template: String,
}

impl ChatTemplate {
    /// Reads the template of a model: `chat_template.jinja`, or else that of `tokenizer_config.json`. `None`
    /// for a model that has none.
    ///
    /// # Errors
    /// [`GenerateError::Store`] for a file that cannot be read; [`GenerateError::Json`] for settings of
    /// another form; [`GenerateError::TemplateText`] for a template that is not UTF-8.
    pub fn read(model: &ModelFolder) -> Result<Option<Self>, GenerateError> {
        let (path, settings) = (model.file(FILE), model.file(SETTINGS));
        let read: Settings = if settings.is_file() {
            let bytes = cloze_store::read::read_capped(&settings, MAX_BYTES)?;
            let path = settings.to_path_buf();
            serde_json::from_slice(&bytes).map_err(|source| GenerateError::Json { path, source })?
        } else {
            Settings::default()
        };
        let token = |name: &'static str| {
            let token = read.others.get(name)?;
            let text = token.as_str().or_else(|| token.get("content")?.as_str())?;
            Some((name, text.to_owned()))
        };
        let special = SPECIAL.into_iter().filter_map(token).collect();
        if path.is_file() {
            let bytes = cloze_store::read::read_capped(&path, MAX_BYTES)?;
            let source = String::from_utf8(bytes)
                .map_err(|_| GenerateError::TemplateText { path: path.to_path_buf() })?;
            return Ok(Some(Self { source, path, special, now: None }));
        }
        let source = match read.chat_template {
            Some(Templates::One(source)) => Some(source),
            Some(Templates::Named(mut all)) => {
                let place = all.iter().position(|named| named.name == "default");
                place.map(|place| all.swap_remove(place).template)
            }
            None => None,
        };
        Ok(source.map(|source| Self { source, path: settings, special, now: None }))
    }

    /// Time that the template gets for now. Default: that of the machine, in UTC.
    #[must_use]
    pub fn now(mut self, now: SystemTime) -> Self {
        self.now = Some(now);
        self
    }

    /// The prompt of a chat, up to where the next message begins.
    ///
    /// # Errors
    /// [`GenerateError::Template`] with the line of the template for one that is no Jinja, that fails, that
    /// refuses the chat, or that exceeds its bounds.
    pub fn prompt(&self, messages: &[Message]) -> Result<String, GenerateError> {
        // Marks of what the assistant says, for training; here they are nothing.
        let source = functions::without_generation_marks(&self.source);
        let environment = environment(self.now)?;
        let failed = |error: minijinja::Error| self.failed(&error);
        let template =
            environment.template_from_named_str("chat template", &source).map_err(failed)?;
        let mut context: Vec<(&str, Value)> = vec![
            ("messages", Value::from(Serde(messages))),
            ("tools", Value::from(())),
            ("documents", Value::from(())),
            ("add_generation_prompt", Value::from(true)),
        ];
        let special = self.special.iter().map(|(name, token)| (*name, Value::from(token.as_str())));
        context.extend(special);
        let context = Value::from_pairs(context);
        let mut prompt = Bounded(vec![]);
        let rendered = template.render_captured_to(context, &mut prompt);
        rendered.map_err(failed)?;
        String::from_utf8(prompt.0)
            .map_err(|_| GenerateError::TemplateText { path: self.path.to_path_buf() })
    }

    fn failed(&self, error: &minijinja::Error) -> GenerateError {
        let what = match error.detail() {
            Some(detail) => detail.to_owned(),
            None => error.kind().to_string(),
        };
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let what = source.map_or(what.clone(), |source| format!("{what}: {source}"));
        GenerateError::Template { path: self.path.to_path_buf(), line: error.line(), what }
    }
}

/// Functions, filters and bounds of templates, as transformers has them.
fn environment(now: Option<SystemTime>) -> Result<Environment<'static>, GenerateError> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    let impossible = |error: minijinja::Error| GenerateError::Setting {
        setting: "chat template syntax",
        found: error.to_string(),
        expected: "Jinja's".into(),
    };
    environment.set_syntax(syntax.map_err(impossible)?);
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH);
    // As Python writes them.
    environment.set_formatter(|out, state, value| match value.kind() {
        ValueKind::None => Ok(out.write_str("None")?),
        ValueKind::Bool => Ok(out.write_str(if value.is_true() { "True" } else { "False" })?),
        _ => minijinja::escape_formatter(out, state, value),
    });
    environment.add_filter("tojson", functions::to_json);
    environment.add_function("raise_exception", functions::raise_exception);
    let now = Now::new(now);
    environment.add_function("strftime_now", move |format: String| now.format(&format));
    Ok(environment)
}

/// Bytes up to [`MAX_PROMPT`].
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_PROMPT {
            let what = format!("the prompt has more than {} MiB", MAX_PROMPT >> 20);
            return Err(io::Error::other(what));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
