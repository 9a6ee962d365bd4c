//! What the ending of a run, or of its attempt, means for the file: pure.
//!
//! The rule: a file leaves the working folder only when time alone cannot help it.

use jiff::tz::TimeZone;

use crate::exit::ExitCode;
use crate::ledger::RunState;
use crate::stop::StopReason;

/// Limit: tries of a file whose rows stay unknown, or whose run stops for a reason of its own.
const TRIES: u32 = 6;

/// What happens to a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Its run is finished: into the folder of the day, in the zone of its profile.
    Done(TimeZone),
    /// A person has to look at it: into the folder of what failed.
    Failed,
    /// It is planned, and a person has to say yes: it stays where it is.
    Waiting,
    /// It is tried again after a while.
    Later {
        /// Whether the other files of the profile wait too.
        holds: bool,
        /// How often at most; none for as often as it takes.
        tries: Option<u32>,
    },
    /// Somebody asked to stop.
    Stopped,
}

impl Verdict {
    /// Tried again for as long as it takes; the profile waits.
    pub const HOLD: Verdict = Verdict::Later { holds: true, tries: None };
    /// Tried again a few times; others go on.
    pub const AGAIN: Verdict = Verdict::Later { holds: false, tries: Some(TRIES) };
}

/// What became of a file that was loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What happens to it.
    pub verdict: Verdict,
    /// What a command on this file alone would have ended with.
    pub exit: ExitCode,
    /// Why, in a line for the log.
    pub reason: String,
    /// The text to be put beside it; none where nothing needs to be said.
    pub note: Option<String>,
}

/// How a run stands that came to its end in this process.
#[derive(Debug, Clone)]
pub struct Ending {
    /// What a command would have ended with.
    pub exit: ExitCode,
    /// Why it stopped before its end, if it did.
    pub stopped: Option<StopReason>,
    /// Where the ledger says it stands.
    pub state: RunState,
    /// Whether it was only to be planned.
    pub plan_only: bool,
    /// Decides the day.
    pub zone: TimeZone,
}

/// What a run's ending means for its file.
pub fn of_run(ending: Ending) -> Verdict {
    match (ending.state, ending.exit) {
        // Its results could not be written; what was sent is known.
        (RunState::Finished, ExitCode::StoppedEarly) => Verdict::HOLD,
        // Unknown money must not hide among what is done.
        (RunState::Finished, ExitCode::UnknownOutcomes | ExitCode::Bug)
        | (RunState::Closed | RunState::Superseded, _) => Verdict::Failed,
        (RunState::Finished, _) => Verdict::Done(ending.zone),
        (RunState::Open, _) if ending.plan_only => Verdict::Waiting,
        (RunState::Open, _) => ending.stopped.map_or(Verdict::AGAIN, of_stop),
    }
}

/// What a reason to stop means for the file.
pub fn of_stop(reason: StopReason) -> Verdict {
    match reason {
        StopReason::Interrupted => Verdict::Stopped,
        // These pass by themselves, or when somebody mends the account or the disk.
        StopReason::LoginRefused
        | StopReason::Outage
        | StopReason::Quota
        | StopReason::Ledger
        | StopReason::RefusalBudget => Verdict::HOLD,
        // These do not: the account may not do it, or the first rows do not stand there as they were sent.
        StopReason::Refused | StopReason::Canary => Verdict::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_leaves_only_when_time_cannot_help_it() {
        use ExitCode::{NotAllAccepted, StoppedEarly, Success, UnknownOutcomes};
        use RunState::{Closed, Finished, Open, Superseded};
        let done = || Verdict::Done(TimeZone::UTC);
        for (state, exit, stopped, plan_only, expected) in [
            (Finished, Success, None, false, done()),
            (Finished, NotAllAccepted, None, false, done()),
            // A wish to stop that came when all was done stopped nothing.
            (Finished, Success, Some(StopReason::Interrupted), false, done()),
            (Finished, StoppedEarly, None, false, Verdict::HOLD),
            (Finished, UnknownOutcomes, None, false, Verdict::Failed),
            (Closed, NotAllAccepted, None, false, Verdict::Failed),
            (Superseded, NotAllAccepted, None, false, Verdict::Failed),
            (Open, Success, None, true, Verdict::Waiting),
            (Open, StoppedEarly, Some(StopReason::Outage), false, Verdict::HOLD),
            (Open, StoppedEarly, Some(StopReason::Quota), false, Verdict::HOLD),
            (Open, StoppedEarly, Some(StopReason::Canary), false, Verdict::Failed),
            (Open, StoppedEarly, Some(StopReason::Refused), false, Verdict::Failed),
            (Open, ExitCode::LoginRefused, Some(StopReason::LoginRefused), false, Verdict::HOLD),
            (Open, ExitCode::Interrupted, Some(StopReason::Interrupted), false, Verdict::Stopped),
            (Open, UnknownOutcomes, None, false, Verdict::AGAIN),
            (Open, UnknownOutcomes, Some(StopReason::Interrupted), false, Verdict::Stopped),
        ] {
            let ending = Ending { exit, stopped, state, plan_only, zone: TimeZone::UTC };
            assert_eq!(of_run(ending.clone()), expected, "{ending:?}");
        }
    }
}
