//! Confusion matrix. Shades show the share in the row; every cell has its number.
use cloze_metrics::{ConfusionTable, MultiLabelReport};

use super::figures::share;
use crate::page::attribute;
use crate::page::table::{framed, label, name, number, row};

/// Most labels of a table that is still readable.
const MOST: usize = 30;
/// Most columns with horizontal names; with more they are vertical.
const WIDE: usize = 6;

/// Number of examples of a label that another is predicted for.
fn count(table: &ConfusionTable, gold: usize, predicted: usize) -> u64 {
    table.counts.get(gold).and_then(|row| row.get(predicted)).copied().unwrap_or(0)
}

/// Cell of the table; `total` is the number of the gold label's examples.
fn cell(table: &ConfusionTable, gold: usize, predicted: usize, total: u64) -> String {
    let n = count(table, gold, predicted);
    let class = if gold == predicted { " class=\"right\"" } else { "" };
    let (gold, predicted) = (&table.labels[gold], &table.labels[predicted]);
    let title = format!("gold {gold}, predicted {predicted}: {n} of {total}");
    format!(
        "<td{class} style=\"--share:{:.3}\" title=\"{}\">{n}</td>",
        share(n, total),
        attribute(&title)
    )
}

/// Writes the confusion matrix of a single-label classifier.
pub(crate) fn single(table: &ConfusionTable) -> String {
    let indices: Vec<usize> = (0..table.labels.len()).collect();
    let count = |gold: usize, predicted: usize| count(table, gold, predicted);
    let wrong_of = |i: usize| -> u64 {
        indices.iter().filter(|&&j| j != i).map(|&j| count(i, j) + count(j, i)).sum()
    };
    let mut shown = indices.clone();
    if indices.len() > MOST {
        // Stable, so that of equals the first by name stay.
        shown.sort_by_key(|&i| std::cmp::Reverse(wrong_of(i)));
        shown.truncate(MOST);
        shown.sort_unstable();
    }
    let mut rows = Vec::with_capacity(shown.len());
    for &gold in &shown {
        let total = indices.iter().map(|&j| count(gold, j)).sum();
        let mut cells = vec![name(&table.labels[gold])];
        cells.extend(shown.iter().map(|&predicted| cell(table, gold, predicted, total)));
        rows.push(row(&cells));
    }
    let column = |&i: &usize| format!("<th scope=\"col\">{}</th>", label(&table.labels[i]));
    let columns: Vec<String> = shown.iter().map(column).collect();
    let head = format!("<tr><td></td>{}</tr>", columns.concat());
    let mut note = String::new();
    if shown.len() < indices.len() {
        let total: u64 = table.counts.iter().flatten().sum();
        let there: u64 =
            shown.iter().map(|&i| shown.iter().map(|&j| count(i, j)).sum::<u64>()).sum();
        note = format!(
            "<p>Below are the {} of {} labels with the most errors; {} of {total} examples have other \
             labels, gold or predicted.</p>\n",
            shown.len(),
            indices.len(),
            total - there
        );
    }
    let many = if shown.len() > WIDE { " many" } else { "" };
    let table = framed("Rows are gold labels, columns predicted ones", &head, &rows);
    format!("{note}<div class=\"matrix{many}\">\n{table}</div>\n")
}

/// Writes the 2×2 matrix of each label, in a row.
pub(crate) fn multi(report: &MultiLabelReport) -> String {
    let line = |(label, [[neither, spurious], [missed, both]]): (&String, &[[u64; 2]; 2])| {
        row(&[name(label), number(both), number(missed), number(spurious), number(neither)])
    };
    let rows: Vec<String> = report.confusion.iter().map(line).collect();
    let head = "<tr><th rowspan=\"2\" scope=\"col\" class=\"list\">label</th>\
                <th colspan=\"2\" scope=\"colgroup\">gold</th>\
                <th colspan=\"2\" scope=\"colgroup\">not gold</th></tr>\n\
                <tr><th scope=\"col\">predicted</th><th scope=\"col\">not predicted</th>\
                <th scope=\"col\">predicted</th><th scope=\"col\">not predicted</th></tr>";
    framed("Each label by itself", head, &rows)
}
