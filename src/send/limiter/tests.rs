//! The pace by a clock of its own: what leaves when, after pauses, cuts and stalls.

use super::*;
use crate::clock::{SystemClock, TestClock};
use crate::stop::StopReason;

fn limiter(rate: f64, burst: u32) -> (Arc<TestClock>, Limiter<'static>) {
    let clock = Arc::new(TestClock::default());
    (Arc::clone(&clock), Limiter::new(rate, burst, clock))
}

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// When requests leave while work is queued, with wake-ups that come late by up to `late`.
fn departures(clock: &TestClock, limiter: &Limiter<'_>, until: Duration, late: Duration) -> Vec<Duration> {
    let mut departures = Vec::new();
    let mut turn: u32 = 0;
    for _ in 0..4 {
        limiter.queue();
    }
    while clock.elapsed() < until {
        match limiter.leave() {
            Ok(()) => departures.push(clock.elapsed()),
            Err(delay) => {
                turn += 1;
                clock.advance(delay + late * (turn % 7) / 6);
            }
        }
    }
    limiter.state().waiting -= 4;
    departures
}

fn most_in_a_second(departures: &[Duration]) -> usize {
    let in_second = |start: &Duration| departures.iter().filter(|at| *at >= start && **at < *start + SECOND).count();
    departures.iter().map(in_second).max().unwrap_or(0)
}

#[test]
fn the_set_rate_is_used_and_never_exceeded_by_more_than_the_burst() {
    for (rate, burst, seconds, late) in [
        (5.0, 1, 100, ms(0)),
        (5.0, 1, 100, ms(4)),
        (5.0, 10, 100, ms(4)),
        (2.5, 1, 100, ms(4)),
        (50.0, 1, 30, ms(4)),
        (200.0, 4, 10, ms(2)),
        (1000.0, 1, 5, ms(2)),
        (300.0 / 3600.0, 1, 7200, ms(4)),
        (0.5, 3, 600, ms(0)),
    ] {
        let (clock, limiter) = limiter(rate, burst);
        let departures = departures(&clock, &limiter, Duration::from_secs(seconds), late);
        let share = departures.len() as f64 / (rate * seconds as f64);
        assert!(share >= 0.98, "{rate}/s burst {burst}: only {share} of the rate");
        let most = most_in_a_second(&departures);
        assert!(most <= rate.ceil() as usize + burst as usize, "{rate}/s burst {burst}: {most} in a second");
    }
}

#[test]
fn a_burst_leaves_at_once_after_idling_and_not_more() {
    let (clock, limiter) = limiter(5.0, 3);
    clock.advance(Duration::from_mins(1));
    limiter.queue();
    let at_once = (0..10).filter(|_| limiter.leave().is_ok()).count();
    assert_eq!(at_once, 3);
    assert_eq!(limiter.leave(), Err(ms(200)));
}

#[test]
fn several_threads_share_one_pace() {
    let clock = Arc::new(SystemClock::default());
    let limiter = Limiter::new(250.0, 1, clock.clone());
    let stop = Stop::default();
    let departures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while clock.elapsed() < ms(600) && limiter.wait(&stop).is_ok() {
                    departures.lock().unwrap().push(clock.elapsed());
                }
            });
        }
    });
    let departures = departures.into_inner().unwrap();
    // A loaded machine may be slow, never fast; how much of the rate is used is shown with the test clock.
    assert!((4..=155).contains(&departures.len()), "{}", departures.len());
    assert_eq!(limiter.state().waiting, 0);
}

#[test]
fn a_stall_is_not_made_up_for_by_a_volley() {
    let (clock, limiter) = limiter(5.0, 1);
    limiter.queue();
    assert_eq!(limiter.leave(), Ok(()));
    clock.advance(Duration::from_secs(30));
    assert_eq!(limiter.leave(), Ok(()));
    assert_eq!(limiter.leave(), Err(ms(180)));
}

#[test]
fn many_429s_of_requests_that_left_before_the_cut_count_once() {
    let (clock, limiter) = limiter(10.0, 1);
    departures(&clock, &limiter, Duration::from_secs(5), ms(0));
    let left_at = ms(4900);
    for _ in 0..4 {
        limiter.throttled(left_at, None);
    }
    let pace = limiter.pace();
    assert_eq!((pace.throttled, pace.cuts), (4, 1));
    assert!((pace.rate - 9.0).abs() < 0.01, "{pace:?}");

    clock.advance(ms(10));
    limiter.throttled(clock.elapsed(), None);
    assert_eq!(limiter.pace().cuts, 2);
}

