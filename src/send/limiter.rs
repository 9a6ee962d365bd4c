//! The pace of one account: when the next request may leave, for all senders together.
//!
//! Owns the rate, the pauses that the server asks for, the cut after a 429 and the recovery from it. Leaves what to
//! do with an answer to [`super::retry`]. The one rule: in no second do more requests leave than the set rate and the
//! burst allow, however many threads wait and however late they wake.
//!
//! Between its turn and its departure a request is recorded, and a disk that stalls holds up many at once. So each passes
//! twice: [`Limiter::turn`] gives out turns at the pace, [`Limiter::depart`] keeps those apart that were held up together.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::common::{Common, NoTurn};
use crate::api::RateLeft;
use crate::clock::Clock;
use crate::ledger::LedgerError;
use crate::stop::Stop;

/// The longest single wait that a server may ask for unless configured: a quarter of an hour.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// Limit: rate headers pause for a minute at most; they are a hint, not an order.
const LONGEST_HINT: Duration = Duration::from_mins(1);

/// Limit: how late a waiting thread may wake without its slot being lost; timers are seldom later.
const LATENESS: Duration = Duration::from_millis(20);

/// Limit: how far requests that were held up may leave ahead of an even pace; twice what a waking thread may be late, and
/// less than servers that count in short windows bear.
const AHEAD: Duration = Duration::from_millis(40);

/// Limit: while the rate recovers, a waiting thread looks again this often.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Limit: the rate is raised in steps no shorter than this.
const RECOVERY_STEP: Duration = Duration::from_millis(50);

/// Share of the set rate by which the rate recovers in a second.
const RECOVERY: f64 = 0.02;

/// A cut within this time of another shows a limit of the server below the set rate.
const REPEATED: Duration = Duration::from_mins(1);

/// After a repeated cut the rate stays for this long: at a limit far below the set rate, recovering at once would cost a
/// pause every other second.
const HOLD: Duration = Duration::from_secs(20);

/// A repeated cut takes at least this share, because what got through counts the server's burst too.
const REPEATED_CUT: f64 = 0.1;

/// Limit: what got through in less time than this says nothing about the server's limit.
const LEAST_WINDOW: Duration = Duration::from_millis(500);

/// Limit: cuts stop at this share of the set rate, so that a pace never dies.
const LEAST_SHARE: f64 = 1.0 / 256.0;

/// Limit: departures remembered; enough for the last seconds at any pace a sender can reach.
const MOST_DEPARTURES: usize = 20_000;

/// How far back departures are remembered, so that a slow 429 still finds the second before it.
const MEMORY: Duration = Duration::from_secs(3);

const SECOND: Duration = Duration::from_secs(1);

/// Lets requests leave at a pace; shared by all senders of an account.
pub struct Limiter<'l> {
    clock: Arc<dyn Clock>,
    set_rate: f64,
    burst: NonZeroU32,
    longest_pause: Duration,
    state: Mutex<State>,
    /// What others who send for the account have a part in.
    common: Option<Common<'l>>,
}

/// Figures of the limiter for events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Requests a second at present.
    pub rate: f64,
    /// Requests a second that are set.
    pub set_rate: f64,
    /// Requests a second that left in the last seconds.
    pub measured: f64,
    /// End of the pause that holds, on the clock's `elapsed`.
    pub paused_until: Option<Duration>,
    /// Answers of 429 so far.
    pub throttled: u64,
    /// Cuts of the rate so far; several 429s can be one cut.
    pub cuts: u64,
}

/// The governor of one rate, and the instant it is asked about.
type Governor = RateLimiter<NotKeyed, InMemoryState, Instant, NoOpMiddleware<Duration>>;

#[derive(Debug)]
struct State {
    governor: Governor,
    instant: Instant,
    rate: f64,
    /// The slot of the last request, from which a rebuilt governor goes on.
    last_slot: Option<Duration>,
    paused_until: Duration,
    cut_at: Option<Duration>,
    recovered_until: Duration,
    /// End of the last pause, or the start: requests have flowed since.
    flowing_since: Duration,
    /// Until then the rate does not recover.
    held_until: Duration,
    /// Since when at least one thread has been waiting.
    queued_since: Duration,
    waiting: usize,
    departures: VecDeque<Departure>,
    /// When the next request would depart, had all departed at an even pace.
    even_at: Duration,
    /// Requests that are recorded and wait to depart.
    held_up: u32,
    throttled: u64,
    cuts: u64,
}

