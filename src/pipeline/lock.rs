//! One sender per account and ledger: taken before anything is planned, given back by the system when the process ends.

use std::path::Path;
use std::time::Duration;

use crate::error::RunError;
use crate::platform::{self, LockError, ProcessLock};
use crate::stop::Stop;

/// How often a waiting process asks for the lock again.
const POLL: Duration = Duration::from_millis(500);

/// Takes an account's lock in a state folder; where another process holds it, waits if told to.
pub fn take(state: &Path, account: &str, wait: bool, stop: &Stop) -> Result<ProcessLock, RunError> {
    let folder = state.join("locks");
    let path = folder.join(format!("{}.lock", &blake3::hash(account.as_bytes()).to_hex()[..16]));
    platform::create_private_folder(&folder)
        .map_err(|cause| RunError::Lock { path: folder.display().to_string(), cause })?;
    loop {
        match ProcessLock::take(&path) {
            Ok(lock) => return Ok(lock),
            Err(LockError::Held) if wait => {
                if stop.wait(POLL) {
                    return Err(RunError::Interrupted);
                }
            }
            Err(LockError::Held) => return Err(RunError::Locked(account.to_owned())),
            Err(LockError::Refused(path, cause)) => {
                return Err(RunError::Lock { path: path.display().to_string(), cause });
            }
        }
    }
}
