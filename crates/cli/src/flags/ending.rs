//! Formats that the endings of `--output` choose.
use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::bail;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

/// Arguments with the format that the ending of `--output` chooses, where the command that they call has
/// formats and none is named. `None` where they stay as they are.
///
/// # Errors
/// An ending that is of no format of the command.
pub(crate) fn with_format(
    mut cli: Command,
    args: &[OsString],
) -> anyhow::Result<Option<Vec<OsString>>> {
    cli.build();
    // Arguments that do not parse are reported by whoever parses them.
    let Ok(matches) = cli.clone().try_get_matches_from(args) else { return Ok(None) };
    let (command, matches) = called(&cli, &matches);
    let Some(format) = chosen(command, matches)? else { return Ok(None) };
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let mut args = args.to_vec();
    args.splice(end..end, ["--format".into(), format.into()]);
    Ok(Some(args))
}

/// The innermost command.
fn called<'a>(
    mut command: &'a Command,
    mut matches: &'a ArgMatches,
) -> (&'a Command, &'a ArgMatches) {
    while let Some((name, inner)) = matches.subcommand() {
        let Some(subcommand) = command.find_subcommand(name) else { break };
        (command, matches) = (subcommand, inner);
    }
    (command, matches)
}

/// Format that the ending of `--output` chooses.
fn chosen(command: &Command, matches: &ArgMatches) -> anyhow::Result<Option<String>> {
    let arg = |name: &str| command.get_arguments().find(|arg| arg.get_id() == name);
    // A required output is a model or a correction, and the format that of a report beside it.
    let (Some(format), Some(output)) =
        (arg("format"), arg("output").filter(|o| !o.is_required_set()))
    else {
        return Ok(None);
    };
    let is_given = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
    if is_given("format") || is_given("json") || !is_given("output") {
        return Ok(None);
    }
    let Some(path) = matches.get_raw("output").and_then(|mut values| values.next()) else {
        return Ok(None);
    };
    let Some(ending) = ending(path) else { return Ok(None) };
    let formats = formats(format);
    if let Some((name, _)) = formats.iter().find(|(_, endings)| endings.contains(&&*ending)) {
        return Ok(Some(name.clone()));
    }
    let known: Vec<&str> =
        formats.iter().filter_map(|(_, endings)| endings.first().copied()).collect();
    let (path, name) = (Path::new(path).display(), output.get_long().unwrap_or("output"));
    bail!(
        "--{name} {path}: expected an ending of a format, .{}, found .{ending}\nhint: --format says which \
         format the file gets",
        known.join(", ."),
    )
}

/// Ending of a file's name, in lower case; `None` for a folder and for a name without one.
fn ending(path: &OsStr) -> Option<String> {
    let is_folder = path.to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]);
    let path = Path::new(path);
    if is_folder || path.is_dir() {
        return None;
    }
    Some(path.extension()?.to_string_lossy().to_lowercase())
}

/// Formats of a command, each with the endings of its files.
fn formats(format: &Arg) -> Vec<(String, Vec<&'static str>)> {
    let values = format.get_possible_values();
    values.iter().map(|value| (value.get_name().to_owned(), endings(value.get_name()))).collect()
}

/// Endings of files in a format, the usual one first. Redacted texts have that of their input.
fn endings(format: &str) -> Vec<&'static str> {
    match format {
        "text" | "pretty" => vec!["txt", "text", "log"],
        "json" => vec!["json", "jsonl"],
        "jsonl" => vec!["jsonl", "ndjson", "json"],
        "csv" => vec!["csv"],
        "tsv" => vec!["tsv", "tab"],
        "html" => vec!["html", "htm"],
        "conll" => vec!["conll", "iob", "iob2", "bio"],
        "inline" => vec!["xml"],
        "markdown" => vec!["md", "markdown"],
        "latex" => vec!["tex"],
        "npy" => vec!["npy"],
        "npz" => vec!["npz"],
        "parquet" => vec!["parquet", "pq"],
        "arrow" => vec!["arrow", "ipc", "feather"],
        "safetensors" => vec!["safetensors"],
        "trec" => vec!["trec", "run"],
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    fn formatted(line: &str) -> Result<Option<String>, String> {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let found = with_format(Cli::command(), &args).map_err(|error| error.to_string())?;
        Ok(found.map(|args| args.join(OsStr::new(" ")).into_string().unwrap()))
    }

    #[test]
    fn the_ending_of_a_file_chooses_its_format() {
        for (line, format) in [
            ("cloze classify a.csv -o p.csv", "csv"),
            ("cloze classify a.csv -o p.TSV", "tsv"),
            ("cloze pair a.csv --output=p.jsonl", "jsonl"),
            ("cloze tag a.txt -o p.html", "html"),
            ("cloze --quiet embed a.txt -o p.npy", "npy"),
            ("cloze data check a.csv -o p.json", "json"),
            ("cloze score a.txt -o p.txt", "text"),
            ("cloze next-sentence --pairs a.csv -o p.tsv", "tsv"),
            ("cloze next-sentence --pairs a.csv -o p.csv", "csv"),
            ("cloze tag a.csv -o p.csv", "csv"),
        ] {
            let expected = format!("{line} --format {format}");
            assert_eq!(formatted(line), Ok(Some(expected)), "{line}");
        }
        assert_eq!(
            formatted("cloze classify -o p.csv -- -a.csv"),
            Ok(Some("cloze classify -o p.csv --format csv -- -a.csv".to_owned()))
        );
    }

    #[test]
    fn what_names_no_ending_or_a_format_stays() {
        for line in [
            "cloze classify a.csv",
            "cloze classify a.csv -o p",
            "cloze classify a.csv -o p.xlsx --format jsonl",
            "cloze classify a.csv -o p.csv --json",
            "cloze tag a.txt -o out.d/",
            "cloze train classify a.csv -o model.v2",
            "cloze zscore fit a.txt -o z.json",
            "cloze classify",
            "cloze nothing -o p.xlsx",
        ] {
            assert_eq!(formatted(line), Ok(None), "{line}");
        }
    }

    #[test]
    fn an_ending_of_no_format_is_refused_with_those_there_are() {
        let error = formatted("cloze classify a.csv -o p.xlsx").unwrap_err();
        assert!(error.starts_with(
            "--output p.xlsx: expected an ending of a format, .jsonl, .csv, .tsv, found .xlsx\nhint: "
        ), "{error}");
        for line in [
            "cloze embed a.txt -o p.csv",
            "cloze eval sts a.csv -o p.docx",
            "cloze score a.txt -o p.parquet",
            "cloze tag a.txt -o p.pdf",
            "cloze cluster a.txt -o p.xlsx",
        ] {
            assert!(formatted(line).is_err(), "{line}");
        }
    }
}
