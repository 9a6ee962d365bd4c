//! Who is alive: each process signs in with a name of its own and gives a sign of life while it works.
//!
//! Everything that a worker claims hangs on that one sign, so that one statement renews it all. The one rule: whoever
//! was silent for longer than the lease is dead for good; a process that wakes up again must come as another.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use jiff::{SignedDuration, Timestamp};
use postgres::Client;
use postgres::types::Type;

use super::connect::{Connections, Done};
use super::{Answer, PostgresLedger};
use crate::ledger::LedgerError;
use crate::platform;

/// Signs of life in the time of a lease.
const SIGNS: u32 = 5;
/// One part in so many of a lease is left at least when a request leaves: nobody may take its chunk over meanwhile.
const RESERVE: u32 = 3;
/// After a sign that failed the next one follows sooner.
const SOON: Duration = Duration::from_millis(250);

/// Whether the worker whose name stands before is alive.
macro_rules! alive {
    ($owner:literal) => {
        concat!("EXISTS (SELECT 1 FROM @worker AS alive WHERE alive.id = ", $owner, " AND alive.until > now())")
    };
}
pub(super) use alive;

/// This process among the workers; none before it signed in.
#[derive(Debug, Default)]
pub(super) struct Worker(Mutex<Option<Arc<Signed>>>);

/// A name, and until when it surely holds.
#[derive(Debug)]
struct Signed {
    id: String,
    held: Mutex<Option<Held>>,
    /// Ends the signs of life when it is dropped.
    _stop: Sender<()>,
}

/// When the last sign of life began, by two clocks: one that is never set back, and one that goes on while the host sleeps.
#[derive(Debug, Clone, Copy)]
struct Held {
    at: Instant,
    time: SystemTime,
}

/// A worker as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRecord {
    /// Its name.
    pub id: String,
    /// Its host.
    pub host: String,
    /// What it does.
    pub doing: String,
    /// When it came.
    pub started_at: Timestamp,
    /// Time until its claims end, if it gives no sign of life; negative for one that is dead.
    pub left: SignedDuration,
    /// Chunks that it has claimed and not settled.
    pub chunks: u64,
    /// What it leads.
    pub leads: Vec<String>,
}

impl Held {
    fn now() -> Self {
        Self { at: Instant::now(), time: SystemTime::now() }
    }

    /// Time since then, by the clock that went further.
    fn since(self) -> Duration {
        // A clock that was set back says nothing.
        self.at.elapsed().max(self.time.elapsed().unwrap_or_default())
    }
}

impl PostgresLedger {
    /// Signs this process in as a worker, under a new name, and gives signs of life until it leaves or is dropped.
    pub fn enlist(&self, doing: &str) -> Answer<()> {
        let (id, host) = (name()?, platform::host_name());
        let sql = self.connections.sql(
            "INSERT INTO @worker (id, host, pid, doing, started_at, until)
             VALUES ($1, $2, $3, $4, now(), now() + $5 * interval '1 second') ON CONFLICT (id) DO NOTHING",
        );
        let lease = self.place().lease;
        let pid = i64::from(std::process::id());
        let held = Held::now();
        self.connections.ask(|client| {
            // Names of the long dead are of no use to anybody.
            client.execute_typed(
                &self.connections.sql("DELETE FROM @worker WHERE until < now() - interval '7 days'"),
                &[],
            )?;
            client.execute_typed(
                &sql,
                &[
                    (&id, Type::TEXT),
                    (&host, Type::TEXT),
                    (&pid, Type::INT8),
                    (&doing, Type::TEXT),
                    (&lease.as_secs_f64(), Type::FLOAT8),
                ],
            )
        })?;
        let (stop, stopped) = crossbeam_channel::bounded(0);
        let signed = Arc::new(Signed { id: id.clone(), held: Mutex::new(Some(held)), _stop: stop });
        let (connections, weak) = (Arc::clone(&self.connections), Arc::downgrade(&signed));
        std::thread::Builder::new()
            .name("signs-of-life".to_owned())
            .spawn(move || {
                give_signs(&connections, &id, &stopped, &|held| {
                    if let Some(signed) = weak.upgrade() {
                        *lock(&signed.held) = held;
                    }
                });
            })
            .map_err(|error| LedgerError::Place(format!("ledger: no thread for the signs of life: {error}")))?;
        *lock(&self.worker.0) = Some(signed);
        Ok(())
    }

    /// Signs out: what was claimed and led is free again at once.
    pub fn leave(&self) -> Answer<()> {
        let Some(signed) = lock(&self.worker.0).take() else { return Ok(()) };
        let lead = self.connections.sql("DELETE FROM @lead WHERE owner = $1");
        let worker = self.connections.sql("DELETE FROM @worker WHERE id = $1");
        self.connections.ask(|client| {
            client.execute_typed(&lead, &[(&signed.id, Type::TEXT)])?;
            client.execute_typed(&worker, &[(&signed.id, Type::TEXT)])
        })?;
        Ok(())
    }

    /// Whether what this worker claimed surely holds for long enough to send a request.
    pub fn holds(&self) -> bool {
        let lease = self.place().lease;
        let signed = lock(&self.worker.0).clone();
        let held = signed.and_then(|signed| *lock(&signed.held));
        held.is_some_and(|held| held.since() + lease / RESERVE < lease)
    }

    /// This worker's name; an error where it was silent for longer than its lease.
    pub fn worker_id(&self) -> Answer<String> {
        let Some(signed) = lock(&self.worker.0).clone() else {
            return Err(LedgerError::Lost(
                "this process has not signed in as a worker of the shared ledger".to_owned(),
            ));
        };
        let held = *lock(&signed.held);
        match held {
            Some(held) if held.since() < self.place().lease => Ok(signed.id.clone()),
            _ => Err(self.lost()),
        }
    }

