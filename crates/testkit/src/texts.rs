//! Texts: hard ones, and prose of any length with names in it.
use crate::Random;

/// Strings on which spans and windows go wrong, each with what is hard about it.
#[must_use]
pub fn hard_strings() -> Vec<(&'static str, String)> {
    let long = "ab".repeat(150);
    let mut strings: Vec<_> = [
        ("empty", ""),
        ("white space alone", " \t\r\n\u{a0}\u{2003}"),
        ("one letter", "x"),
        ("emoji joined into one", "Ann 👩‍👩‍👧‍👦 lives 🧑🏽‍🚀, in Kassel 🇩🇪."),
        ("accents as marks of their own", "Jose\u{301} and Zoe\u{308} met Lo\u{302}\u{323}i"),
        ("accents in one with their letters", "José, Zoë, Ångström, Øyvind"),
        ("a mark without a letter", "\u{301}a \u{301} b\u{301}"),
        ("many marks on one letter", "Z\u{351}\u{36b}\u{343}\u{36a}\u{302}a\u{327}\u{328}lgo"),
        ("ends of lines", "ann\r\nlives\rin\n\nkassel\r\n\r\n"),
        ("a NUL and other controls", "ann\0lives\u{7}in\u{1b}[0mkassel\u{7f}"),
        ("Chinese", "我住在卡塞尔,她叫安娜。"),
        ("Japanese", "アンナはカッセルに住んでいます。"),
        ("Hangul, composed and not", "안나는 카셀에 \u{1112}\u{1161}\u{11ab}"),
        ("Arabic, right to left", "تعيش آنا في كاسل منذ عام ٢٠٢٠"),
        ("Hebrew with points", "שָׁלוֹם אנה"),
        ("Devanagari, whose vowels are marks", "अन्ना कासेल में रहती है"),
        ("Thai, without spaces", "แอนนาอาศัยอยู่ที่คาสเซิล"),
        ("a byte order mark", "\u{feff}ann lives\u{feff} in"),
        ("the replacement character", "an\u{fffd}n \u{fffd} lives"),
        ("characters of no width", "an\u{200b}n \u{ad}li\u{200d}ves\u{2060}"),
        ("letters that grow when made small", "İstanbul ẞ ΑΣ Ǆ ﬁn"),
        ("mathematical letters", "𝒜𝓃𝓃 lives 𝟚𝟘𝟚𝟜"),
        ("private use and no character at all", "a\u{e000}b\u{10ffff}c\u{fdd0}"),
        ("special tokens as text", "[CLS] ann [SEP] lives [PAD][MASK] [UNK]"),
        ("sub-word marks as text", "ann ##er ## ##"),
        ("punctuation alone", "...!?--''\"(){}[]<>/\\|`~@#$%^&*_+="),
        ("an address", "ann.er@kassel.example, https://kassel.example/ann?x=1#y"),
        ("numbers", "2024-05-06 1,234.5 -7 3e8 ½ ² ٣"),
        ("pieces put together", "annerson kasselerson thes ins"),
    ]
    .into_iter()
    .map(|(what, text)| (what, text.to_owned()))
    .collect();
    strings.push(("a word of 300 letters, longer than a window", format!("ann {long} lives")));
    strings.push(("500 letters, more than a word may have", "x".repeat(500)));
    strings.push(("a line of 200 words", "lives in ".repeat(100)));
    strings
}

/// Prose of `n` texts whose lengths are log-normal: 32 words on average, 1 to 400 each.
#[must_use]
pub fn of_mixed_lengths(seed: u64, n: usize) -> Vec<String> {
    let mut random = Random::new(seed);
    let lengths = (0..n).map(|_| random.log_normal(32.0).round().clamp(1.0, 400.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 400")]
    let lengths: Vec<usize> = lengths.map(|words| words as usize).collect();
    lengths.into_iter().map(|words| prose(&mut random, words)).collect()
}

/// A text of `words` words: sentences about people and places, cut off where there are enough.
#[must_use]
pub fn prose(random: &mut Random, words: usize) -> String {
    let mut prose_words: Vec<String> = vec![];
    while prose_words.len() < words {
        prose_words.extend(paragraph(random).split_whitespace().map(str::to_owned));
    }
    prose_words.truncate(words);
    prose_words.join(" ")
}

/// A paragraph of 35 to 65 words with names, places or numbers in it, without a line end.
#[must_use]
pub fn paragraph(random: &mut Random) -> String {
    let template = random.choose(&PARAGRAPHS);
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, (slot, after))) =
        rest.split_once('{').and_then(|(before, from)| Some((before, from.split_once('}')?)))
    {
        text.push_str(before);
        text.push_str(&fill(slot, random));
        rest = after;
    }
    text + rest
}

