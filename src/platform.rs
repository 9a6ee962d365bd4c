//! What differs between systems: private files, locks, renaming, syncing folders, showing a file.
//!
//! One function a need, with a counterpart for each system inside it; nothing else looks at the system it runs on.

pub mod command;

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

/// How the names of files begin and end that are being written.
const BEGUN: (&str, &str) = (".arload-", ".tmp");
/// Limit: between making a temporary file and locking it nobody pauses for a minute.
const LEFT: Duration = Duration::from_mins(1);

/// Creates a file that only its user can read, or leaves an existing one alone; in a folder that its owner shares with a
/// group ([`is_shared`]) the group can use it too.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        if is_shared(folder_of(path)) && path.symlink_metadata().is_err() {
            let file = options.open(path)?;
            // The mask of new files does not stand in the way of what the folder's owner chose.
            file.set_permissions(fs::Permissions::from_mode(0o660))?;
            return Ok(file);
        }
    }
    options.open(path)
}

/// Whether a folder is one that its owner shares with a group: the group may write to it, and what is made in it is the
/// group's (setgid). Never on systems without such modes.
pub fn is_shared(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(folder).is_ok_and(|metadata| metadata.is_dir() && metadata.mode() & 0o2020 == 0o2020)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        false
    }
}

/// Whether a file is this user's own. Not asked on systems where files have no one owner: there it is a procedure.
pub fn is_own(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Ok(fs::metadata(path)?.uid() == rustix::process::geteuid().as_raw())
    }
    #[cfg(not(unix))]
    {
        fs::metadata(path)?;
        Ok(true)
    }
}

/// Who else a file belongs to, by name or number; none where it is this user's own, or on systems where files have no one
/// owner.
pub fn other_owner(metadata: &Metadata) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let owner = metadata.uid();
        (owner != rustix::process::geteuid().as_raw()).then(|| {
            let listed = fs::read_to_string("/etc/passwd").unwrap_or_default();
            named_in(&listed, &owner.to_string()).unwrap_or_else(|| format!("uid-{owner}"))
        })
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

/// The name of the user at work, as the system knows it; variables of the environment are not asked, as anybody can set
/// them. A user without a name is told by number, and nobody by an empty text.
pub fn user_name() -> String {
    #[cfg(unix)]
    {
        let uid = rustix::process::geteuid().as_raw().to_string();
        let listed = fs::read_to_string("/etc/passwd").unwrap_or_default();
        named_in(&listed, &uid)
            .or_else(|| said_by(std::process::Command::new("/usr/bin/id").args(["-un"])))
            .unwrap_or_else(|| format!("uid-{uid}"))
    }
    #[cfg(windows)]
    {
        said_by(&mut std::process::Command::new(r"C:\Windows\System32\whoami.exe")).unwrap_or_default()
    }
    #[cfg(not(any(unix, windows)))]
    {
        String::new()
    }
}

/// The name of this host, as the system knows it; an empty text where it knows none.
pub fn host_name() -> String {
    #[cfg(unix)]
    {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }
    #[cfg(windows)]
    {
        said_by(&mut std::process::Command::new(r"C:\Windows\System32\hostname.exe")).unwrap_or_default()
    }
    #[cfg(not(any(unix, windows)))]
    {
        String::new()
    }
}

/// The name that a list of users like `/etc/passwd` has for a number.
#[cfg(unix)]
fn named_in(listed: &str, uid: &str) -> Option<String> {
    let mut users = listed.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let user = users.find(|parts| parts.len() > 3 && parts[2] == uid && !parts[0].is_empty())?;
    Some(user[0].to_owned())
}

/// The one word that a program of the system says.
fn said_by(program: &mut std::process::Command) -> Option<String> {
    let output = program.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null()).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !name.is_empty() && name.len() <= 256).then_some(name)
}

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

/// Opens a file that somebody else may have put there. A pipe is refused, as opening or reading one may wait for ever.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // The open file is asked what it is, not its path, which may lead elsewhere a moment later.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "is no file")) }
}

/// Opens a file to be read.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// What stands before the letters of a path that is no Unicode; no absolute path begins like it.
const NO_UNICODE: &str = "not-unicode:";

/// A path as text, from which [`path_of_text`] makes the same path again; one in Unicode is its own text.
pub fn text_of_path(path: &Path) -> String {
    use std::fmt::Write as _;
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    #[cfg(unix)]
    let units = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).iter().map(|unit| u16::from(*unit));
    #[cfg(windows)]
    let units = std::os::windows::ffi::OsStrExt::encode_wide(path.as_os_str());
    let mut text = NO_UNICODE.to_owned();
    units.for_each(|unit| write!(text, "{unit:04x}").expect("writing to a string does not fail"));
    text
}

