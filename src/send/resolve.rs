//! What a look-up makes of a chunk: an outcome for each line that was found, and the lines that go on in another chunk.
//!
//! Pure. Leaves the asking and recording to [`super::settling`], and when nothing found means missing to
//! [`super::evidence`]. The one rule: what was accepted, rejected or moved before is left alone.

use jiff::Timestamp;

use super::evidence::Missing;
use super::lookup::Seen;
use crate::ledger::{ChunkState, Moved};
use crate::outcome::{RowOutcome, Status, code};

/// Stands between what was known of a line and what a look-up added.
const LOOKED_UP: &str = "; looked up: ";

/// What is known of a chunk's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// One for each line.
    pub(super) outcomes: Vec<RowOutcome>,
    /// Where lines went on.
    pub(super) moved: Vec<Option<Moved>>,
}

impl Known {
    /// Lines of which nobody knows what became of them here.
    pub(super) fn open(&self) -> Vec<usize> {
        let is_open = |index: &usize| {
            self.outcomes[*index].status == Status::Unknown && self.moved.get(*index).is_none_or(Option::is_none)
        };
        (0..self.outcomes.len()).filter(is_open).collect()
    }

    /// Whether the file was refused as a whole and no line of it was found: all of it can be sent in smaller files.
    pub(super) fn refused_whole(&self) -> bool {
        let open = self.open();
        !open.is_empty()
            && open.iter().all(|&index| self.outcomes[index].code == code::CHUNK_REFUSED)
            && self.outcomes.iter().all(|outcome| outcome.status != Status::Accepted)
    }

    /// Where the chunk stands, given what is known.
    pub(super) fn state(&self) -> ChunkState {
        if !self.open().is_empty() {
            ChunkState::Unknown
        } else if self.moved.iter().any(Option::is_some) {
            ChunkState::Split
        } else {
            ChunkState::Settled
        }
    }
}

/// What a look-up says of a chunk.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Looked {
    /// Lines found, by their places.
    pub(super) found_at: Vec<usize>,
    /// How many they are.
    pub(super) found: u64,
    /// Lines whose key stands there with other content.
    pub(super) other: u64,
    /// Lines that stay unknown for another reason, with the first reason.
    pub(super) stays: u64,
    /// That reason.
    pub(super) reason: String,
    /// Lines that the API refused and that are not there.
    pub(super) refused: u64,
    /// Lines proved missing.
    pub(super) again: Vec<usize>,
    /// When to look again for lines not found.
    pub(super) wait: Option<Timestamp>,
    /// What a person should know, a sentence each.
    pub(super) warnings: Vec<String>,
    /// Whether an outcome changed.
    pub(super) changed: bool,
}

impl Looked {
    /// What was found, for a person who asks later; `chunks` are those that lines go on in.
    pub(super) fn words(&self, chunks: &str) -> String {
        let mut words = vec![format!("looked up: {} found", self.found)];
        if !self.again.is_empty() {
            words.push(format!("{} missing and sent again in chunk {chunks}", self.again.len()));
        }
        if self.other > 0 {
            words.push(format!("{} with other content", self.other));
        }
        if self.refused > 0 {
            words.push(format!("{} refused and not there", self.refused));
        }
        if self.stays > 0 {
            words.push(format!("{} unknown: {}", self.stays, self.reason));
        }
        words.join(", ")
    }
}

/// Writes what was seen of the open lines into what is known.
pub(super) fn look(
    known: &mut Known,
    chunk: u32,
    seen: Vec<(usize, Seen)>,
    decide: impl Fn(usize, &str) -> Missing,
) -> Looked {
    let mut looked = Looked::default();
    for (index, seen) in seen {
        let outcome = &mut known.outcomes[index];
        let before = outcome.clone();
        match seen {
            Seen::Ours { remote_id } => {
                looked.found += 1;
                looked.found_at.push(index);
                *outcome = RowOutcome { message: "found by look-up".to_owned(), ..RowOutcome::accepted(remote_id) };
            }
            Seen::Several { remote_ids } => {
                looked.found += 1;
                looked.found_at.push(index);
                let ids = remote_ids.join(", ");
                looked.warnings.push(format!("line {} of chunk {chunk} is stored several times: {ids}", index + 1));
                let message = format!("found by look-up, stored several times: {ids}; delete the surplus at Enkash");
                *outcome = RowOutcome { message, ..RowOutcome::accepted(remote_ids.into_iter().next()) };
            }
            Seen::Other { remote_id, differences } => {
                looked.other += 1;
                let message = format!(
                    "its number stands at Enkash with other content, sent → found: {differences}; never sent again"
                );
                let found = RowOutcome::new(Status::Unknown, code::FOUND_WITH_OTHER_CONTENT, message);
                *outcome = RowOutcome { remote_id, ..found };
            }
            Seen::Shared { remote_ids } => {
                looked.stays += 1;
                let reason = format!(
                    "{} at Enkash, which fits another row as well, and nothing there tells whose it is; not sent again",
                    if remote_ids.is_empty() { "a record".to_owned() } else { remote_ids.join(", ") }
                );
                outcome.message = with(&outcome.message, &reason);
                looked.reason = reason;
            }
            // A record with this number was there once, so nothing about this line is simple any more.
            Seen::Nothing if outcome.code == code::FOUND_WITH_OTHER_CONTENT => looked.stays += 1,
            Seen::Nothing => match decide(index, &outcome.code) {
                Missing::SendAgain if outcome.code == code::REFUSED_IN_DOUBT => {
                    looked.refused += 1;
                    let message = with(&outcome.message, "not there, so nothing of it was stored");
                    *outcome = RowOutcome::new(Status::Rejected, code::REJECTED_BY_API, message);
                }
                Missing::SendAgain => looked.again.push(index),
                Missing::Wait(until) => looked.wait = looked.wait.max(Some(until)),
                Missing::Stays(reason) => {
                    looked.stays += 1;
                    outcome.message = with(&outcome.message, &reason);
                    looked.reason = reason;
                }
            },
        }
        looked.changed |= *outcome != before;
    }
    looked
}