    /// What is said of a worker that was away.
    pub(super) fn lost(&self) -> LedgerError {
        let seconds = self.place().lease.as_secs();
        LedgerError::Lost(format!(
            "{}: this process gave no sign of life for more than {seconds} s; others go on with what it had",
            self.place().shown()
        ))
    }

    /// Everybody who has signed in and not out, the longest first.
    pub fn workers(&self) -> Answer<Vec<WorkerRecord>> {
        let sql = self.connections.sql(
            "SELECT worker.id, host, doing, (extract(epoch FROM started_at) * 1000)::INT8,
                    (extract(epoch FROM (until - now())) * 1000)::INT8,
                    (SELECT count(*) FROM @chunk AS chunk WHERE chunk.owner = worker.id AND state IN ('planned', 'sending')),
                    lead.name
             FROM @worker AS worker LEFT JOIN @lead AS lead ON lead.owner = worker.id
             ORDER BY started_at, worker.id, lead.name",
        );
        let rows = self.connections.ask(|client| client.query_typed(&sql, &[]))?;
        let mut workers: Vec<WorkerRecord> = Vec::new();
        for row in rows {
            let (id, lead): (String, Option<String>) = (row.get(0), row.get(6));
            if workers.last().is_none_or(|last| last.id != id) {
                workers.push(WorkerRecord {
                    id,
                    host: row.get(1),
                    doing: row.get(2),
                    started_at: Timestamp::from_millisecond(row.get(3)).unwrap_or_default(),
                    left: SignedDuration::from_millis(row.get(4)),
                    chunks: row.get::<_, i64>(5) as u64,
                    leads: Vec::new(),
                });
            }
            workers.last_mut().expect("one was pushed").leads.extend(lead);
        }
        Ok(workers)
    }

    /// How far the database's clock is ahead of this host's.
    pub fn clock_ahead(&self) -> Answer<SignedDuration> {
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::INT8";
        let (before, took, there) = self.connections.ask(|client| {
            let (before, asked) = (Timestamp::now(), Instant::now());
            let row = client.query_typed_one(sql, &[])?;
            Ok((before, asked.elapsed(), row.get::<_, i64>(0)))
        })?;
        let there = Timestamp::from_microsecond(there).unwrap_or(before);
        let half = SignedDuration::try_from(took / 2).unwrap_or_default();
        Ok(there.duration_since(before) - half)
    }

    /// Takes the lead in something, or keeps it; false while another worker that is alive has it.
    pub fn lead(&self, name: &str) -> Answer<bool> {
        let id = self.worker_id()?;
        let sql = self.connections.sql(concat!(
            "INSERT INTO @lead AS lead (name, owner) SELECT $1, $2 WHERE ",
            alive!("$2"),
            " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner WHERE lead.owner = excluded.owner OR NOT ",
            alive!("lead.owner"),
        ));
        let taken =
            self.connections.ask(|client| client.execute_typed(&sql, &[(&name, Type::TEXT), (&id, Type::TEXT)]))?;
        Ok(taken > 0)
    }

    /// Gives the lead back.
    pub fn resign(&self, name: &str) -> Answer<()> {
        let Some(signed) = lock(&self.worker.0).clone() else { return Ok(()) };
        let sql = self.connections.sql("DELETE FROM @lead WHERE name = $1 AND owner = $2");
        self.connections.ask(|client| client.execute_typed(&sql, &[(&name, Type::TEXT), (&signed.id, Type::TEXT)]))?;
        Ok(())
    }
}

/// Gives signs of life on a connection of its own, until it is stopped or came too late.
fn give_signs(connections: &Connections, id: &str, stopped: &Receiver<()>, tell: &dyn Fn(Option<Held>)) {
    let lease = connections.place().lease;
    let sql =
        connections.sql("UPDATE @worker SET until = now() + $2 * interval '1 second' WHERE id = $1 AND until > now()");
    let sign = |client: &mut Client| -> Done<bool> {
        let parameters: [(&(dyn postgres::types::ToSql + Sync), Type); 2] =
            [(&id, Type::TEXT), (&lease.as_secs_f64(), Type::FLOAT8)];
        Ok(client.execute_typed(&sql, &parameters)? > 0)
    };
    let mut client: Option<Client> = None;
    let mut wait = lease / SIGNS;
    while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        let held = Held::now();
        let signed = match client.take().map_or_else(|| connections.connect(), Ok) {
            Ok(mut taken) => {
                let signed = sign(&mut taken);
                client = signed.is_ok().then_some(taken);
                signed
            }
            Err(error) => Err(error),
        };
        wait = if signed.is_ok() { lease / SIGNS } else { SOON.min(lease / SIGNS) };
        match signed {
            Ok(true) => tell(Some(held)),
            Ok(false) => return tell(None),
            // The database is away: what is held ends by itself.
            Err(_) => {}
        }
    }
}

/// A name that nobody had before: host, process, and something that no other start has.
pub(super) fn name() -> Answer<String> {
    let mut random = [0; 4];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut random)
        .map_err(|_| LedgerError::Place("ledger: the host gives no random bytes".to_owned()))?;
    let host: String = platform::host_name()
        .chars()
        .filter(|each| each.is_ascii_alphanumeric() || "-.".contains(*each))
        .take(40)
        .collect();
    Ok(format!("{host}-{}-{:08x}", std::process::id(), u32::from_le_bytes(random)))
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