/// The path that was made into text by [`text_of_path`].
pub fn path_of_text(text: &str) -> PathBuf {
    let unit = |four: &[u8]| u16::from_str_radix(std::str::from_utf8(four).ok()?, 16).ok();
    let units = text.strip_prefix(NO_UNICODE).and_then(|digits| digits.as_bytes().chunks(4).map(unit).collect());
    let Some(units): Option<Vec<u16>> = units else { return PathBuf::from(text) };
    #[cfg(unix)]
    let path = {
        let bytes = units.into_iter().map(|unit| unit as u8).collect();
        <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes)
    };
    #[cfg(windows)]
    let path = <std::ffi::OsString as std::os::windows::ffi::OsStringExt>::from_wide(&units);
    PathBuf::from(path)
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
    // systemd hands a service its credentials by an access list on a file of root's, which shows as rights of root's group.
    let is_handed_over = metadata.uid() == 0 && metadata.gid() == 0 && !rustix::process::geteuid().is_root();
    metadata.mode() & if is_handed_over { 0o004 } else { 0o044 } != 0
}

/// Whether the file's mode lets other users read it; not asked on this system.
#[cfg(not(unix))]
pub fn others_can_read(_metadata: &Metadata) -> bool {
    false
}

/// Creates a folder, and those above it, that only its user can enter; an existing one is left alone. One within a
/// folder that its owner shares with a group ([`is_shared`]) is shared alike.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    let is_to_be_shared = !path.exists() && is_shared(folder_of(path));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)?;
    #[cfg(unix)]
    if is_to_be_shared {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o2770))?;
    }
    Ok(())
}

/// The kind of network file system that a folder is on, if it is on one: locks and syncing cannot be relied on there.
///
/// Asked on Linux only, where the system tells it by number; the numbers are those of the kernel's `magic.h`.
pub fn network_file_system(folder: &Path) -> Option<&'static str> {
    #[cfg(target_os = "linux")]
    {
        let kind = rustix::fs::statfs(folder).ok()?.f_type as u64 & 0xFFFF_FFFF;
        match kind {
            0x6969 => Some("NFS"),
            0xFF53_4D42 | 0xFE53_4D42 | 0x517B => Some("SMB"),
            0x0102_1997 => Some("9P"),
            0x00C3_6400 => Some("Ceph"),
            0x5346_414F => Some("AFS"),
            0x0BD0_0BD0 => Some("Lustre"),
            _ => None,
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        None
    }
}

/// The program that keeps a folder in step with other machines, if its path names one: it copies a ledger half-written.
pub fn sync_program(folder: &Path) -> Option<&'static str> {
    let path = folder.to_string_lossy().to_lowercase();
    ["OneDrive", "Dropbox", "Google Drive", "GoogleDrive", "iCloud", "Nextcloud", "Syncthing", "pCloud"]
        .into_iter()
        .find(|name| path.contains(&name.to_lowercase()))
}

/// Puts a finished file into its place, durably: the old one is there until the new one is.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(to.parent().unwrap_or(Path::new(".")))
}

/// A file being written beside its place, for its owner's eyes only: put there whole, or never seen.
#[derive(Debug)]
pub struct Beside {
    file: NamedTempFile,
    place: PathBuf,
    replaces: bool,
}

impl Beside {
    /// Begins a file; where one stands already, only if it is to be replaced.
    pub fn create(place: &Path, replaces: bool) -> io::Result<Self> {
        if !replaces && place.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // Temporary files are private by themselves.
        let file = tempfile::Builder::new().prefix(BEGUN.0).suffix(BEGUN.1).tempfile_in(folder_of(place))?;
        Ok(Self { file, place: place.to_owned(), replaces })
    }

    /// Where it is while it is written.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The file.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Puts it into its place, durably.
    pub fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        let Self { file, place, replaces } = self;
        let persisted = if replaces { file.persist(&place) } else { file.persist_noclobber(&place) };
        persisted.map_err(|error| error.error)?;
        sync_folder(folder_of(&place))
    }
}