#[test]
fn the_pace_falls_to_what_got_through_but_not_below_half() {
    let (clock, limiter) = limiter(10.0, 1);
    // Two left in the last second, far fewer than the rate.
    limiter.queue();
    limiter.leave().unwrap();
    clock.advance(ms(100));
    limiter.leave().unwrap();
    limiter.throttled(clock.elapsed(), None);
    assert!((limiter.current_rate() - 5.0).abs() < 1e-9);
}

#[test]
fn the_rate_recovers_by_two_percent_of_the_set_rate_a_second() {
    let (clock, limiter) = limiter(10.0, 1);
    limiter.throttled(clock.elapsed(), None);
    assert!((limiter.current_rate() - 5.0).abs() < 1e-9);
    for (seconds, expected) in [(1, 5.2), (9, 7.0), (10, 9.0), (10, 10.0), (100, 10.0)] {
        clock.advance(Duration::from_secs(seconds));
        let rate = limiter.current_rate();
        assert!((rate - expected).abs() < 1e-6, "{rate} instead of {expected}");
    }
}

#[test]
fn a_limit_far_below_the_set_rate_is_found_and_kept_to() {
    let (clock, limiter) = limiter(50.0, 1);
    // A server that refills ten a second into a bucket of two and asks for a whole second after each refusal.
    let (mut level, mut filled_at, mut accepted, mut refused) = (2.0_f64, Duration::ZERO, 0, 0);
    let stop = Stop::default();
    while accepted < 200 {
        limiter.wait(&stop).unwrap();
        let now = clock.elapsed();
        level = (level + now.saturating_sub(filled_at).as_secs_f64() * 10.0).min(2.0);
        filled_at = now;
        if level >= 1.0 {
            level -= 1.0;
            accepted += 1;
        } else {
            refused += 1;
            limiter.throttled(now, Some(Duration::from_secs(1)));
        }
    }
    // Twenty seconds is the least; a quarter more is what finding the limit may cost.
    assert!(clock.elapsed() < Duration::from_secs(25), "{:?}, {refused} refused", clock.elapsed());
}

#[test]
fn recovery_while_sending_keeps_to_the_growing_rate() {
    let (clock, limiter) = limiter(100.0, 1);
    limiter.throttled(clock.elapsed(), None);
    // From 50/s to 70/s in ten seconds: 600 requests.
    let count = departures(&clock, &limiter, Duration::from_secs(10), ms(1)).len();
    assert!((590..=601).contains(&count), "{count}");
}

#[test]
fn a_cut_slow_rate_wakes_up_to_its_recovery() {
    let (clock, limiter) = limiter(0.1, 1);
    limiter.queue();
    limiter.leave().unwrap();
    limiter.throttled(clock.elapsed(), None);
    assert_eq!(limiter.leave(), Err(LOOK_AGAIN));
    let stop = Stop::default();
    limiter.wait(&stop).unwrap();
    assert!(clock.elapsed() < Duration::from_secs(20), "{:?}", clock.elapsed());
}

#[test]
fn a_pause_holds_for_all_and_is_capped() {
    let (clock, limiter) = limiter(10.0, 1);
    assert!(limiter.throttled(ms(0), Some(Duration::from_secs(30))));
    assert_eq!(limiter.leave(), Err(Duration::from_secs(30)));
    // A shorter wait asked for later does not end a longer one.
    assert!(limiter.throttled(ms(0), Some(Duration::from_secs(1))));
    assert_eq!(limiter.paused_until(), Some(Duration::from_secs(30)));
    assert!(!limiter.throttled(ms(0), Some(Duration::MAX)));
    assert_eq!(limiter.paused_until(), Some(LONGEST_PAUSE));
    clock.advance(LONGEST_PAUSE);
    assert_eq!((limiter.paused_until(), limiter.leave()), (None, Ok(())));
    // Nothing recovered while nothing left.
    assert!((limiter.current_rate() - 5.0).abs() < 1e-9);
}

#[test]
fn no_burst_follows_a_pause() {
    let (clock, limiter) = limiter(10.0, 8);
    departures(&clock, &limiter, Duration::from_secs(5), ms(0));
    limiter.throttled(clock.elapsed(), Some(Duration::from_secs(30)));
    clock.advance(Duration::from_secs(30));
    assert_eq!((0..8).filter(|_| limiter.leave().is_ok()).count(), 1);
}

