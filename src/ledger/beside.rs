//! A second connection, for reading what never changes once it is committed.
//!
//! While one sender's commit waits for the disk, another's next chunk is read here. The one rule: nothing is believed
//! missing because it is not found here, where what is not committed yet does not show; the ledger's own connection is
//! asked then.

use std::path::Path;
use std::sync::{Mutex, OnceLock};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::ChunkId;

/// The connection, opened when it is first needed; none where there is no file to open.
#[derive(Debug, Default)]
pub(super) struct Beside {
    connection: OnceLock<Option<Mutex<Connection>>>,
}

impl Beside {
    /// The bytes of a chunk, if they are found here.
    pub(super) fn payload(&self, path: &Path, chunk: ChunkId) -> Option<Vec<u8>> {
        let connection = self.connection.get_or_init(|| open(path).map(Mutex::new)).as_ref()?;
        let connection = connection.lock().expect("no holder of the connection panics");
        let mut statement = connection.prepare_cached("SELECT bytes FROM payload WHERE chunk_id = ?").ok()?;
        statement.query_row([chunk.0], |row| row.get(0)).optional().ok()?
    }
}

fn open(path: &Path) -> Option<Connection> {
    if path.as_os_str().is_empty() {
        return None;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).ok()
}
