//! Output for reading: the text with its entities in brackets and, on terminals with colour, in colour.
use std::io::{self, Write};

use anstyle::{Ansi256Color, Style};
use cloze_core::split_at_entities;
use cloze_report::entities::{EntityForm, TaggedText};
use cloze_report::text::visible;

/// Colours of the palette of 256 that are distinct on dark and on light backgrounds.
const COLORS: [u8; 12] = [33, 166, 35, 161, 98, 37, 130, 69, 172, 71, 204, 105];

pub(super) struct Pretty {
    plain: bool,
    labels: Vec<String>,
    path: String,
}

impl Pretty {
    pub(super) fn new(plain: bool) -> Self {
        Self { plain, labels: vec![], path: String::new() }
    }

    fn styled(&self, style: Style) -> Style {
        if self.plain { Style::new() } else { style }
    }

    /// Returns the colour of a label, the same in the whole output.
    fn color(&mut self, label: &str) -> Style {
        let known = self.labels.iter().position(|l| l == label);
        let index = known.unwrap_or_else(|| {
            self.labels.push(label.to_owned());
            self.labels.len() - 1
        });
        Style::new().fg_color(Some(Ansi256Color(COLORS[index % COLORS.len()]).into()))
    }
}

impl EntityForm for Pretty {
    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()> {
        let dim = self.styled(Style::new().dimmed());
        if tagged.path != self.path {
            tagged.path.clone_into(&mut self.path);
            let bold = self.styled(Style::new().bold());
            writeln!(out, "{bold}── {} ──{bold:#}", visible(tagged.path))?;
        }
        if let Some(id) = tagged.id {
            write!(out, "{dim}{}:{dim:#} ", visible(id))?;
        }
        for (text, entity) in split_at_entities(tagged.text, tagged.entities) {
            let text = visible(text);
            match entity {
                Some(e) => {
                    let color = self.color(e.shown_label());
                    let (color, bold) = (self.styled(color), self.styled(color.bold()));
                    write!(
                        out,
                        "{color}[{color:#}{bold}{text}{bold:#} {color}{}]{color:#}",
                        visible(e.shown_label())
                    )?;
                }
                None => write!(out, "{text}")?,
            }
        }
        writeln!(out)
    }
}
