//! The pace of an account for all who send for it: one row, changed in one statement, on the database's clock.
//!
//! A generic cell rate algorithm: the row says when the next request may leave, and whoever takes that turn moves it on. A
//! turn of a process that dies is lost, never used twice. Turns need not survive a crash of the database, which lasts
//! longer than they are ahead; so they wait for no disk, unless they count against a day's quota. The one rule: a
//! request that was recorded passes a second row of turns as it leaves, because a disk that stalls holds up many at once.

use std::time::Duration;

use jiff::SignedDuration;
use postgres::Row;
use postgres::types::{ToSql, Type};

use super::{Answer, PostgresLedger};

/// Limit: how far requests that were held up may leave ahead of an even pace: half a turn, but never more than this.
const AHEAD: Duration = Duration::from_millis(20);

/// Share of the set rate by which a rate that was cut grows back in a second.
const RECOVERY: f64 = 0.02;

/// Limit: cuts stop at this share of the set rate, so that a pace never dies.
const LEAST_SHARE: f64 = 1.0 / 256.0;

/// The rate at this moment; `$2` is the set rate.
macro_rules! rate_now {
    () => {
        "least($2, limiter.rate + $2 * $6 * greatest(0, extract(epoch FROM (clock_timestamp() - limiter.rate_at))::FLOAT8))"
    };
}

/// Requests of the day `$4` so far: those that had a turn, or, on a new day, those that the ledger counts already.
macro_rules! used {
    () => {
        "CASE WHEN limiter.day = $4 THEN limiter.used
         ELSE (SELECT coalesce(sum(requests), 0)::INT8 FROM @pace AS pace WHERE pace.account = $1 AND pace.day = $4) END"
    };
}

