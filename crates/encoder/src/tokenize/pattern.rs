//! Regular expressions that a backtracking engine runs in linear time.
//!
//! The tokenizers library gives the patterns of `tokenizer.json` to Oniguruma, which backtracks: `(a+)+$`
//! takes time exponential in a run of `a`, and `\s+$` quadratic. Accepted are patterns whose every branch,
//! once it has begun to repeat without bound, cannot fail any more, so that nothing is tried twice, and that
//! have few ways through their bounded parts. Patterns that encoders come with are of this form, but for
//! two idioms for white space, which the branch `\s+` behind them makes linear.
use std::iter::Peekable;
use std::str::Chars;

/// Longest pattern, in bytes.
const MAX_BYTES: usize = 4096;
/// Most ways through the bounded parts of a pattern.
const MAX_WAYS: u64 = 1000;
/// Deepest nesting of groups.
const MAX_DEPTH: usize = 16;
/// Branches of GPT-2 and its successors that may fail after a run of white space.
const IDIOMS: [&str; 4] = [r"\s+(?!\S)", r"\s*[\r\n]+", r"\s*[\r\n]", r"\s*\n+"];

/// Properties of a pattern or of a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Fewest characters it matches.
    pub(super) min_chars: u64,
    /// Ways through its bounded parts.
    ways: u64,
    /// Whether it repeats without bound.
    unbounded: bool,
    /// Whether it always matches, if only nothing.
    infallible: bool,
}

const EMPTY: Part = Part { min_chars: 0, ways: 1, unbounded: false, infallible: true };
const CHARACTER: Part = Part { min_chars: 1, ways: 1, unbounded: false, infallible: false };
const ASSERTION: Part = Part { min_chars: 0, ways: 1, unbounded: false, infallible: false };

/// Checks a pattern; the error says what is wrong with it.
pub(super) fn check(pattern: &str) -> Result<Part, String> {
    if pattern.is_empty() || pattern.len() > MAX_BYTES {
        return Err(format!("{} bytes; expected 1 to {MAX_BYTES}", pattern.len()));
    }
    let pattern = without_idioms(pattern);
    let mut parser = Parser { rest: pattern.chars().peekable(), depth: 0 };
    let part = parser.branches()?;
    match parser.rest.next() {
        None if part.ways > MAX_WAYS => Err(format!("more than {MAX_WAYS} ways through it")),
        None => Ok(part),
        Some(_) => Err("a `)` that closes no group".into()),
    }
}

/// The pattern without branches that are idioms, if a branch `\s+` takes whatever they fail on.
fn without_idioms(pattern: &str) -> String {
    // Branches are cut at every `|`: a part of a class or group is no idiom.
    let branches: Vec<&str> = pattern.split('|').collect();
    if branches.last() != Some(&r"\s+") {
        return pattern.to_owned();
    }
    let kept = branches.into_iter().filter(|branch| !IDIOMS.contains(branch));
    kept.collect::<Vec<_>>().join("|")
}

struct Parser<'p> {
    rest: Peekable<Chars<'p>>,
    depth: usize,
}

