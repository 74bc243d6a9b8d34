//! Passwords and keys by the name that stands before them, and in web addresses.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "url_password",
        label: "SECRET",
        group: Group::Secret,
        source: "RFC 3986 section 3.2.1: user information with a password",
        start: Start::Before(&["://"], super::web::scheme),
        pattern: r#"[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s/@:<>"]{0,128}:[^\s/@<>"]{1,256}@[^\s<>"`{}|\\^]+"#,
        edges: Edges::Open,
        measure: Some(super::web::without_stops),
        check: Check::Text(|_| Finding::plausible(true, Strength::Sure)),
        valid: &[
            "{postgres://ada:hunter2@db.example.com:5432/app}",
            "DSN={redis://:s3cret@cache.example.com/0}.",
        ],
        invalid: &["https://ada@example.com/", "https://example.com:443/a@b"],
        ..Row::EMPTY
    },
    Row {
        name: "password",
        label: "SECRET",
        group: Group::Secret,
        source: "settings, logs and chats: a word for a password, a sign or a verb, a value",
        start: Start::Literal(&[
            "password",
            "passwd",
            "passphrase",
            "passcode",
            "pwd",
            "passwort",
            "kennwort",
            "mot de passe",
            "contraseña",
            "clave",
            "wachtwoord",
            "senha",
            "hasło",
        ]),
        pattern: r#"(?i:password|passwd|passphrase|passcode|pwd|passwort|kennwort|mot de passe|contraseña|clave|wachtwoord|senha|hasło)["']?(?:[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}|(?:[ \t](?:for|to|of|für|zu|pour|de|del|para|per)[ \t][^\r\n:=."']{1,30}?)?[ \t](?:is|ist|est|es|è|lautet)[ \t]*:?[ \t])(?:"([^"\r\n]{3,128})"|'([^'\r\n]{3,128})'|`([^`\r\n]{3,128})`|([^\s"'`,;<>]{3,128}))"#,
        edges: Edges::Any,
        measure: Some(value_length),
        check: Check::Text(password),
        valid: &[
            "password={hunter2}",
            "\"db_password\": \"{correct horse, battery}\",",
            "Password: {S3cret!pass}",
            "pwd='{abc 123}'; Passwort: {geheim123}",
            "my password is {Tr0ub4dor&3}",
            "?user=ada&password={hunter2}&x=1",
            "mot de passe : {Soleil2024}",
            "the password for the wifi is \"{blue whale 42}\"",
        ],
        invalid: &[
            "password: null",
            "the password is wrong",
            "password=${DB_PASSWORD}",
            "password = os.environ[\"X\"]",
            "password: string",
            "Password: ********",
            "the password is too short",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "pass_setting",
        label: "SECRET",
        group: Group::Secret,
        source: "settings and logs: a short word for a password, a sign, a value",
        start: Start::Literal(&["pass", "pw", "pin"]),
        pattern: r#"(?i:pass|pw|pin)["']?[ \t]{0,2}[:=][ \t]{0,2}(?:"([^"\r\n]{3,128})"|'([^'\r\n]{3,128})'|([^\s"'`,;<>]{3,128}))"#,
        edges: Edges::Name,
        measure: Some(value_length),
        check: Check::Text(|text| {
            password(text).filter(|_| text.chars().any(|c| !c.is_alphabetic()))
        }),
        against: &["mountain", "boarding", "ski", "bus"],
        valid: &["user: ada, pass: {Secret123!}", "DB_PASS={hunter2}", "PIN: {0420}"],
        invalid: &["passport: X", "bypass=1234", "pass: true", "spin=1234", "pass = $PASS_1"],
        ..Row::EMPTY
    },
    Row {
        name: "secret_setting",
        label: "SECRET",
        group: Group::Secret,
        source: "settings and logs: a word for a key or token, a sign, a value with letters and digits",
        start: Start::Literal(&[
            "secret",
            "token",
            "api_key",
            "apikey",
            "api-key",
            "api key",
            "access_key",
            "accesskey",
            "access-key",
            "private_key",
            "client_secret",
            "auth_key",
            "accountkey",
            "sharedaccesskey",
            "credential",
            "bearer",
            "authorization: basic",
        ]),
        pattern: r#"(?i:secret(?:[_-]?(?:access[_-]?)?key)?|token|api[_ -]?key|access[_-]?key|private_key|client_secret|auth_key|accountkey|sharedaccesskey|credentials?)["']?[ \t]{0,4}(?::=|=>|[:=])[ \t]{0,4}["'`]?(?i:bearer )?([A-Za-z0-9_\-.~+/!@#$%^*]{8,512}={0,2})|(?i:authorization: basic) ([A-Za-z0-9+/]{8,512}={0,2})|(?i:bearer) ([A-Za-z0-9_\-.~+/]{16,2048}={0,2})"#,
        edges: Edges::Any,
        check: Check::Text(|text| Finding::plausible(is_random(text), Strength::Strong)),
        valid: &[
            "api_key = \"{3f9aXk27QmPz81Lw}\"",
            "CLIENT_SECRET={q7W-e81_kd92.LmQx0}",
            "AccountKey={dGhpcyBpcyBub3QgYSByZWFsIGtleSwganVzdCAx==};",
            "Authorization: Bearer {q7We81kd92LmQx0pZ4}",
            "authorization: Basic {YWRhOmh1bnRlcjI=}",
        ],
        invalid: &[
            "token: string",
            "secret = get_secret_value",
            "api key: see below",
            "token=$TOKEN_VALUE",
            "tokens: 12345678",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "access_code",
        label: "SECRET",
        group: Group::Secret,
        source: "codes of doors, alarms and cards behind a word for one",
        start: Start::Number,
        pattern: "[0-9]{4,8}",
        edges: Edges::Number,
        check: Check::Text(|_| Finding::plausible(true, Strength::Weak)),
        context: &[
            "door code",
            "gate code",
            "alarm code",
            "access code",
            "entry code",
            "key code",
            "key box",
            "lock code",
            "keypad code",
            "passcode",
            "card pin",
            "pin number",
            "my pin",
            "pin is",
            "türcode",
            "zugangscode",
            "geheimzahl",
            "code d'accès",
            "digicode",
            "código de acceso",
            "código de la puerta",
            "codice di accesso",
            "codice della porta",
            "toegangscode",
            "código de acesso",
        ],
        close: true,
        valid: &["door code {4471}", "the code of the key box is {4471}#", "my PIN is {0123}"],
        invalid: &["code 4471", "door code 12", "the access code of 5 doors, 4471"],
        ..Row::EMPTY
    },
];

/// Length of a value without the full stop of its sentence or the next field of a query.
fn value_length(text: &str) -> usize {
    let next = text.match_indices('&').find(|(start, _)| {
        let rest = text[start + 1..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        rest.starts_with('=') && rest.len() < text.len() - start - 1
    });
    let value = next.map_or(text, |(start, _)| &text[..start]);
    value.trim_end_matches(['.', ')']).len()
}

/// Whether a value is a password rather than a word about one, a reference or stars.
fn password(text: &str) -> Option<Finding> {
    const WORDS: [&str; 40] = [
        "null",
        "none",
        "true",
        "false",
        "string",
        "str",
        "string,",
        "required",
        "optional",
        "wrong",
        "incorrect",
        "invalid",
        "expired",
        "not",
        "too",
        "the",
        "a",
        "an",
        "here",
        "below",
        "missing",
        "empty",
        "changeme?",
        "reset",
        "your",
        "never",
        "now",
        "weak",
        "strong",
        "correct",
        "falsch",
        "nicht",
        "abgelaufen",
        "stored",
        "hashed",
        "being",
        "case",
        "ungültig",
        "incorrecto",
        "self",
    ];
    let reference = text.starts_with(['$', '{', '<', '[', '%', '('])
        || text.contains(['(', '[']) && text.contains(['.', '_'])
        || text.starts_with("process.")
        || text.starts_with("os.")
        || text.starts_with("self.");
    let stars = text.chars().all(|c| "*•x.-_".contains(c));
    let word = text.trim_end_matches(['.', ',', '!', '?']).to_lowercase();
    let told = text.chars().any(|c| !c.is_alphabetic());
    let strength = if told { Strength::Strong } else { Strength::Fair };
    Finding::plausible(!reference && !stars && !WORDS.contains(&word.as_str()), strength)
}

/// Whether a value looks made by chance: letters and digits mixed, and no name of a variable.
fn is_random(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let capitals = text.bytes().filter(u8::is_ascii_uppercase).count();
    let mixed = digits >= 1 && capitals >= 3 && capitals < letters && text.len() >= 16;
    (digits >= 2 && letters >= 4 || mixed) && !text.starts_with('$')
}