fn fill(slot: &str, random: &mut Random) -> String {
    match slot {
        "given" => random.choose(&GIVEN).to_owned(),
        "surname" => random.choose(&SURNAMES).to_owned(),
        "city" => random.choose(&CITIES).to_owned(),
        "street" => random.choose(&STREETS).to_owned(),
        "number" => (1 + random.below(240)).to_string(),
        "zip" => format!("{:05}", 10_000 + random.below(89_999)),
        "phone" => format!("+1 202 555 {:04}", random.below(10_000)),
        "email" => {
            let (given, surname) = (random.choose(&GIVEN), random.choose(&SURNAMES));
            format!("{given}.{surname}@mail.example").to_lowercase()
        }
        other => unreachable!("the slots of the paragraphs below are all known, not {other:?}"),
    }
}

const GIVEN: [&str; 24] = [
    "Angela", "Tomasz", "Priya", "Miguel", "Aisha", "Henrik", "Yuki", "Olga", "Kwame", "Ines",
    "Declan", "Fatima", "Lars", "Mei", "Sergio", "Hannah", "Idris", "Klara", "Noah", "Zuzana",
    "Rafael", "Siobhan", "Viktor", "Wanjiru",
];
const SURNAMES: [&str; 24] = [
    "Merkel",
    "Kowalski",
    "Raman",
    "Alvarez",
    "Diallo",
    "Lindqvist",
    "Tanaka",
    "Petrova",
    "Mensah",
    "Carvalho",
    "Byrne",
    "Haddad",
    "Johansen",
    "Zhang",
    "Romano",
    "Weiss",
    "Okafor",
    "Novak",
    "Whitfield",
    "Horvath",
    "Duarte",
    "Gallagher",
    "Sokolov",
    "Kamau",
];
const CITIES: [&str; 16] = [
    "Kassel",
    "Leeds",
    "Toledo",
    "Porto",
    "Uppsala",
    "Nairobi",
    "Osaka",
    "Galway",
    "Gdansk",
    "Turin",
    "Denver",
    "Accra",
    "Valencia",
    "Bergen",
    "Omaha",
    "Ljubljana",
];
const STREETS: [&str; 12] = [
    "Orchard Lane",
    "Mill Road",
    "Station Street",
    "Harbour View",
    "Chestnut Avenue",
    "Bishop Street",
    "Quarry Road",
    "Willow Court",
    "Market Square",
    "Elm Drive",
    "Foundry Lane",
    "Lakeside Terrace",
];

