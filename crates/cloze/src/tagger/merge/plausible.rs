//! Entities of a model that cannot be what it says, by their own letters and by what stands beside them.
use super::Finding;
use super::words::{is_name, word_after, word_before};
use cloze_core::Span;

/// Fewest digits of a hexadecimal number that is a hash or the id of a trace.
const HASH: usize = 16;
/// Most bytes between the number of a building and another part of its address.
const BESIDE: usize = 24;
/// Fewest letters and digits of a postal code.
const POSTAL_CODE: usize = 3;

/// Legal forms, which make the words before them a company, in small letters.
const COMPANIES: &[&str] = &[
    "ltd",
    "limited",
    "inc",
    "llc",
    "llp",
    "plc",
    "gmbh",
    "ag",
    "kg",
    "ug",
    "corp",
    "corporation",
    "sarl",
    "sas",
    "srl",
    "spa",
    "bv",
    "nv",
    "ab",
    "oy",
    "aps",
    "lda",
    "ohg",
    "gbr",
    "holding",
    "holdings",
];

/// Small words that names go on with.
const PARTICLES: &[&str] = &[
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "do", "du", "la",
    "le", "bin", "ibn", "al", "ter", "y",
];

/// Takes away what cannot be what the model says: hashes and UUIDs among numbers, numbers of buildings
/// without an address, a verb behind a name, the names of companies.
pub(super) fn plausible(text: &str, entities: Vec<Finding>) -> Vec<Finding> {
    let keeps: Vec<bool> = (0..entities.len()).map(|i| is_plausible(text, &entities, i)).collect();
    entities.into_iter().zip(keeps).filter(|(_, keep)| *keep).map(|(entity, _)| entity).collect()
}

fn is_plausible(text: &str, entities: &[Finding], i: usize) -> bool {
    let entity = &entities[i];
    let Some(part) = entity.span.of(text) else { return true };
    match entity.label.as_str() {
        "BUILDING_NUMBER" => has_address(text, entities, i),
        "ZIP_CODE" => part.chars().filter(|c| c.is_alphanumeric()).count() >= POSTAL_CODE,
        "TAX_ID" | "GOVERNMENT_ID" | "DRIVERS_LICENSE" | "PASSPORT" | "BANK_ACCOUNT"
        | "ROUTING_NUMBER" => {
            !is_hash(around(text, entity.span)) && part.contains(char::is_numeric)
        }
        label if is_name(label) => {
            let after = word_after(text, entity.span.end).map(|word| word.text.to_lowercase());
            let is_company = after.is_some_and(|word| COMPANIES.contains(&word.as_str()));
            !is_company && !follows_name(text, entities, i)
        }
        _ => true,
    }
}

/// Whether another part of an address is beside the number of a building.
fn has_address(text: &str, entities: &[Finding], i: usize) -> bool {
    let span = entities[i].span;
    let is_near = |left: usize, right: usize| {
        text.get(left..right).is_some_and(|gap| {
            gap.len() <= BESIDE && !gap.contains(['|', '"', '\t']) && !gap.contains("\n\n")
        })
    };
    let is_street =
        |other: &&Finding| matches!(other.label.as_str(), "STREET_NAME" | "SECONDARY_ADDRESS");
    let before = entities[..i].iter().rev().take(3).filter(is_street);
    let after = entities[i + 1..].iter().take(3).filter(is_street);
    before.into_iter().any(|other| is_near(other.span.end, span.start))
        || after.into_iter().any(|other| is_near(span.end, other.span.start))
}

/// Whether a name in small letters stands right behind one with a capital: a verb is there.
fn follows_name(text: &str, entities: &[Finding], i: usize) -> bool {
    let span = entities[i].span;
    let Some(last) = i.checked_sub(1).map(|last| &entities[last]) else { return false };
    let is_small =
        |span: Span| span.of(text).is_some_and(|part| !part.contains(char::is_uppercase));
    let first = span.of(text).and_then(|part| part.split_whitespace().next()).unwrap_or_default();
    is_name(&last.label)
        && text.get(last.span.end..span.start) == Some(" ")
        && !is_small(last.span)
        && is_small(span)
        && first.chars().all(char::is_alphabetic)
        && !PARTICLES.contains(&first)
        && word_before(text, span.start).is_some()
}

/// The span with the letters, digits and hyphens around it.
fn around(text: &str, span: Span) -> &str {
    let goes_on = |c: char| c.is_alphanumeric() || c == '-';
    let start = text[..span.start].trim_end_matches(goes_on).len();
    let end = text.len() - text[span.end..].trim_start_matches(goes_on).len();
    &text[start..end]
}

/// Whether a text is a long hexadecimal number with letters, or a UUID (RFC 9562).
fn is_hash(text: &str) -> bool {
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_hexdigit());
    let groups: Vec<&str> = text.split('-').collect();
    let uuid = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| digits(group));
    let mixed = text.contains(|c: char| c.is_ascii_alphabetic())
        && text.contains(|c: char| c.is_ascii_digit());
    uuid || text.len() >= HASH && digits(text) && mixed
}