/// Removes what a process that was killed had begun in a folder of ours: temporary files that nobody has held or written
/// to for a minute.
///
/// Only for folders whose writers hold their temporary files by a lock.
pub fn sweep(folder: &Path, now: SystemTime) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let name = name.to_string_lossy();
        let is_ours = name.starts_with(BEGUN.0) && name.ends_with(BEGUN.1);
        if !is_ours || !path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else { continue };
        let age = file.metadata()?.modified().ok().and_then(|written| now.duration_since(written).ok());
        if age.is_some_and(|age| age >= LEFT) && file.try_lock().is_ok() {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Writes a file that everybody may read, whole or not at all: a collector runs as another user.
pub fn publish(place: &Path, text: &str) -> io::Result<()> {
    let mut beside = Beside::create(place, true)?;
    io::Write::write_all(beside.file(), text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        beside.file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    beside.finish()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Asks the system to show a file in the program that its user has for such files; comes back when that was taken over.
///
/// Limit: who has not said no after three seconds is showing it.
pub fn show_file(path: &Path) -> io::Result<()> {
    // Takes the path as it is, where `start` would take some letters for commands.
    let (program, before) = if cfg!(windows) {
        ("rundll32", Some("url.dll,FileProtocolHandler"))
    } else {
        (if cfg!(target_os = "macos") { "open" } else { "xdg-open" }, None)
    };
    let mut command = Command::new(program);
    command.args(before).arg(std::path::absolute(path)?);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Ctrl-C is for this program, not for what it opened.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(error.kind(), format!("{program} is not installed")),
        _ => error,
    })?;
    for _ in 0..60 {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(format!("{program} found no program for it ({status})"))),
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
    Ok(())
}

/// Makes a folder's entries durable, where the system has such a thing.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// A lock that the system releases when the process ends, however it ends.
#[derive(Debug)]
pub struct ProcessLock {
    _file: File,
}

/// Why a lock was not taken.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it.
    Held,
    /// The system refused.
    Refused(PathBuf, io::Error),
}

impl ProcessLock {
    /// Takes the lock at once or not at all.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let file = create_private_file(path).map_err(|error| LockError::Refused(path.to_owned(), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(error)) => Err(LockError::Refused(path.to_owned(), error)),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_stands_where_a_file_should_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("a.summary.json");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert_eq!(open_regular(&pipe).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(open_regular(folder.path()).is_err());
        fs::write(folder.path().join("a"), "text").unwrap();
        let mut text = String::new();
        io::Read::read_to_string(&mut open_regular(&folder.path().join("a")).unwrap(), &mut text).unwrap();
        assert_eq!(text, "text");
    }

    #[cfg(unix)]
    #[test]
    fn paths_come_back_from_their_text_whatever_their_bytes() {
        use std::os::unix::ffi::OsStringExt as _;
        for (bytes, text) in [
            (&b"/in/m\xc3\xa4rz.csv"[..], "/in/märz.csv"),
            (b"/m\xe4", "not-unicode:002f006d00e4"),
            (b"not-unicode:zz", "not-unicode:zz"),
        ] {
            let path = PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()));
            assert_eq!(text_of_path(&path), text);
            assert_eq!(path_of_text(text), path);
        }
    }

    #[test]
    fn folders_of_sync_programs_are_known_by_name() {
        for (path, program) in [
            ("/home/a/Dropbox/arload", Some("Dropbox")),
            ("C:/Users/a/OneDrive - Firm/x", Some("OneDrive")),
            ("/srv/ledger", None),
        ] {
            assert_eq!(sync_program(Path::new(path)), program);
        }
        assert_eq!(network_file_system(&std::env::temp_dir()), None);
    }

    #[test]
    fn a_lock_is_held_by_one_and_free_when_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = ProcessLock::take(&path).unwrap();
        assert!(matches!(ProcessLock::take(&path), Err(LockError::Held)));
        drop(lock);
        ProcessLock::take(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn private_files_are_for_their_user_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        create_private_folder(path.parent().unwrap()).unwrap();
        create_private_file(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_created_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let metadata = create_private(&path).unwrap().metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert!(!others_can_read(&metadata) && !others_can_write(&metadata));
        assert_eq!(create_private(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_made_in_a_folder_shared_with_a_group_is_the_groups_too() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        for (shared, file, inner) in [(0o700, 0o600, 0o700), (0o770, 0o600, 0o700), (0o2770, 0o660, 0o2770)] {
            let place = folder.path().join(format!("{shared:o}"));
            fs::create_dir(&place).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(shared)).unwrap();
            create_private_file(&place.join("ledger.db")).unwrap();
            create_private_folder(&place.join("locks")).unwrap();
            assert_eq!(mode(&place.join("ledger.db")), file, "{shared:o}");
            assert_eq!(mode(&place.join("locks")) & 0o2770, inner, "{shared:o}");
            assert!(is_own(&place.join("ledger.db")).unwrap());
        }
    }

    #[cfg(unix)]
    #[test]
    fn users_are_named_by_the_system_and_not_by_the_environment() {
        let listed = "root:x:0:0:root:/r:/bin/sh\nmeera:x:1001:1001::/h:/bin/sh\nbroken\n:x:7:7::/:";
        assert_eq!(named_in(listed, "1001").as_deref(), Some("meera"));
        assert_eq!(named_in(listed, "100"), None);
        assert_eq!(named_in(listed, "7"), None);
        assert!(!user_name().is_empty());
    }

    #[cfg(unix)]
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
