//! Choice of recognisers.
use phonenumber::country;

use crate::error::RecognizeError;
use crate::group::Group;
use crate::patterns::Patterns;
use crate::row::Row;
use crate::rows::{phone, rows};

/// Smallest score of a match that is reported, unless another is set: what has no checksum and no
/// usual form needs a word of context.
pub const MIN_SCORE: f32 = 0.5;

/// Settings of [`Recognizers`](crate::Recognizers). Setters never fail; [`Self::check`] does.
#[derive(Clone, Debug, Default)]
pub struct RecognizerParams {
    choice: Option<Vec<String>>,
    regions: Option<Vec<String>>,
    patterns: Patterns,
    min_score: Option<f32>,
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidRecognizerParams {
    pub(crate) rows: Vec<&'static Row>,
    pub(crate) regions: Vec<country::Id>,
    pub(crate) patterns: Patterns,
    pub(crate) min_score: f32,
}

/// Facts about a built-in recogniser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecognizerInfo {
    /// Name by which it is chosen.
    pub name: &'static str,
    /// Label of its matches.
    pub label: &'static str,
    /// Group by which it is chosen, too.
    pub group: Group,
    /// Country whose numbers it finds (`us`, `uk`, `de`, …); empty for all.
    pub region: &'static str,
    /// Standard or authority that its form and check come from.
    pub source: &'static str,
    /// Texts with its matches in braces.
    pub valid: &'static [&'static str],
    /// Texts without a match of it.
    pub invalid: &'static [&'static str],
}

/// Every built-in recogniser.
pub fn catalogue() -> impl Iterator<Item = RecognizerInfo> {
    rows().map(|row| RecognizerInfo {
        name: row.name,
        label: row.label,
        group: row.group,
        region: row.region,
        source: row.source,
        valid: row.valid,
        invalid: row.invalid,
    })
}

impl RecognizerParams {
    /// All recognisers of all regions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Recognisers by name or group, or `all` or `none`, each adding to those before it; `-name`
    /// takes away, from all if it is the first. Default `all`.
    #[must_use]
    pub fn recognizers<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.choice = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Countries whose national numbers are looked for: `us`, `uk`, `de`, and so on. International
    /// phone numbers and IBANs are found for all. Default all.
    #[must_use]
    pub fn regions<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.regions = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Recognisers, deny-lists and an allow-list of one's own. Default none.
    #[must_use]
    pub fn patterns(mut self, patterns: Patterns) -> Self {
        self.patterns = patterns;
        self
    }

    /// Smallest score of a match that is reported, from 0 to 1. Default `0.5`.
    #[must_use]
    pub fn min_score(mut self, score: f32) -> Self {
        self.min_score = Some(score);
        self
    }

    /// Checks every setting.
    /// # Errors
    /// [`RecognizeError::Unknown`] for a name of no recogniser, group or region;
    /// [`RecognizeError::Score`] for a smallest score outside 0 to 1.
    pub fn check(self) -> Result<ValidRecognizerParams, RecognizeError> {
        let min_score = self.min_score.unwrap_or(MIN_SCORE);
        if !(0.0..=1.0).contains(&min_score) {
            return Err(RecognizeError::Score { found: min_score });
        }
        let regions = self.regions.map(checked_regions).transpose()?;
        let in_region =
            |name: &str| regions.as_ref().is_none_or(|names| names.iter().any(|n| n == name));
        let chosen = chosen(self.choice.as_deref().unwrap_or(&["all".to_owned()]))?;
        let phones = phone::regions().filter(|name| in_region(name)).filter_map(phone::region);
        Ok(ValidRecognizerParams {
            rows: chosen
                .into_iter()
                .filter(|row| row.region.is_empty() || in_region(row.region))
                .collect(),
            regions: phones.collect(),
            patterns: self.patterns,
            min_score,
        })
    }
}

/// The rows that a list of names stands for, in the order of the table.
fn chosen(names: &[String]) -> Result<Vec<&'static Row>, RecognizeError> {
    let mut chosen: Vec<bool> = rows().map(|_| false).collect();
    for (i, item) in names.iter().enumerate() {
        let (name, adds) =
            item.strip_prefix('-').map_or((item.as_str(), true), |name| (name, false));
        if i == 0 && !adds {
            chosen.fill(true);
        }
        let mut known = name == "all" || name == "none";
        for (row, chosen) in rows().zip(&mut chosen) {
            let fits = row.name == name || row.group.name() == name || name == "all";
            known |= fits;
            if fits {
                *chosen = adds;
            } else if name == "none" && adds {
                *chosen = false;
            }
        }
        if !known {
            let groups = Group::ALL.iter().map(|group| group.name());
            let names = rows().map(|row| row.name).chain(groups).chain(["all", "none"]);
            return Err(RecognizeError::unknown("recognizer", name, names));
        }
    }
    Ok(rows().zip(chosen).filter(|(_, chosen)| *chosen).map(|(row, _)| row).collect())
}

fn checked_regions(names: Vec<String>) -> Result<Vec<String>, RecognizeError> {
    let known = || {
        let rows = rows().map(|row| row.region).filter(|region| !region.is_empty());
        rows.chain(phone::regions())
    };
    match names.iter().find(|name| !known().any(|region| region == name.as_str())) {
        Some(name) => Err(RecognizeError::unknown("region", name, known())),
        None => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(choice: &[&str]) -> Result<Vec<&'static str>, RecognizeError> {
        let params = RecognizerParams::new().recognizers(choice.iter().copied()).check()?;
        Ok(params.rows.iter().map(|row| row.name).collect())
    }

    #[test]
    fn names_groups_all_and_none_add_up() {
        let all = rows().count();
        assert_eq!(names(&["all"]).expect("known").len(), all);
        assert_eq!(names(&[]).expect("known").len(), 0);
        assert_eq!(names(&["all", "none"]).expect("known").len(), 0);
        assert_eq!(names(&["none", "iban", "email"]).expect("known"), ["email", "iban"]);
        assert_eq!(names(&["network"]).expect("known"), ["ipv4", "ipv6", "mac"]);
        assert_eq!(names(&["network", "-mac"]).expect("known"), ["ipv4", "ipv6"]);
        let without = names(&["-dates"]).expect("known");
        assert!(!without.contains(&"date") && without.contains(&"email"));
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest() {
        let error = names(&["emial"]).expect_err("no such name").to_string();
        assert_eq!(error, "no recognizer is called \"emial\"; did you mean \"email\"?");
        let error = RecognizerParams::new().regions(["uss"]).check().expect_err("no such region");
        assert_eq!(error.to_string(), "no region is called \"uss\"; did you mean \"us\"?");
        let error = names(&["qqq"]).expect_err("no such name").to_string();
        assert_eq!(error, "no recognizer is called \"qqq\"");
    }

    #[test]
    fn scores_are_from_0_to_1() {
        for (score, good) in [
            (0.0, true),
            (1.0, true),
            (-0.1, false),
            (1.1, false),
            (f32::NAN, false),
            (f32::INFINITY, false),
        ] {
            assert_eq!(RecognizerParams::new().min_score(score).check().is_ok(), good, "{score}");
        }
    }

    #[test]
    fn regions_choose_rows_and_numbering_plans() {
        let params = RecognizerParams::new().regions(["de", "us"]).check().expect("known");
        let names: Vec<_> = params.rows.iter().map(|row| row.name).collect();
        assert!(names.contains(&"de_steuer_id") && names.contains(&"us_ssn"));
        assert!(!names.contains(&"uk_nhs") && names.contains(&"iban"));
        assert_eq!(params.regions, [country::Id::US, country::Id::DE]);
    }
}
