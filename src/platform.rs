//! What differs between Linux, macOS and Windows about files that only their owner may use.
//!
//! Each function has a counterpart for every system. On Windows the folders of a user are private by inheritance and
//! there are no mode bits to look at, so the questions about others answer no there.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a file that must not exist yet, for its owner's eyes only (0600).
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Whether somebody other than this user and root may change the file: by its mode, or because it is theirs.
#[cfg(unix)]
pub fn others_can_write(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let owner = metadata.uid();
    let trusted = owner == 0 || owner == rustix::process::geteuid().as_raw();
    !trusted || metadata.mode() & 0o022 != 0
}

/// Whether somebody other than this user and root may change the file; not asked on this system.
#[cfg(not(unix))]
pub fn others_can_write(_metadata: &Metadata) -> bool {
    false
}

/// Whether the file's mode lets other users read it.
#[cfg(unix)]
pub fn others_can_read(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.mode() & 0o044 != 0
}

/// Whether the file's mode lets other users read it; not asked on this system.
#[cfg(not(unix))]
pub fn others_can_read(_metadata: &Metadata) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_private_file_is_created_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let metadata = create_private(&path).unwrap().metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(!others_can_read(&metadata) && !others_can_write(&metadata));
        assert_eq!(create_private(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn modes_that_let_others_in_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let file = create_private(&path).unwrap();
        for (mode, write, read) in
            [(0o600, false, false), (0o644, false, true), (0o660, true, true), (0o602, true, false)]
        {
            file.set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
            let metadata = file.metadata().unwrap();
            assert_eq!((others_can_write(&metadata), others_can_read(&metadata)), (write, read), "{mode:o}");
        }
    }
}
