//! Each rule of merging, worked by hand. In a result `{LABEL:text}` is the model's, `{LABEL*:text}` a
//! recogniser's.
use proptest::prelude::*;

use super::*;

mod people;

/// A label, a text, and its score.
type Labelled = (&'static str, &'static str, f32);

fn finding(text: &str, labelled: Labelled, from: usize) -> Finding {
    let (label, part, score) = labelled;
    let start = from + text[from..].find(part).expect("the part is in the text");
    let span = Span::new(start, start + part.len());
    Finding { label: label.to_owned(), span, score, recognizer: None, validated: false }
}

/// Findings of these parts, each searched for behind the one before.
fn findings(text: &str, parts: &[Labelled]) -> Vec<Finding> {
    let mut from = 0;
    let mut findings = vec![];
    for part in parts {
        findings.push(finding(text, *part, from));
        from = findings.last().expect("one was pushed").span.end;
    }
    findings
}

/// Matches of these parts; one of score 0.95 or more is validated.
fn matches(text: &str, parts: &[Labelled]) -> Vec<Finding> {
    let of = |finding: Finding| Finding {
        recognizer: Some("a".to_owned()),
        validated: finding.score >= 0.95,
        ..finding
    };
    findings(text, parts).into_iter().map(of).collect()
}

fn is_structured(label: &str) -> bool {
    ["EMAIL", "URL", "PHONE", "BANK", "TAX"].contains(&label)
}

fn shown(text: &str, findings: &[Finding]) -> String {
    let (mut shown, mut offset) = (String::new(), 0);
    for Finding { label, span, recognizer, .. } in findings {
        shown += &text[offset..span.start];
        let mark = if recognizer.is_some() { "*" } else { "" };
        let hidden = &text[span.start..span.end];
        shown.extend(["{", label, mark, ":", hidden, "}"]);
        offset = span.end;
    }
    shown + &text[offset..]
}

fn merged(text: &str, model: &[Labelled], found: &[Labelled]) -> String {
    let (model, found) = (findings(text, model), matches(text, found));
    shown(text, &merge(text, model, found, &[], is_structured))
}

#[test]
fn a_validated_match_wins_over_the_model() {
    let text = "pay DE89370400440532013000 now";
    for score in [0.5, 0.99, 1.0] {
        let model = [("TAX", "DE89370400440532013000", score)];
        let found = [("BANK", "DE89370400440532013000", 0.95)];
        assert_eq!(merged(text, &model, &found), "pay {BANK*:DE89370400440532013000} now");
    }
    // Pieces within it go, whatever their labels.
    let text = "write to ada.lovelace@example.com.";
    let model = [("NAME", "ada", 0.99), ("NAME", "lovelace", 0.99), ("URL", "example.com", 0.99)];
    let found = [("EMAIL", "ada.lovelace@example.com", 0.95)];
    assert_eq!(merged(text, &model, &found), "write to {EMAIL*:ada.lovelace@example.com}.");
}

#[test]
fn a_match_without_a_check_competes_by_score() {
    let text = "passport X1234567 of Ann";
    let model = |score| [("TAX", "X1234567", score), ("NAME", "Ann", 0.9)];
    let found = [("PASSPORT", "X1234567", 0.8)];
    let won = "passport {PASSPORT*:X1234567} of {NAME:Ann}";
    assert_eq!(merged(text, &model(0.79), &found), won);
    // Of two with one score the match is taken.
    assert_eq!(merged(text, &model(0.8), &found), won);
    let lost = "passport {TAX:X1234567} of {NAME:Ann}";
    assert_eq!(merged(text, &model(0.81), &found), lost);
    // Where both have one label they agree, and the match has the score of the model.
    let model = [("TAX", "X123", 0.9)];
    let found = [("TAX", "X1234567", 0.6)];
    let (model, found) = (findings(text, &model), matches(text, &found));
    let agreed = merge(text, model, found, &[], |_| false);
    assert_eq!(shown(text, &agreed), "passport {TAX*:X1234567} of Ann");
    assert!((agreed[0].score - 0.9).abs() < 1e-6, "{agreed:?}");
}

