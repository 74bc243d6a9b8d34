//! `cloze generate`, as typed.
use anyhow::bail;
use clap::{ArgGroup, Args, ValueEnum};
use cloze::generate::{Defaults, GenerateParams, ValidGenerateParams};

use crate::commands::generate::ask::ChatFlags;
use crate::commands::short_help;
use crate::flags::format::{FormatFlags, RowFormat};
use crate::flags::out::OutFlags;
use crate::flags::read::ReadFlags;

/// Flags in the short help.
const GENERATE_SHOWN: &[&str] =
    &["model", "text", "chat", "max_new_tokens", "temperature", "format", "json"];
const GENERATE_EXAMPLES: &str = "\
Examples:
  cloze generate --model ./gpt2 prompts.txt --temperature 0.8 --top-p 0.9 --seed 1
  cloze generate --model ./qwen --chat chats.jsonl --format jsonl
  cloze generate --model ./opus-mt-de-en --text 'Die Lampe am Kai ging aus.' --beams 4";

/// Arguments of `cloze generate`.
#[derive(Args)]
#[command(group = ArgGroup::new("prompts").args(["paths", "text"]).multiple(true).required(true))]
#[command(after_help = GENERATE_EXAMPLES, mut_args(|arg| short_help::only(GENERATE_SHOWN, arg)), mut_arg("chat", |arg| short_help::brief("Each prompt is a user's message in the model's chat template", arg)))]
pub(crate) struct GenerateArgs {
    /// Prompts, from files, folders, patterns such as 'prompts/*.txt', or - for standard input
    #[arg(value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// Prompt; can be repeated
    #[arg(long, value_name = "PROMPT", help_heading = "Input")]
    pub(crate) text: Vec<String>,
    #[command(flatten)]
    pub(crate) chat: ChatFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// Side cut from a prompt that leaves no room for new tokens [default: none, it is an error]
    #[arg(long, value_enum, value_name = "SIDE", help_heading = "Input")]
    pub(crate) truncate: Option<TruncateArg>,
    /// Decoder or encoder–decoder, by name or folder
    #[arg(short, long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    /// Number of threads [default: the cores this process may use]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) threads: Option<usize>,
    /// Largest cache of keys and values, in MiB
    #[arg(long, default_value_t = 2048, value_name = "MIB", help_heading = "Model")]
    pub(crate) max_cache_mib: usize,
    /// Maximum number of new tokens of a text [default: the model's, or else 128]
    #[arg(long, value_name = "N", help_heading = "Length")]
    pub(crate) max_new_tokens: Option<usize>,
    /// Minimum number of new tokens of a text [default: the model's, or else 0]
    #[arg(long, value_name = "N", help_heading = "Length")]
    pub(crate) min_new_tokens: Option<usize>,
    /// End a text where this string begins; can be repeated
    #[arg(long, value_name = "STRING", help_heading = "Length")]
    pub(crate) stop: Vec<String>,
    /// Temperature T of softmax(z / T): 1 is the model's own, 0 always takes the most probable [default:
    /// the model's, or else 0]
    #[arg(long, value_name = "T", help_heading = "Sampling")]
    pub(crate) temperature: Option<f64>,
    /// Sample from the N most probable tokens
    #[arg(long, value_name = "N", help_heading = "Sampling")]
    pub(crate) top_k: Option<usize>,
    /// Sample from the smallest set of tokens with total probability P (nucleus)
    #[arg(long, value_name = "P", help_heading = "Sampling")]
    pub(crate) top_p: Option<f64>,
    /// Sample from tokens at least P times as probable as the most probable
    #[arg(long, value_name = "P", help_heading = "Sampling")]
    pub(crate) min_p: Option<f64>,
    /// Repetition penalty: divides the logits of tokens of the prompt and the text; 1.2 is a good start
    #[arg(long, value_name = "X", help_heading = "Sampling")]
    pub(crate) repetition_penalty: Option<f64>,
    /// Random seed, for each text anew
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Sampling")]
    pub(crate) seed: u64,
    /// Beam search: keep the N most probable texts at a time; 1 is greedy [default: the model's where tokens
    /// are not sampled, or else 1]
    #[arg(long, value_name = "N", help_heading = "Beam search")]
    pub(crate) beams: Option<usize>,
    /// Divide a beam's log-probability by its length to the power of X: above 0 favours long texts, below 0
    /// short ones [default: the model's, or else 1]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Beam search")]
    pub(crate) length_penalty: Option<f64>,
    #[command(flatten)]
    pub(crate) format: FormatFlags<RowFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Side of a prompt that is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TruncateArg {
    /// Drop its beginning
    Left,
}

impl GenerateArgs {
    /// Returns the settings: these flags over the model's own.
    pub(crate) fn params(&self, model: &Defaults) -> anyhow::Result<ValidGenerateParams> {
        let samples = self.temperature.map_or(model.do_sample, |t| t > 0.0);
        let narrows = self.top_k.is_some() || self.top_p.is_some() || self.min_p.is_some();
        if !samples && narrows {
            bail!(
                "--top-k, --top-p and --min-p are for sampling: expected a --temperature above 0"
            );
        }
        let mut sample = if samples || !model.do_sample {
            model.sample()
        } else {
            let mut likeliest = model.clone();
            likeliest.do_sample = false;
            likeliest.sample()
        };
        if let Some(temperature) = self.temperature {
            sample = sample.temperature(temperature);
        }
        if let Some(k) = self.top_k {
            sample = sample.top_k(Some(k));
        }
        if let Some(p) = self.top_p {
            sample = sample.top_p(p);
        }
        if let Some(p) = self.min_p {
            sample = sample.min_p(p);
        }
        if let Some(penalty) = self.repetition_penalty {
            sample = sample.repetition_penalty(penalty);
        }
        // The model's beams are for texts that are not sampled.
        let beams = self.beams.or(model.beams.filter(|_| !samples)).unwrap_or(1);
        if beams == 1 && self.length_penalty.is_some() {
            bail!("--length-penalty is for beam search: expected --beams above 1");
        }
        let params = GenerateParams::new()
            .beams(beams)
            .length_penalty(self.length_penalty.or(model.length_penalty).unwrap_or(1.0))
            .early_stopping(model.early_stopping.unwrap_or_default())
            .no_repeat_ngram(model.no_repeat_ngram.unwrap_or(0))
            .max_new_tokens(self.max_new_tokens.or(model.max_new_tokens).unwrap_or(128))
            .min_new_tokens(self.min_new_tokens.or(model.min_new_tokens).unwrap_or(0))
            .stop(self.stop.clone())
            .truncate_left(self.truncate.is_some())
            .seed(self.seed);
        Ok(params.sample(sample).check()?)
    }
}
