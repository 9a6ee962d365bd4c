//! Exit codes: what the program's end means to the script that started it.
//!
//! Owns the one list of codes, their meaning in words and which of several reasons counts. The rule: unknown money must
//! not hide, so [`ExitCode::worst`] follows the order that the design promises, never the numeric one.

/// How the program ended. The numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Every row is accepted, already was, was not meant to be sent or is tolerated; a dry run was clean.
    Success = 0,
    /// The run finished and some rows are not accepted or not read, or a gate such as `--strict` stopped it.
    NotAllAccepted = 1,
    /// The command, the settings or every sheet was unusable; nothing was sent.
    Usage = 2,
    /// The run stopped early and can be resumed.
    StoppedEarly = 3,
    /// Some rows were sent and no answer can be had.
    UnknownOutcomes = 4,
    /// The log-in was refused; the same credentials are not tried again.
    LoginRefused = 5,
    /// A bug in arload.
    Bug = 70,
    /// Another run of the same account holds the lock.
    Locked = 75,
    /// Ctrl-C or SIGTERM; the run can be resumed.
    Interrupted = 130,
}

impl ExitCode {
    /// Every code, by number.
    pub const ALL: &'static [ExitCode] = &[
        ExitCode::Success,
        ExitCode::NotAllAccepted,
        ExitCode::Usage,
        ExitCode::StoppedEarly,
        ExitCode::UnknownOutcomes,
        ExitCode::LoginRefused,
        ExitCode::Bug,
        ExitCode::Locked,
        ExitCode::Interrupted,
    ];

    /// From the reason that counts most to the one that counts least. The first six are the design's; the last three
    /// occur alone, because nothing was sent.
    const PRECEDENCE: &'static [ExitCode] = &[
        ExitCode::Bug,
        ExitCode::UnknownOutcomes,
        ExitCode::LoginRefused,
        ExitCode::Interrupted,
        ExitCode::StoppedEarly,
        ExitCode::NotAllAccepted,
        ExitCode::Locked,
        ExitCode::Usage,
        ExitCode::Success,
    ];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What the code means, as the README and the help pages say it.
    pub fn meaning(self) -> &'static str {
        match self {
            ExitCode::Success => {
                "every row accepted (or already so, or excluded, or below --tolerate, or dry run clean)"
            }
            ExitCode::NotAllAccepted => "some rows not accepted or not read, or stopped by --strict, --max-invalid",
            ExitCode::Usage => "usage, settings, or no sheet could be read; nothing sent",
            ExitCode::StoppedEarly => "stopped early, can be resumed",
            ExitCode::UnknownOutcomes => "finished or stopped with unknown outcomes",
            ExitCode::LoginRefused => "refused log-in; no further log-in will be tried",
            ExitCode::Bug => "bug in arload",
            ExitCode::Locked => "another run holds the lock",
            ExitCode::Interrupted => "interrupted, can be resumed",
        }
    }

    /// Which of several reasons counts; [`ExitCode::Success`] where there is none.
    pub fn worst(reasons: impl IntoIterator<Item = ExitCode>) -> ExitCode {
        reasons.into_iter().min_by_key(|reason| reason.rank()).unwrap_or(ExitCode::Success)
    }

    fn rank(self) -> usize {
        Self::PRECEDENCE.iter().position(|other| *other == self).expect("PRECEDENCE holds every code")
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_unique_and_those_of_the_design() {
        let numbers: Vec<u8> = ExitCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 70, 75, 130]);
        for code in ExitCode::ALL {
            assert!(code.rank() < ExitCode::PRECEDENCE.len());
            assert!(!code.meaning().is_empty());
        }
        assert_eq!(ExitCode::PRECEDENCE.len(), ExitCode::ALL.len());
    }

    #[test]
    fn with_several_reasons_the_documented_order_decides() {
        use ExitCode::{Bug, Interrupted, LoginRefused, NotAllAccepted, StoppedEarly, Success, UnknownOutcomes, Usage};
        for (reasons, worst) in [
            (vec![], Success),
            (vec![Success, NotAllAccepted], NotAllAccepted),
            (vec![NotAllAccepted, Usage], NotAllAccepted),
            (vec![NotAllAccepted, StoppedEarly], StoppedEarly),
            (vec![StoppedEarly, Interrupted], Interrupted),
            (vec![Interrupted, LoginRefused], LoginRefused),
            (vec![LoginRefused, UnknownOutcomes, Interrupted], UnknownOutcomes),
            (vec![UnknownOutcomes, Bug], Bug),
        ] {
            assert_eq!(ExitCode::worst(reasons.clone()), worst, "{reasons:?}");
        }
    }
}