#[test]
fn the_rest_of_a_piece_that_sticks_out_is_cut_or_joined() {
    for (text, model, found, expected) in [
        // A rest with its own words is an entity, without the blank.
        (
            "Ann Lee 4111111111111111",
            ("NAME", "Ann Lee 4111111111111111", 0.9),
            ("CARD", "4111111111111111", 0.95),
            "{NAME:Ann Lee} {CARD*:4111111111111111}",
        ),
        // Punctuation alone is none.
        ("(a@b.com)", ("NAME", "(a@b.com)", 0.9), ("EMAIL", "a@b.com", 0.95), "({EMAIL*:a@b.com})"),
        // With the same label and without a blank it is one.
        (
            "see x.a@b.com",
            ("EMAIL", "x.a@b.com", 0.9),
            ("EMAIL", "a@b.com", 0.95),
            "see {EMAIL*:x.a@b.com}",
        ),
        // With the same label behind a blank it is another.
        (
            "mail a@b.com",
            ("EMAIL", "mail a@b.com", 0.9),
            ("EMAIL", "a@b.com", 0.95),
            "{EMAIL:mail} {EMAIL*:a@b.com}",
        ),
        // With another label it stays apart, all of it marked.
        (
            "see https://a@b.com now",
            ("SITE", "https://a@b.com", 0.9),
            ("EMAIL", "a@b.com", 0.95),
            "see {SITE:https}://{EMAIL*:a@b.com} now",
        ),
        // A border within a number is no border.
        ("no 12345678", ("PIN", "12345678", 0.7), ("CARD", "5678", 0.8), "no {CARD*:12345678}"),
        // The rest of a match that lost is kept in the same way: within a word it is the winner's,
        ("id AB123456", ("TAX", "123456", 0.9), ("PASSPORT", "AB123456", 0.8), "id {TAX:AB123456}"),
        ("id 0005-17-B", ("TAX", "0005-17", 0.9), ("ID", "0005-17-B", 0.8), "id {TAX:0005-17-B}"),
        // and else an entity of its own.
        (
            "born March 4",
            ("NAME", "March", 0.9),
            ("DATE", "March 4", 0.6),
            "born {NAME:March} {DATE*:4}",
        ),
    ] {
        assert_eq!(merged(text, &[model], &[found]), expected, "{text}");
    }
}

#[test]
fn one_piece_across_two_matches_leaves_both() {
    let text = "a@b.com, c@d.com or c";
    let found = [("EMAIL", "a@b.com", 0.95), ("EMAIL", "c@d.com", 0.95)];
    let model = [("EMAIL", "a@b.com, c@d.com or c", 0.9)];
    let expected = "{EMAIL*:a@b.com}, {EMAIL*:c@d.com} {EMAIL:or c}";
    assert_eq!(merged(text, &model, &found), expected);
}

#[test]
fn pieces_of_the_model_that_touch_are_one_entity() {
    // 3, 1 and 3 bytes: (3 · 0.9 + 1 · 0.5 + 3 · 0.8) / 7 = 5.6 / 7 = 0.8.
    let text = "to ada.lee";
    let model = [("NICK", "ada", 0.9), ("NICK", ".", 0.5), ("NICK", "lee", 0.8)];
    let merged_pieces = merge(text, findings(text, &model), vec![], &[], is_structured);
    assert_eq!(shown(text, &merged_pieces), "to {NICK:ada.lee}");
    assert!((merged_pieces[0].score - 0.8).abs() < 1e-6, "{merged_pieces:?}");
    // Others are not: another label, or a blank between.
    let model = [("GIVEN", "Ann", 0.9), ("FAMILY", "Lee", 0.9)];
    assert_eq!(merged("AnnLee", &model, &[]), "{GIVEN:Ann}{FAMILY:Lee}");
    let model = [("NICK", "Ann", 0.9), ("NICK", "Lee", 0.9)];
    assert_eq!(merged("Ann Lee", &model, &[]), "{NICK:Ann} {NICK:Lee}");
}

#[test]
fn a_part_of_an_address_or_number_is_completed() {
    for (text, model, expected) in [
        (
            "to ada.lee@example.com!",
            &[("EMAIL", "lee@example", 0.9)][..],
            "to {EMAIL:ada.lee@example.com}!",
        ),
        ("to ada@example.com.", &[("EMAIL", "ada", 0.9)], "to {EMAIL:ada@example.com}."),
        ("at <ada_1@b.org>", &[("EMAIL", "@", 0.9)], "at <{EMAIL:ada_1@b.org}>"),
        (
            "see example.org/a/?b=1, or",
            &[("URL", "example", 0.9)],
            "see {URL:example.org/a/?b=1}, or",
        ),
        ("tel 555-010-1234.", &[("PHONE", "010", 0.9)], "tel {PHONE:555-010-1234}."),
        ("tel 5550101x", &[("PHONE", "555", 0.9)], "tel {PHONE:5550101x}"),
        ("no AB12-3456/Berlin", &[("TAX", "12", 0.9)], "no {TAX:AB12-3456}/Berlin"),
        ("no 12-34a5-", &[("TAX", "12", 0.9)], "no {TAX:12-34a5}-"),
        // Groups of one number, also around a group that was not found.
        (
            "no 1234 5678 9012",
            &[("BANK", "1234", 0.9), ("BANK", "5678", 0.9)],
            "no {BANK:1234 5678} 9012",
        ),
        (
            "no 1234 5678 9012",
            &[("BANK", "1234", 0.9), ("BANK", "9012", 0.9)],
            "no {BANK:1234 5678 9012}",
        ),
        (
            "+1 (555) 010-1234",
            &[("PHONE", "+1", 0.9), ("PHONE", "555", 0.9), ("PHONE", "1234", 0.9)],
            "{PHONE:+1 (555) 010-1234}",
        ),
        // Two numbers, each of them whole.
        (
            "5550101 5550102",
            &[("PHONE", "5550101", 0.9), ("PHONE", "5550102", 0.9)],
            "{PHONE:5550101} {PHONE:5550102}",
        ),
        (
            "dial 110. 112 too",
            &[("PHONE", "110", 0.9), ("PHONE", "112", 0.9)],
            "dial {PHONE:110}. {PHONE:112} too",
        ),
        (
            "a1@b.com c2@d.com",
            &[("EMAIL", "a1@b.com", 0.9), ("EMAIL", "c2@d.com", 0.9)],
            "{EMAIL:a1@b.com} {EMAIL:c2@d.com}",
        ),
        // Labels of words are as the model has them, and words of a label of numbers, too.
        ("Ann-Lee 5-7", &[("NAME", "Ann", 0.9)], "{NAME:Ann}-Lee 5-7"),
        ("12-14 Main", &[("HOUSE", "12", 0.9)], "{HOUSE:12}-14 Main"),
        ("tax-free", &[("TAX", "tax", 0.9)], "{TAX:tax}-free"),
        // A neighbour is not run over.
        (
            "555-010x1234",
            &[("PHONE", "555", 0.9), ("NAME", "x", 0.9)],
            "{PHONE:555-010}{NAME:x}1234",
        ),
        ("tel ５５５-０１", &[("PHONE", "５５５", 0.9)], "tel {PHONE:５５５-０１}"),
    ] {
        assert_eq!(merged(text, model, &[]), expected, "{text}");
    }
}

