//! Groups of flags that several commands share.
pub(crate) mod classifier;
pub(crate) mod decoder;
pub(crate) mod dtype;
pub(crate) mod ending;
pub(crate) mod format;
pub(crate) mod formulas;
pub(crate) mod grouping;
pub(crate) mod labelled;
pub(crate) mod labels;
pub(crate) mod out;
pub(crate) mod pairs;
pub(crate) mod read;
#[cfg(test)]
mod requirements;
pub(crate) mod running_text;
pub(crate) mod scorer;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod table;
pub(crate) mod tagged;
pub(crate) mod tagger;
pub(crate) mod texts;
pub(crate) mod vectors;
pub(crate) mod work;

use std::path::PathBuf;

use cloze_checkpoint::{ModelFolder, find_folder};
use cloze_core::{OffsetUnit, Scheme};

use crate::terminal::messages::Messages;

/// Defines a flag's values with the library's values beside them: the first is the default.
macro_rules! values {
    ($name:ident => $of:ty { $($(#[$doc:meta])* $value:ident => $meaning:expr,)+ }) => {
        #[derive(Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
        pub(crate) enum $name { $($(#[$doc])* $value),+ }

        impl $name {
            pub(crate) fn value(self) -> $of {
                match self { $(Self::$value => $meaning),+ }
            }
        }
    };
}
pub(crate) use values;

values! { SchemeArg => Option<Scheme> {
    #[default]
    Auto => None,
    Io => Some(Scheme::Io),
    Iob1 => Some(Scheme::Iob1),
    Iob2 => Some(Scheme::Iob2),
    /// Both: I- may begin an entity, as the transformers library reads tags
    Iob => Some(Scheme::Iob),
    /// The same as bilou
    Iobes => Some(Scheme::Iobes),
    Bilou => Some(Scheme::Iobes),
} }

values! { OffsetsArg => OffsetUnit {
    /// Unicode code points, as Python counts
    #[default]
    Char => OffsetUnit::Char,
    /// Bytes of the text as UTF-8
    Byte => OffsetUnit::Byte,
    /// UTF-16 units, as browsers count
    Utf16 => OffsetUnit::Utf16,
} }

/// Opens a model by name or folder, and reports its folder.
pub(crate) fn find_model(name: &str, messages: &Messages) -> anyhow::Result<ModelFolder> {
    let model = ModelFolder::find(name)?;
    messages.model(name, model.folder());
    Ok(model)
}

/// Finds the folder of a model, or of a head, by name or folder, and reports it.
pub(crate) fn find_model_folder(name: &str, messages: &Messages) -> anyhow::Result<PathBuf> {
    let folder = find_folder(name)?;
    messages.model(name, &folder);
    Ok(folder)
}