/// A message with what the last look-up added in place of what an earlier one did.
fn with(message: &str, reason: &str) -> String {
    let before = message.split(LOOKED_UP).next().unwrap_or_default();
    format!("{before}{LOOKED_UP}{reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(code: &str) -> RowOutcome {
        RowOutcome::new(Status::Unknown, code, "lost")
    }

    fn known(codes: &[&str]) -> Known {
        Known { outcomes: codes.iter().map(|code| unknown(code)).collect(), moved: vec![None; codes.len()] }
    }

    #[test]
    fn found_lines_are_accepted_and_the_others_wait_go_or_stay() {
        let mut before = known(&[code::NO_REPLY; 6]);
        before.outcomes[5] = RowOutcome::accepted(None);
        assert_eq!(before.open(), [0, 1, 2, 3, 4]);
        let seen = vec![
            (0, Seen::Ours { remote_id: Some("A".into()) }),
            (1, Seen::Several { remote_ids: vec!["B".into(), "C".into()] }),
            (2, Seen::Other { remote_id: Some("D".into()), differences: "netAmount 1 → 2".into() }),
            (3, Seen::Nothing),
            (4, Seen::Nothing),
        ];
        let looked = look(&mut before, 7, seen, |index, _| match index {
            3 => Missing::SendAgain,
            _ => Missing::Stays("no control".into()),
        });
        assert_eq!((looked.found, looked.other, looked.stays, &looked.again[..]), (2, 1, 1, &[3][..]));
        assert!(
            looked.changed && looked.warnings[0].contains("line 2 of chunk 7") && looked.warnings[0].contains("B, C")
        );
        let statuses: Vec<&str> = before.outcomes.iter().map(|outcome| outcome.status.as_str()).collect();
        assert_eq!(statuses, ["accepted", "accepted", "unknown", "unknown", "unknown", "accepted"]);
        assert_eq!(before.outcomes[1].remote_id.as_deref(), Some("B"));
        assert_eq!(before.outcomes[2].code, code::FOUND_WITH_OTHER_CONTENT);
        assert_eq!(before.outcomes[4].message, "lost; looked up: no control");
        // Found with other content is never proved missing later, and reasons do not pile up.
        let looked = look(&mut before, 7, vec![(2, Seen::Nothing), (4, Seen::Nothing)], |_, _| {
            Missing::Stays("still none".into())
        });
        assert_eq!((looked.stays, before.outcomes[4].message.as_str()), (2, "lost; looked up: still none"));
    }

    #[test]
    fn a_line_refused_in_doubt_is_rejected_only_once_it_is_proved_missing() {
        let mut lines = known(&[code::REFUSED_IN_DOUBT; 3]);
        let seen = vec![(0, Seen::Ours { remote_id: None }), (1, Seen::Nothing), (2, Seen::Nothing)];
        let looked = look(&mut lines, 7, seen, |index, _| match index {
            1 => Missing::SendAgain,
            _ => Missing::Stays("no control".into()),
        });
        assert_eq!((looked.found, looked.refused, looked.stays, looked.again.len()), (1, 1, 1, 0));
        let ends: Vec<(&str, &str)> =
            lines.outcomes.iter().map(|outcome| (outcome.status.as_str(), outcome.code.as_str())).collect();
        assert_eq!(ends, [("accepted", ""), ("rejected", code::REJECTED_BY_API), ("unknown", code::REFUSED_IN_DOUBT)]);
    }

    #[test]
    fn a_chunk_stands_where_its_lines_stand() {
        let mut lines = known(&[code::NO_REPLY, code::NO_REPLY]);
        assert_eq!(lines.state(), ChunkState::Unknown);
        lines.outcomes[0] = RowOutcome::accepted(None);
        lines.moved[1] = Some(Moved { ordinal: 2, line: 0 });
        assert_eq!((lines.state(), lines.open()), (ChunkState::Split, vec![]));
        lines.moved[1] = None;
        lines.outcomes[1] = RowOutcome::accepted(None);
        assert_eq!(lines.state(), ChunkState::Settled);
    }

    #[test]
    fn a_refused_file_is_sent_in_smaller_ones_unless_a_line_of_it_was_found() {
        let mut lines = known(&[code::CHUNK_REFUSED, code::CHUNK_REFUSED]);
        assert!(lines.refused_whole());
        lines.outcomes[0] = RowOutcome::accepted(None);
        assert!(!lines.refused_whole());
        assert!(!known(&[code::CHUNK_REFUSED, code::NO_REPLY]).refused_whole());
        assert!(!known(&[]).refused_whole());
    }
}
