//! Web addresses, with and without a scheme.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::is_country;

/// Top-level domains that many organisations use, beside those of countries. Source: IANA, root zone
/// database.
const COMMON: [&str; 62] = [
    "academy",
    "agency",
    "ai",
    "app",
    "art",
    "arpa",
    "berlin",
    "bio",
    "biz",
    "blog",
    "cat",
    "cloud",
    "club",
    "com",
    "company",
    "coop",
    "design",
    "dev",
    "digital",
    "edu",
    "education",
    "email",
    "energy",
    "eu",
    "eus",
    "events",
    "example",
    "finance",
    "fr",
    "foundation",
    "gov",
    "group",
    "health",
    "hospital",
    "info",
    "int",
    "international",
    "invalid",
    "local",
    "london",
    "media",
    "mil",
    "museum",
    "net",
    "network",
    "news",
    "online",
    "org",
    "paris",
    "pro",
    "school",
    "shop",
    "site",
    "social",
    "solutions",
    "store",
    "studio",
    "team",
    "tech",
    "test",
    "website",
    "xyz",
];

/// Top-level domains that are words, or endings of files and of names in programs: alone they say
/// little.
const WORDS: [&str; 54] = [
    "ai", "am", "app", "art", "as", "at", "be", "bio", "blog", "by", "cat", "cc", "cloud", "club",
    "co", "do", "dev", "email", "events", "example", "group", "id", "in", "info", "int", "invalid",
    "is", "it", "la", "local", "md", "me", "media", "my", "network", "no", "pl", "pro", "ps", "pm",
    "py", "rs", "sh", "site", "so", "social", "st", "store", "team", "test", "to", "tv", "us",
    "ws",
];

/// Characters that end a sentence rather than an address.
const STOPS: [char; 12] = ['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', '…', '’'];

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "url",
        label: "URL",
        group: Group::Contact,
        source: "RFC 3986 section 3; RFC 3987 for other scripts",
        start: Start::Before(&["://"], scheme),
        pattern: r#"[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s<>"`{}|\\^。，、；）」』】》“”]+"#,
        edges: Edges::Open,
        measure: Some(without_stops),
        check: Check::Text(url),
        valid: &[
            "see {https://example.com/a?b=c#d}.",
            "({http://www.example.co.uk/x_(y)})",
            "{ftp://example.org:21/pub}, {HTTPS://EXAMPLE.COM}!",
            "<{http://localhost:8080/}> {https://例え.jp/パス}。",
            "[text]({https://example.com/})",
            "{https://192.0.2.1/login}",
        ],
        invalid: &["http://", "://example.com", "a://b", "https://..."],
        ..Row::EMPTY
    },
    Row {
        name: "domain",
        label: "URL",
        group: Group::Contact,
        source: "RFC 1035 section 2.3.1; IANA, root zone database",
        start: Start::Dotted,
        pattern: concat!(domain!(), path!()),
        edges: Edges::Domain,
        measure: Some(without_stops),
        check: Check::Text(domain),
        context: &[
            "website", "web site", "site", "webseite", "homepage", "domain", "url", "web", "visit",
            "sitio", "sito", "besuchen", "link", "blog", "profile", "page", "webpage",
        ],
        against: &["file", "datei", "fichier", "archivo", "module", "package", "class", "import"],
        valid: &[
            "visit {example.com}.",
            "{www.example.org/path}, {mail.example.co.uk}",
            "{müller-bau.de} {EXAMPLE.COM} {linkedin.com/in/ada-lovelace}",
            "web: {example.it} {ada.example.me/cv}",
            "Website {ada.dev}",
        ],
        invalid: &[
            "main.rs",
            "e.g. it",
            "the end.It was",
            "Node.js",
            "README.md",
            "v1.2.com",
            "self.id",
            "ada@example.com",
            "com.example.app",
            "foo.com()",
            "go home.so that",
            "3.5.in",
        ],
        ..Row::EMPTY
    },
];

/// Start of the scheme that ends at `at`.
pub(super) fn scheme(text: &str, at: usize) -> Option<usize> {
    let letters = text.as_bytes()[..at]
        .iter()
        .rev()
        .take(21)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(byte))
        .count();
    let scheme = &text[at - letters..at];
    let kept = scheme.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    (kept.len() >= 2).then_some(at - kept.len())
}

/// Length of an address without the punctuation of its sentence, and without a closing bracket that
/// it does not open.
pub(super) fn without_stops(address: &str) -> usize {
    let mut rest = address;
    loop {
        let shorter = rest.trim_end_matches(STOPS);
        let closed = [('(', ')'), ('[', ']')].into_iter().find(|&(open, close)| {
            shorter.ends_with(close)
                && shorter.matches(close).count() > shorter.matches(open).count()
        });
        let next = closed.map_or(shorter, |_| &shorter[..shorter.len() - 1]);
        if next.len() == rest.len() {
            return rest.len();
        }
        rest = next;
    }
}

fn url(text: &str) -> Option<Finding> {
    let (scheme, rest) = text.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let scheme = scheme.to_ascii_lowercase();
    let letters = host.chars().any(char::is_alphanumeric);
    if scheme == "file" {
        return Finding::plausible(rest.len() > 1, Strength::Fair);
    }
    let web = matches!(scheme.as_str(), "http" | "https" | "ftp" | "ftps" | "sftp" | "ws" | "wss");
    let dotted = host.contains(['.', ':']) || host.eq_ignore_ascii_case("localhost");
    let strength = if web { Strength::Sure } else { Strength::Strong };
    Finding::plausible(letters && (web || dotted), strength)
}

fn domain(text: &str) -> Option<Finding> {
    let host = text.split(['/', '?', '#', ':']).next()?;
    let has_path = text.len() > host.len() + 1;
    let names: Vec<&str> = host.split('.').collect();
    let (first, end) = (names.first()?, names.last()?);
    let small = end.to_ascii_lowercase();
    let one_case = *end == small || host == host.to_ascii_uppercase();
    let numbers = names[..names.len() - 1]
        .iter()
        .all(|name| name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'v'));
    let reversed = matches!(*first, "com" | "org" | "net" | "io" | "de" | "java" | "javax");
    if !top_level(end) || !one_case || numbers || reversed && !has_path {
        return None;
    }
    let www = first.eq_ignore_ascii_case("www");
    let wordy = WORDS.contains(&small.as_str());
    let strength = match (www || has_path && !wordy, wordy) {
        (true, _) => Strength::Sure,
        (false, true) if has_path && names.len() > 2 => Strength::Strong,
        (false, true) => Strength::Weak,
        (false, false) => Strength::Strong,
    };
    Finding::plausible(true, strength)
}

/// Whether `name` is a top-level domain: of a country, one of the common others, or in another
/// script.
pub(super) fn top_level(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    COMMON.contains(&name.as_str())
        || name == "uk"
        || name.starts_with("xn--")
        || !name.is_ascii()
        || is_country(&name.to_ascii_uppercase())
}