/// Made for these tests. Each ends its last sentence, and none begins with a name that could go on
/// from the one before.
const PARAGRAPHS: [&str; 40] = [
    "The morning ferry was late again, and by the time {given} {surname} reached the office in {city} the meeting had moved to the small room upstairs. Nobody had saved a chair, so the minutes were written standing, in pencil, on the back of an old timetable.",
    "Yesterday I spoke with {given} from the housing desk. The lease for the flat at {number} {street} in {city} ends in June, and the landlord would like an answer before Easter. If we want to stay, two signatures and a copy of the last bill are all it takes.",
    "Please send the corrected invoice to {email} and not to the general inbox, where the last three went missing. Our accountant, {given} {surname}, closes the books on the fourth, and anything that arrives after that date waits for the next quarter, as the auditors insist.",
    "When the orchestra came to {city} in the spring, the second violin fell ill on the train. A student called {given} {surname} was asked at noon, practised in the corridor until seven, and played the whole programme without a single wrong entry, to everyone's astonishment.",
    "For years the bakery on {street} sold only two kinds of bread. Then {given} took over the ovens from an uncle, began to bake with rye from a farm near {city}, and within a month the queue on Saturdays went round the corner as far as the pharmacy.",
    "Dear {given}, thank you for your patience with our support team. We could reproduce the fault you described on the older handset, and a fix will be in the next update. Should it return, please call {phone} on any weekday and quote the number of this ticket.",
    "The archive holds eleven boxes of letters that {given} {surname} wrote from {city} between the wars. Most are about money and the weather, but a few describe the harbour strike in such detail that two historians have built whole chapters on them, and quarrelled about the rest.",
    "My grandmother never trusted recipes. She cooked by the smell of the onions and by the sound the lid made, and she told my cousin {given} that a written measure was a confession of doubt. Nobody in the family has managed her soup since, though all of us have tried.",
    "At the hearing the inspector said that the bridge near {city} had been checked twice in the last year. The engineer on duty, {given} {surname}, had noted a hairline crack on both occasions and asked for closer study, but the note was filed under another bridge.",
    "New members pay half for the first season. To join, write a few lines about yourself to {email}, or come to the boathouse at {number} {street} on a Sunday before ten. Bring shoes that may get wet; we have life jackets in every size, and tea.",
    "The survey asked four hundred people what they would miss most if the library closed. Warmth came first, then the newspapers, and only third the books. A retired driver, {given} {surname}, wrote that it was the one place in {city} where nobody asked him to buy something.",
    "It rained for nine days. On the tenth the river stood a hand below the sill of the kitchen window, and {given} carried the hens upstairs one by one. When the boat from {city} came along the street, they were all asleep on the sewing machine.",
    "Our new colleague {given} {surname} starts on Monday and will look after the measuring stations in the north. Until the badge is ready, the porter lets everyone in who knows the name of the dog. The desk by the window is free, the good chair unfortunately is not.",
    "Parcels for the workshop must be addressed to {number} {street}, {city} {zip}, with the word yard on the label. Anything without it goes to the showroom, where {given} signs for it and then forgets it under the counter until somebody comes asking in a loud voice.",
    "The translation took longer than the book. For six winters {surname} sat with the same four dictionaries at a table in {city}, looking for a word that would mean both threshold and hesitation. In the end the sentence was left out, with the author's blessing and a bottle of wine.",
    "After the match the captain refused to speak, so the press turned to {given} {surname}, who had not played a minute. He praised the grass, the referee and the sandwiches, in that order, and said the journey home to {city} would be long enough for everything else.",
    "In the laboratory we use the old scales for teaching and the new ones for results. A visitor, {given}, mixed up the two last Thursday, which is how a gram of salt came to weigh as much as a pigeon. The paper was withdrawn before anybody could cite it.",
    "The choir meets on Tuesdays in the hall behind the church. Basses are always welcome, tenors are begged for, and {given} {surname}, who conducts, will drive anybody home who lives on this side of {city}. Ring {phone} after six, when the dog has been walked.",
    "Three companies made an offer for the mill. The lowest came from a cooperative in {city}, led by {given} {surname}, and it was accepted because it was the only one that mentioned the people who work there. The mayor called it a good day and left early.",
    "Before you repair the clock, draw it. The late {given} {surname} taught apprentices in {city} for forty years and threw out everyone who reached for a screwdriver first. What you cannot draw, he used to say, you have not looked at, and what you have not looked at will bite you.",
    "This is a reminder that the meter at {number} {street} could not be read, since no one was at home. Kindly send a photograph of the dial to {email} by the end of the week; otherwise the amount will be estimated from last year, which was a cold one.",
    "On the slow train to {city} a woman was teaching herself to juggle with lemons. She dropped one, it rolled the length of the carriage, and a boy named {given} brought it back with great ceremony. By the next station he could keep two in the air himself.",
    "The grant pays for two doctoral students and half a technician. According to {given} {surname}, who wrote the application, the other half of the technician will have to come from {city}, where a similar project has money left, a new microscope and nobody who knows how to clean it.",
    "Guests who arrive after nine find the key in the box beside the door. The code is sent by text message on the day itself. If it fails, {given} next door has a spare and is happy to be woken; the number is {phone}, and it rings loudly.",
    "There are only two photographs of the expedition. In the first, {given} {surname} is holding the sledge and laughing at something outside the frame. In the second, taken in {city} eleven months later, the same coat hangs on a much thinner man who is looking straight at the camera.",
    "The council has decided to plant lindens along {street} instead of the plane trees that were promised. Residents may object in writing until the end of the month. A petition started by {given} {surname} already has two hundred names on it, some of them legible and a few of them twice.",
    "Every autumn the market in {city} elects a king of pumpkins. It was never meant seriously, but since {given} {surname} won with a fruit the size of a small car, growers have begun to measure the rain, to buy seed abroad, and to post guards on their fields at night.",
    "We regret that the package you returned was damaged when it reached us. A refund of the full price is on its way to your account. For questions about the postage write to {email}; your contact there is {given}, who has seen the photographs and agrees with you.",
    "Nobody knew who had painted the ceiling until the scaffold went up. Behind a cherub, in letters no taller than a thumb, the restorer found the words made by {given} {surname} of {city}, unpaid, and under them a date and what can only be described as a curse.",
    "The new timetable is a compromise. Trains to {city} leave every half hour until eight and then only once, at ten past eleven, for those who go to the theatre. The planner, {given} {surname}, says that more will follow as soon as there are drivers to be had.",
    "As a child I believed that the lighthouse turned because somebody pushed it. My aunt {given} let me think so for years. When we finally climbed the stairs, the keeper, an old man called {surname}, was indeed leaning on the rail, out of breath, and winked at her.",
    "To the witness who helped an elderly cyclist on {street} last Friday: the family would like to thank you in person. Mr {surname} is well again, and asks above all that somebody return the umbrella to you. Please call {phone} or leave word at the kiosk in {city}.",
    "The first version of the program was written in one night and ran for eleven years. When {given} {surname} at last opened the source, there was a single comment in it, at the very top: sorry. The rewrite took a team of five in {city} most of two summers.",
    "Honey from the roofs of {city} tastes of lime and a little of tar. The beekeeper, {given}, has hives on the opera, on two banks and on the roof of the prison, where the inmates built the frames. What is left over at Christmas goes to the hospital kitchen.",
    "Once a year the two villages play football across the border. There is no referee, the goal is a barn on either side, and the ball was sewn by {given} {surname}, a saddler from near {city}, in a winter so long ago that nobody can say who won.",
    "Applications are read by three people who do not know each other's marks. Only then does the chair, at present {given} {surname}, open the envelopes. Candidates from outside {city} may ask for their fare; the form must reach {email} no later than two weeks after the interview.",
    "If the alarm sounds, leave by the stairs on the left and gather in the yard at {number} {street}. Do not go back for coats. A warden, usually {given} from the print room, counts heads against the list at the gate and tells the brigade who is missing.",
    "They met in a queue for passports in {city} and argued about the clock. He said it was slow, she said that {given}, her brother, had repaired it himself. It was slow. They have been married for thirty years, and the clock on their wall is set by neither of them.",
    "The museum closes for the winter, but scholars may ask for a key. Dr {given} {surname} has catalogued the shells as far as drawer ninety, and leaves notes for whoever comes next. One reads: do not trust the labels from {city}, they were written by a man in love.",
    "Our well is forty metres deep and has never run dry, not even in the year the pumps in {city} failed. Old {surname} used to say that the water was older than the church. A chemist named {given} measured it last spring and found that he had been right.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_whole_and_of_one_line() {
        let mut random = Random::new(1);
        let mut openings = std::collections::HashSet::new();
        for _ in 0..1000 {
            let text = paragraph(&mut random);
            let words = text.split_whitespace().count();
            assert!((35..=65).contains(&words), "{words} words: {text}");
            assert!(text.ends_with('.') && !text.contains(['{', '}', '\n']), "{text}");
            openings.insert(text.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
        }
        assert!(openings.len() >= PARAGRAPHS.len() - 4, "{} openings", openings.len());
    }

    #[test]
    fn prose_has_the_words_asked_for() {
        for words in [0, 1, 7, 300] {
            assert_eq!(prose(&mut Random::new(2), words).split_whitespace().count(), words);
        }
    }
}
