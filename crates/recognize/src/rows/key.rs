//! Keys and tokens by the marks that their issuers give them.
use crate::group::Group;
use crate::row::{Check, Edges, Finding, Row, Start, Strength};

/// Any text of the pattern: the mark and the length are the evidence.
const MARKED: Check = Check::Text(|_| Finding::plausible(true, Strength::Sure));

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "private_key",
        label: "SECRET",
        group: Group::Secret,
        source: "RFC 7468: textual encodings of keys; OpenSSH and PuTTY alike",
        start: Start::Literal(&["-----BEGIN "]),
        pattern: r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:[^-]|-[^-])*-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\]*)",
        edges: Edges::Any,
        check: MARKED,
        valid: &[
            "{-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----}\n",
            "key: {-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----}",
            "{-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXk=\\n}",
        ],
        invalid: &["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
        ..Row::EMPTY
    },
    Row {
        name: "aws_key",
        label: "SECRET",
        group: Group::Secret,
        source: "AWS IAM user guide, unique identifiers: prefixes of access keys",
        start: Start::Code,
        pattern: r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
        edges: Edges::Code,
        check: MARKED,
        valid: &["id {AKIAIOSFODNN7EXAMPLE}", "aws_access_key_id={ASIAIOSFODNN7EXAMPLE}"],
        invalid: &["AKIAIOSFODNN7EXAMPL", "XAKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLEX"],
        ..Row::EMPTY
    },
    Row {
        name: "aws_secret",
        label: "SECRET",
        group: Group::Secret,
        source: "AWS IAM user guide: secret access keys have 40 characters of base 64",
        start: Start::Literal(&[
            "aws_secret_access_key",
            "secretaccesskey",
            "secret access key",
            "aws secret",
        ]),
        pattern: r#"(?i:aws_secret_access_key|secretaccesskey|secret access key|aws secret(?: key)?)["']?\s{0,3}[:=]?\s{0,3}["']?([A-Za-z0-9/+]{40})"#,
        edges: Edges::Any,
        check: MARKED,
        valid: &["aws_secret_access_key = {wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}"],
        invalid: &["aws_secret_access_key = short"],
        ..Row::EMPTY
    },
    Row {
        name: "google_key",
        label: "SECRET",
        group: Group::Secret,
        source: "Google Cloud, API keys; OAuth 2.0 client secrets and access tokens",
        start: Start::Literal(&["AIza", "GOCSPX-", "ya29."]),
        pattern: r"AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{20,512}",
        edges: Edges::Code,
        check: MARKED,
        valid: &[
            "key={AIzaSyExampleExampleExampleExample01234}",
            "{GOCSPX-exampleexampleexampleexample}",
        ],
        invalid: &["AIzaSy", "ya29.short"],
        ..Row::EMPTY
    },
    Row {
        name: "azure_key",
        label: "SECRET",
        group: Group::Secret,
        source: "Microsoft Entra ID, client secrets; Azure Storage, shared access signatures",
        start: Start::Literal(&["sig=", "7Q~", "8Q~", "AccountKey="]),
        pattern: r"sig=([A-Za-z0-9%+/]{43,64}(?:=|%3[dD]))|([78]Q~[A-Za-z0-9_.~-]{31,34})|AccountKey=([A-Za-z0-9+/]{86}==)",
        edges: Edges::Any,
        check: MARKED,
        valid: &[
            "?sv=2024&sig={ExampleExampleExampleExampleExampleExample0%3D}",
            "x{8Q~ExampleExampleExampleExampleExamp}",
        ],
        invalid: &["sig=abc", "8Q~short"],
        ..Row::EMPTY
    },
    Row {
        name: "github_token",
        label: "SECRET",
        group: Group::Secret,
        source: "GitHub, About authentication: token formats",
        start: Start::Literal(&["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"]),
        pattern: r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}",
        edges: Edges::Code,
        check: MARKED,
        valid: &["token {ghp_ExampleExampleExampleExampleExample0}"],
        invalid: &["ghp_short", "xghp_ExampleExampleExampleExampleExample0"],
        ..Row::EMPTY
    },
    Row {
        name: "gitlab_token",
        label: "SECRET",
        group: Group::Secret,
        source: "GitLab, token overview: prefixes",
        start: Start::Literal(&["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-"]),
        pattern: r"gl(?:pat|dt|rt|cbt|ptt|ft)-[A-Za-z0-9_-]{20,64}",
        edges: Edges::Code,
        check: MARKED,
        valid: &["{glpat-ExampleExample012345}"],
        invalid: &["glpat-short"],
        ..Row::EMPTY
    },
    Row {
        name: "slack_token",
        label: "SECRET",
        group: Group::Secret,
        source: "Slack API, token types; incoming webhooks",
        start: Start::Literal(&[
            "xoxb-",
            "xoxp-",
            "xoxa-",
            "xoxr-",
            "xoxs-",
            "xapp-",
            "https://hooks.slack.com/",
        ]),
        pattern: r"xox[bpars]-[A-Za-z0-9-]{10,256}|xapp-[A-Za-z0-9-]{20,256}|https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,128}",
        edges: Edges::Code,
        check: MARKED,
        valid: &[
            "{xoxb-000000000000-example}",
            "{https://hooks.slack.com/services/T000/B000/exampleexample}",
        ],
        invalid: &["xoxb-1"],
        ..Row::EMPTY
    },
    Row {
        name: "stripe_key",
        label: "SECRET",
        group: Group::Secret,
        source: "Stripe, API keys: prefixes by mode",
        start: Start::Literal(&[
            "sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "whsec_",
        ]),
        pattern: r"(?:(?:sk|rk|pk)_(?:live|test)|whsec)_[A-Za-z0-9]{16,255}",
        edges: Edges::Code,
        check: MARKED,
        valid: &["{sk_test_ExampleExample0123456789}"],
        invalid: &["sk_test_x"],
        ..Row::EMPTY
    },
    Row {
        name: "sk_key",
        label: "SECRET",
        group: Group::Secret,
        source: "OpenAI, Anthropic and alike: keys that begin with sk-",
        start: Start::Literal(&["sk-"]),
        pattern: r"sk-(?:[a-z0-9]{2,12}-)?[A-Za-z0-9_-]{20,255}",
        edges: Edges::Code,
        check: Check::Text(|text| {
            let digits = text.bytes().any(|byte| byte.is_ascii_digit());
            let capitals = text.bytes().any(|byte| byte.is_ascii_uppercase());
            Finding::plausible(digits && (capitals || text.len() >= 35), Strength::Sure)
        }),
        valid: &[
            "OPENAI={sk-proj-ExampleExampleExample01234567}",
            "{sk-ExampleExampleExample01234567}",
        ],
        invalid: &["sk-learn-model-selection-and-more", "risk-free", "sk-SK"],
        ..Row::EMPTY
    },
    Row {
        name: "marked_token",
        label: "SECRET",
        group: Group::Secret,
        source: "npm, PyPI, SendGrid, Hugging Face, DigitalOcean, Shopify, Databricks: prefixes of tokens",
        start: Start::Literal(&["npm_", "pypi-", "SG.", "hf_", "dop_v1_", "shpat_", "dapi"]),
        pattern: r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}|hf_[A-Za-z0-9]{30,40}|dop_v1_[a-f0-9]{64}|shpat_[a-fA-F0-9]{32}|dapi[a-f0-9]{32}",
        edges: Edges::Code,
        check: MARKED,
        valid: &[
            "{npm_ExampleExampleExampleExampleExample0}",
            "{hf_ExampleExampleExampleExampleEx}",
        ],
        invalid: &["npm_config_cache", "SG.x.y", "pypi-server"],
        ..Row::EMPTY
    },
    Row {
        name: "jwt",
        label: "SECRET",
        group: Group::Secret,
        source: "RFC 7519: three parts of base 64, the first a JSON object",
        start: Start::Literal(&["eyJ"]),
        pattern: r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        edges: Edges::Domain,
        check: MARKED,
        valid: &["Bearer {eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmF0dXJl}"],
        invalid: &["eyJhbGciOiJIUzI1NiJ9", "keyJournal.entry.text"],
        ..Row::EMPTY
    },
];
