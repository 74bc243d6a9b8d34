//! `cloze generate`: text behind prompts by a decoder, or by prompts that an encoder reads.
pub(crate) mod args;
pub(crate) mod ask;

use std::io::Write as _;

use cloze::Generator;
use cloze::generate::{Generation, ValidGenerateParams};
use cloze_report::text::{one_line, visible};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::generate::args::GenerateArgs;
use crate::commands::generate::ask::{AskError, Asker};
use crate::flags::find_model;
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};

pub(crate) fn run(
    common: &CommonFlags,
    args: &GenerateArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    let model = find_model(&args.model, messages)?;
    let builder = Generator::builder(model).threads(args.threads);
    let builder = builder.max_cache_mib(args.max_cache_mib);
    let generator = builder.runtime(common.load_runtime(messages)?).open()?;
    let params = args.params(generator.defaults())?;
    let mut form = Form {
        out: args.out.open()?,
        json: args.format.is_json(),
        several: args.text.len() != 1 || !args.paths.is_empty(),
        truncated: 0,
    };
    let given = args.text.iter().cloned().zip(1..);
    let given: Vec<Input> = given.map(|(text, line)| Input::given(line, text)).collect();
    let mut asker = Asker::new(&generator, &args.chat)?;
    form.generate(&mut asker, &params, &given, messages)?;
    if !args.paths.is_empty() {
        let work = |chunk: Vec<Input>| form.generate(&mut asker, &params, &chunk, messages);
        texts::for_each_chunk(&args.paths, &args.chat.read(&args.read), messages, work)?;
    }
    let truncated = form.truncated;
    form.out.finish()?;
    if truncated > 0 {
        let prompts = plural(truncated, "prompt");
        messages.note(&format!("{prompts} longer than the model takes, cut at the beginning"));
    }
    Ok(())
}

/// Prompts that go through the model at once.
const PROMPTS: usize = 32;

/// A stream of texts.
struct Form {
    out: Out,
    json: bool,
    /// Whether there may be several prompts, so that each is shown above its text.
    several: bool,
    truncated: u64,
}

#[derive(Serialize)]
struct Record<'a> {
    path: &'a str,
    line: u64,
    id: &'a str,
    prompt: &'a str,
    text: &'a str,
    tokens: Vec<Token<'a>>,
    finish_reason: &'static str,
    /// Tokens of the prompt that were dropped.
    #[serde(skip_serializing_if = "is_zero")]
    truncated: usize,
}

#[derive(Serialize)]
struct Token<'a> {
    id: u32,
    text: &'a str,
    logprob: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Form {
    fn generate(
        &mut self,
        asker: &mut Asker<'_>,
        params: &ValidGenerateParams,
        inputs: &[Input],
        messages: &Messages,
    ) -> anyhow::Result<()> {
        // A beam search has no first token before its last.
        let streams = !self.json && params.beams() == 1;
        if let ([input], true) = (inputs, streams) {
            return match self.stream(asker, params, input)? {
                Ok(()) => Ok(()),
                Err(error) => {
                    messages.failure(&error);
                    Ok(())
                }
            };
        }
        for inputs in inputs.chunks(PROMPTS) {
            for (input, generation) in inputs.iter().zip(asker.batch(inputs, params)?) {
                match generation {
                    Ok(generation) => self.write(input, &generation)?,
                    Err(error) => messages.failure(&error),
                }
            }
            self.out.flush()?;
        }
        Ok(())
    }

    /// Writes a text while it is generated.
    fn stream(
        &mut self,
        asker: &mut Asker<'_>,
        params: &ValidGenerateParams,
        input: &Input,
    ) -> anyhow::Result<Result<(), AskError>> {
        let mut tokens = match asker.stream(input, params) {
            Ok(tokens) => tokens,
            Err(error) => return Ok(Err(error)),
        };
        self.header(input)?;
        for token in &mut tokens {
            match token {
                Ok(token) => write!(self.out, "{}", visible(&token.text))?,
                Err(error) => {
                    writeln!(self.out)?;
                    let error = Box::new(input.not_encoded(error.into()));
                    return Ok(Err(AskError::NotGenerated(error)));
                }
            }
            self.out.flush()?;
        }
        self.truncated += u64::from(tokens.finish().truncated > 0);
        writeln!(self.out)?;
        Ok(Ok(()))
    }

    fn header(&mut self, input: &Input) -> anyhow::Result<()> {
        if self.several {
            writeln!(self.out, "── {} ──", one_line(&input.text))?;
        }
        Ok(())
    }

    fn write(&mut self, input: &Input, generation: &Generation) -> anyhow::Result<()> {
        self.truncated += u64::from(generation.truncated > 0);
        if !self.json {
            self.header(input)?;
            writeln!(self.out, "{}", visible(&generation.text))?;
            return Ok(());
        }
        let tokens = generation.tokens.iter().map(|token| Token {
            id: token.id,
            text: &token.text,
            logprob: token.log_probability,
        });
        let record = Record {
            path: &input.path,
            line: input.line,
            id: &input.id,
            prompt: &input.text,
            text: &generation.text,
            tokens: tokens.collect(),
            finish_reason: generation.finish.name(),
            truncated: generation.truncated,
        };
        json_line(&mut self.out, &record)
    }
}
