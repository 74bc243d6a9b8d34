//! Messages of a measured system, a line of JSON each: it writes [`Ready`], then answers each
//! [`Request`]. `peers/protocol.py` implements them for peers in Python.
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The first line: what is measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Of the packages that do the work, by name.
    pub(crate) versions: Map<String, Value>,
}

/// Request to a system. Files have one text per line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub(crate) enum Request {
    /// All texts at once.
    Run { texts: PathBuf },
    /// One text after the other.
    Each { texts: PathBuf },
    /// As [`Run`](Self::Run), and the results go to a file: vectors as little-endian floats of 32 bits,
    /// row by row; entities as a line of JSON a text, `[[label, start, end], …]` in code points.
    Save { texts: PathBuf, to: PathBuf },
    /// So many tokens, the likeliest each time, behind `before` others, with a cache of keys and values or
    /// everything computed anew for each. Asked of decoders alone; what comes before is not timed. Token `i`
    /// of those before is (7919 · i + 13) mod 200.
    Continue { before: usize, new: usize, cache: bool },
    /// So many texts that are made on the way, `words` long on average, and are not kept. Asked of cloze
    /// alone.
    Stream { count: u64, words: u32 },
}

/// Cost of the request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) seconds: f64,
    /// Tokens of the texts, special ones included, where the system knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<u64>,
    /// The same with padding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) padded: Option<u64>,
    /// Of [`Request::Each`], the seconds of each text; of [`Request::Continue`], of each token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latencies: Option<Vec<f64>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `peers/protocol.py` reads and writes them.
    #[test]
    fn lines_are_those_that_peers_speak() {
        let request = Request::Save { texts: "a.txt".into(), to: "b".into() };
        let line = serde_json::to_string(&request).unwrap();
        assert_eq!(line, r#"{"do":"save","texts":"a.txt","to":"b"}"#);
        assert_eq!(serde_json::from_str::<Request>(&line).unwrap(), request);
        let line = serde_json::to_string(&Request::Each { texts: "a.txt".into() }).unwrap();
        assert_eq!(line, r#"{"do":"each","texts":"a.txt"}"#);

        let request = Request::Continue { before: 16, new: 2, cache: true };
        let line = serde_json::to_string(&request).unwrap();
        assert_eq!(line, r#"{"do":"continue","before":16,"new":2,"cache":true}"#);

        let parse = |line: &str| serde_json::from_str::<Answer>(line);
        let answer = parse(r#"{"seconds": 0.5, "tokens": null, "padded": 45}"#).unwrap();
        assert_eq!((answer.seconds, answer.tokens, answer.padded), (0.5, None, Some(45)));
        let answer = parse(r#"{"seconds": 0.5, "latencies": [0.25, 0.25]}"#).unwrap();
        assert_eq!(answer.latencies.as_deref(), Some(&[0.25, 0.25][..]));
        assert!(parse("Loading weights: 100 %").is_err());

        let ready: Ready = serde_json::from_str(r#"{"versions": {"b": "2", "a": "1"}}"#).unwrap();
        assert_eq!(ready.versions.keys().collect::<Vec<_>>(), ["b", "a"]);
    }
}
