use super::*;

const TOTAL: usize = 10_000_000;

/// [`TOTAL`] bytes of one line over and over, which nobody stores.
struct Endless {
    lines: Vec<u8>,
    line_len: usize,
    given: usize,
}

impl Endless {
    fn new(line: &str) -> Self {
        let lines = line.repeat(100_000 / line.len()).into_bytes();
        Self { lines, line_len: line.len(), given: 0 }
    }
}

impl Read for Endless {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let rest = &self.lines[self.given % self.line_len..];
        let len = block.len().min(rest.len()).min(TOTAL - self.given);
        block[..len].copy_from_slice(&rest[..len]);
        self.given += len;
        Ok(len)
    }
}

/// Blocks are 64 KiB: no piece takes more of the input than its own bytes and one block.
#[test]
fn records_come_before_the_rest_is_read() {
    for (format, line) in [
        (Format::Lines, "a line of fifty bytes, with é and a line feed ..\n"),
        (Format::Jsonl, "{\"text\":\"a line of fifty bytes\",\"x\":\"1234567890\"}\n"),
        (Format::Csv, "text,id,\"a third column for fifty bytes in all..\"\n"),
        (Format::Conll, "A\tsentence\tof\tone\tword\n\nof\tfifty\tbytes\tin\tall....\n"),
    ] {
        assert_eq!(line.len(), 50, "{format}");
        let raw = Endless::new(line);
        let mut reader = ReadParams::default().check().unwrap().from_reader("in", format, raw);
        let mut records = 0;
        while let Some(piece) = reader.next() {
            records += u64::from(matches!(piece.unwrap(), Piece::Record(_)));
            let ahead = reader.bytes_read() - (records * 50).min(reader.bytes_read());
            assert!(ahead <= 50 + 64 * 1024, "{format}: {ahead} bytes after {records} records");
        }
        // In a table, one line is the header.
        assert!(records >= TOTAL as u64 / 50 - 1, "{format}: {records}");
        assert_eq!(reader.bytes_read(), TOTAL as u64);
    }
}

#[test]
fn a_line_without_end_is_one_error() {
    for format in [Format::Lines, Format::Jsonl, Format::Conll] {
        let raw = Endless::new("x");
        let pieces = read(ReadParams::default().max_text_bytes(1000), format, raw);
        assert_eq!(shown(&pieces), ["!in:1: expected at most 1000 bytes, found more"]);
    }
}

/// A text over the limit ends the reading where that is seen.
#[test]
fn a_text_too_long_is_not_read_to_its_end() {
    let params = ReadParams::default().max_text_bytes(1000).check().unwrap();
    let mut reader = params.from_reader("in", Format::Text, Endless::new("x"));
    assert!(reader.next().unwrap().is_err());
    // The first four come alone: they may be those of a packed file.
    assert!(reader.bytes_read() <= 64 * 1024 + 4);
    assert!(reader.next().is_none());
}

#[test]
fn an_interrupted_read_is_tried_again() {
    struct Interrupted(bool, io::Cursor<&'static [u8]>);
    impl Read for Interrupted {
        fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
            self.0 = !self.0;
            if self.0 { Err(io::ErrorKind::Interrupted.into()) } else { self.1.read(block) }
        }
    }
    let raw = Interrupted(false, io::Cursor::new("é\nb".as_bytes()));
    assert_eq!(shown(&read(ReadParams::default(), Format::Lines, raw)), ["1:é", "2:b"]);
}
