//! An address from its core on, part by part.
use super::place::{
    behind_comma, behind_separators, coded_town, ends_clause, line_between, named_state, phrase,
    state_and_code, town, unit,
};
use super::postal::{self, Code};
use super::street::{Street, is_building, street};
use super::words;
use crate::finder::Part;
use crate::page::{Kind, Page};
use crate::row::Strength;

/// Most parts of one address.
const PARTS: usize = 12;

/// Parts found so far.
pub(super) struct Parser<'p, 't> {
    page: &'p Page<'t>,
    parts: Vec<Part>,
}

impl<'p, 't> Parser<'p, 't> {
    pub(super) fn new(page: &'p Page<'t>) -> Self {
        Self { page, parts: vec![] }
    }

    /// The parts of every address.
    pub(super) fn parse(mut self) -> Vec<Part> {
        let mut i = 0;
        while i < self.page.tokens.len() {
            let begun = self.parts.len();
            if let Some(end) = self.core(i) {
                i = self.extend(end).max(i + 1);
            } else {
                self.parts.truncate(begun);
                i += 1;
            }
        }
        self.parts
    }

    fn push(&mut self, row: &'static str, first: usize, end: usize, strength: Strength) {
        let (start, end) = self.page.bytes(first, end);
        self.parts.push(Part { row, start, end, strength });
    }

    /// Adds the core of an address at token `i`. Returns the token behind it.
    fn core(&mut self, i: usize) -> Option<usize> {
        let page = self.page;
        if page.kind(i)? == Kind::Line {
            return None;
        }
        if page.touches(i)
            && i > 0
            && (matches!(page.kind(i - 1), Some(Kind::Word | Kind::Code))
                || "@./_-#+=&?\\".contains(page.word(i - 1)))
        {
            return None;
        }
        if let Some(end) = self.military(i).or_else(|| self.post_box(i)) {
            return Some(end);
        }
        if let Some(end) = self.unit_before_street(i) {
            return Some(end);
        }
        if let Some(street) = street(page, i) {
            let end = street.end();
            if !street.unsure || self.place_follows(end) {
                self.street(street);
                return Some(end);
            }
        }
        if let Some(end) = self.number_with_unit(i) {
            return Some(end);
        }
        if let Some(end) = self.unit_alone(i) {
            return Some(end);
        }
        self.town_with_code(i)
    }

    fn street(&mut self, street: Street) {
        if let Some((first, end)) = street.number {
            self.push("building_number", first, end, Strength::Strong);
        }
        self.push("street", street.name.0, street.name.1, Strength::Strong);
    }

    /// A unit, then the street: `Flat 3, 12 High Street`.
    fn unit_before_street(&mut self, i: usize) -> Option<usize> {
        let end = unit(self.page, i)?;
        let next = behind_separators(self.page, end)?;
        let street = street(self.page, next).filter(|street| !street.unsure)?;
        self.push("secondary_address", i, end, Strength::Strong);
        self.street(street);
        Some(street.end())
    }

    /// A number, some words, maybe a number, and a unit: `6750 Koskikatu 25 Apt. 864`.
    fn number_with_unit(&mut self, i: usize) -> Option<usize> {
        let page = self.page;
        if !is_building(page, i) {
            return None;
        }
        let mut name = i + 1;
        while page.kind(name) == Some(Kind::Number) && name < i + 3 {
            name += 1;
        }
        let mut end = name;
        while end < name + 7 {
            let word =
                page.kind(end) == Some(Kind::Word) && !words::NO_NAMES.contains(page.small(end));
            let number = page.kind(end) == Some(Kind::Number) && end > name;
            let dot = page.is_mark(end, '.') && page.touches(end);
            if unit(page, end).is_some() || !(word || number || dot) {
                break;
            }
            end += 1;
        }
        let at = behind_separators(page, end)?;
        let is_unit =
            page.kind(at + 1) != Some(Kind::Line) && words::UNITS_ALONE.contains(page.small(at));
        let unit_end = unit(page, at).filter(|_| is_unit && end > name)?;
        self.push("building_number", i, name, Strength::Strong);
        self.push("street", name, end, Strength::Strong);
        self.push("secondary_address", at, unit_end, Strength::Strong);
        Some(unit_end)
    }

