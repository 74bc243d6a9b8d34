//! Names of models in queries, and hashes that pin them.
use std::fmt;

/// Hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

/// Model as a query names it: `ner-en`, `models/ner-en`, or pinned to a hash, `ner-en@6f0c…`.
///
/// The optimizer pins every name in a plan to the hash of the folder that it found and to the settings of the
/// registry, `ner-en@6f0c…+0.1.0,char,16777216`, so that whoever runs the plan elsewhere has the same results or
/// none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelName {
    /// Name or folder.
    pub name: String,
    /// Hash that the model must have: 64 lower-case hexadecimal digits, as [`folder_sha256`](crate::folder_sha256)
    /// has it.
    pub sha256: Option<String>,
    /// Settings that the registry must have, as [`Models::settings`](crate::Models::settings) writes them; only
    /// with a hash.
    pub settings: Option<String>,
}

impl ModelName {
    /// Parses a name; text behind the last `@` pins it if it is 64 hexadecimal digits, or those with `+` and
    /// settings behind them; else it is part of the name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let plain = Self { name: text.to_owned(), sha256: None, settings: None };
        let Some((name, pin)) = text.rsplit_once('@') else { return plain };
        let (hash, settings) = match pin.split_once('+') {
            Some((hash, settings)) => (hash, Some(settings.to_owned())),
            None => (pin, None),
        };
        if hash.len() != DIGITS || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return plain;
        }
        Self { name: name.to_owned(), sha256: Some(hash.to_ascii_lowercase()), settings }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(hash) = &self.sha256 {
            write!(f, "@{hash}")?;
            if let Some(settings) = &self.settings {
                write!(f, "+{settings}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_digits_and_anything_else_is_a_name() {
        let hash = "0123456789abcdef".repeat(4);
        let pinned = ModelName::parse(&format!("a@b@{}", hash.to_uppercase()));
        let expected = ModelName { name: "a@b".into(), sha256: Some(hash.clone()), settings: None };
        assert_eq!(pinned, expected);
        assert_eq!(pinned.to_string(), format!("a@b@{hash}"));
        let text = format!("a@b@{hash}+0.1.0,char");
        let pinned = ModelName::parse(&text);
        assert_eq!(pinned, ModelName { settings: Some("0.1.0,char".into()), ..expected });
        assert_eq!(pinned.to_string(), text);
        for name in
            ["", "@", "a@b", "a+b@c", &format!("a@{}", &hash[1..]), &format!("a@{}g", &hash[1..])]
        {
            let parsed = ModelName::parse(name);
            assert_eq!((parsed.name.as_str(), &parsed.sha256), (name, &None));
        }
    }
}