#[derive(Debug, Clone, Copy)]
struct Departure {
    at: Duration,
    throttled: bool,
}

/// A clock that shows what it was set to: a governor then tells of slots other than now.
#[derive(Debug, Clone, Default)]
struct Instant(Arc<AtomicU64>);

impl Instant {
    fn set(&self, time: Duration) {
        self.0.store(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2), Ordering::Relaxed);
    }
}

impl GovernorClock for Instant {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

impl<'l> Limiter<'l> {
    /// A limiter of `rate` requests a second, of which `burst` may leave at once after idling.
    pub fn new(rate: f64, burst: u32, clock: Arc<dyn Clock>) -> Self {
        // A rate of zero or nonsense would wait for ever; settings refuse it before it comes here.
        let set_rate = if rate.is_finite() { rate.clamp(1e-6, 1e6) } else { 1.0 };
        let now = clock.elapsed();
        let instant = Instant::default();
        instant.set(now);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let state = State {
            governor: governor(set_rate, burst, &instant),
            instant,
            rate: set_rate,
            last_slot: None,
            paused_until: Duration::ZERO,
            cut_at: None,
            recovered_until: now,
            flowing_since: now,
            held_until: Duration::ZERO,
            queued_since: now,
            waiting: 0,
            departures: VecDeque::new(),
            even_at: Duration::ZERO,
            held_up: 0,
            throttled: 0,
            cuts: 0,
        };
        Self { clock, set_rate, burst, longest_pause: LONGEST_PAUSE, state: Mutex::new(state), common: None }
    }

    /// The same with another limit for the waits that a server asks for.
    #[must_use]
    pub fn with_longest_pause(mut self, longest_pause: Duration) -> Self {
        self.longest_pause = longest_pause;
        self
    }

    /// The same at a pace that others have a part in.
    #[must_use]
    pub fn with_common(mut self, common: Option<Common<'l>>) -> Self {
        self.common = common;
        self
    }

    /// Whether a turn counts against the day's quota by itself.
    pub fn counts(&self) -> bool {
        self.common.is_some()
    }

    /// Waits until one request may leave at once.
    pub fn wait(&self, stop: &Stop) -> Result<(), NoTurn> {
        self.turn(stop)?;
        Ok(self.depart()?)
    }

    /// Waits until another limiter of this account may begin, so that its first request keeps its distance from the last of
    /// this one; false if somebody asked to stop first. A common pace keeps it by itself.
    pub fn keep_distance(&self, stop: &Stop) -> bool {
        if self.common.is_some() {
            return !stop.asked();
        }
        let leaves = self.own_turn(stop);
        if leaves {
            self.own_depart();
        }
        leaves
    }

    /// Waits for the turn of one request that is to be recorded and then to [`depart`](Limiter::depart).
    pub fn turn(&self, stop: &Stop) -> Result<(), NoTurn> {
        if !self.own_turn(stop) {
            return Err(NoTurn::Stopped);
        }
        self.common.as_ref().map_or(Ok(()), |common| common.turn(self.clock.as_ref(), stop))
    }

    /// Lets a request depart that had its turn: at once, but where others were held up with it, in their order of coming
    /// here and no faster than the pace.
    pub fn depart(&self) -> Result<(), LedgerError> {
        self.own_depart();
        self.common.as_ref().map_or(Ok(()), |common| common.depart(self.clock.as_ref()))
    }

    /// Whether a turn of this process came before somebody asked to stop.
    fn own_turn(&self, stop: &Stop) -> bool {
        self.queue();
        let leaves = loop {
            if stop.asked() {
                break false;
            }
            match self.leave() {
                Ok(()) => break true,
                Err(delay) => self.clock.wait(delay, stop),
            };
        };
        self.state().waiting -= 1;
        leaves
    }

    fn own_depart(&self) {
        let mut waits = false;
        loop {
            let mut state = self.state();
            let now = self.clock.elapsed();
            let interval = self.interval();
            let earliest = state.even_at.saturating_sub(self.ahead(interval));
            let Some(delay) = time_until(earliest, now) else {
                state.even_at = state.even_at.max(now) + interval;
                state.held_up -= u32::from(waits);
                return;
            };
            state.held_up += u32::from(!waits);
            waits = true;
            drop(state);
            self.clock.sleep(delay);
        }
    }