    /// A unit at the begin of a line, behind a comma or at the end of a line.
    fn unit_alone(&mut self, i: usize) -> Option<usize> {
        let page = self.page;
        if !words::UNITS_ALONE.contains(page.small(i)) {
            return None;
        }
        let end = unit(page, i)?;
        let digits = (i..end).any(|i| page.kind(i) == Some(Kind::Number));
        let certain = matches!(page.small(i), "apt" | "apartment" | "appt");
        let apart = page.begins_line(i) || page.is_mark(i - 1, ',') || certain;
        let named = !page.is_capital(i.wrapping_sub(1)) || page.is_mark(i.wrapping_sub(1), ',');
        (digits && (apart || page.is_capital(i) && named)).then(|| {
            self.push("secondary_address", i, end, Strength::Fair);
            end
        })
    }

    /// `PO Box 123`, `Postfach 10 20 30`, `PSC 0413, Box 8144`.
    fn post_box(&mut self, i: usize) -> Option<usize> {
        let page = self.page;
        let mut end = phrase(page, i, &words::BOXES)?;
        let short = end == i + 1 && page.word(i).len() <= 3;
        if short && !page.word(i).chars().all(char::is_uppercase) && page.small(i) != "psc"
            || page.small(i) == "box"
        {
            return None;
        }
        while page.kind(end) == Some(Kind::Mark) && ".:#°".contains(page.word(end)) && end < i + 8
            || matches!(page.small(end), "no" | "nr" | "n")
        {
            end += 1;
        }
        let first = end;
        while page.kind(end) == Some(Kind::Number) && end < first + 3 {
            end += 1;
        }
        if end == first {
            return None;
        }
        let second = end + usize::from(page.is_mark(end, ','));
        if page.small(second) == "box" && page.kind(second + 1) == Some(Kind::Number) {
            end = second + 2;
        }
        let certain = !short || page.small(i) == "psc" || self.place_follows(end);
        certain.then(|| {
            self.push("secondary_address", i, end, Strength::Strong);
            end
        })
    }

    /// `APO AE 12382`, with a unit on the line before.
    fn military(&mut self, i: usize) -> Option<usize> {
        let page = self.page;
        let office = |at: usize| {
            let state = at + 1 + usize::from(page.is_mark(at + 1, ','));
            let fits = matches!(page.small(at), "apo" | "fpo" | "dpo")
                && matches!(page.small(state), "aa" | "ae" | "ap")
                && page.kind(state + 1) == Some(Kind::Number);
            fits.then_some(state)
        };
        if let Some(state) = office(i) {
            self.push("town", i, i + 1, Strength::Strong);
            self.push("state", state, state + 1, Strength::Strong);
            self.push("postal_code", state + 1, state + 2, Strength::Strong);
            return Some(state + 2);
        }
        // The line before: a ship, or a unit with its box.
        let named = matches!(
            page.small(i),
            "unit" | "psc" | "cmr" | "uss" | "usns" | "usnv" | "usnumber" | "uscgc"
        );
        if !named {
            return None;
        }
        let line = (i + 1..i + 7).find(|&at| matches!(page.kind(at), None | Some(Kind::Line)))?;
        office(line + 1)?;
        self.push("street", i, line, Strength::Strong);
        Some(line)
    }

    /// A town with a postal code that says what it is: `Springfield, IL 62704`, `Leeds LS1 4AP`, `D-10115 Berlin`.
    fn town_with_code(&mut self, i: usize) -> Option<usize> {
        let page = self.page;
        if let Some(code) = postal::code(page, i).filter(|code| code.certain) {
            self.push("postal_code", i, code.end, Strength::Strong);
            return Some(code.end);
        }
        if let Some(end) = state_and_code(page, i) {
            let (state, code) = end;
            self.push("state", i, state, Strength::Strong);
            self.push("postal_code", code.0, code.1, Strength::Strong);
            return Some(code.1);
        }
        let town = town(page, i, false)?;
        // From the last words on: what is before them may be anything.
        let next = behind_comma(page, town);
        let certain = postal::code(page, next).is_some_and(|code| code.certain)
            || state_and_code(page, next).is_some();
        if !certain {
            return None;
        }
        self.push("town", i, town, Strength::Strong);
        Some(town)
    }

    /// Whether a postal code, with a state or a town, follows a token behind commas and one line end.
    fn place_follows(&self, end: usize) -> bool {
        let page = self.page;
        let Some(next) = behind_separators(page, end) else { return false };
        if next == end {
            return false;
        }
        if coded_town(page, next) || state_and_code(page, next).is_some() {
            return true;
        }
        let Some(end) = town(page, next, false) else { return false };
        let next = behind_comma(page, end);
        state_and_code(page, next).is_some()
            || postal::code(page, next).is_some_and(|code| {
                code.certain || code.end > next + 1 || page.word(next).len() >= 5
            })
    }

