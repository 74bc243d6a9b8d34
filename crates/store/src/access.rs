//! Files and folders that users other than the running one and root may change.
//!
//! Only Unix systems have owners and modes: elsewhere every file passes, and a user's own folders are
//! protected by the system's access lists.
use std::io;
use std::path::Path;

/// Reason why another user may change what is at `path`, links followed; `None` if only the running
/// user and root may. Permission to write for the group or for all others is a reason, and so is
/// another owner.
///
/// # Errors
/// Errors of [`fs_err::metadata`].
pub fn others_may_change(path: &Path) -> io::Result<Option<String>> {
    Ok(reason(&fs_err::metadata(path)?))
}

#[cfg(unix)]
fn reason(metadata: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    let user = rustix::process::geteuid().as_raw();
    if owner != 0 && owner != user {
        Some(format!("owned by the user with the number {owner}"))
    } else if mode & 0o022 != 0 {
        Some(format!("writable by other users (mode {mode:04o})"))
    } else {
        None
    }
}

#[cfg(not(unix))]
fn reason(_: &std::fs::Metadata) -> Option<String> {
    None
}

/// Creates a folder, and those above it, that only the running user may look into. One that is there
/// stays as it is.
///
/// # Errors
/// Errors of the operating system.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let created = builder.recursive(true).create(path);
    created.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn permission_to_write_for_others_is_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs_err::write(&path, "").unwrap();
        for (mode, refused) in
            [(0o600, false), (0o644, false), (0o664, true), (0o646, true), (0o755, false)]
        {
            fs_err::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let reason = others_may_change(&path).unwrap();
            assert_eq!(reason.is_some(), refused, "{mode:o}: {reason:?}");
        }
    }

    #[test]
    fn a_folder_is_created_for_the_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        create_private_folder(&path).unwrap();
        create_private_folder(&path).unwrap();
        for path in [path.as_path(), &folder.path().join("a")] {
            assert_eq!(fs_err::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
