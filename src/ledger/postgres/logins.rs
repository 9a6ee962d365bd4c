//! Log-ins that hosts share the memory of: an account that locks after three refusals must not be tried by each of ten.
//!
//! No token is kept and no secret: a worker logs in for itself, one after the other, and a refusal is remembered for all.
//! The one rule: whoever waits for another's try looks at what came of it before it tries.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postgres::types::{ToSql, Type};

use super::connect::Connections;
use super::{Answer, PostgresLedger};

/// Limit: a try that takes longer than this was given up.
const TRY: Duration = Duration::from_secs(90);
/// How often the next one asks.
const POLL: Duration = Duration::from_millis(100);

/// The memory of log-ins of a shared ledger.
#[derive(Debug, Clone)]
pub struct Logins(Arc<Connections>);

/// A refusal as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLogin {
    /// When the server refused, as messages show it.
    pub at: String,
    /// What it said.
    pub message: String,
    /// Tells the credentials from others.
    pub mark: String,
}

/// The one try at a time; the next may follow when it is dropped.
#[derive(Debug)]
pub struct Try {
    logins: Logins,
    place: String,
    username: String,
    name: String,
}

impl PostgresLedger {
    /// The memory of log-ins, which outlives this value.
    pub fn logins(&self) -> Logins {
        Logins(Arc::clone(&self.connections))
    }
}

impl Logins {
    /// Waits until nobody else tries to log this user in.
    pub fn begin(&self, place: &str, username: &str) -> Answer<Try> {
        let name = super::workers::name()?;
        let sql = self.0.sql(
            "INSERT INTO @login AS login (place, username, trying, trying_until)
             VALUES ($1, $2, $3, now() + $4 * interval '1 second') ON CONFLICT (place, username) DO UPDATE
             SET trying = excluded.trying, trying_until = excluded.trying_until
             WHERE login.trying_until <= now() OR login.trying = excluded.trying",
        );
        let parameters: [(&(dyn ToSql + Sync), Type); 4] =
            [(&place, Type::TEXT), (&username, Type::TEXT), (&name, Type::TEXT), (&TRY.as_secs_f64(), Type::FLOAT8)];
        let until = Instant::now() + TRY;
        while self.0.ask(|client| client.execute_typed(&sql, &parameters))? == 0 && Instant::now() < until {
            std::thread::sleep(POLL);
        }
        Ok(Try { logins: self.clone(), place: place.to_owned(), username: username.to_owned(), name })
    }

    /// The refusal that is remembered, if one is.
    pub fn refused(&self, place: &str, username: &str) -> Answer<Option<RefusedLogin>> {
        let sql = self.0.sql(
            "SELECT refused_at, message, mark FROM @login WHERE place = $1 AND username = $2 AND mark IS NOT NULL",
        );
        let row =
            self.0.ask(|client| client.query_typed_opt(&sql, &[(&place, Type::TEXT), (&username, Type::TEXT)]))?;
        Ok(row.map(|row| RefusedLogin { at: row.get(0), message: row.get(1), mark: row.get(2) }))
    }

    /// Remembers a refusal, or, with none, that the user was logged in or may be tried again.
    pub fn remember(&self, place: &str, username: &str, refusal: Option<&RefusedLogin>) -> Answer<()> {
        let sql = self.0.sql(
            "INSERT INTO @login AS login (place, username, refused_at, message, mark, trying, trying_until)
             VALUES ($1, $2, $3, $4, $5, '', now()) ON CONFLICT (place, username) DO UPDATE
             SET refused_at = excluded.refused_at, message = excluded.message, mark = excluded.mark",
        );
        let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
            (&place, Type::TEXT),
            (&username, Type::TEXT),
            (&refusal.map(|refusal| refusal.at.as_str()), Type::TEXT),
            (&refusal.map(|refusal| refusal.message.as_str()), Type::TEXT),
            (&refusal.map(|refusal| refusal.mark.as_str()), Type::TEXT),
        ];
        self.0.ask(|client| client.execute_typed(&sql, &parameters))?;
        Ok(())
    }
}

impl Drop for Try {
    fn drop(&mut self) {
        let sql = self.logins.0.sql(
            "UPDATE @login SET trying = '', trying_until = now() WHERE place = $1 AND username = $2 AND trying = $3",
        );
        // A try that cannot be ended ends by itself.
        let _ = self.logins.0.ask(|client| {
            client.execute_typed(
                &sql,
                &[(&self.place, Type::TEXT), (&self.username, Type::TEXT), (&self.name, Type::TEXT)],
            )
        });
    }
}