#[test]
fn a_piece_beside_a_match_is_joined_if_it_is_of_its_number() {
    let text = "no 12345678-90";
    let (model, found) = ([("TAX", "-90", 0.9)], [("TAX", "12345678", 0.95)]);
    assert_eq!(merged(text, &model, &found), "no {TAX*:12345678-90}");
    let text = "a@b.com.";
    let (model, found) = ([("EMAIL", ".", 0.9)], [("EMAIL", "a@b.com", 0.95)]);
    let (model, found) =
        (findings(text, &[("EMAIL", "a@b.com.", model[0].2)]), matches(text, &found));
    assert_eq!(shown(text, &merge(text, model, found, &[], is_structured)), "{EMAIL*:a@b.com}.");
}

#[test]
fn what_is_allowed_is_left_out_of_the_models_entities() {
    let text = "help@example.com, Ann Lee";
    let allowed = [Span::new(0, 16), Span::new(18, 21)];
    let model = [("EMAIL", "help", 0.9), ("NAME", "Ann Lee", 0.9)];
    let left = merge(text, findings(text, &model), vec![], &allowed, is_structured);
    assert_eq!(shown(text, &left), "help@example.com, {NAME:Ann Lee}");
}

#[test]
fn without_findings_there_are_none() {
    assert_eq!(merged("Ann", &[], &[]), "Ann");
    assert_eq!(merged("", &[], &[]), "");
}

/// Spans that do not overlap, in order, with one of three labels and a score each.
fn spans() -> impl Strategy<Value = Vec<(usize, usize, usize, u8)>> {
    prop::collection::vec((0_usize..3, 1_usize..6, 0_usize..3, 0_u8..=20), 0..8)
}

/// Findings at these gaps and lengths of characters.
fn placed(text: &str, spans: &[(usize, usize, usize, u8)], found: bool) -> Vec<Finding> {
    let borders: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
    let mut offset = 0;
    let mut findings = vec![];
    for (gap, length, label, score) in spans {
        let (start, end) = (offset + gap, offset + gap + length);
        if end >= borders.len() {
            break;
        }
        let score = f32::from(*score) / 20.0;
        findings.push(Finding {
            label: ["EMAIL", "TAX", "NAME"][*label].to_owned(),
            span: Span::new(borders[start], borders[end]),
            score,
            recognizer: found.then(|| "a".to_owned()),
            validated: found && score > 0.9,
        });
        offset = end;
    }
    findings
}

proptest! {
    #[test]
    fn results_are_sorted_apart_and_cover_all_that_was_found(
        text in "[a1@. é-]{0,24}",
        model in spans(),
        found in spans(),
    ) {
        let (model, found) = (placed(&text, &model, false), placed(&text, &found, true));
        let merged = merge(&text, model.clone(), found.clone(), &[], is_structured);
        for pair in merged.windows(2) {
            prop_assert!(pair[0].span.end <= pair[1].span.start, "{merged:?}");
        }
        for finding in &merged {
            prop_assert!(finding.span.start < finding.span.end && finding.span.of(&text).is_some());
        }
        for (i, c) in text.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
            let has = |findings: &[Finding]| {
                findings.iter().any(|f| f.span.start <= i && i + c.len_utf8() <= f.span.end)
            };
            prop_assert!(!has(&model) && !has(&found) || has(&merged), "{text:?} at {i}: {merged:?}");
        }
        // A validated match is there whole.
        for valid in found.iter().filter(|f| f.validated && f.span.of(&text).is_some_and(|t| t.contains(char::is_alphanumeric))) {
            let whole = merged.iter().any(|f| is_within(valid.span, f.span) && f.label == valid.label);
            prop_assert!(whole, "{valid:?}: {merged:?}");
        }
    }
}
