//! E-mail addresses and names of accounts.
use super::web::top_level;
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};

/// Longest local part that is looked at, in bytes. RFC 5321 allows 64 octets.
const LOCAL: usize = 128;

/// Ends of names of images for dense screens (`icon@2x.png`), which look like addresses.
const IMAGES: [&str; 7] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "ico"];

const EMAIL: &str = concat!(
    r#"(?:"[^"\\\r\n]{1,64}"|[\pL\pM\pN._%+\-'&~=]{1,128})(?:@|%40)(?:"#,
    domain!(),
    r"|\[(?:IPv6:[0-9A-Fa-f:.]{2,45}|[0-9.]{7,15})\])",
);

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "email",
        label: "EMAIL",
        group: Group::Contact,
        source: "RFC 5321 section 4.1.2 as addresses are used: dot-strings and quoted strings; RFC 6531 for other scripts",
        start: Start::Before(&["@", "%40"], local_part),
        pattern: EMAIL,
        edges: Edges::Any,
        check: Check::Text(email),
        valid: &[
            "My email is {ada.lovelace@example.com}.",
            "<{o'brien+list@mail.example.co.uk}>, {x@example.org};",
            "mailto:{A_B-c@EXAMPLE.COM}?subject=x",
            "an {\"john doe\"@example.com} oder {müller@müller.example}",
            "邮箱{ada@example.com}。 {用户@例え.jp}",
            "user={ada@example.net}&x=1 and {ada%40example.net}",
            "{ada@[192.0.2.1]} {bounce+ada=example.org@lists.example.com}",
            "({ada＠example．com})",
        ],
        invalid: &[
            "@ada on git@github.com:ada/x",
            "lodash@4.17.21",
            "icon@2x.png",
            "a @ b.com",
            "ada@example",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "email_spelled",
        label: "EMAIL",
        group: Group::Contact,
        source: "addresses with words in brackets for `@` and `.`, as pages write them against harvesters",
        start: Start::Before(&["[at]", "(at)", "{at}", "[ät]", "(ät)"], |text, at| {
            local_part(text, text[..at].trim_end_matches(' ').len())
        }),
        pattern: r"[A-Za-z0-9._+\-]{1,64} {0,3}[\[({](?i:at|ät)[\])}] ?(?:[A-Za-z0-9-]{1,63} {0,2}(?:\.|[\[({](?i:dot|punkt|point|punto)[\])}]) ?){1,5}[A-Za-z]{2,24}",
        edges: Edges::Code,
        check: Check::Text(|_| Finding::plausible(true, Strength::Sure)),
        valid: &[
            "write to {ada [at] example [dot] com}",
            "{ada.l(at)example.org}, {ada (ät) example (punkt) de}",
        ],
        invalid: &["meet [at] noon", "a (at) b"],
        ..Row::EMPTY
    },
    Row {
        name: "username",
        label: "USERNAME",
        group: Group::Contact,
        source: "names of accounts behind a word for one, as logs and forms write them",
        start: Start::Literal(&[
            "username",
            "user name",
            "user_name",
            "login name",
            "benutzername",
            "nom d'utilisateur",
            "nombre de usuario",
            "nome utente",
            "gebruikersnaam",
            "screen name",
        ]),
        pattern: r#"(?i:user[ _]?name|login name|benutzername|nom d'utilisateur|nombre de usuario|nome utente|gebruikersnaam|screen name)["']?[ \t]{0,2}(?:[:=]|is |ist )[ \t]{0,2}["']?([\pL\pN_][\pL\pN_.\-]{1,62}[\pL\pN_])"#,
        edges: Edges::Open,
        check: Check::Text(|_| Finding::plausible(true, Strength::Strong)),
        valid: &["Username: {ada_l}", "\"user_name\": \"{ada.l}\"", "Benutzername = {ada-77}"],
        invalid: &["username and password", "Username:"],
        ..Row::EMPTY
    },
    Row {
        name: "username_in_log",
        label: "USERNAME",
        group: Group::Contact,
        source: "OpenSSH auth log and ssh_config; NCSA common log format, field authuser; Slack mentions",
        start: Start::Literal(&[
            "publickey for ",
            "password for ",
            "for user ",
            "invalid user ",
            "session opened for user ",
            "user=",
            "\n  User ",
            "\n    User ",
            "\n\tUser ",
            " - ",
            "<@",
        ]),
        pattern: r"(?:publickey for |password for |for user |invalid user |[uU]ser=|\n[ \t]+User )(?:invalid user )?([A-Za-z_][A-Za-z0-9_.\-]{1,31})(?:[ \r\n;,(]|$)| - ([A-Za-z_][A-Za-z0-9_.@\-]{1,63}) \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:|<(@[A-Za-z0-9_.\-]{2,32})>",
        edges: Edges::Any,
        check: Check::Text(|text| {
            let known = matches!(
                text,
                "user"
                    | "invalid"
                    | "root"
                    | "admin"
                    | "the"
                    | "a"
                    | "none"
                    | "null"
                    | "true"
                    | "false"
            );
            Finding::plausible(!known, Strength::Strong)
        }),
        valid: &[
            "Accepted publickey for {ada_l} from 192.0.2.1",
            "192.0.2.10 - {ada.l} [10/Mar/2026:13:55:36 +0",
            "Host x\n  User {adal}\n",
            "user={ada99} ok",
            "<{@ada.l}> hi",
        ],
        invalid: &["password for root ", "for user-defined types", "a - b [10]", "user=true "],
        ..Row::EMPTY
    },
    Row {
        name: "handle",
        label: "USERNAME",
        group: Group::Contact,
        source: "help pages of X, Instagram, TikTok, Telegram: letters, digits, `_` and inner dots, 2 to 30",
        start: Start::Literal(&["@"]),
        pattern: r"@[A-Za-z0-9_](?:[A-Za-z0-9_.]{0,28}[A-Za-z0-9_])(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)?",
        edges: Edges::Domain,
        check: Check::Text(handle),
        context: &[
            "twitter",
            "instagram",
            "insta",
            "tiktok",
            "telegram",
            "mastodon",
            "threads",
            "bluesky",
            "snapchat",
            "youtube",
            "github",
            "discord",
            "x",
            "handle",
            "follow",
            "follow me",
            "dm",
            "username",
            "account",
            "profile",
            "social",
            "folge",
            "folgt",
            "suivez",
            "sígueme",
            "siga",
            "seguimi",
            "volg",
        ],
        behind: true,
        against: &["npm", "import", "decorator", "annotation"],
        valid: &[
            "Follow me on Instagram: {@ada.lovelace}!",
            "twitter {@ada_l}",
            "cc {@ada_l99}",
            "Mastodon {@ada@social.example}",
        ],
        invalid: &["@Override", "a @media rule", "ada@example.com", "import @angular"],
        ..Row::EMPTY
    },
];

