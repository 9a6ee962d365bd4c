//! The settle round: looks up chunks that no answer settled, and halves those that were refused whole.
//!
//! One thread, under the account's lock. Owns which chunks are due, the control rows, and recording what came of it, each
//! chunk in one durable step. What was seen means what [`super::resolve`] and [`super::evidence`] say. The one rule: a
//! chunk and the chunks that its lines go on in change together or not at all.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::claims::SeenLines;
use super::controls::{Controls, Proof};
use super::evidence::{self, Evidence, Past, Patience};
use super::file::{Lines, halves};
use super::lookup::{self, FoundIndex, Seen, SentLine, Window};
use super::resolve::{self, Known, Looked};
use super::rounds::{Ended, Left, Memo, Rounds, Scope};
use super::search::SearchError;
use super::settle;
use crate::directory::Entry;
use crate::event::Event;
use crate::ledger::{ChunkHead, ChunkState, LedgerError, Moved, NewChunk, Resolution, blob};
use crate::operation::{Key, Repeat};
use crate::outcome::{RowOutcome, Status, code};

/// Limit: lines that are looked up together; their customers make a few searches.
const MOST_LINES: usize = 10_000;

/// A clock that is off by more than this would make the searched days the wrong ones.
const CLOCK_OFF: SignedDuration = SignedDuration::from_hours(6);

/// A chunk to be looked up.
pub(super) struct Case {
    pub(super) head: ChunkHead,
    body: Vec<u8>,
    pub(super) sent: Vec<SentLine>,
    pub(super) known: Known,
    /// First and last instant of its attempts.
    span: (Timestamp, Timestamp),
    settled_at: Timestamp,
}

