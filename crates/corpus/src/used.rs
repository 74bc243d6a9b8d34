//! Columns or fields that a reader uses.
use std::fmt;

use crate::fields::Field;
use crate::names::{EVERY, FieldRole, Names, folded};

/// Columns of a table, or fields of an object, that a reader uses; to be shown once. Displayed as
/// `columns: text Message, label Category (delimiter ;)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedFields {
    fields: Vec<(FieldRole, Vec<String>)>,
    /// Delimiter of a table, where it is not the one of its format.
    delimiter: Option<u8>,
    kind: Kind,
    notable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Header,
    Numbered,
    Object,
}

impl UsedFields {
    /// Columns of a table with a header or without one.
    pub(crate) fn of_table(header: bool, delimiter: Option<u8>) -> Self {
        let kind = if header { Kind::Header } else { Kind::Numbered };
        Self { fields: vec![], delimiter, kind, notable: true }
    }

    /// Fields of an object.
    pub(crate) fn of_object() -> Self {
        Self { fields: vec![], delimiter: None, kind: Kind::Object, notable: false }
    }

    /// Adds the names of a role, of which the user asked for these or not.
    pub(crate) fn add(&mut self, role: FieldRole, names: Vec<String>, asked: bool) {
        if names.is_empty() {
            return;
        }
        self.notable |= !asked && names.iter().any(|name| folded(name) != role.to_string());
        self.fields.push((role, names));
    }

    /// Adds fields of an object, chosen by `names`.
    pub(crate) fn add_fields(&mut self, names: &Names, fields: &[Field<'_>]) {
        let shown = if names.is_every() {
            vec![EVERY.to_owned()]
        } else {
            fields.iter().map(|(name, _)| name.clone()).collect()
        };
        self.add(names.role, shown, names.is_asked());
    }

    /// Roles with their names, in order.
    #[must_use]
    pub fn fields(&self) -> &[(FieldRole, Vec<String>)] {
        &self.fields
    }

    /// Whether a user has to see it: always of a table; of objects where a field was chosen by another
    /// name than that of its role.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        self.notable
    }
}

impl fmt::Display for UsedFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.kind == Kind::Object { "fields:" } else { "columns:" })?;
        for (i, (role, names)) in self.fields.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma} {role} {}", names.join("+"))?;
        }
        let delimiter = self.delimiter.map(|delimiter| match delimiter {
            b'\t' => "delimiter tab".to_owned(),
            other => format!("delimiter {}", char::from(other)),
        });
        let header = (self.kind == Kind::Numbered).then(|| "no header".to_owned());
        let notes: Vec<String> = header.into_iter().chain(delimiter).collect();
        if notes.is_empty() { Ok(()) } else { write!(f, " ({})", notes.join(", ")) }
    }
}
