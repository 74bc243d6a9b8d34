//! Reading: limits and checksums.
use cloze_store::StoreError;
use cloze_store::checksum::{sha256, sha256_file};
use cloze_store::read::read_capped;

#[test]
fn the_limit_is_the_largest_size_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("five");
    for bytes in [&b""[..], b"12345", "né\0\r\n".as_bytes()] {
        fs_err::write(&path, bytes).unwrap();
        let len = bytes.len() as u64;
        assert_eq!(read_capped(&path, len).unwrap(), bytes);
        assert_eq!(read_capped(&path, u64::MAX).unwrap(), bytes);
        if let Some(less) = len.checked_sub(1) {
            let error = read_capped(&path, less).unwrap_err();
            assert!(
                matches!(error, StoreError::TooLarge { bytes, max, .. } if (bytes, max) == (len, less))
            );
            let expected =
                format!("{}: expected at most {less} bytes, found {len} or more", path.display());
            assert_eq!(error.to_string(), expected);
        }
    }
}

/// This file says that it has length 0: what is read counts, not what the metadata says.
#[test]
#[cfg(target_os = "linux")]
fn a_length_of_zero_is_not_believed() {
    let error = read_capped("/proc/self/maps", 10).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { bytes: 11, max: 10, .. }), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none");
    let name = path.display().to_string();
    for error in [read_capped(&path, 1).unwrap_err(), sha256_file(&path).unwrap_err()] {
        assert!(matches!(error, StoreError::Read(_)));
        assert!(error.to_string().contains(&name), "{error}");
    }
    assert!(matches!(read_capped(folder.path(), 1 << 20), Err(StoreError::Read(_))), "a folder");
}

/// FIPS 180-4, examples for "" and "abc"; 200 000 × `a` (three pieces and a rest) as
/// `head -c 200000 /dev/zero | tr '\0' a | sha256sum` gives it.
#[test]
fn checksums_are_those_of_sha256sum() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for (bytes, expected) in [
        (vec![], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc".to_vec(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (vec![b'a'; 200_000], "2287d207f24a941ff3b56c04c8a25ad56b63e3023207b3bb5b4ac0c9869d74be"),
    ] {
        assert_eq!(sha256(&bytes), expected);
        fs_err::write(&path, &bytes).unwrap();
        assert_eq!(sha256_file(&path).unwrap(), expected);
    }
}
