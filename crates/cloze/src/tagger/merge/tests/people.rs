//! Rules about names and addresses, worked by hand.
use super::*;

#[test]
fn text_between_parts_of_an_address_belongs_to_it() {
    for (text, model, expected) in [
        (
            "at 12 Main St, Apt 4, Leeds",
            &[
                ("BUILDING_NUMBER", "12", 0.9),
                ("STREET_NAME", "Main St", 0.9),
                ("CITY", "Leeds", 0.9),
            ][..],
            "at {BUILDING_NUMBER:12} {STREET_NAME:Main St, Apt 4}, {CITY:Leeds}",
        ),
        // Punctuation alone is left.
        (
            "12 Main St, Leeds",
            &[("STREET_NAME", "12 Main St", 0.9), ("CITY", "Leeds", 0.9)],
            "{STREET_NAME:12 Main St}, {CITY:Leeds}",
        ),
        (
            "at the corner of Dili Street and King Road",
            &[("STREET_NAME", "Dili Street", 0.9), ("STREET_NAME", "King Road", 0.9)],
            "at {STREET_NAME:the corner of Dili Street and} {STREET_NAME:King Road}",
        ),
        // Longer words, another sentence and towns alone are not of one address.
        (
            "in Main St they met in Leeds",
            &[("STREET_NAME", "Main St", 0.9), ("CITY", "Leeds", 0.9)],
            "in {STREET_NAME:Main St} they met in {CITY:Leeds}",
        ),
        (
            "in Main Street. In Leeds",
            &[("STREET_NAME", "Main Street", 0.9), ("CITY", "Leeds", 0.9)],
            "in {STREET_NAME:Main Street}. In {CITY:Leeds}",
        ),
        (
            "Kiel and Leeds",
            &[("CITY", "Kiel", 0.9), ("CITY", "Leeds", 0.9)],
            "{CITY:Kiel} and {CITY:Leeds}",
        ),
    ] {
        assert_eq!(merged(text, model, &[]), expected, "{text}");
    }
}

#[test]
fn a_name_takes_its_initials_and_its_other_half() {
    for (text, model, expected) in [
        ("by J. R. Roe, MD", &[("SURNAME", "Roe", 0.9)][..], "by {SURNAME:J. R. Roe}, MD"),
        (
            "Roe, Ann P.\n",
            &[("SURNAME", "Roe", 0.9), ("GIVEN_NAME", "Ann", 0.9)],
            "{SURNAME:Roe}, {GIVEN_NAME:Ann P.}\n",
        ),
        (
            "ask Ann Lee's son",
            &[("GIVEN_NAME", "Ann", 0.9)],
            "ask {GIVEN_NAME:Ann} {SURNAME:Lee}'s son",
        ),
        (
            "ask Ann B Lee now",
            &[("GIVEN_NAME", "Ann", 0.9)],
            "ask {GIVEN_NAME:Ann B} {SURNAME:Lee} now",
        ),
        // A day, a small word and a clause behind it are none.
        ("ask Ann Monday", &[("GIVEN_NAME", "Ann", 0.9)], "ask {GIVEN_NAME:Ann} Monday"),
        ("ask Ann soon", &[("GIVEN_NAME", "Ann", 0.9)], "ask {GIVEN_NAME:Ann} soon"),
        ("ask Ann, Lee", &[("GIVEN_NAME", "Ann", 0.9)], "ask {GIVEN_NAME:Ann}, Lee"),
    ] {
        assert_eq!(merged(text, model, &[]), expected, "{text}");
    }
}

#[test]
fn a_name_is_found_again_in_its_text() {
    let model = |score| [("GIVEN_NAME", "Nadia", score), ("SURNAME", "Okafor", score)];
    let text =
        "Nadia Okafor wrote. Okafor's mail, Nadia! NADIA, nadia, Nadias, nadia@x.org, Okafor.md";
    let expected = "{GIVEN_NAME:Nadia} {SURNAME:Okafor} wrote. {SURNAME:Okafor}'s mail, Nadia! NADIA, nadia, Nadias, nadia@x.org, Okafor.md";
    // The text has `nadia` as a word in small letters: only the surname is distinct.
    assert_eq!(merged(text, &model(0.9), &[]), expected);
    let text = "Nadia Okafor wrote; Nadia and Okafor";
    assert_eq!(
        merged(text, &model(0.9), &[]),
        "{GIVEN_NAME:Nadia} {SURNAME:Okafor} wrote; {GIVEN_NAME:Nadia} and {SURNAME:Okafor}"
    );
    assert_eq!(
        merged(text, &model(0.7), &[]),
        "{GIVEN_NAME:Nadia} {SURNAME:Okafor} wrote; Nadia and Okafor"
    );
    // Words that are names, too, are not looked for alone.
    let common = [("GIVEN_NAME", "Will", 0.9), ("SURNAME", "Young", 0.9)];
    assert_eq!(
        merged("Will Young. Will Young come?", &common, &[]),
        "{GIVEN_NAME:Will} {SURNAME:Young}. Will Young come?"
    );
    // What is allowed is not found again.
    let text = "Nadia, Nadia";
    let allowed = [Span::new(7, 12)];
    let left = merge(
        text,
        findings(text, &[("GIVEN_NAME", "Nadia", 0.9)]),
        vec![],
        &allowed,
        is_structured,
    );
    assert_eq!(shown(text, &left), "{GIVEN_NAME:Nadia}, Nadia");
}

#[test]
fn what_cannot_be_is_left_out() {
    for (text, model, expected) in [
        (
            "commit 9fceb02d0ae598e9",
            &[("DRIVERS_LICENSE", "9fceb02d0ae598e9", 0.9)][..],
            "commit 9fceb02d0ae598e9",
        ),
        (
            "id 123e4567-e89b-12d3-a456-426614174000",
            &[("TAX_ID", "123e4567", 0.9)],
            "id 123e4567-e89b-12d3-a456-426614174000",
        ),
        (
            "no 1234567890123456",
            &[("TAX_ID", "1234567890123456", 0.9)],
            "no {TAX_ID:1234567890123456}",
        ),
        ("status 502", &[("BUILDING_NUMBER", "502", 0.9)], "status 502"),
        (
            "502 Main",
            &[("BUILDING_NUMBER", "502", 0.9), ("STREET_NAME", "Main", 0.9)],
            "{BUILDING_NUMBER:502} {STREET_NAME:Main}",
        ),
        ("on 3 March", &[("ZIP_CODE", "3", 0.9)], "on 3 March"),
        ("Kestrel Ltd", &[("SURNAME", "Kestrel", 0.9)], "Kestrel Ltd"),
        (
            "Mr Leiva flew",
            &[("SURNAME", "Leiva", 0.9), ("SURNAME", "flew", 0.9)],
            "Mr {SURNAME:Leiva} flew",
        ),
        // In a text of small letters a name may follow a name.
        (
            "ann lee",
            &[("GIVEN_NAME", "ann", 0.9), ("SURNAME", "lee", 0.9)],
            "{GIVEN_NAME:ann} {SURNAME:lee}",
        ),
        (
            "Ann van Lee",
            &[("GIVEN_NAME", "Ann", 0.9), ("SURNAME", "van Lee", 0.9)],
            "{GIVEN_NAME:Ann} {SURNAME:van Lee}",
        ),
    ] {
        assert_eq!(merged(text, model, &[]), expected, "{text}");
    }
}