impl Parser<'_> {
    /// Branches up to the end of the group.
    fn branches(&mut self) -> Result<Part, String> {
        let mut whole = self.sequence()?;
        while self.rest.next_if_eq(&'|').is_some() {
            let branch = self.sequence()?;
            whole = Part {
                min_chars: whole.min_chars.min(branch.min_chars),
                ways: whole.ways.saturating_add(branch.ways),
                unbounded: whole.unbounded || branch.unbounded,
                infallible: whole.infallible || branch.infallible,
            };
        }
        Ok(whole)
    }

    fn sequence(&mut self) -> Result<Part, String> {
        let mut whole = EMPTY;
        while let Some(&next) = self.rest.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let atom = self.atom()?;
            let part = self.quantified(atom)?;
            if whole.unbounded && !part.infallible {
                return Err("it may fail after an unbounded repetition, and so take time that \
                            grows faster than the text"
                    .into());
            }
            whole = Part {
                min_chars: whole.min_chars.saturating_add(part.min_chars),
                ways: whole.ways.saturating_mul(part.ways),
                unbounded: whole.unbounded || part.unbounded,
                infallible: whole.infallible && part.infallible,
            };
        }
        Ok(whole)
    }

    fn atom(&mut self) -> Result<Part, String> {
        match self.rest.next() {
            Some('\\') => self.escape(),
            Some('[') => self.class().map(|()| CHARACTER),
            Some('(') => self.group(),
            Some('^' | '$') => Ok(ASSERTION),
            Some('*' | '+' | '?') => Err("a quantifier of nothing".into()),
            Some(_) => Ok(CHARACTER),
            None => Ok(EMPTY),
        }
    }

    fn escape(&mut self) -> Result<Part, String> {
        match self.rest.next() {
            Some('b' | 'B' | 'A' | 'z' | 'Z' | 'G') => Ok(ASSERTION),
            Some('p' | 'P' | 'x') => {
                // `\p{L}`, `\x{2581}`; of `\x41` the digits are taken for characters of their own.
                if self.rest.next_if_eq(&'{').is_some() {
                    let closed = self.rest.by_ref().take(64).any(|c| c == '}');
                    return if closed {
                        Ok(CHARACTER)
                    } else {
                        Err("a `{` without its `}`".into())
                    };
                }
                Ok(CHARACTER)
            }
            Some('s' | 'S' | 'd' | 'D' | 'w' | 'W' | 'h' | 'H' | 'r' | 'n' | 't' | 'f' | 'v') => {
                Ok(CHARACTER)
            }
            Some(other) if other.is_ascii_alphanumeric() => {
                Err(format!("\\{other} is not supported"))
            }
            Some(_) => Ok(CHARACTER),
            None => Err("it ends in a backslash".into()),
        }
    }

    /// A class of characters, behind its `[`, with the classes inside it.
    fn class(&mut self) -> Result<(), String> {
        let mut depth = 1;
        while let Some(next) = self.rest.next() {
            match next {
                '\\' => drop(self.rest.next()),
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
            if depth > MAX_DEPTH {
                return Err(format!("classes nest more than {MAX_DEPTH} deep"));
            }
        }
        Err("a `[` without its `]`".into())
    }

    /// A group, behind its `(`.
    fn group(&mut self) -> Result<Part, String> {
        if self.rest.next_if_eq(&'?').is_some() {
            let _ = self.rest.next_if_eq(&'i');
            if self.rest.next_if_eq(&':').is_none() {
                return Err("of groups only (…), (?:…) and (?i:…) are supported".into());
            }
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("groups nest more than {MAX_DEPTH} deep"));
        }
        let part = self.branches()?;
        self.depth -= 1;
        match self.rest.next() {
            // A repeated group would make its branches' order and number matter.
            Some(')') if matches!(self.rest.peek(), Some('*' | '+' | '{')) => {
                Err("a repeated group is not supported".into())
            }
            Some(')') => Ok(part),
            _ => Err("a `(` without its `)`".into()),
        }
    }

    /// `part` with the quantifier behind it, if any.
    fn quantified(&mut self, part: Part) -> Result<Part, String> {
        let (least, most) = match self.rest.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => return self.counted(part),
            _ => return Ok(part),
        };
        self.rest.next();
        // Lazy, or possessive.
        let _ = self.rest.next_if(|c| matches!(c, '?' | '+'));
        self.repeated(part, least, most)
    }

    /// `part` with the quantifier `{2}`, `{2,}` or `{1,3}` behind it.
    fn counted(&mut self, part: Part) -> Result<Part, String> {
        self.rest.next();
        let inside: String = self.rest.by_ref().take_while(|&c| c != '}').collect();
        let number = |text: &str| text.parse::<u64>().ok().filter(|&n| n <= MAX_WAYS);
        let range = match inside.split_once(',') {
            None => number(&inside).map(|n| (n, Some(n))),
            Some((least, "")) => number(least).map(|n| (n, None)),
            Some((least, most)) => {
                number(least).zip(number(most)).map(|(least, most)| (least, Some(most)))
            }
        };
        let (least, most) =
            range.ok_or_else(|| format!("{{{inside}}} is not a repetition that is supported"))?;
        self.repeated(part, least, most)
    }

    fn repeated(&mut self, part: Part, least: u64, most: Option<u64>) -> Result<Part, String> {
        if matches!(self.rest.peek(), Some('*' | '+' | '?' | '{')) {
            return Err("a repetition of a repetition is not supported".into());
        }
        if most.is_none() && part != CHARACTER {
            return Err("only a character can be repeated without bound".into());
        }
        let choices = most.map_or(1, |most| most.saturating_sub(least));
        Ok(Part {
            min_chars: part.min_chars.saturating_mul(least),
            ways: part.ways.saturating_add(choices),
            unbounded: part.unbounded || most.is_none(),
            infallible: part.infallible || least == 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_real_tokenizers_are_accepted() {
        for (pattern, min_chars) in [
            (r"\s+", 1),
            (r" {2,}", 2),
            (r"\w+|[^\w\s]+", 1),
            (r"\p{N}", 1),
            (r"\p{N}{1,3}", 1),
            (r"[0-9][0-9][0-9]", 3),
            (r"[^(\s|[.,!?…。，、।۔،])]+", 1),
            (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", 1),
            (
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
                1,
            ),
            (r"^\s*", 0),
            (r"x?", 0),
        ] {
            assert_eq!(check(pattern).map(|part| part.min_chars), Ok(min_chars), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_may_take_forever_are_refused() {
        for pattern in [
            "(a+)+$",
            "(a|a)*b",
            "(a*)*",
            "a+b",
            "a*a*b",
            r"\s+$",
            r"\s+(?!\S)",
            r"(\w)\1+",
            r"\g<0>",
            "(?=a)",
            "(?<x>a)",
            "a{1,100000}",
            "(a?){30}",
            "(aa?|a){1,9}b",
            "a?a?a?a?a?a?a?a?a?a?a?a?b",
            "a{1,2}+",
            "(a+|b)c",
            "(a",
            "a)",
            "[a",
            r"\",
            "",
            "*",
        ] {
            assert!(check(pattern).is_err(), "{pattern}");
        }
        assert!(check(&"(".repeat(100)).is_err());
        assert!(check(&"a".repeat(MAX_BYTES + 1)).is_err());
        assert!(check(&"a".repeat(MAX_BYTES)).is_ok());
    }
}
