//! HTML page that needs no other file: a legend with counts, a filter for each label, the texts.
//!
//! Records are written as they come. The legend, which is known only at the end, stands at the end of
//! the page and is shown at its top.
use std::collections::BTreeMap;
use std::io::{self, Write};

use cloze_core::split_at_entities;
use html_escape::{encode_double_quoted_attribute, encode_text};

use super::{EntityForm, TaggedText};
use crate::text::plural;

/// A page with the texts, their entities marked, counts and filters by label.
#[derive(Clone, Debug, Default)]
pub struct EntityPage {
    path: String,
    counts: BTreeMap<String, u64>,
    /// Number of entities by recogniser.
    recognized: BTreeMap<String, u64>,
    records: u64,
}

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cloze: entities</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem;
       display: flex; flex-direction: column; }
header { order: -1; position: sticky; top: 0; background: Canvas; padding: .5rem 0;
         border-bottom: 1px solid GrayText; }
h1 { font-size: 1.1rem; margin: 0 0 .3rem; }
h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
p.record { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 .4rem; }
p.record > small { color: GrayText; user-select: none; }
mark { color: inherit; background: hsl(var(--hue) 80% 50% / .22); border-radius: .3em;
       border-bottom: 2px solid hsl(var(--hue) 80% 45%); padding: .05em .2em; }
mark > b { font-size: .68em; margin-left: .35em; opacity: .8; user-select: none; }
header label { display: inline-block; margin: 0 .8em .2em 0; white-space: nowrap; }
header label > i { font-style: normal; border-bottom: 3px solid hsl(var(--hue) 80% 45%); }
mark.off { background: none; border: 0; padding: 0; }
mark.off > b { display: none; }
</style>
</head>
<body>
"#;

const FILTERS: &str = r#"<script>
for (const box of document.querySelectorAll("header input"))
  box.addEventListener("change", () => {
    for (const mark of document.querySelectorAll("mark"))
      if (mark.dataset.label === box.value) mark.classList.toggle("off", !box.checked);
  });
</script>
"#;

/// Returns the hue of a label, from its name, so that it is the same on every page.
fn hue(label: &str) -> u32 {
    // FNV-1a, turned by the golden angle, which keeps neighbours apart.
    let hash =
        label.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    (hash % 360) * 137 % 360
}

impl EntityForm for EntityPage {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(HEAD.as_bytes())
    }

    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()> {
        if self.records == 0 || tagged.path != self.path {
            tagged.path.clone_into(&mut self.path);
            writeln!(out, "<h2>{}</h2>", encode_text(tagged.path))?;
        }
        self.records += 1;
        write!(out, "<p class=\"record\">")?;
        if let Some(id) = tagged.id {
            write!(out, "<small>{}: </small>", encode_text(id))?;
        }
        let mut indices = 0..tagged.entities.len();
        for (text, entity) in split_at_entities(tagged.text, tagged.entities) {
            let Some(e) = entity else {
                write!(out, "{}", encode_text(text))?;
                continue;
            };
            // Entities that have no place in the text are not among the parts.
            let index = indices.find(|&i| std::ptr::eq(&raw const tagged.entities[i], e));
            let name = index.and_then(|i| tagged.recognizers.get(i)?.as_deref());
            if let Some(name) = name {
                *self.recognized.entry(name.to_owned()).or_default() += 1;
            }
            let finder = name.map_or_else(String::new, |name| format!(", recogniser {name}"));
            *self.counts.entry(e.shown_label().to_owned()).or_default() += 1;
            write!(
                out,
                "<mark data-label=\"{}\" style=\"--hue:{}\" title=\"{:.3}{}\">{}<b>{}</b></mark>",
                encode_double_quoted_attribute(e.shown_label()),
                hue(e.shown_label()),
                e.score,
                encode_double_quoted_attribute(&finder),
                encode_text(text),
                encode_text(e.shown_label())
            )?;
        }
        writeln!(out, "</p>")
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let total: u64 = self.counts.values().sum();
        let (entities, texts) = (plural(total, "entity"), plural(self.records, "text"));
        writeln!(out, "<header>\n<h1>{entities} in {texts}</h1>")?;
        for (label, count) in &self.counts {
            writeln!(
                out,
                "<label style=\"--hue:{}\"><input type=\"checkbox\" checked value=\"{}\"> <i>{}</i> {count}</label>",
                hue(label),
                encode_double_quoted_attribute(label),
                encode_text(label)
            )?;
        }
        if !self.recognized.is_empty() {
            let by = self.recognized.iter().map(|(name, count)| format!("{name} {count}"));
            let by: Vec<String> = by.collect();
            let others = total - self.recognized.values().sum::<u64>();
            let by = encode_text(&by.join(", ")).into_owned();
            writeln!(out, "<p>By recognisers: {by}. By the model: {others}.</p>")?;
        }
        write!(out, "</header>\n{FILTERS}</body>\n</html>\n")
    }
}
