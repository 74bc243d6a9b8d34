//! Addresses of crypto-currencies.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::others;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "bitcoin",
        label: "CRYPTO_ADDRESS",
        group: Group::Crypto,
        source: "BIP 13, 173 and 350; base 58 with a checksum of Bitcoin's wiki",
        start: Start::Either,
        pattern: r"[13][1-9A-HJ-NP-Za-km-z]{25,34}|(?i:bc1)[02-9AC-HJ-NP-Zac-hj-np-z]{8,87}",
        edges: Edges::Code,
        check: Check::Text(|text| Finding::validated(others::bitcoin(text), Strength::Sure)),
        valid: &[
            "to {1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa}.",
            "{bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4}",
            "bitcoin:{3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy}",
        ],
        invalid: &[
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "ethereum",
        label: "CRYPTO_ADDRESS",
        group: Group::Crypto,
        source: "ERC-55, mixed-case checksum",
        start: Start::Number,
        pattern: r"0x[0-9A-Fa-f]{40}",
        edges: Edges::Code,
        check: Check::Text(|text| {
            let mixed = text.bytes().any(|byte| (b'A'..=b'F').contains(&byte))
                && text.bytes().any(|byte| (b'a'..=b'f').contains(&byte));
            let strength = if mixed { Strength::Sure } else { Strength::Strong };
            Finding::validated(others::ethereum(text), strength)
        }),
        valid: &[
            "{0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed}",
            "pay {0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed}",
        ],
        invalid: &[
            "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00",
        ],
        ..Row::EMPTY
    },
];
