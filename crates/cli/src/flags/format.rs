//! Flags of the output format: `--format`, and `--json` as its short form.
use clap::{Args, ValueEnum};
use cloze_report::grid::{Grid, GridFormat, write_grids};
use serde::Serialize;

use crate::terminal::out::{Out, json_line};

/// Output formats of a command, one of which is JSON.
pub(crate) trait OutputFormat: ValueEnum + Copy + PartialEq + Send + Sync + 'static {
    /// Format that `--json` is short for.
    const JSON: Self;
    /// Help of `--format`.
    const HELP: &'static str = "Output format [default: text]";
    /// Help of `--json`.
    const JSON_HELP: &'static str = "Short for --format jsonl";
}

/// Output format of results.
#[derive(Args, Clone, Copy)]
pub(crate) struct FormatFlags<F: OutputFormat> {
    #[arg(short, long, value_enum, value_name = "FORMAT", help = F::HELP, help_heading = "Output")]
    format: Option<F>,
    #[arg(long, conflicts_with = "format", help = F::JSON_HELP, help_heading = "Output")]
    json: bool,
}

impl<F: OutputFormat> FormatFlags<F> {
    /// Format asked for, if any is.
    pub(crate) fn given(self) -> Option<F> {
        if self.json { Some(F::JSON) } else { self.format }
    }

    /// Whether JSON is asked for.
    pub(crate) fn is_json(self) -> bool {
        self.given() == Some(F::JSON)
    }
}

/// Output formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Text, for reading
    Text,
    /// One JSON object with everything in the report
    #[value(alias = "jsonl")]
    Json,
}

impl OutputFormat for ReportFormat {
    const JSON: Self = Self::Json;
    const JSON_HELP: &'static str = "Short for --format json";
}

/// Output formats of a table of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FigureFormat {
    /// Text, for reading
    Text,
    /// One JSON object with everything in the report
    #[value(alias = "jsonl")]
    Json,
    /// Markdown table
    #[value(alias = "md")]
    Markdown,
    /// Comma-separated values, numbers with all digits
    Csv,
    /// LaTeX tabular
    #[value(alias = "tex")]
    Latex,
}

impl FigureFormat {
    /// Format of tables; `None` for text and JSON.
    pub(crate) fn grid(self) -> Option<GridFormat> {
        match self {
            Self::Text | Self::Json => None,
            Self::Markdown => Some(GridFormat::Markdown),
            Self::Csv => Some(GridFormat::Csv),
            Self::Latex => Some(GridFormat::Latex),
        }
    }
}

impl OutputFormat for FigureFormat {
    const JSON: Self = Self::Json;
    const JSON_HELP: &'static str = "Short for --format json";
}

impl FormatFlags<FigureFormat> {
    /// Format of tables, if one is asked for.
    pub(crate) fn grid(self) -> Option<GridFormat> {
        self.given().and_then(FigureFormat::grid)
    }

    /// Writes a report as a line of JSON, as tables or as text.
    pub(crate) fn write<E: Into<anyhow::Error>>(
        self,
        out: &mut Out,
        report: &impl Serialize,
        grids: impl FnOnce() -> Vec<Grid>,
        text: impl FnOnce(&mut Out) -> Result<(), E>,
    ) -> anyhow::Result<()> {
        if self.is_json() {
            return json_line(out, report);
        }
        match self.grid() {
            Some(format) => Ok(write_grids(&grids(), format, out)?),
            None => text(out).map_err(Into::into),
        }
    }
}

/// Output formats of results that come one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Text, for reading
    Text,
    /// One JSON object per line
    #[value(alias = "json")]
    Jsonl,
}

impl OutputFormat for RowFormat {
    const JSON: Self = Self::Jsonl;
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use crate::cli::Cli;

    fn check(command: &Command, name: &str) {
        let has = |long| command.get_arguments().any(|arg| arg.get_long() == Some(long));
        assert_eq!(has("format"), has("json"), "{name}");
        for subcommand in command.get_subcommands() {
            check(subcommand, &format!("{name} {}", subcommand.get_name()));
        }
    }

    #[test]
    fn every_command_with_a_format_has_its_short_form() {
        check(&Cli::command(), "cloze");
    }
}
