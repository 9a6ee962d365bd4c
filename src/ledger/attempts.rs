//! The SQL of sending: attempts, replies, and what they and look-ups make of chunks.
//!
//! Every function runs inside a transaction of [`super::sqlite`]. The one rule: attempts and replies are only ever
//! added, and an outcome once recorded changes only by a later reply or look-up.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::records::{add_customer, chain, last_hash, last_resolution, read_time};
use super::{
    AttemptId, Attempted, ChunkChange, ChunkId, ChunkState, LedgerError, NewAttempt, NewChunk, NewReply, Resolution,
    RunId, blob,
};

type Done<T> = rusqlite::Result<T>;

pub(super) fn add_chunk(
    connection: &Connection,
    run: i64,
    parent: Option<ChunkId>,
    chunk: &NewChunk<'_>,
) -> Done<ChunkId> {
    let id = connection
        .prepare_cached(
            "INSERT INTO chunk (run_id, ordinal, parent, account_id, rows, state) VALUES (?, ?, ?, ?, ?, 'planned')",
        )?
        .insert(params![run, chunk.ordinal, parent.map(|parent| parent.0), chunk.account_id, chunk.rows])?;
    connection
        .prepare_cached("INSERT INTO payload (chunk_id, bytes) VALUES (?, ?)")?
        .execute(params![id, chunk.payload])?;
    Ok(ChunkId(id))
}

pub(super) fn count_request(connection: &Connection, account: &str, day: &str) -> Done<()> {
    connection
        .prepare_cached(
            "INSERT INTO pace (account, day, requests) VALUES (?, ?, 1)
             ON CONFLICT (account, day) DO UPDATE SET requests = requests + 1",
        )?
        .execute(params![account, day])?;
    Ok(())
}

/// An attempt as a step of its own, which needs nothing of its sender any more.
pub(super) fn starting(attempt: &NewAttempt<'_>) -> impl Fn(&Connection) -> Done<i64> + Send + 'static {
    let NewAttempt { run, chunk, number, started_at, digest, .. } = *attempt;
    let [sender, account, day] = [attempt.sender, attempt.account, attempt.day].map(str::to_owned);
    move |connection| {
        let (sender, account, day) = (&*sender, &*account, &*day);
        let attempt = NewAttempt { run, chunk, number, sender, started_at, digest, account, day };
        start(connection, &attempt).map(|attempt| attempt.0)
    }
}

fn start(connection: &Connection, attempt: &NewAttempt<'_>) -> Done<AttemptId> {
    let previous = last_hash(connection, attempt.run, attempt.sender)?;
    let at = attempt.started_at.as_millisecond();
    let hash = chain(&previous, "attempt", attempt.chunk.0, at, &attempt.digest);
    let id = connection
        .prepare_cached(
            "INSERT INTO attempt (run_id, chunk_id, number, sender, started_at, digest, previous, hash)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .insert(params![
            attempt.run.0,
            attempt.chunk.0,
            attempt.number,
            attempt.sender,
            at,
            attempt.digest,
            previous,
            hash
        ])?;
    connection.prepare_cached("UPDATE chunk SET state = 'sending' WHERE id = ?")?.execute([attempt.chunk.0])?;
    count_request(connection, attempt.account, attempt.day)?;
    Ok(AttemptId(id))
}

/// The end of an attempt as a step of its own, its reply's body packed already.
pub(super) fn finishing(
    reply: &NewReply<'_>,
    chunk: ChunkId,
    change: &ChunkChange<'_>,
    (account, day): (&str, &str),
) -> impl Fn(&Connection) -> Done<i64> + Send + 'static {
    let NewReply { attempt, received_at, status, .. } = *reply;
    let (kind, request_id) = (reply.kind.to_owned(), reply.request_id.map(str::to_owned));
    let packed = (blob::compress(reply.body), *blake3::hash(reply.body).as_bytes());
    let (state, refused) = (change.state, change.refused);
    let (outcomes, customers) = (change.outcomes.map(<[u8]>::to_vec), change.customers.to_vec());
    let (account, day) = (account.to_owned(), day.to_owned());
    move |connection| {
        let request_id = request_id.as_deref();
        let reply = NewReply { attempt, received_at, kind: &kind, status, request_id, body: &[] };
        let change = ChunkChange { state, outcomes: outcomes.as_deref(), refused, customers: &customers };
        finish(connection, &reply, &packed, chunk, &change, (&account, &day)).map(|()| 0)
    }
}

