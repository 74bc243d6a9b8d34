//! Fetching ONNX Runtime's library once, with a package client that the machine already has.
//!
//! The archive is checked against a hash kept in the source, and only the one library is taken out
//! of it, by name: nothing else in it can reach the disk.
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cloze_store::access::create_private_folder;

use super::cached;
use super::child::{NotFound, Programs};
use super::locate::PYTHONS;
use super::platform::{Archive, Platform};
use crate::EncoderError;

/// More than any of the libraries: an archive that unpacks to more is not what it says.
const LIBRARY_MAX_BYTES: u64 = 256 << 20;

/// A way to get an archive: the program and its arguments, all but the folder to put it in.
struct Client {
    program: &'static str,
    args: Vec<String>,
    archive: Archive,
}

/// The clients to try, in order.
fn clients(platform: &Platform) -> Vec<Client> {
    let npm = platform.npm();
    let package = format!("onnxruntime-node@{}", npm.version);
    let pack = ["pack", "--silent", "--ignore-scripts", &package];
    let npm = Client {
        program: "npm",
        args: pack.into_iter().chain(["--pack-destination"]).map(String::from).collect(),
        archive: npm,
    };
    // `-I`: without it Python takes modules, pip among them, from the folder it runs in.
    let pips = PYTHONS.map(|python| pip(platform, python, &["-I", "-m", "pip"])).into_iter();
    pips.chain(["pip3", "pip"].map(|program| pip(platform, program, &[]))).chain([npm]).collect()
}

/// The client pip, called as `program` with the arguments `lead` before its own.
fn pip(platform: &Platform, program: &'static str, lead: &[&str]) -> Client {
    let wheel = platform.wheel();
    // `--python-version` pins the one wheel whose hash is known, whatever Python asks.
    let options = "download --quiet --disable-pip-version-check --no-input --no-deps \
                   --only-binary=:all: --implementation cp --python-version 3.12 --abi cp312";
    let args = lead.iter().copied().chain(options.split_whitespace()).map(String::from);
    let package = format!("onnxruntime=={}", wheel.version);
    let rest = ["--platform".into(), platform.wheel_tag.into(), package, "--dest".into()];
    Client { program, args: args.chain(rest).collect(), archive: wheel }
}

/// Puts the library into `cache` and returns where it is. Of several processes that want it at
/// once, one fetches and the others wait; a process that dies on the way leaves nothing that the
/// next one could mistake for the library. What is in the cache already and is one of `broken` is
/// fetched again.
pub(super) fn fetch(
    cache: &Path,
    broken: &[PathBuf],
    programs: &Programs,
    notice: &mut dyn FnMut(&str),
) -> Result<PathBuf, EncoderError> {
    let Some(platform) = Platform::current() else {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        return Err(EncoderError::RuntimePlatform { os, arch });
    };
    let failed = |source| EncoderError::RuntimeStore { source };
    create_private_folder(cache).map_err(failed)?;
    // Another user could put another library there as soon as this one has been checked.
    cached::check_access(cache)?;
    let lock = fs_err::File::create(cache.join("onnxruntime.lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    // Another process may have had the lock, and done it.
    let there = cached::list(cache).into_iter();
    for (path, archive) in there.filter(|(path, _)| !broken.contains(path)) {
        if cached::check(cache, &path, archive).is_ok() {
            return Ok(path);
        }
    }
    let mut tried = vec![];
    for client in clients(platform) {
        let folder =
            tempfile::Builder::new().prefix(".fetch-").tempdir_in(cache).map_err(failed)?;
        let archive = match download(&client, programs, folder.path()) {
            Ok(archive) => archive,
            // A missing client is no news where another is there.
            Err(Failure::Missing) => continue,
            Err(Failure::Said(what)) => {
                tried.push(format!("{}: {what}", client.program));
                continue;
            }
        };
        // A wrong hash ends it: something is amiss that another client should not paper over.
        check(&archive, client.archive)?;
        let target = cached::path(cache, client.archive.version);
        let home = target.parent().unwrap_or(cache);
        create_private_folder(home).map_err(failed)?;
        cached::check_access(home)?;
        let mut library = tempfile::NamedTempFile::new_in(home).map_err(failed)?;
        unpack(&archive, client.archive.member, library.as_file_mut())?;
        library.as_file().sync_all().map_err(failed)?;
        let sha256 = cloze_store::checksum::sha256_file(library.path())?;
        cached::check_hash(&target, client.archive, sha256)?;
        library.persist(&target).map_err(|e| failed(e.error))?;
        notice(&format!(
            "fetched ONNX Runtime {} with {} into {}",
            client.archive.version,
            client.program,
            home.display()
        ));
        return Ok(target);
    }
    Err(EncoderError::RuntimeFetch { tried: tried.join("; ") })
}

/// Why a client gave nothing.
enum Failure {
    /// There is no such program.
    Missing,
    /// It ran, and said this.
    Said(String),
}

/// Runs a client and returns the one file it left in `folder`, whose path is absolute.
fn download(client: &Client, programs: &Programs, folder: &Path) -> Result<PathBuf, Failure> {
    let program = programs.find(client.program).map_err(|reason| match reason {
        NotFound::Missing => Failure::Missing,
        NotFound::InCurrentFolder(path) => {
            Failure::Said(format!("{} lies in the current folder, and was not run", path.display()))
        }
    })?;
    let mut command = programs.command(&program);
    command.args(&client.args).arg(folder);
    let output = command.output().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => Failure::Missing,
        _ => Failure::Said(e.to_string()),
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        // The last line that says something: clients lead up to it with warnings.
        let last =
            said.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("without an error message");
        return Err(Failure::Said(format!("{} ({})", last.trim(), output.status)));
    }
    let entries = fs_err::read_dir(folder).map_err(|e| Failure::Said(e.to_string()))?;
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|p| p.is_file());
    files.next().ok_or_else(|| Failure::Said("ended well, and left no file".into()))
}

