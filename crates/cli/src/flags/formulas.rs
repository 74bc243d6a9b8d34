//! Flag of cells that spreadsheets would run.
use clap::{Args, ValueEnum};
use cloze_report::cells::{Formulas, Table};

/// Treatment of cells in tables.
#[derive(Args, Clone, Copy)]
pub(crate) struct FormulaFlags {
    /// Text cells that begin with =, +, -, @, a tab or a carriage return, which a spreadsheet would run
    /// as formulas (csv, tsv) [default: escape in csv, keep in tsv]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Output")]
    formulas: Option<FormulasArg>,
}

/// Treatment of formulas, as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormulasArg {
    /// Write ' in front, so that they are texts
    Escape,
    /// Write them as they are
    Keep,
}

impl FormulaFlags {
    /// Treatment asked for; `None` for the format's own.
    pub(crate) fn given(self) -> Option<Formulas> {
        self.formulas.map(|formulas| match formulas {
            FormulasArg::Escape => Formulas::Escape,
            FormulasArg::Keep => Formulas::Keep,
        })
    }

    /// Tab-separated values.
    pub(crate) fn tsv(self) -> Table {
        Table::tsv().formulas(self.given())
    }

    /// Comma-separated values.
    pub(crate) fn csv(self) -> Table {
        Table::csv().formulas(self.given())
    }
}
