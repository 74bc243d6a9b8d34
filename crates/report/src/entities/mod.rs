//! Texts with their entities: JSON Lines, tables, `CoNLL`, text with marks, a page.
mod conll;
mod inline;
mod jsonl;
mod page;
mod table;

use std::io::{self, Write};

use cloze_core::{Entity, Span};

pub use conll::EntityConll;
pub use inline::EntityInline;
pub use jsonl::EntityJsonl;
pub use page::EntityPage;
pub use table::EntityTable;

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
    /// Places of the entities in a document, one for each; empty where the text is the file's own.
    pub places: &'a [EntityPlace<'a>],
    /// Name of the recogniser that found each entity, if one did; empty where none ran.
    pub recognizers: &'a [Option<String>],
    /// The source that [`EntityPlace::source`] counts in, such as that of a page.
    pub source: Option<&'a str>,
}

/// Place of an entity in the document that its text was taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntityPlace<'a> {
    /// Name of the part: `page 2`, `Sheet1!B3`.
    pub part: Option<&'a str>,
    /// Bytes of the source, where the source is text.
    pub source: Option<Span>,
}

impl TaggedText<'_> {
    /// Text that offsets count in: the source where there is one.
    pub(crate) fn offset_text(&self) -> &str {
        self.source.unwrap_or(self.text)
    }

    /// Span of an entity in [`offset_text`](Self::offset_text).
    pub(crate) fn offset_span(&self, entity: usize) -> Option<Span> {
        match self.source {
            Some(_) => self.places.get(entity)?.source,
            None => Some(self.entities.get(entity)?.span),
        }
    }
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
            places: &[],
            recognizers: &[],
            source: None,
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
            written(EntityTable::new(OffsetUnit::Byte)),
            "path\tline\tid\tlabel\tstart_byte\tend_byte\ttext\tscore\na.txt\t7\t\tA&B\t3\t5\t>o\t0.5\n"
        );
        assert_eq!(written(EntityInline), "&lt;é<A&amp;B>&gt;o</A&amp;B>!\n");
        assert_eq!(written(EntityConll), "<é>\tB-A&B\no!\tI-A&B\n\n");
        let page = written(EntityPage::default());
        assert!(page.contains("<h1>1 entity in 1 text</h1>"), "{page}");
        assert!(page.contains("&lt;é<mark data-label=\"A&amp;B\""), "{page}");
    }

    /// Columns of the input stand first, those of the entity give way where a name is taken, and formulas
    /// of the input are escaped.
    #[test]
    fn a_table_keeps_the_columns_of_the_input() {
        let entity = Entity { label: "PER".into(), span: Span::new(0, 3), score: 0.5, tag: None };
        let tagged = TaggedText {
            path: "a.csv",
            line: Some(2),
            id: Some("7"),
            field: None,
            text: "Ann",
            entities: &[entity.clone(), entity],
            words: &[],
            places: &[],
            recognizers: &[],
            source: None,
        };
        let form = EntityTable::new(OffsetUnit::Char).table(crate::cells::Table::csv());
        let mut out = vec![];
        let input = ["id", "text", "note"].map(str::to_owned);
        form.write_header(&input, &mut out).unwrap();
        form.write_rows(&["7", "Ann", "=1+1"].map(str::to_owned), &tagged, &mut out).unwrap();
        let row = "7,Ann,'=1+1,a.csv,2,PER,0,3,Ann,0.5\n";
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!(
                "id,text,note,path,line,label,start_char,end_char,predicted_text,score\n{row}{row}"
            )
        );
    }

    /// `M&uuml;ller` is bytes 3 to 14 of the source, where `ü` is six more than a character.
    #[test]
    fn an_entity_of_a_page_has_the_offsets_of_its_source() {
        let entity = Entity { label: "PER".into(), span: Span::new(0, 7), score: 0.5, tag: None };
        let place = EntityPlace { part: Some("paragraph 1"), source: Some(Span::new(3, 14)) };
        let tagged = TaggedText {
            path: "a.html",
            line: None,
            id: None,
            field: None,
            text: "Müller",
            entities: &[entity],
            words: &[],
            places: &[place],
            recognizers: &[Some("deny".to_owned())],
            source: Some("<p>M&uuml;ller</p>"),
        };
        let mut out = vec![];
        EntityForm::text(&mut EntityJsonl::new(OffsetUnit::Char), &tagged, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"path\":\"a.html\",\"id\":null,\"offsets\":\"char\",\"entities\":[{\"label\":\"PER\",\
             \"start\":3,\"end\":14,\"text\":\"Müller\",\"score\":0.5,\"recognizer\":\"deny\",\"part\":\"paragraph 1\"}]}\n"
        );
        let mut out = vec![];
        EntityForm::text(&mut EntityTable::new(OffsetUnit::Byte), &tagged, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a.html\t\t\tPER\t3\t14\tMüller\t0.5\n");
    }
}