impl Rounds<'_> {
    /// Looks up and splits what is due; says what is left to wait for.
    pub(super) fn settle(&self, scope: Scope, memo: &mut Memo<'_>) -> Result<Left, Ended> {
        let now = memo.now(self.clock);
        let mut due = Vec::new();
        for head in self.in_scope(scope)?.into_iter().filter(|head| self.may_look_up(head, memo)) {
            match memo.waiting.get(&head.id.0) {
                Some(until) if *until > now => {}
                _ => due.push(head),
            }
        }
        while !due.is_empty() {
            let mut lines = 0;
            let fitting = due.iter().take_while(|head| {
                lines += head.rows as usize;
                lines <= MOST_LINES
            });
            let rest = due.split_off(fitting.count().max(1));
            let batch = std::mem::replace(&mut due, rest);
            if !self.look_up(batch, memo)? {
                // The search is down: nothing more is asked of it in this round.
                self.leave(due, memo)?;
                break;
            }
        }
        let unknown: HashSet<i64> = self
            .in_scope(scope)?
            .iter()
            .filter(|head| head.state == ChunkState::Unknown)
            .map(|head| head.id.0)
            .collect();
        memo.waiting.retain(|id, _| unknown.contains(id));
        let unsplit = if self.sends { self.split_refused(scope, memo)? } else { 0 };
        Ok(Left { wait: memo.waiting.values().min().copied(), unsplit })
    }

    fn may_look_up(&self, head: &ChunkHead, memo: &Memo<'_>) -> bool {
        let asked = memo.given_up.contains(&head.id.0) || memo.whole.contains(&head.id.0);
        match (self.operation.repeat, head.state) {
            (Repeat::Safe | Repeat::Never, _) => false,
            (_, ChunkState::Unknown) => !asked,
            (_, ChunkState::Rejected) => !asked && !head.is_refused_whole(),
            _ => false,
        }
    }

    /// What is known of a chunk's lines; of one that has no outcomes recorded, that it is unknown or refused.
    pub(super) fn known(&self, head: &ChunkHead) -> Result<Known, LedgerError> {
        let lines = self.ledger.chunk_lines(head.id)?;
        let rows = head.rows as usize;
        let outcomes: Option<Vec<RowOutcome>> = lines.outcomes.as_deref().map(blob::unpack).transpose()?;
        let moved: Option<Vec<Option<Moved>>> = lines.moved.as_deref().map(blob::unpack).transpose()?;
        let known = Known {
            outcomes: outcomes.unwrap_or_else(|| vec![unrecorded(head); rows]),
            moved: moved.unwrap_or_else(|| vec![None; rows]),
        };
        if known.outcomes.len() != rows || known.moved.len() != rows {
            return Err(LedgerError::Damaged(format!("chunk {} has outcomes for other lines than its own", head.id)));
        }
        Ok(known)
    }

    fn case(&self, head: ChunkHead, now: Timestamp) -> Result<Case, LedgerError> {
        let body = blob::decompress(&self.ledger.chunk_payload(head.id)?)?;
        let sent = lookup::sent_lines(&body);
        if sent.len() != head.rows as usize || Lines::of(&body).len() != sent.len() {
            return Err(LedgerError::Damaged(format!("chunk {} has {} lines, not {}", head.id, sent.len(), head.rows)));
        }
        let attempts = self.ledger.attempts(head.id)?;
        let first = attempts.iter().map(|attempt| attempt.started_at).min().unwrap_or(now);
        let last = attempts.iter().map(|attempt| attempt.ended_at.unwrap_or(now)).max().unwrap_or(now);
        let settings = self.settings;
        let patience = Patience {
            timeout: settings.timeout,
            settle: settings.settle,
            settle_after_giving_up: settings.settle_after_giving_up,
        };
        let settled_at = evidence::settled_at(&attempts, patience, now);
        Ok(Case { known: self.known(&head)?, head, body, sent, span: (first, last), settled_at })
    }

    /// Looks a few chunks up together; false where the search cannot answer.
    fn look_up(&self, batch: Vec<ChunkHead>, memo: &mut Memo<'_>) -> Result<bool, Ended> {
        let now = memo.now(self.clock);
        let cases = batch.iter().cloned().map(|head| self.case(head, now)).collect::<Result<Vec<Case>, _>>()?;
        let controls = self.controls()?;
        let (found, control) = match self.search(&cases, &controls, memo) {
            Ok(found) => found,
            Err(SearchError::Unable(reason)) => {
                let hint = format!("\"arload runs reconcile {}\" looks again, and so does the next start", self.run);
                let message = format!("rows cannot be looked up: {reason}");
                self.observer.event(&Event::Warning { message, hint: Some(hint) });
                self.leave(batch, memo)?;
                return Ok(false);
            }
            Err(error) => return Err(self.search_ended(error)),
        };
        let mut rows_found = 0;
        let seen = self.seen(&cases, &found)?;
        for (case, seen) in cases.into_iter().zip(seen) {
            let proof = if controls.rows.is_empty() && self.is_canary(&case.head)? && self.is_empty()? {
                Proof::Empty
            } else {
                Proof::Rows { shown: control.as_ref().map_err(String::as_str).copied(), controls: &controls }
            };
            rows_found += self.settle_case(case, seen, &proof, memo)?;
        }
        if controls.rows.is_empty() && rows_found > 0 {
            // What was found just now is what the next search has to show.
            for head in batch.iter().filter(|head| memo.given_up.remove(&head.id.0)).collect::<Vec<_>>() {
                memo.waiting.insert(head.id.0, memo.now(self.clock));
            }
        }
        self.observer.event(&memo.tally.progress(&self.limiter.pace(), self.clock.elapsed()));
        Ok(true)
    }

    /// Asks for the open lines of some chunks, and whether each answer shows the control rows.
    fn search(
        &self,
        cases: &[Case],
        controls: &Controls,
        memo: &mut Memo<'_>,
    ) -> Result<(FoundIndex, Result<(), String>), SearchError> {
        let wanted: Vec<&SentLine> =
            cases.iter().flat_map(|case| case.known.open().into_iter().map(|index| &case.sent[index])).collect();
        let lines: Vec<SentLine> = controls.rows.iter().map(|row| row.line.clone()).collect();
        let first =
            cases.iter().map(|case| case.span.0).chain(controls.since).min().unwrap_or_else(|| self.clock.now());
        let last = cases.iter().map(|case| case.span.1).max().unwrap_or(first);
        loop {
            let ahead = memo.ahead;
            let window = Window::around(first, last, ahead, self.timezone);
            let mut records = Vec::new();
            let mut control = Ok(());
            let queries = lookup::queries(self.operation, &wanted, &lines, window);
            let several = queries.len() > 1;
            for query in &queries {
                let mut found = memo.searcher.all(lookup::searched(self.operation), query)?;
                if lookup::is_dispatch(self.operation) {
                    found.records.retain(|record| window.holds_dispatch(record, self.timezone));
                }
                if let Some(time) = found.server_time.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
                    memo.ahead = time.duration_since(self.clock.now());
                }
                if several {
                    let shown = FoundIndex::new(self.operation, found.records.clone(), self.timezone);
                    control = control.and_then(|()| self.shows(&shown, controls));
                }
                records.extend(found.records);
            }
            if (memo.ahead - ahead).abs() > CLOCK_OFF {
                continue;
            }
            let index = FoundIndex::new(self.operation, records, self.timezone);
            if !several {
                control = control.and_then(|()| self.shows(&index, controls));
            }
            return Ok((index, control));
        }
    }

    /// Records what was seen of one chunk; says how many lines were found.
    fn settle_case(
        &self,
        mut case: Case,
        seen: SeenLines,
        proof: &Proof<'_>,
        memo: &mut Memo<'_>,
    ) -> Result<u64, Ended> {
        let head = &case.head;
        let refused = case.known.refused_whole();
        let stored = seen.iter().filter(|(_, seen)| seen.is_stored()).count();
        if refused && stored == 0 {
            if head.state == ChunkState::Rejected {
                let words = "refused whole; looked up, and nothing of it found";
                self.ledger.resolve_chunk(head.id, &self.nothing_but(ChunkState::Rejected, words))?;
            }
            memo.whole.insert(head.id.0);
            return Ok(0);
        }
        if refused {
            let message = format!(
                "chunk {} was refused as a whole, and {stored} of its {} records stand there all the same: this API takes files in part",
                head.ordinal, head.rows
            );
            self.observer.event(&Event::Warning { message, hint: None });
        }
        let past =
            if seen.iter().any(|(_, seen)| *seen == Seen::Nothing) { self.past(head, memo.began)? } else { Vec::new() };
        // A time that was waited for is over, whatever a clock that was set back says.
        let settled_at = memo.waiting.get(&head.id.0).map_or(case.settled_at, |until| case.settled_at.min(*until));
        let now = memo.now(self.clock);
        let looked = resolve::look(&mut case.known, head.ordinal, seen, |index, code| {
            let control = proof.speaks_for(lookup::key_kind(self.operation, &case.sent[index]));
            let evidence = Evidence { control, settled_at, now };
            evidence::missing(evidence, past.get(index).copied().unwrap_or_default(), code)
        });
        if head.state == ChunkState::Rejected {
            memo.tally.lost(u64::from(head.rows));
        }
        memo.tally.looked_up(&looked, &case.sent);
        self.remember(head, &looked, memo);
        self.record(case, &looked, refused)?;
        Ok(looked.found)
    }

    fn remember(&self, head: &ChunkHead, looked: &Looked, memo: &mut Memo<'_>) {
        for message in &looked.warnings {
            self.observer.event(&Event::Warning { message: message.clone(), hint: None });
        }
        match looked.wait {
            Some(until) => drop(memo.waiting.insert(head.id.0, until)),
            None => drop(memo.waiting.remove(&head.id.0)),
        }
        if looked.wait.is_none() && looked.other + looked.stays > 0 {
            memo.given_up.insert(head.id.0);
        }
        if looked.found + looked.other + looked.stays == 0 && looked.again.is_empty() {
            return;
        }
        self.observer.event(&Event::LookedUp {
            chunk: head.ordinal,
            found: looked.found,
            again: looked.again.len() as u64,
            unknown: looked.other + looked.stays,
            reason: looked.reason.clone(),
        });
    }

    /// Stores what a look-up made of a chunk. Missing lines of a refused file go on in two, because a bad one is among
    /// them.
    fn record(&self, mut case: Case, looked: &Looked, refused: bool) -> Result<(), Ended> {
        let groups: Vec<&[usize]> = match looked.again.as_slice() {
            [] => Vec::new(),
            again if refused || was_refused(&case.known, again) => halves(again),
            again => vec![again],
        };
        let unrecorded = case.head.state == ChunkState::Rejected;
        if !looked.changed && groups.is_empty() && !unrecorded {
            return Ok(());
        }
        let customers = if self.operation.key == Key::Customer {
            settle::customers(&case.body, &case.known.outcomes)
        } else {
            Vec::new()
        };
        let children = self.children(&case, &groups)?;
        for child in &children {
            for (line, index) in child.lines.iter().enumerate() {
                case.known.moved[*index] = Some(Moved { ordinal: child.ordinal, line: line as u32 });
            }
        }
        self.resolve(
            &case,
            &children,
            &customers,
            Recorded { words: &looked.words(&ordinals(&children)), outcomes: true },
        )?;
        Ok(())
    }

    fn children(&self, case: &Case, groups: &[&[usize]]) -> Result<Vec<Child>, LedgerError> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let lines = Lines::of(&case.body);
        let last = self.ledger.chunks(self.run)?.iter().map(|head| head.ordinal).max().unwrap_or(0);
        Ok(groups
            .iter()
            .zip(last + 1..)
            .map(|(group, ordinal)| Child {
                ordinal,
                lines: group.to_vec(),
                payload: blob::compress(&lines.file(group)),
            })
            .collect())
    }

    fn resolve(
        &self,
        case: &Case,
        children: &[Child],
        customers: &[Entry],
        recorded: Recorded<'_>,
    ) -> Result<(), LedgerError> {
        let outcomes = recorded.outcomes.then(|| blob::pack(&case.known.outcomes));
        let moved = (!children.is_empty()).then(|| blob::pack(&case.known.moved));
        let new: Vec<NewChunk<'_>> = children
            .iter()
            .map(|child| NewChunk {
                ordinal: child.ordinal,
                account_id: &case.head.account_id,
                rows: child.lines.len() as u32,
                payload: &child.payload,
            })
            .collect();
        self.ledger.resolve_chunk(
            case.head.id,
            &Resolution {
                state: case.known.state(),
                outcomes: outcomes.as_deref(),
                moved: moved.as_deref(),
                children: &new,
                customers,
                account: self.account,
                words: recorded.words,
                at: self.clock.now(),
            },
        )
    }

    /// What each line of a chunk went through before it. How often it was sent again counts from this start on, so that
    /// a later one tries anew.
    fn past(&self, head: &ChunkHead, began: Timestamp) -> Result<Vec<Past>, LedgerError> {
        let mut past = vec![Past::default(); head.rows as usize];
        let mut here: Vec<Option<u32>> = (0..head.rows).map(Some).collect();
        let (mut ordinal, mut parent) = (head.ordinal, head.parent);
        while let Some(above) = parent {
            let Some(chunk) = self.ledger.chunk(self.run, above)? else { break };
            let recorded = self.ledger.chunk_lines(chunk.id)?.outcomes.is_some();
            let known = self.known(&chunk)?;
            let came: HashMap<u32, u32> = (0_u32..)
                .zip(&known.moved)
                .filter_map(|(line, moved)| {
                    moved.filter(|moved| moved.ordinal == ordinal).map(|moved| (moved.line, line))
                })
                .collect();
            for (past, here) in past.iter_mut().zip(&mut here) {
                *here = here.and_then(|line| came.get(&line).copied());
                if let Some(line) = here.filter(|_| recorded) {
                    past.add(&known.outcomes[line as usize].code, chunk.settled_at.is_some_and(|at| at >= began));
                }
            }
            // Numbers of parents fall, so this ends.
            (ordinal, parent) = (above, chunk.parent.filter(|next| *next < above));
        }
        Ok(past)
    }

    /// Leaves chunks as they are because the search cannot answer. Nobody may then say that a refused file stored nothing.
    fn leave(&self, chunks: Vec<ChunkHead>, memo: &mut Memo<'_>) -> Result<(), Ended> {
        for head in chunks {
            memo.given_up.insert(head.id.0);
            memo.waiting.remove(&head.id.0);
            if head.state == ChunkState::Rejected {
                let packed = blob::pack(&self.known(&head)?.outcomes);
                let words = "refused whole, and the search cannot say whether a part was stored";
                let resolution = Resolution { outcomes: Some(&packed), ..self.nothing_but(ChunkState::Unknown, words) };
                self.ledger.resolve_chunk(head.id, &resolution)?;
                memo.tally.lost(u64::from(head.rows));
            }
        }
        Ok(())
    }

    /// Halves refused files of which nothing was stored, as far as the budget goes; says how many lines it leaves.
    fn split_refused(&self, scope: Scope, memo: &mut Memo<'_>) -> Result<u64, Ended> {
        let chunks = self.in_scope(scope)?;
        let is_whole = |head: &&ChunkHead| {
            let refused = head.state == ChunkState::Rejected;
            memo.whole.contains(&head.id.0)
                || head.is_refused_whole()
                || (refused && self.operation.repeat != Repeat::LookUp)
        };
        let waiting = chunks.iter().filter(|head| head.state == ChunkState::Planned && head.parent.is_some()).count();
        let mut left = self.refusals()?.left(self.settings.refusal_budget).saturating_sub(waiting as u64);
        let mut unsplit = 0;
        let mut split = Vec::new();
        for head in chunks.iter().filter(is_whole) {
            if left < 2 {
                unsplit += u64::from(head.rows);
                continue;
            }
            left -= 2;
            split.push(head.clone());
        }
        for head in split {
            memo.whole.remove(&head.id.0);
            let mut case = self.case(head, memo.now(self.clock))?;
            let was_unknown = case.head.state == ChunkState::Unknown;
            let open = case.known.open();
            let children = self.children(&case, &halves(&open))?;
            for child in &children {
                for (line, index) in child.lines.iter().enumerate() {
                    case.known.moved[*index] = Some(Moved { ordinal: child.ordinal, line: line as u32 });
                }
            }
            let words = format!("refused whole, nothing of it found; goes on in chunks {}", ordinals(&children));
            self.resolve(&case, &children, &[], Recorded { words: &words, outcomes: false })?;
            if was_unknown {
                memo.tally.goes_on(open.len() as u64);
            }
            let into = children.iter().map(|child| child.ordinal).collect();
            self.observer.event(&Event::Split { chunk: case.head.ordinal, rows: open.len() as u64, into });
        }
        Ok(unsplit)
    }
}

