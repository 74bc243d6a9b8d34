//! Texts with their entities: JSON Lines, tab-separated values, `CoNLL`, text with marks, a page.
mod conll;
mod inline;
mod jsonl;
mod page;
mod tsv;

use std::io::{self, Write};

use cloze_core::{Entity, Span};

pub use conll::EntityConll;
pub use inline::EntityInline;
pub use jsonl::EntityJsonl;
pub use page::EntityPage;
pub use tsv::EntityTsv;

/// A text with its entities.
#[derive(Clone, Copy, Debug)]
pub struct TaggedText<'a> {
    /// Path of its file, or `-`.
    pub path: &'a str,
    /// Line it begins in, where the file has more than one text; counts from 1.
    pub line: Option<u64>,
    /// Name, if it has one.
    pub id: Option<&'a str>,
    /// Column or field of the text, where each of several is a text.
    pub field: Option<&'a str>,
    /// The text.
    pub text: &'a str,
    /// Entities in reading order.
    pub entities: &'a [Entity],
    /// Spans of the words.
    pub words: &'a [Span],
}

/// Output format of texts with their entities. A value writes one stream.
pub trait EntityForm {
    /// Writes the head of the stream. By default nothing.
    ///
    /// # Errors
    /// Errors of `out`.
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Writes one text.
    ///
    /// # Errors
    /// Errors of `out`.
    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()>;

    /// Writes the end of the stream. By default nothing.
    ///
    /// # Errors
    /// Errors of `out`.
    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cloze_core::OffsetUnit;

    use super::*;

    fn written(mut form: impl EntityForm) -> String {
        let entity = Entity { label: "A&B".into(), span: Span::new(3, 5), score: 0.5, tag: None };
        let tagged = TaggedText {
            path: "a.txt",
            line: Some(7),
            id: None,
            field: None,
            text: "<é>o!",
            entities: &[entity],
            words: &[Span::new(0, 4), Span::new(4, 6)],
        };
        let mut out = vec![];
        form.begin(&mut out).unwrap();
        form.text(&tagged, &mut out).unwrap();
        form.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// `<` is byte 0, `é` bytes 1 and 2, `>` 3, `o` 4, `!` 5: the entity is `>o`, characters 2 to 4.
    #[test]
    fn each_form_has_the_entity_at_its_offsets() {
        assert_eq!(
            written(EntityJsonl::new(OffsetUnit::Char)),
            "{\"path\":\"a.txt\",\"line\":7,\"id\":null,\"offsets\":\"char\",\"entities\":[{\"label\":\"A&B\",\
             \"start\":2,\"end\":4,\"text\":\">o\",\"score\":0.5}]}\n"
        );
        assert_eq!(
            written(EntityTsv::new(OffsetUnit::Byte)),
            "path\tline\tid\tlabel\tstart_byte\tend_byte\ttext\tscore\na.txt\t7\t\tA&B\t3\t5\t>o\t0.5\n"
        );
        assert_eq!(written(EntityInline), "&lt;é<A&amp;B>&gt;o</A&amp;B>!\n");
        assert_eq!(written(EntityConll), "<é>\tB-A&B\no!\tI-A&B\n\n");
        let page = written(EntityPage::default());
        assert!(page.contains("<h1>1 entity in 1 text</h1>"), "{page}");
        assert!(page.contains("&lt;é<mark data-label=\"A&amp;B\""), "{page}");
    }
}