/// Start of the local part that ends at `at`.
fn local_part(text: &str, at: usize) -> Option<usize> {
    let before = &text[..at];
    if let Some(quoted) = before.strip_suffix('"') {
        let start = quoted.rfind('"')?;
        return (at - start <= 66).then_some(start);
    }
    let mut start = at;
    for (i, c) in before.char_indices().rev() {
        let inside = c.is_alphanumeric()
            || unicode_normalization::char::is_combining_mark(c)
            || "._%+-'&~".contains(c)
            || c == '=' && plus_before(&before[..i]);
        if !inside || at - i > LOCAL {
            break;
        }
        start = i;
    }
    if at - start > LOCAL - 4 {
        return None;
    }
    // Chinese and Japanese write no space before an address in Latin letters.
    let local = &before[start..];
    if local.ends_with(|c: char| c.is_ascii())
        && let Some((i, c)) = local.char_indices().rev().find(|&(_, c)| c >= '\u{2E80}')
    {
        start += i + c.len_utf8();
    }
    let local = before[start..].trim_start_matches(['.', '\'', '&', '%', '~', '-', '=']);
    (!local.is_empty() && !local.ends_with('.')).then_some(at - local.len())
}

/// Whether the word that `text` ends with has a `+`, as addresses for bounces do.
fn plus_before(text: &str) -> bool {
    text.bytes()
        .rev()
        .take(64)
        .take_while(|&byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
        .any(|byte| byte == b'+')
}

fn email(text: &str) -> Option<Finding> {
    let (local, domain) = text.rsplit_once('@').or_else(|| text.rsplit_once("%40"))?;
    if domain.starts_with('[') {
        return Finding::plausible(true, Strength::Sure);
    }
    let end = domain.rsplit('.').next()?;
    if IMAGES.contains(&end.to_ascii_lowercase().as_str()) || local == "git" {
        return None;
    }
    let known = top_level(end) || !end.is_ascii();
    Some(Finding { strength: Strength::Sure, validated: known })
}

fn handle(text: &str) -> Option<Finding> {
    const DECORATORS: [&str; 12] = [
        "param",
        "return",
        "returns",
        "media",
        "import",
        "override",
        "charset",
        "type",
        "see",
        "deprecated",
        "property",
        "here",
    ];
    let name = &text[1..];
    let letters = name.bytes().filter(u8::is_ascii_alphabetic).count();
    let told = name.contains(['_', '@']) || name.bytes().any(|byte| byte.is_ascii_digit());
    let strength = match (name.contains('@'), told) {
        (true, _) => Strength::Sure,
        (_, true) => Strength::Fair,
        _ => Strength::Weak,
    };
    let word = name.to_ascii_lowercase();
    Finding::plausible(letters >= 2 && !DECORATORS.contains(&word.as_str()), strength)
}