/// What is recorded of a resolution beside its chunks.
#[derive(Clone, Copy)]
struct Recorded<'a> {
    words: &'a str,
    /// Whether the outcomes known are written; else those recorded stand.
    outcomes: bool,
}

fn ordinals(children: &[Child]) -> String {
    children.iter().map(|child| child.ordinal.to_string()).collect::<Vec<_>>().join(", ")
}

/// A chunk that lines go on in.
struct Child {
    ordinal: u32,
    lines: Vec<usize>,
    payload: Vec<u8>,
}

/// Whether the file was refused that these lines are in, so that a bad one may be among them.
fn was_refused(known: &Known, lines: &[usize]) -> bool {
    lines.iter().all(|&index| known.outcomes[index].code == code::CHUNK_REFUSED)
}

/// The outcome of every line of a chunk that has none recorded.
fn unrecorded(head: &ChunkHead) -> RowOutcome {
    if head.state == ChunkState::Rejected {
        let message =
            format!("the API refused chunk {} as a whole; whether it took a part of it is not known", head.ordinal);
        return RowOutcome::new(Status::Unknown, code::CHUNK_REFUSED, message);
    }
    let message = format!("chunk {} was sent and no answer is recorded", head.ordinal);
    RowOutcome::new(Status::Unknown, code::NO_REPLY, message)
}