#[test]
fn rate_headers_pause_only_when_nothing_is_left() {
    for (remaining, reset, expected) in
        [(0, Some(12), Some(12)), (0, Some(3600), Some(60)), (0, None, None), (1, Some(12), None)]
    {
        let (_clock, limiter) = limiter(10.0, 1);
        limiter.hint(RateLeft { remaining, reset: reset.map(Duration::from_secs) });
        assert_eq!(limiter.paused_until(), expected.map(Duration::from_secs), "{remaining} {reset:?}");
    }
}

#[test]
fn a_stop_ends_the_wait() {
    let (_clock, limiter) = limiter(1.0, 1);
    let stop = Stop::default();
    limiter.wait(&stop).unwrap();
    stop.ask(StopReason::Interrupted);
    assert!(matches!(limiter.wait(&stop), Err(NoTurn::Stopped)));
}

#[test]
fn endless_cuts_leave_a_pace() {
    let (clock, limiter) = limiter(1.0, 1);
    for _ in 0..1000 {
        clock.advance(ms(1));
        limiter.throttled(clock.elapsed(), None);
    }
    assert!(limiter.current_rate() >= LEAST_SHARE);
}

#[test]
fn requests_that_a_stall_held_up_together_depart_one_by_one() {
    for (rate, burst, held_up, at_once) in [(50.0, 1, 10, 3), (50.0, 4, 10, 6), (5.0, 1, 4, 1), (1_000.0, 1, 100, 41)] {
        let (clock, limiter) = limiter(rate, burst);
        clock.advance(Duration::from_mins(1));
        let stalled = clock.elapsed();
        let departed: Vec<Duration> = (0..held_up)
            .map(|_| {
                limiter.depart().unwrap();
                clock.elapsed().checked_sub(stalled).unwrap()
            })
            .collect();
        assert_eq!(departed.iter().filter(|at| at.is_zero()).count(), at_once, "{rate}/s burst {burst}: {departed:?}");
        let interval = Duration::from_secs_f64(1.0 / rate);
        let even = departed.windows(2).skip(at_once).all(|pair| pair[1] + ms(1) >= pair[0] + interval);
        assert!(even, "{rate}/s burst {burst}: {departed:?}");
        assert_eq!(limiter.state().held_up, 0);
    }
}

#[test]
fn no_turns_are_given_out_while_requests_crowd_at_the_departure() {
    let (clock, limiter) = limiter(50.0, 1);
    clock.advance(Duration::from_mins(1));
    (0..3).for_each(|_| limiter.depart().unwrap());
    limiter.queue();
    assert_eq!(limiter.leave(), Ok(()));
    clock.advance(ms(20));
    limiter.state().held_up = 5;
    assert_eq!(limiter.leave(), Err(ms(100)));
    limiter.state().held_up = 0;
    assert_eq!(limiter.leave(), Ok(()));
}

#[test]
fn an_even_pace_departs_without_waiting() {
    let (clock, limiter) = limiter(50.0, 1);
    let stop = Stop::default();
    for turn in 0..500_u64 {
        limiter.turn(&stop).unwrap();
        // Recording takes as long as it takes, more or less.
        clock.advance(ms(turn % 5));
        let recorded = clock.elapsed();
        limiter.depart().unwrap();
        assert_eq!(clock.elapsed(), recorded, "turn {turn}");
    }
    assert!(clock.elapsed() < ms(500 * 20 + 20), "{:?}", clock.elapsed());
}

#[test]
fn a_cut_holds_up_no_request_that_is_recorded() {
    let (clock, limiter) = limiter(50.0, 1);
    let stop = Stop::default();
    for _ in 0..12 {
        limiter.turn(&stop).unwrap();
        limiter.depart().unwrap();
        clock.advance(ms(1));
        limiter.throttled(clock.elapsed(), None);
    }
    assert!(limiter.current_rate() < 10.0, "{:?}", limiter.pace());
    let before = clock.elapsed();
    (0..5).for_each(|_| limiter.depart().unwrap());
    let waited = clock.elapsed().checked_sub(before).unwrap();
    assert!(waited <= ms(100), "{waited:?}");
}

#[test]
fn the_measured_pace_is_that_of_the_last_seconds_and_not_above_the_rate() {
    let (clock, limiter) = limiter(4.0, 1);
    assert!(limiter.pace().measured.abs() < 0.01);
    departures(&clock, &limiter, ms(10_000), ms(0));
    let measured = limiter.pace().measured;
    assert!((3.5..=4.01).contains(&measured), "{measured}");
    clock.advance(ms(4_000));
    assert!(limiter.pace().measured.abs() < 0.01);
    assert!((limiter.pace().set_rate - 4.0).abs() < 0.01);
}