    /// Time between departures at the set rate: what a cut takes off the rate, turns alone keep to, or requests that were
    /// recorded before it would wait as long as it lasts.
    fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.set_rate)
    }

    /// How far departures may run ahead of an even pace.
    fn ahead(&self, interval: Duration) -> Duration {
        AHEAD.saturating_add(interval.saturating_mul(self.burst.get() - 1))
    }

    /// Learns of a 429 or of a 503 that names a time: pauses all senders as asked, and, for a request that left after
    /// the last cut, cuts the rate. False if the wait asked for is longer than the longest pause, which then holds.
    pub fn throttled(&self, left_at: Duration, retry_after: Option<Duration>) -> bool {
        let now = self.clock.elapsed();
        let asked = retry_after.unwrap_or(Duration::ZERO);
        if let Some(common) = &self.common {
            common.throttled(now.saturating_sub(left_at), asked.min(self.longest_pause));
        }
        let mut state = self.state();
        state.throttled += 1;
        state.paused_until = state.paused_until.max(now.saturating_add(asked.min(self.longest_pause)));
        state.mark_throttled(left_at);
        let mut rate = state.rate;
        if state.cut_at.is_none_or(|cut_at| left_at > cut_at) {
            let through = state.through(left_at) as f64;
            let measured = left_at.saturating_sub(state.flowing_since) >= LEAST_WINDOW;
            let repeated = state.cut_at.is_some_and(|cut_at| now.saturating_sub(cut_at) < REPEATED);
            let most = if measured && repeated { rate * (1.0 - REPEATED_CUT) } else { rate };
            if measured && repeated {
                state.held_until = state.paused_until.max(now) + HOLD;
            }
            rate = through.clamp(rate / 2.0, most).max(self.set_rate * LEAST_SHARE);
            state.cut_at = Some(now);
            state.cuts += 1;
        }
        // The first request leaves when the pause ends, and no burst with it.
        let before_the_end = state.paused_until.saturating_sub(Duration::from_secs_f64(1.0 / rate));
        state.last_slot = Some(state.last_slot.unwrap_or_default().max(before_the_end));
        self.change_rate(&mut state, rate, now);
        state.flowing_since = state.paused_until.max(now);
        // Nothing is learned while nothing leaves, so recovery begins after the pause.
        state.recovered_until = state.recovered_until.max(now).max(state.paused_until);
        asked <= self.longest_pause
    }

    /// Learns what rate headers say: with nothing left, all senders pause until the reset, for a minute at most.
    pub fn hint(&self, left: RateLeft) {
        if let (0, Some(reset)) = (left.remaining, left.reset) {
            let until = self.clock.elapsed() + reset.min(LONGEST_HINT);
            let mut state = self.state();
            state.paused_until = state.paused_until.max(until);
        }
    }

    /// Requests a second at present: the set rate, or less while it recovers from a cut.
    pub fn current_rate(&self) -> f64 {
        self.pace().rate
    }

    /// End of the pause that holds, on the clock's `elapsed`.
    pub fn paused_until(&self) -> Option<Duration> {
        self.pace().paused_until
    }

    /// All figures at once.
    pub fn pace(&self) -> Pace {
        let now = self.clock.elapsed();
        let mut state = self.state();
        self.recover(&mut state, now);
        // Requests after the first of the last seconds, in the time since it: the first one stands for the time before.
        let first = state.departures.partition_point(|departure| departure.at + MEMORY <= now);
        let since = state.departures.get(first).map_or(MEMORY, |departure| now.saturating_sub(departure.at));
        let recent = (state.departures.len() - first).saturating_sub(1);
        Pace {
            rate: state.rate,
            set_rate: self.set_rate,
            measured: recent as f64 / since.as_secs_f64().max(1.0),
            paused_until: Some(state.paused_until).filter(|&until| until > now),
            throttled: state.throttled,
            cuts: state.cuts,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    fn queue(&self) {
        let now = self.clock.elapsed();
        let mut state = self.state();
        if state.waiting == 0 {
            state.queued_since = now;
        }
        state.waiting += 1;
    }

    /// One request leaves now, or the time after which to try again.
    fn leave(&self) -> Result<(), Duration> {
        let mut state = self.state();
        let now = self.clock.elapsed();
        if let Some(delay) = time_until(state.paused_until, now) {
            return Err(delay);
        }
        self.recover(&mut state, now);
        if let Some(delay) = self.full_second(&state, now).or_else(|| self.crowd(&state, now)) {
            return Err(delay);
        }
        // A thread that wakes a little late takes its slot as if it were on time, or every wake-up would slow the
        // pace; but only if something was waiting then.
        let earliest = now.saturating_sub(LATENESS).max(state.queued_since).max(state.paused_until).min(now);
        let slot = state
            .take_slot(earliest, now)
            .map_err(|delay| if state.rate < self.set_rate { delay.min(LOOK_AGAIN) } else { delay })?;
        state.last_slot = Some(slot);
        state.depart(now);
        Ok(())
    }

    /// The time to wait where the last second already holds all that the set rate and the burst allow.
    fn full_second(&self, state: &State, now: Duration) -> Option<Duration> {
        let most = self.set_rate.floor().max(1.0) as usize + self.burst.get() as usize;
        if most >= MOST_DEPARTURES {
            return None;
        }
        let oldest = state.departures.len().checked_sub(most)?;
        let again_at = state.departures.get(oldest)?.at + SECOND;
        time_until(again_at, now)
    }

    /// The time to wait where requests that had their turn crowd at the departure.
    fn crowd(&self, state: &State, now: Duration) -> Option<Duration> {
        let interval = self.interval();
        let last_at = state.even_at + interval.saturating_mul(state.held_up);
        time_until(last_at.saturating_sub(self.ahead(interval)), now).filter(|_| state.held_up > 0)
    }

    fn recover(&self, state: &mut State, now: Duration) {
        let Some(time) = now.checked_sub(state.recovered_until) else { return };
        if state.rate >= self.set_rate || now < state.held_until {
            state.recovered_until = now;
        } else if time >= RECOVERY_STEP {
            state.recovered_until = now;
            let rate = (state.rate + self.set_rate * RECOVERY * time.as_secs_f64()).min(self.set_rate);
            self.change_rate(state, rate, now);
        }
    }

    /// A governor's quota is fixed, so another takes its place, its burst spent at the last slot.
    fn change_rate(&self, state: &mut State, rate: f64, now: Duration) {
        state.rate = rate;
        state.instant.set(state.last_slot.unwrap_or(now));
        state.governor = governor(rate, self.burst, &state.instant);
        // The quota's own burst always fits into it.
        let _ = state.governor.check_n(self.burst);
    }
}

impl std::fmt::Debug for Limiter<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Limiter")
            .field("set_rate", &self.set_rate)
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

fn time_until(then: Duration, now: Duration) -> Option<Duration> {
    then.checked_sub(now).filter(|delay| !delay.is_zero())
}

fn governor(rate: f64, burst: NonZeroU32, instant: &Instant) -> Governor {
    let quota = Quota::with_period(Duration::from_secs_f64(1.0 / rate)).expect("rates lie between 1e-9 and 1e6");
    RateLimiter::direct_with_clock(quota.allow_burst(burst), instant.clone())
}

impl State {
    /// The first slot from `earliest` on if it is not after `now`, else the time until it.
    fn take_slot(&mut self, earliest: Duration, now: Duration) -> Result<Duration, Duration> {
        self.instant.set(earliest);
        let Err(not_until) = self.governor.check() else { return Ok(earliest) };
        let slot = not_until.earliest_possible();
        if let Some(delay) = time_until(slot, now) {
            return Err(delay);
        }
        self.instant.set(slot);
        match self.governor.check() {
            Ok(()) => Ok(slot),
            Err(not_until) => Err(not_until.wait_time_from(now).max(Duration::from_nanos(1))),
        }
    }

    fn depart(&mut self, at: Duration) {
        while self.departures.len() >= MOST_DEPARTURES
            || self.departures.front().is_some_and(|departure| departure.at + MEMORY < at)
        {
            self.departures.pop_front();
        }
        self.departures.push_back(Departure { at, throttled: false });
    }

    /// A request is known by when it left; the sender's stamp is a little later than ours.
    fn mark_throttled(&mut self, left_at: Duration) {
        let end = self.departures.partition_point(|departure| departure.at <= left_at);
        let mut earlier = self.departures.range_mut(..end).rev();
        if let Some(departure) = earlier.find(|departure| !departure.throttled) {
            departure.throttled = true;
        }
    }

    /// Requests of the second before that were not throttled.
    fn through(&self, left_at: Duration) -> usize {
        let recent =
            |departure: &&Departure| !departure.throttled && departure.at <= left_at && departure.at + SECOND > left_at;
        self.departures.iter().filter(recent).count()
    }
}

#[cfg(test)]
mod tests;