/// Records a reply whose body is packed, with its digest.
fn finish(
    connection: &Connection,
    reply: &NewReply<'_>,
    (body, digest): &(Vec<u8>, [u8; 32]),
    chunk: ChunkId,
    change: &ChunkChange<'_>,
    (account, day): (&str, &str),
) -> Done<()> {
    let at = reply.received_at.as_millisecond();
    let (run, sender, previous): (i64, String, Vec<u8>) = connection
        .prepare_cached("SELECT run_id, sender, hash FROM attempt WHERE id = ?")?
        .query_row([reply.attempt.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let hash = chain(&previous, reply.kind, reply.attempt.0, at, digest);
    connection
        .prepare_cached(
            "INSERT INTO reply (attempt_id, run_id, sender, received_at, kind, status, refused, request_id, body, digest,
                                previous, hash)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            reply.attempt.0,
            run,
            sender,
            at,
            reply.kind,
            reply.status,
            change.refused,
            reply.request_id,
            body,
            digest,
            previous,
            hash
        ])?;
    let settled_at = change.outcomes.map(|_| at);
    connection
        .prepare_cached("UPDATE chunk SET state = ?, outcomes = ?, settled_at = ?, request_id = ? WHERE id = ?")?
        .execute(params![change.state.as_str(), change.outcomes, settled_at, reply.request_id, chunk.0])?;
    if change.refused {
        connection
            .prepare_cached("UPDATE pace SET refused = refused + 1 WHERE account = ? AND day = ?")?
            .execute(params![account, day])?;
    }
    for customer in change.customers {
        add_customer(connection, account, customer)?;
    }
    Ok(())
}

pub(super) fn resolve(connection: &Connection, chunk: ChunkId, resolution: &Resolution<'_>) -> Done<()> {
    let run: i64 =
        connection.prepare_cached("SELECT run_id FROM chunk WHERE id = ?")?.query_row([chunk.0], |row| row.get(0))?;
    connection
        .prepare_cached(
            "UPDATE chunk SET state = ?1, outcomes = coalesce(?2, outcomes), moved = coalesce(?3, moved), settled_at = ?4
             WHERE id = ?5",
        )?
        .execute(params![
            resolution.state.as_str(),
            resolution.outcomes,
            resolution.moved,
            resolution.at.as_millisecond(),
            chunk.0
        ])?;
    let digest = digest(resolution);
    let previous = last_resolution(connection, RunId(run))?;
    let at = resolution.at.as_millisecond();
    let hash = chain(&previous, "resolution", chunk.0, at, &digest);
    connection
        .prepare_cached(
            "INSERT INTO resolution (run_id, chunk_id, resolved_at, words, digest, previous, hash)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![run, chunk.0, at, resolution.words, digest, previous, hash])?;
    for child in resolution.children {
        add_chunk(connection, run, Some(chunk), child)?;
    }
    for customer in resolution.customers {
        add_customer(connection, resolution.account, customer)?;
    }
    Ok(())
}

pub(super) fn digest(resolution: &Resolution<'_>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("arload ledger resolution 1");
    let parts =
        [resolution.words.as_bytes(), resolution.outcomes.unwrap_or_default(), resolution.moved.unwrap_or_default()];
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    *hasher.finalize().as_bytes()
}

pub(super) fn recover(connection: &Connection, run: RunId, to: ChunkState) -> Done<u32> {
    let changed = connection
        .prepare_cached("UPDATE chunk SET state = ? WHERE run_id = ? AND state = 'sending'")?
        .execute(params![to.as_str(), run.0])?;
    Ok(changed as u32)
}

/// An attempt as it stands in the tables, its reply's body still packed.
pub(super) struct Stored {
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    kind: Option<String>,
    status: Option<u16>,
    body: Option<Vec<u8>>,
}

pub(super) fn stored(connection: &Connection, chunk: ChunkId) -> Done<Vec<Stored>> {
    connection
        .prepare_cached(
            "SELECT started_at, received_at, kind, status, body FROM attempt
             LEFT JOIN reply ON reply.attempt_id = attempt.id WHERE chunk_id = ? ORDER BY attempt.id, reply.id",
        )?
        .query_map([chunk.0], |row| {
            Ok(Stored {
                started_at: read_time(row.get(0)?),
                ended_at: row.get::<_, Option<i64>>(1)?.map(read_time),
                kind: row.get(2)?,
                status: row.get(3)?,
                body: row.get(4)?,
            })
        })?
        .collect()
}

pub(super) fn of_chunk(stored: Vec<Stored>) -> Result<Vec<Attempted>, LedgerError> {
    stored
        .into_iter()
        .map(|attempt| {
            let body = attempt.body.as_deref().map(blob::decompress).transpose()?.unwrap_or_default();
            Ok(Attempted {
                started_at: attempt.started_at,
                ended_at: attempt.ended_at,
                kind: attempt.kind,
                status: attempt.status,
                words: String::from_utf8_lossy(&body).into_owned(),
            })
        })
        .collect()
}
