//! Quality of a system's vectors: similarity as people see it, nearness to floats, and whether a text's vector depends on
//! the texts beside it.
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use cloze_metrics::correlation::spearman;
use serde::Serialize;

use crate::child::Served;
use crate::protocol::Request;
use crate::systems::REFERENCE;
use crate::workload::one_line;

/// Number of texts whose vectors are made alone, too.
const ALONE: usize = 50;

/// Pairs of texts with scores of their similarity.
#[derive(Debug)]
pub(crate) struct Pairs {
    /// File of the texts, one per line: both of the first pair, both of the second, …
    path: PathBuf,
    texts: Vec<String>,
    scores: Vec<f64>,
}

/// Quality of a system's vectors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Quality {
    pub(crate) system: &'static str,
    /// Spearman's correlation of cosines and scores.
    pub(crate) spearman: f64,
    /// Cosine of each text's vector and that of cloze in 32 bits: mean and least.
    pub(crate) cosine: [f64; 2],
    /// The most that a number of a vector differs if its text is alone, of 50 texts; 0 is the same bits.
    pub(crate) alone: f64,
}

impl Pairs {
    /// Reads `text, text, score` rows; the texts are written to `folder`, as systems read them.
    pub(crate) fn read(path: &Path, folder: &Path) -> anyhow::Result<Self> {
        let place = |row: usize| format!("{}: row {}", path.display(), row + 1);
        let (mut texts, mut scores) = (vec![], vec![]);
        let mut rows =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path)?;
        for (i, row) in rows.records().enumerate() {
            let row = row.with_context(|| place(i))?;
            ensure!(row.len() >= 3, "{}: expected text, text, score", place(i));
            texts.extend([one_line(&row[0]), one_line(&row[1])]);
            scores.push(row[2].trim().parse().with_context(|| place(i))?);
        }
        let lines = folder.join("pairs.txt");
        fs_err::write(&lines, texts.join("\n"))?;
        Ok(Self { path: lines, texts, scores })
    }

    /// Asks a system for the vectors of all texts at once, and of some alone. The reference comes first.
    pub(crate) fn measure(
        &self,
        system: &'static str,
        child: &mut Served,
        folder: &Path,
    ) -> anyhow::Result<Quality> {
        let saved = |name: &str| folder.join(format!("{name}-pairs"));
        let together = vectors(child, &self.path, self.texts.len(), &saved(system))?;
        let reference = read(&saved(REFERENCE), self.texts.len())?;
        let mut alone: f64 = 0.0;
        for i in spread(self.texts.len(), ALONE) {
            let one = folder.join("one.txt");
            // Each in a file of its own: systems keep what they have read.
            let one = one.with_extension(format!("{i}.txt"));
            fs_err::write(&one, &self.texts[i])?;
            let vector = vectors(child, &one, 1, &saved("one"))?;
            let apart = vector[0].iter().zip(&together[i]);
            alone = apart.fold(alone, |most, (a, b)| most.max(f64::from(a - b).abs()));
        }
        let cosines: Vec<f64> = together.chunks(2).map(|pair| cosine(&pair[0], &pair[1])).collect();
        let near: Vec<f64> = together.iter().zip(&reference).map(|(a, b)| cosine(a, b)).collect();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand texts")]
        let mean = near.iter().sum::<f64>() / near.len() as f64;
        let least = near.iter().copied().fold(1.0, f64::min);
        let spearman = spearman(&cosines, &self.scores)?;
        Ok(Quality { system, spearman, cosine: [mean, least], alone })
    }
}

fn vectors(
    child: &mut Served,
    texts: &Path,
    count: usize,
    to: &Path,
) -> anyhow::Result<Vec<Vec<f32>>> {
    child.ask(&Request::Save { texts: texts.to_owned(), to: to.to_owned() })?;
    read(to, count)
}

/// So many places among `n`, evenly.
fn spread(n: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(n);
    (0..count).map(move |i| i * n / count)
}

fn read(path: &Path, count: usize) -> anyhow::Result<Vec<Vec<f32>>> {
    let bytes = fs_err::read(path)?;
    let width = bytes.len() / 4 / count.max(1);
    let found = bytes.len();
    ensure!(width > 0 && width * 4 * count == found, "{found} bytes of {count} vectors");
    let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    Ok(bytes.chunks_exact(4 * width).map(|row| row.chunks_exact(4).map(number).collect()).collect())
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system in a shell, whose answer to every request is a file that is there already.
    fn shell(folder: &Path, floats: &[f32], alone: &[f32]) -> Served {
        let bytes =
            |floats: &[f32]| -> Vec<u8> { floats.iter().flat_map(|x| x.to_le_bytes()).collect() };
        fs_err::write(folder.join("all"), bytes(floats)).unwrap();
        fs_err::write(folder.join("alone"), bytes(alone)).unwrap();
        let script = r#"echo '{"versions":{}}'
            while read line; do
                to=$(echo "$line" | sed 's/.*"to":"\([^"]*\)".*/\1/')
                case $line in *pairs.txt*) cp all "$to" ;; *) cp alone "$to" ;; esac
                echo '{"seconds":1}'
            done"#;
        let mut command = std::process::Command::new("sh");
        command.args(["-c", script]).current_dir(folder);
        Served::start(command, &folder.join("log")).unwrap()
    }

    /// Cosines of the pairs are 1, 0 and 0.6: in the order of the scores but for the last two, whose ranks are
    /// swapped: Spearman is 1 - 6 · 2 / (3 · 8) = 0.5. Against a reference whose last vector is (1, 0), that one's
    /// cosine is 0.6 and all others are 1, a mean of 5.6 / 6. Alone every text has (1, 0), of which (0, 1) is 1 apart.
    #[test]
    fn figures_are_as_worked_by_hand() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sts.csv");
        fs_err::write(&file, "a,\"b\nb\",5\nc,d,2.5\ne,f,1\n").unwrap();
        let pairs = Pairs::read(&file, folder.path()).unwrap();
        assert_eq!(pairs.texts, ["a", "b b", "c", "d", "e", "f"]);
        let mut floats = [1.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0];
        let mut reference = shell(folder.path(), &floats, &[1.0, 0.0]);
        pairs.measure(REFERENCE, &mut reference, folder.path()).unwrap();
        floats[10..].copy_from_slice(&[0.6, 0.8]);
        let mut other = shell(folder.path(), &floats, &[1.0, 0.0]);
        let quality = pairs.measure("other", &mut other, folder.path()).unwrap();
        assert!((quality.spearman - 0.5).abs() < 1e-12, "{quality:?}");
        assert!((quality.cosine[0] - 5.6 / 6.0).abs() < 1e-7, "{quality:?}");
        assert!((quality.cosine[1] - 0.6).abs() < 1e-7, "{quality:?}");
        assert!((quality.alone - 1.0).abs() < 1e-12, "{quality:?}");
    }

    #[test]
    fn rows_that_are_no_pairs_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sts.csv");
        for (text, what) in [("a,b,1\nc,d\n", "row 2: expected"), ("a,b,c\n", "row 1")] {
            fs_err::write(&file, text).unwrap();
            let error = Pairs::read(&file, folder.path()).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