    /// Adds the parts behind token `end`, as long as there are some. Returns the token behind the last.
    fn extend(&mut self, mut end: usize) -> usize {
        for _ in 0..PARTS {
            let Some(next) = behind_separators(self.page, end) else { break };
            let Some(after) = self.part(end, next) else { break };
            end = after;
        }
        end
    }

    /// Adds the part at token `i`; the address so far ends at `end`. Returns the token behind it.
    fn part(&mut self, end: usize, i: usize) -> Option<usize> {
        let page = self.page;
        // `ZIP 59715`: the word for a code is none.
        let word = matches!(page.small(i), "zip" | "postcode" | "plz" | "pin");
        let code = usize::from(matches!(page.small(i + 1), "code")) + 1;
        let i = if word && page.kind(i + code) == Some(Kind::Number) { i + code } else { i };
        let line = (end..i).any(|i| page.kind(i) == Some(Kind::Line));
        let apart = line || (end..i).any(|i| page.kind(i) == Some(Kind::Mark));
        if let Some(unit) = unit(page, i) {
            self.push("secondary_address", i, unit, Strength::Strong);
            return Some(unit);
        }
        if let Some(after) = self.post_box(i).or_else(|| self.military(i)) {
            return Some(after);
        }
        if let Some(country) = postal::country(page, i).filter(|_| apart || i == end) {
            self.push("country", i, country, Strength::Strong);
            return Some(self.aside(country));
        }
        if let Some((state, code)) = state_and_code(page, i) {
            self.push("state", i, state, Strength::Strong);
            self.push("postal_code", code.0, code.1, Strength::Strong);
            return Some(code.1);
        }
        if let Some(state) = postal::state(page, i) {
            let (after, closed) =
                (behind_separators(page, state).unwrap_or(state), ends_clause(page, state));
            if closed
                || postal::code(page, after).is_some()
                || postal::country(page, after).is_some()
                || state > i + 2
            {
                self.push("state", i, state, Strength::Strong);
                return Some(state);
            }
        }
        if let Some(code) = postal::code(page, i)
            && self.is_code(code, i, line)
        {
            self.push("postal_code", i, code.end, Strength::Strong);
            return Some(code.end);
        }
        if apart && let Some(street) = street(page, i).filter(|street| !street.unsure && !line) {
            self.street(street);
            return Some(street.end());
        }
        let after_code =
            self.parts.last().is_some_and(|part| part.row == "postal_code" && i == end);
        let after_unit =
            self.parts.last().is_some_and(|part| part.row == "secondary_address" && i == end);
        let town = town(page, i, true)?;
        let accepted = self.names_place(town)
            || after_code && page.is_capital(i)
            || page.is_capital(i) && ends_clause(page, town) && (apart && !line || after_unit)
            || after_unit && page.word(i).len() > 2 && page.word(i).chars().all(char::is_uppercase);
        accepted.then(|| {
            self.push("town", i, town, Strength::Strong);
            town
        })
    }

    /// Token behind a word in brackets that belongs to a country: `Cyprus (Greek)`.
    fn aside(&mut self, end: usize) -> usize {
        let page = self.page;
        if page.is_mark(end, '(')
            && page.kind(end + 1) == Some(Kind::Word)
            && page.is_mark(end + 2, ')')
        {
            let (_, last) = page.bytes(end, end + 3);
            if let Some(part) = self.parts.last_mut() {
                part.end = last;
            }
            return end + 3;
        }
        end
    }

    /// Whether a postal code in an address is one: by its form, or as the end or the begin of a place.
    fn is_code(&self, code: Code, i: usize, line: bool) -> bool {
        let page = self.page;
        let last = self.parts.last().map_or("", |part| part.row);
        let behind_place = matches!(last, "town" | "state" | "country");
        let unit_behind =
            matches!(page.small(code.end), "people" | "euro" | "euros" | "items" | "units");
        code.certain
            || behind_place && !unit_behind
            || page.is_capital(code.end)
                && !line_between(page, code.end)
                && town(page, code.end, false).is_some()
            || !line
                && ends_clause(page, code.end)
                && page.word(i).len() >= 4
                && matches!(last, "street" | "building_number" | "secondary_address")
    }

    /// Whether a state, a postal code or a country follows a town.
    fn names_place(&self, town: usize) -> bool {
        let page = self.page;
        let Some(next) = behind_separators(page, town) else { return false };
        let code = postal::code(page, next)
            .is_some_and(|code| code.certain || code.end > next + 1 || page.word(next).len() >= 4);
        let state = words::STATES.contains(page.word(next)) || state_and_code(page, next).is_some();
        let province = page.is_mark(town, '(') && postal::state(page, town).is_some();
        code || state
            || province
            || postal::country(page, next).is_some()
            || named_state(page, next)
    }
}