/// Whether the archive is the one whose hash is known.
fn check(path: &Path, archive: Archive) -> Result<(), EncoderError> {
    let sha256 = cloze_store::checksum::sha256_file(path)?;
    if sha256 == archive.sha256 {
        return Ok(());
    }
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Err(EncoderError::RuntimeChecksum { archive: name, expected: archive.sha256, found: sha256 })
}

/// Copies the one `member` of a wheel (zip) or npm package (tar.gz) to `to`.
fn unpack(path: &Path, member: &str, to: &mut impl io::Write) -> Result<(), EncoderError> {
    let file = fs_err::File::open(path).map_err(|source| EncoderError::RuntimeStore { source })?;
    let broken = |what: String| EncoderError::RuntimeArchive { member: member.into(), what };
    if path.extension().is_some_and(|e| e == "whl") {
        let mut wheel = zip::ZipArchive::new(file).map_err(|e| broken(e.to_string()))?;
        let mut entry = wheel.by_name(member).map_err(|e| broken(e.to_string()))?;
        return copy_library(&mut entry, to).map_err(broken);
    }
    let mut package = tar::Archive::new(flate2::read::GzDecoder::new(io::BufReader::new(file)));
    for entry in package.entries().map_err(|e| broken(e.to_string()))? {
        let mut entry = entry.map_err(|e| broken(e.to_string()))?;
        if entry.path_bytes().as_ref() == member.as_bytes() {
            return copy_library(&mut entry, to).map_err(broken);
        }
    }
    Err(broken("not in the archive".into()))
}

/// Copies a library, of at most [`LIBRARY_MAX_BYTES`]; the error says what is wrong with it.
fn copy_library(from: &mut dyn Read, to: &mut dyn io::Write) -> Result<(), String> {
    match io::copy(&mut from.take(LIBRARY_MAX_BYTES + 1), to) {
        Ok(copied) if copied > LIBRARY_MAX_BYTES => {
            Err(format!("more than {LIBRARY_MAX_BYTES} bytes"))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn wheel(folder: &Path) -> PathBuf {
        let path = folder.join("a.whl");
        let mut zip = zip::ZipWriter::new(fs_err::File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        for (name, bytes) in [("other", "no"), ("capi/lib.so", "the library")] {
            zip.start_file(name, options).unwrap();
            zip.write_all(bytes.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    fn npm_package(folder: &Path) -> PathBuf {
        let path = folder.join("a.tgz");
        let file = fs_err::File::create(&path).unwrap();
        let gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        let mut tar = tar::Builder::new(gz);
        for (name, bytes) in [("other", "no"), ("capi/lib.so", "the library")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, name, bytes.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn the_one_library_is_taken_out_of_both_kinds_of_archive() {
        let folder = tempfile::tempdir().unwrap();
        for archive in [wheel(folder.path()), npm_package(folder.path())] {
            let mut library = vec![];
            unpack(&archive, "capi/lib.so", &mut library).unwrap();
            assert_eq!(library, b"the library");
            let missing = unpack(&archive, "capi/none.so", &mut vec![]).unwrap_err();
            assert!(missing.to_string().contains("capi/none.so"), "{missing}");
        }
        let broken = folder.path().join("b.whl");
        fs_err::write(&broken, "not a zip").unwrap();
        assert!(unpack(&broken, "capi/lib.so", &mut vec![]).is_err());
    }

    #[test]
    fn an_archive_with_another_hash_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = wheel(folder.path());
        let sha256 = "00";
        let refused =
            check(&path, Archive { version: "1", sha256, member: "", library_sha256: "" })
                .unwrap_err();
        let actual = cloze_store::checksum::sha256_file(&path).unwrap();
        let text = refused.to_string();
        assert!(text.contains("a.whl") && text.contains(&actual), "{text}");
    }
}
