//! Flags of reading labelled texts.
use clap::Args;
use cloze_corpus::{Encoding, LabelledParams};

use crate::flags::pairs::PairInputArg;
use crate::flags::table::TableFlags;

/// Format and fields of labelled texts.
#[derive(Args)]
pub(crate) struct LabelledFlags {
    /// Input format; auto goes by file extension
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Input")]
    pub(crate) input: PairInputArg,
    /// Field or column of the text; A,B for several, * for all others [default: known names, such as text,
    /// message or review; column 1 without a header]
    ///
    /// Several are joined by line breaks; a.b is a field in a JSON object.
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub(crate) text_field: Option<String>,
    /// Examples have two texts [default fields: those with known names, such as sentence1 and sentence2,
    /// premise and hypothesis, question and answer; columns 1 and 2 without a header]
    #[arg(long, help_heading = "Input")]
    pub(crate) pairs: bool,
    /// Field or column of the second text
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub(crate) pair_field: Option<String>,
    /// Field or column of the label [default: the one with a known name, such as label, category, intent or
    /// sentiment; the last column without a header]
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub(crate) label_field: Option<String>,
    /// Field or column of the example's id [default: id, if there is one]
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub(crate) id_field: Option<String>,
    #[command(flatten)]
    pub(crate) table: TableFlags,
    /// Separator of several labels (multi-label)
    #[arg(long, value_name = "TEXT", help_heading = "Input")]
    pub(crate) label_separator: Option<String>,
    /// Encoding of the files: utf-8, latin1, utf-16, gbk, …
    #[arg(long, default_value = "utf-8", value_name = "NAME", help_heading = "Input")]
    pub(crate) encoding: String,
}

impl LabelledFlags {
    /// Returns the settings of the reader; whether labels are required is left at its default.
    pub(crate) fn params(&self) -> anyhow::Result<LabelledParams> {
        Ok(LabelledParams::default()
            .format(self.input.value())
            .encoding(self.encoding()?)
            .text_field(self.text_field.clone())
            .pairs(self.pairs)
            .pair_field(self.pair_field.clone())
            .label_field(self.label_field.clone())
            .id_field(self.id_field.clone())
            .label_separator(self.label_separator.clone())
            .table(self.table.params()))
    }

    pub(crate) fn encoding(&self) -> anyhow::Result<Encoding> {
        Ok(Encoding::parse(&self.encoding)?)
    }
}
