//! Indexes that are not as they were written.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::path::{Path, PathBuf};

use cloze_embed::correction::Method;
use cloze_search::index::{Index, IndexParams, IndexRecord, Writer, verify};
use cloze_search::{Dtype, EngineKind, Filter, SearchError};
use common::matrix;

/// A small index with everything in it but a graph: two segments, a correction, deleted rows, texts.
fn build(folder: &Path, dtype: Dtype) {
    let params = IndexParams::new().engine(EngineKind::Exact).dtype(dtype);
    let params = params.correction(Some(Method::ZScore)).check().unwrap();
    let mut writer = Writer::create(folder, &params, false).unwrap();
    for part in 0..2 {
        for (i, row) in matrix(9, 3, part).iter().enumerate() {
            let mut record = common::record(format!("{part}-{i}"));
            record.text = Some(format!("text {i} é"));
            record.metadata.insert("part".into(), part.into());
            writer.push(&record, row).unwrap();
        }
        writer.commit().unwrap();
    }
    writer.delete("0-3").unwrap();
    writer.delete("1-8").unwrap();
    writer.commit().unwrap();
}

/// Rows and the bits of their scores, query by query, and all records.
type Seen = (Vec<Vec<(u64, u32)>>, Vec<IndexRecord>);

/// Everything that a reader does.
fn use_all(folder: &Path) -> Result<Seen, SearchError> {
    let index = Index::open(folder)?;
    let hits = index.search(&matrix(2, 3, 7), 20, None)?;
    let bits = |hits: &Vec<cloze_search::Hit>| {
        hits.iter().map(|hit| (hit.row, hit.score.to_bits())).collect()
    };
    let records = index.live().map(|row| index.record(row)).collect::<Result<_, _>>()?;
    index.rows_where(&Filter::parse(&["part=1"])?)?;
    Ok((hits.iter().map(bits).collect(), records))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![];
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.file_name() != Some("lock".as_ref()) {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// Whatever byte is changed: the index is refused, or gives what it gave. `verify` finds every change
/// outside of what stands around the manifest in `index.json`.
#[test]
fn a_changed_byte_is_refused_or_harmless() {
    for dtype in [Dtype::F32, Dtype::F16] {
        let folder = tempfile::tempdir().unwrap();
        build(folder.path(), dtype);
        let before = use_all(folder.path()).unwrap();
        for path in files(folder.path()) {
            let name = path.file_name().unwrap().to_owned();
            // Narrow numbers are in the vectors alone.
            if dtype == Dtype::F16 && name != "vectors.npy" {
                continue;
            }
            let bytes = fs_err::read(&path).unwrap();
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << (at % 8);
                fs_err::write(&path, &changed).unwrap();
                if let Ok(found) = use_all(folder.path()) {
                    assert_eq!(found, before, "{name:?}, byte {at}");
                }
                let sound = verify(folder.path()).is_ok_and(|v| v.findings.is_empty());
                assert!(!sound || name == "index.json", "{name:?}, byte {at}");
            }
            fs_err::write(&path, &bytes).unwrap();
        }
        assert_eq!(use_all(folder.path()).unwrap(), before);
    }
}

#[test]
fn a_file_that_is_cut_off_longer_or_gone_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), Dtype::F32);
    for path in files(folder.path()) {
        let bytes = fs_err::read(&path).unwrap();
        for len in 0..bytes.len() {
            fs_err::write(&path, &bytes[..len]).unwrap();
            // The line feed behind the JSON is all that is not needed.
            let whole = path.ends_with("index.json") && len + 1 == bytes.len();
            assert_eq!(use_all(folder.path()).is_err(), !whole, "{} at {len}", path.display());
        }
        fs_err::write(&path, [bytes.as_slice(), b"x"].concat()).unwrap();
        assert!(use_all(folder.path()).is_err(), "{} longer", path.display());
        fs_err::remove_file(&path).unwrap();
        assert!(use_all(folder.path()).is_err(), "{} gone", path.display());
        assert!(verify(folder.path()).map_or(true, |v| !v.findings.is_empty()));
        fs_err::write(&path, &bytes).unwrap();
    }
    use_all(folder.path()).unwrap();
}

/// An index of each format version opens for ever.
#[test]
fn an_index_of_the_first_version_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/index-v1");
    let (hits, records) = use_all(&folder).unwrap();
    assert_eq!(records.len(), 16);
    assert_eq!((records[0].id.as_str(), records[15].id.as_str()), ("0-0", "1-7"));
    assert_eq!(records[2].text.as_deref(), Some("text 2 é"));
    let again = tempfile::tempdir().unwrap();
    build(again.path(), Dtype::F32);
    // The same rows, but that lanes of another machine round otherwise.
    let now = use_all(again.path()).unwrap();
    assert_eq!(now.1, records);
    for (then, now) in hits.iter().flatten().zip(now.0.iter().flatten()) {
        assert!((f32::from_bits(then.1) - f32::from_bits(now.1)).abs() < 1e-5);
    }
    let verified = verify(&folder).unwrap();
    assert!(verified.findings.is_empty());
    assert_eq!((verified.rows, verified.files), (16, 10));
}

#[test]
fn a_later_version_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), Dtype::F32);
    let path = folder.path().join("index.json");
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, text.replacen("\"format_version\": 1", "\"format_version\": 2", 1))
        .unwrap();
    let error = Index::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("format version 1 or older, found 2"), "{error}");
}
