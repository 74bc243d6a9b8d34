//! Functions and filters of chat templates, as transformers has them.
use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use minijinja::value::Kwargs;
use minijinja::{Error, ErrorKind, Value};
use serde::Serialize as _;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// Refuses a chat, with a template's own message.
pub(super) fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// JSON as Python's `json.dumps(value, ensure_ascii=False, indent=indent)`, without the marks of HTML that
/// Jinja's own filter has.
#[expect(clippy::needless_pass_by_value, reason = "as minijinja calls filters")]
pub(super) fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    // Taken and passed over: both are Python's defaults.
    let _: Option<bool> = options.get("ensure_ascii")?;
    let _: Option<bool> = options.get("sort_keys")?;
    options.assert_all_used()?;
    let wrong = |error: serde_json::Error| {
        Error::new(ErrorKind::BadSerialization, format!("tojson: {error}"))
    };
    let mut json = vec![];
    match indent {
        Some(indent) => {
            let indent = " ".repeat(indent.min(64));
            let formatter = PrettyFormatter::with_indent(indent.as_bytes());
            value
                .serialize(&mut Serializer::with_formatter(&mut json, formatter))
                .map_err(wrong)?;
        }
        None => {
            value.serialize(&mut Serializer::with_formatter(&mut json, Spaced)).map_err(wrong)?;
        }
    }
    let json = String::from_utf8(json);
    let json = json.map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    Ok(Value::from_safe_string(json))
}

/// `{"a": [1, 2]}`.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// A template whose tags `generation` and `endgeneration`, which mark the assistant's words for training,
/// are conditions that hold.
pub(super) fn without_generation_marks(source: &str) -> Cow<'_, str> {
    if !source.contains("generation") {
        return Cow::Borrowed(source);
    }
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let Some(len) = rest[start..].find("%}") else { break };
        let (tag, behind) = (&rest[start + 2..start + len], &rest[start + len..]);
        let word = tag.trim_matches(['-', '+']).trim();
        let replacement = match word {
            "generation" => "if true",
            "endgeneration" => "endif",
            _ => word,
        };
        out.push_str(&rest[..start + 2]);
        out.push_str(&if word == replacement {
            tag.to_owned()
        } else {
            tag.replace(word, replacement)
        });
        rest = behind;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A moment in UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    year: i64,
    month: usize,
    day: i64,
    /// Day of the week, Sunday 0.
    weekday: usize,
    /// Day of the year, from 1.
    yearday: i64,
    second: i64,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY: i64 = 86_400;

impl Now {
    /// A time, or that of the machine.
    pub(super) fn new(time: Option<SystemTime>) -> Self {
        let time = time.unwrap_or_else(SystemTime::now);
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        // Beyond the year 9999 no template looks.
        let seconds = i64::try_from(seconds).unwrap_or(0).min(253_402_300_799);
        let (days, second) = (seconds / DAY, seconds % DAY);
        // Source: Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`: years begin in
        // March, so that the leap day is the last.
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let from_march = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * from_march + 2) / 153;
        let day = from_march - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 2 } else { month - 10 };
        let year = year_of_era + era * 400 + i64::from(month < 2);
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let month = usize::try_from(month).unwrap_or(0);
        let yearday = before[month] + day + i64::from(is_leap && month > 1);
        // The first of 1970 was a Thursday.
        let weekday = usize::try_from((days + 4) % 7).unwrap_or(0);
        Self { year, month, day, weekday, yearday, second }
    }

    /// The time by a format of `strftime`.
    pub(super) fn format(self, format: &str) -> Result<String, Error> {
        let (hour, minute, second) = (self.second / 3600, self.second / 60 % 60, self.second % 60);
        let (month, weekday) = (MONTHS[self.month], DAYS[self.weekday]);
        let half = if hour % 12 == 0 { 12 } else { hour % 12 };
        let mut out = String::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let mut kind = chars.next();
            let is_short = kind == Some('-');
            if is_short {
                kind = chars.next();
            }
            let two = |n: i64| if is_short { n.to_string() } else { format!("{n:02}") };
            let part = match kind {
                Some('Y') => self.year.to_string(),
                Some('y') => two(self.year % 100),
                Some('m') => two(i64::try_from(self.month).unwrap_or(0) + 1),
                Some('d') => two(self.day),
                Some('e') => format!("{:2}", self.day),
                Some('j') => format!("{:03}", self.yearday),
                Some('B') => month.to_owned(),
                Some('b' | 'h') => month[..3].to_owned(),
                Some('A') => weekday.to_owned(),
                Some('a') => weekday[..3].to_owned(),
                Some('H') => two(hour),
                Some('I') => two(half),
                Some('M') => two(minute),
                Some('S') => two(second),
                Some('p') => if hour < 12 { "AM" } else { "PM" }.to_owned(),
                Some('F') => format!("{}-{:02}-{:02}", self.year, self.month + 1, self.day),
                Some('T') => format!("{hour:02}:{minute:02}:{second:02}"),
                Some('Z') => "UTC".to_owned(),
                Some('z') => "+0000".to_owned(),
                Some('n') => "\n".to_owned(),
                Some('%') => "%".to_owned(),
                other => {
                    let other = other.map(String::from).unwrap_or_default();
                    let what = format!("strftime_now: %{other} is no part of a date known here");
                    return Err(Error::new(ErrorKind::InvalidOperation, what));
                }
            };
            out.push_str(&part);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// As Python 3.11, `datetime.fromtimestamp(t, UTC).strftime(…)`.
    #[test]
    fn dates_are_those_of_python() {
        for (seconds, expected) in [
            (0, "01 Jan 1970 Thursday 001 00:00:00 12 AM"),
            (951_782_400, "29 Feb 2000 Tuesday 060 00:00:00 12 AM"),
            (1_735_689_599, "31 Dec 2024 Tuesday 366 23:59:59 11 PM"),
            (1_740_830_400, "01 Mar 2025 Saturday 060 12:00:00 12 PM"),
        ] {
            let now = Now::new(Some(UNIX_EPOCH + Duration::from_secs(seconds)));
            assert_eq!(now.format("%d %b %Y %A %j %T %I %p").unwrap(), expected);
        }
        let now = Now::new(Some(UNIX_EPOCH));
        assert_eq!(now.format("%-d.%-m.%y %B 100%%").unwrap(), "1.1.70 January 100%");
        assert!(now.format("%Q").is_err() && now.format("%").is_err());
    }

    #[test]
    fn marks_of_generation_are_conditions() {
        for (source, expected) in [
            ("{% generation %}a{% endgeneration %}", "{% if true %}a{% endif %}"),
            ("{%- generation -%}a{%- endgeneration %}b", "{%- if true -%}a{%- endif %}b"),
            (
                "{% if add_generation_prompt %}a{% endif %}",
                "{% if add_generation_prompt %}a{% endif %}",
            ),
            ("{% generation", "{% generation"),
        ] {
            assert_eq!(without_generation_marks(source), expected);
        }
    }
}