const TURN: &str = concat!(
    "UPDATE @limiter AS limiter SET
        turn_at = greatest(limiter.turn_at, clock_timestamp() - (($3 - 1) / ",
    rate_now!(),
    ") * interval '1 second') + (1 / ",
    rate_now!(),
    ") * interval '1 second', used = 1 + ",
    used!(),
    ", day = $4
     FROM (SELECT set_config('synchronous_commit', CASE WHEN $5 < 0 THEN 'off' ELSE 'on' END, true)) AS durable
     WHERE limiter.account = $1 AND limiter.paused_until <= clock_timestamp() AND ($5 < 0 OR ",
    used!(),
    " < $5)
     RETURNING extract(epoch FROM (limiter.turn_at - (1 / ",
    rate_now!(),
    ") * interval '1 second' - clock_timestamp()))::FLOAT8"
);

/// Why there was no turn: the pause that is left, and whether the day is used up.
const WHY: &str = concat!(
    "SELECT extract(epoch FROM (limiter.paused_until - clock_timestamp()))::FLOAT8, $5 >= 0 AND ",
    used!(),
    " >= $5 FROM @limiter AS limiter WHERE limiter.account = $1 AND $2 > 0::FLOAT8 AND $3 > 0::FLOAT8 AND $6 > 0::FLOAT8"
);

/// A rate above any that is ever set: nothing was cut yet.
const UNCUT: f64 = 1e6;

const BEGIN: &str = "INSERT INTO @limiter (account, turn_at, depart_at, paused_until, rate, rate_at, cut_at, day, used)
     VALUES ($1, now(), now(), now(), 1000000, now(), now() - interval '1 hour', '', 0) ON CONFLICT (account) DO NOTHING";

const DEPART: &str = "UPDATE @limiter AS limiter SET
        depart_at = greatest(limiter.depart_at, clock_timestamp()) + (1 / $2) * interval '1 second'
     FROM (SELECT set_config('synchronous_commit', 'off', true)) AS durable
     WHERE limiter.account = $1
     RETURNING extract(epoch FROM (limiter.depart_at - (1 / $2 + $3) * interval '1 second' - clock_timestamp()))::FLOAT8";

/// `$3` is how long ago the request left, `$4` the pause, `$5` the least rate.
const THROTTLED: &str = concat!(
    "UPDATE @limiter AS limiter SET
        paused_until = greatest(limiter.paused_until, clock_timestamp() + $4 * interval '1 second'),
        rate = CASE WHEN clock_timestamp() - $3 * interval '1 second' > limiter.cut_at
               THEN greatest($5, ",
    rate_now!(),
    " / 2) ELSE ",
    rate_now!(),
    " END,
        rate_at = clock_timestamp() + $4 * interval '1 second',
        cut_at = CASE WHEN clock_timestamp() - $3 * interval '1 second' > limiter.cut_at
                 THEN clock_timestamp() ELSE limiter.cut_at END,
        turn_at = greatest(limiter.turn_at, clock_timestamp() + $4 * interval '1 second')
     WHERE limiter.account = $1"
);

/// What is asked of the pace of an account.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// The account.
    pub account: &'a str,
    /// Requests a second.
    pub rate: f64,
    /// Requests that may leave at once after a pause.
    pub burst: u32,
    /// Which day it is, in the zone of the quota.
    pub day: &'a str,
    /// Requests a day; none where there is no quota.
    pub per_day: Option<u64>,
}

/// A turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The request may leave after this time.
    After(Duration),
    /// Nobody may send before this time is over; ask again then.
    Paused(Duration),
    /// The requests of the day are used up.
    UsedUp,
}

/// The pace of an account as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PaceRecord {
    /// The account.
    pub account: String,
    /// Requests a second that the last cut left; none where the server never asked to slow down.
    pub cut_to: Option<f64>,
    /// Time until anybody may send; zero where nobody waits for the server.
    pub paused: Duration,
    /// Requests that had a turn on the day of the last one.
    pub used: u64,
    /// That day.
    pub day: String,
}

impl PostgresLedger {
    /// Takes the next turn of an account; one that is not used is lost.
    pub fn turn(&self, terms: &Terms<'_>) -> Answer<Turn> {
        let rate = set_rate(terms.rate);
        let (burst, per_day) = (f64::from(terms.burst.max(1)), terms.per_day.map_or(-1, u64::cast_signed));
        let parameters: [(&(dyn ToSql + Sync), Type); 6] = [
            (&terms.account, Type::TEXT),
            (&rate, Type::FLOAT8),
            (&burst, Type::FLOAT8),
            (&terms.day, Type::TEXT),
            (&per_day, Type::INT8),
            (&RECOVERY, Type::FLOAT8),
        ];
        let [turn, why, begin] = [TURN, WHY, BEGIN].map(|sql| self.connections.sql(sql));
        self.connections.ask(|client| {
            loop {
                if let Some(row) = client.query_typed_opt(&turn, &parameters)? {
                    return Ok(Turn::After(time(&row, 0)));
                }
                let Some(row) = client.query_typed_opt(&why, &parameters)? else {
                    client.execute_typed(&begin, &[(&terms.account, Type::TEXT)])?;
                    continue;
                };
                if row.get(1) {
                    return Ok(Turn::UsedUp);
                }
                // A pause that ended meanwhile is asked for again at once.
                return Ok(Turn::Paused(time(&row, 0).max(Duration::from_millis(1))));
            }
        })
    }

    /// Lets a recorded request leave: the time after which it may, so that requests that were held up together leave apart.
    pub fn depart(&self, terms: &Terms<'_>) -> Answer<Duration> {
        let rate = set_rate(terms.rate);
        let ahead = AHEAD.as_secs_f64().min(0.5 / rate) + f64::from(terms.burst.max(1) - 1) / rate;
        let sql = self.connections.sql(DEPART);
        let parameters: [(&(dyn ToSql + Sync), Type); 3] =
            [(&terms.account, Type::TEXT), (&rate, Type::FLOAT8), (&ahead, Type::FLOAT8)];
        let row = self.connections.ask(|client| client.query_typed_opt(&sql, &parameters))?;
        Ok(row.map_or(Duration::ZERO, |row| time(&row, 0)))
    }

    /// Tells all who send for an account that the server asked for a pause; halves the rate for a request that left this
    /// long ago, unless it was cut since.
    pub fn throttled(&self, terms: &Terms<'_>, left: Duration, pause: Duration) -> Answer<()> {
        let rate = set_rate(terms.rate);
        let parameters: [(&(dyn ToSql + Sync), Type); 6] = [
            (&terms.account, Type::TEXT),
            (&rate, Type::FLOAT8),
            (&left.as_secs_f64(), Type::FLOAT8),
            (&pause.as_secs_f64(), Type::FLOAT8),
            (&(rate * LEAST_SHARE), Type::FLOAT8),
            (&RECOVERY, Type::FLOAT8),
        ];
        let sql = self.connections.sql(THROTTLED);
        self.connections.ask(|client| client.execute_typed(&sql, &parameters))?;
        Ok(())
    }

    /// The pace of every account that was ever sent for.
    pub fn paces(&self) -> Answer<Vec<PaceRecord>> {
        let sql = self.connections.sql(
            "SELECT account, rate, extract(epoch FROM (paused_until - now()))::FLOAT8, used, day
             FROM @limiter ORDER BY account",
        );
        let rows = self.connections.ask(|client| client.query_typed(&sql, &[]))?;
        let read = |row: &Row| PaceRecord {
            account: row.get(0),
            cut_to: Some(row.get(1)).filter(|rate| *rate < UNCUT),
            paused: time(row, 2),
            used: row.get::<_, i64>(3) as u64,
            day: row.get(4),
        };
        Ok(rows.iter().map(read).collect())
    }
}

/// A rate of zero or nonsense would wait for ever; settings refuse it before it comes here.
fn set_rate(rate: f64) -> f64 {
    if rate.is_finite() { rate.clamp(1e-6, 1e6) } else { 1.0 }
}

/// Seconds of a column; none below zero.
fn time(row: &Row, column: usize) -> Duration {
    let seconds: f64 = row.get(column);
    SignedDuration::try_from_secs_f64(seconds.max(0.0)).ok().and_then(|time| time.try_into().ok()).unwrap_or_default()
}
