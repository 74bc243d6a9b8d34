//! Report of a check for people.
use std::io::{self, Write};

use cloze::corpus::quality::{Finding, FindingKind, FindingsOfKind, LabelCount, LabelledLine};
use cloze::data_check::{DataCheckReport, TagSummary};

use crate::terminal::messages::plural;
use cloze_report::text::one_line;

/// Longest text shown, in characters.
const SHOWN: usize = 60;

/// Writes the report for people, with at most `show` findings per kind.
pub(super) fn write(report: &DataCheckReport, out: &mut impl Write, show: usize) -> io::Result<()> {
    let files = match &report.files[..] {
        [] => String::new(),
        [file] => one_line(file),
        [first, rest @ ..] => {
            format!("{} and {}", one_line(first), plural(rest.len() as u64, "other file"))
        }
    };
    if let Some(TagSummary { words, scheme, tags }) = &report.tags {
        let sentences = plural(report.examples, "sentence");
        writeln!(out, "{files}: {sentences}, {}, scheme {scheme}", plural(*words, "word"))?;
        table(out, "tag", "words", tags)?;
        table(out, "label", "entities", &report.labels)?;
    } else {
        let labels = plural(report.labels.len() as u64, "label");
        writeln!(out, "{files}: {}, {labels}", plural(report.examples, "example"))?;
        table(out, "label", "examples", &report.labels)?;
    }
    for FindingsOfKind { kind, total, findings } in &report.findings {
        writeln!(out, "\n{}: {total}", kind.title())?;
        for finding in findings.iter().take(show) {
            writeln!(out, "  {}", line(finding, report.tags.is_some()))?;
        }
        if *total > show {
            writeln!(out, "  … and {} more", total - show)?;
        }
    }
    if report.findings.is_empty() {
        writeln!(out, "\nno findings")?;
    }
    Ok(())
}

fn table(out: &mut impl Write, name: &str, counted: &str, counts: &[LabelCount]) -> io::Result<()> {
    let width = |text: &str| text.chars().count();
    let names: Vec<String> = counts.iter().map(|count| one_line(&count.name)).collect();
    let wide = names.iter().map(|name| width(name)).max().unwrap_or(0).max(width(name));
    writeln!(out, "\n{name:wide$}  {counted:>9}   share")?;
    for (name, LabelCount { times, share, .. }) in names.iter().zip(counts) {
        writeln!(out, "{name:wide$}  {times:>9}  {:>5.1}%", 100.0 * share)?;
    }
    Ok(())
}

/// Findings about labels or tags, rather than sentences.
const BY_LABEL: [FindingKind; 3] =
    [FindingKind::RareLabel, FindingKind::LabelSpelling, FindingKind::NotATag];

/// Formats a finding: `a.csv:5 billing, a.csv:9 shipping: "Where is my …" (note)`.
fn line(finding: &Finding, tagged: bool) -> String {
    // A sentence's tags are longer than the line.
    let by_label = !tagged || BY_LABEL.contains(&finding.kind);
    let location = |labelled: &LabelledLine| {
        let label = labelled.label.as_deref().filter(|_| by_label);
        let label = label.map(|label| format!(" {}", one_line(label))).unwrap_or_default();
        format!("{}:{}{label}", one_line(&labelled.place.path), labelled.place.line)
    };
    let mut line: Vec<String> = finding.occurrences.iter().take(PLACES).map(location).collect();
    if let Some(more) = finding.occurrences.len().checked_sub(PLACES).filter(|more| *more > 0) {
        line.push(format!("{more} more"));
    }
    let mut line = line.join(", ");
    if let Some(text) = &finding.text {
        let text = one_line(text);
        let cut: String = text.chars().take(SHOWN).collect();
        let more = if cut.len() < text.len() { "…" } else { "" };
        line.extend([": \"", &cut, more, "\""]);
    }
    if let Some(note) = &finding.note {
        line.extend([" (", &one_line(note), ")"]);
    }
    line
}

/// Most places shown of one finding.
const PLACES: usize = 5;
