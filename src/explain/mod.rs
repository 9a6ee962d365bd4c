//! What every code means, an example of it, and the way out: the words of `arload explain`.
//!
//! Statuses, codes of outcomes, codes of findings, codes of errors and exit codes are one table here, made from the lists
//! that own them. The rule: a code that users can meet is explained, and no word means two things.

mod errors;
mod findings;
mod outcomes;

use serde::Serialize;

pub use self::errors::ErrorCode;
use crate::exit::ExitCode;
use crate::finding::{Code, Severity};
use crate::nearest::nearest;
use crate::outcome::Status;

/// What kind of code it is, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// What became of a row.
    Status,
    /// Why a row has its outcome.
    Outcome,
    /// What is wrong with a row or cell.
    Finding,
    /// What ended a command or left a sheet out.
    Error,
    /// What a command's end means to a script.
    Exit,
}

impl Group {
    /// Every group.
    pub const ALL: [Group; 5] = [Group::Status, Group::Outcome, Group::Finding, Group::Error, Group::Exit];

    /// A heading for its list.
    pub fn heading(self) -> &'static str {
        match self {
            Group::Status => "what became of a row (column status of the results)",
            Group::Outcome => "why it did (column code)",
            Group::Finding => "what is wrong with a row or cell (column code)",
            Group::Error => "what ends a command or leaves a sheet out",
            Group::Exit => "exit codes",
        }
    }
}

/// One code, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The code as users see it.
    pub code: String,
    /// What kind it is.
    pub group: Group,
    /// The weight of a finding, or the statuses that a code of an outcome comes with; blank for others.
    pub with: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Something that has it.
    pub example: &'static str,
    /// What to do.
    pub way_out: &'static str,
}

/// Every code, by group.
pub fn all() -> Vec<Explanation> {
    let mut all: Vec<Explanation> = Status::ALL.into_iter().map(of_status).collect();
    all.extend(outcomes::CODES.iter().map(|one| Explanation {
        code: one.code.to_owned(),
        group: Group::Outcome,
        with: one.statuses,
        meaning: one.meaning,
        example: one.example,
        way_out: one.way_out,
    }));
    all.extend(Code::ALL.iter().map(|code| of_finding(*code)));
    all.extend(ErrorCode::ALL.iter().map(|code| of_error(*code)));
    all.extend(ExitCode::ALL.iter().map(|code| of_exit(*code)));
    all
}

/// Finds a code as it is typed: in any case, and an exit code also as `exit-4` or `exit 4`.
pub fn find(typed: &str) -> Option<Explanation> {
    let wanted = wanted(typed);
    all().into_iter().find(|one| one.code == wanted)
}

/// The code that a mistyped one was probably meant to be.
pub fn meant(typed: &str) -> Option<String> {
    let all = all();
    nearest(&wanted(typed), all.iter().map(|one| one.code.as_str())).map(str::to_owned)
}

fn wanted(typed: &str) -> String {
    let lower = typed.trim().to_lowercase().replace(['_', ' '], "-");
    lower.strip_prefix("exit-code-").or_else(|| lower.strip_prefix("exit-")).unwrap_or(&lower).to_owned()
}

fn of_status(status: Status) -> Explanation {
    let (meaning, example, way_out) = outcomes::status(status);
    Explanation { code: status.as_str().to_owned(), group: Group::Status, with: "", meaning, example, way_out }
}

fn of_finding(code: Code) -> Explanation {
    let (example, way_out) = findings::advice(code);
    let with = match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let code_text = code.as_str().to_owned();
    Explanation { code: code_text, group: Group::Finding, with, meaning: code.explanation(), example, way_out }
}

fn of_error(code: ErrorCode) -> Explanation {
    let (meaning, example, way_out) = code.words();
    Explanation { code: code.as_str().to_owned(), group: Group::Error, with: "", meaning, example, way_out }
}

fn of_exit(code: ExitCode) -> Explanation {
    let (example, way_out) = match code {
        ExitCode::Success => ("a run whose rows are all accepted", "nothing"),
        ExitCode::NotAllAccepted => (
            "a run with one rejected row, or a sheet of several that could not be read",
            "look at the results for rejected and invalid rows, correct them, and run the sheet again",
        ),
        ExitCode::Usage => (
            "a misspelt flag, a missing company-id, a sheet with a password",
            "read the message and its hint; nothing was sent",
        ),
        ExitCode::StoppedEarly => (
            "Enkash did not answer, the quota of the day was used up, the disk is full",
            "run the same command again, or arload runs send ID",
        ),
        ExitCode::UnknownOutcomes => (
            "the connection broke after an upload had left, and the look-up failed too",
            "run arload runs reconcile ID, or the same command again; type nothing in by hand meanwhile",
        ),
        ExitCode::LoginRefused => {
            ("the password was changed", "correct the credentials, then run arload auth check, which tries them once")
        }
        ExitCode::Bug => ("the outcomes do not add up", "keep the ledger and what was printed, and report it"),
        ExitCode::Locked => ("two cron jobs overlap", "wait for the other to end, or pass --wait"),
        ExitCode::Interrupted => ("Ctrl-C, or the machine is shut down", "run the same command again"),
    };
    let number = code.code().to_string();
    Explanation { code: number, group: Group::Exit, with: "", meaning: code.meaning(), example, way_out }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_explained_once_and_with_all_three_parts() {
        let all = all();
        let codes: BTreeSet<&str> = all.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes.len(), all.len());
        for one in &all {
            for part in [one.meaning, one.example, one.way_out] {
                assert!(!part.trim().is_empty() && !part.contains('\n'), "{}", one.code);
            }
            assert!(Group::ALL.contains(&one.group));
        }
    }

    #[test]
    fn codes_are_found_as_people_type_them_and_mistyped_ones_are_guessed() {
        for (typed, code) in [
            ("amount-ambiguous", "amount-ambiguous"),
            (" AMOUNT_AMBIGUOUS ", "amount-ambiguous"),
            ("exit 4", "4"),
            ("exit-code-130", "130"),
            ("Not sent", "not-sent"),
            ("login-refused", "login-refused"),
        ] {
            assert_eq!(find(typed).map(|one| one.code).as_deref(), Some(code), "{typed}");
        }
        for (typed, meant_code) in
            [("amount-ambigous", Some("amount-ambiguous")), ("acepted", Some("accepted")), ("qqq", None)]
        {
            assert_eq!((find(typed), meant(typed).as_deref()), (None, meant_code), "{typed}");
        }
    }
}
