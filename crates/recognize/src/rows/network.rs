//! Addresses of machines.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};
use crate::validate::others;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "ipv4",
        label: "IP_ADDRESS",
        group: Group::Network,
        source: "RFC 791; RFC 6943 section 3.1.1, strict form",
        start: Start::Number,
        pattern: r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
        edges: Edges::Address,
        check: Check::Text(ipv4),
        context: &[
            "ip",
            "ip address",
            "ip adresse",
            "adresse ip",
            "host",
            "client",
            "server",
            "address",
            "from",
        ],
        against: &[
            "version",
            "ver",
            "v",
            "release",
            "build",
            "firmware",
            "driver",
            "section",
            "chapter",
            "clause",
            "paragraph",
            "update",
            "kernel",
            "abschnitt",
            "kapitel",
            "§",
            "oid",
        ],
        valid: &[
            "from {192.0.2.17}:8080",
            "IP: {203.0.113.9}, {198.51.100.7}/24",
            "[{192.0.2.1}]. |{198.51.100.20}|",
            "IP {1.2.3.4}",
        ],
        invalid: &[
            "version 1.2.3.4",
            "1.2.3.4.5",
            "256.1.1.1",
            "v1.2.3.4",
            "section 10.1.2.3",
            "192.0.2",
            "192.000.002.001",
            "1.192.0.2.1",
        ],
        ..Row::EMPTY
    },
    Row {
        name: "ipv6",
        label: "IP_ADDRESS",
        group: Group::Network,
        source: "RFC 4291 section 2.2; RFC 4007 section 11 for zones",
        start: Start::Hex,
        pattern: r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{1,4})?(?:%[A-Za-z0-9]{1,15})?",
        edges: Edges::Hex,
        check: Check::Text(ipv6),
        valid: &[
            "at {2001:db8::1} and {fe80::1ff:fe23:4567:890a%eth0}",
            "[{2001:db8:0:0:0:0:2:1}]:443 {::ffff:192.0.2.1}",
            "{2001:DB8::}",
        ],
        invalid: &["std::fs", "12:34:56", "abc::def", "10:20:30:40:50", "::", "a::b"],
        ..Row::EMPTY
    },
    Row {
        name: "mac",
        label: "MAC_ADDRESS",
        group: Group::Network,
        source: "IEEE 802, guidelines for EUI-48; RFC 7042 for the documentation range",
        start: Start::Hex,
        pattern: r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}",
        edges: Edges::Hex,
        check: Check::Text(|text| {
            let strength = if text.contains('.') { Strength::Weak } else { Strength::Strong };
            Finding::plausible(true, strength)
        }),
        context: &[
            "mac",
            "mac address",
            "mac adresse",
            "hardware address",
            "hwaddr",
            "ether",
            "bssid",
        ],
        valid: &["MAC:{00:00:5E:00:53:01}", "{00-00-5e-00-53-ff}", "MAC {0000.5e00.5301}"],
        invalid: &[
            "00:00:5E:00:53:01:02",
            "12:34:56",
            "00:00:5E:00:53",
            "1234.5678.9012",
            "ab:00:00:5E:00:53:01",
        ],
        ..Row::EMPTY
    },
];

fn ipv4(text: &str) -> Option<Finding> {
    let address: std::net::Ipv4Addr = text.parse().ok()?;
    // Versions are small numbers; so are few addresses of machines.
    let small = address.octets().iter().all(|&octet| octet < 25);
    let strength = if small { Strength::Fair } else { Strength::Strong };
    Some(Finding { strength, validated: !small })
}

fn ipv6(text: &str) -> Option<Finding> {
    let valid = others::ipv6(text);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    Finding::validated(valid && digits > 0 && text.len() > 2, Strength::Sure)
}
