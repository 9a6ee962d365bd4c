//! A run that several workers send at once: all claim chunks, and one at a time leads.
//!
//! Who leads tries the canary, looks up what no answer settled, and splits what was refused whole; the others send what is
//! planned, once the canary is proven. Whoever dies is followed by another: everything that was known is in the ledger.
//! The one rule: nobody ends before the chunks are settled that others have under way, because they may yet be lost.

use std::time::Duration;

use super::queue::Queue;
use super::rounds::{Ended, Memo, Rounds, Scope};
use crate::event::Event;
use crate::ledger::{ChunkHead, ChunkState, LedgerError, PostgresLedger, RunState};
use crate::operation::Repeat;
use crate::stop::StopReason;

/// How often a worker looks what the others did; each adds a little of its own, so that they do not come together.
const POLL: Duration = Duration::from_millis(250);

impl Rounds<'_> {
    /// Takes part until nothing is left that this process could do.
    pub(super) fn share(&self, ledger: &PostgresLedger, memo: &mut Memo<'_>) -> Result<(), Ended> {
        let name = format!("run:{}", self.run);
        self.expect(&memo.tally)?;
        loop {
            if self.stop.asked() {
                return Err(Ended::Stopped(None));
            }
            if ledger.lead(&name)? {
                let led = self.lead(memo);
                // A lead that cannot be given back ends with this worker.
                let resigned = ledger.resign(&name).map_err(Ended::from);
                return led.and(resigned);
            }
            if self.sends && self.is_proven()? {
                self.send_planned(Scope::All, memo)?;
            }
            if let Some(message) = memo.refused.clone() {
                return Err(Ended::Halted(StopReason::RefusalBudget, message));
            }
            if !self.is_open()? || !self.ledger.chunks(self.run)?.iter().any(ChunkHead::is_open) {
                return Ok(());
            }
            self.pause()?;
        }
    }

    fn lead(&self, memo: &mut Memo<'_>) -> Result<(), Ended> {
        self.plan_again()?;
        if self.sends {
            self.prove(memo)?;
        }
        self.until_settled(Scope::All, memo)
    }

    /// Keeps the lead where there is one to keep, and takes over what the dead left; false where another leads now.
    pub(super) fn keep_lead(&self) -> Result<(), Ended> {
        let Some(ledger) = self.ledger.shared() else { return Ok(()) };
        if !ledger.lead(&format!("run:{}", self.run))? {
            let message = format!("run {}: another worker looks its rows up now", self.run);
            return Err(Ended::Ledger(LedgerError::Lost(message)));
        }
        let to = if self.operation.repeat == Repeat::Safe { ChunkState::Planned } else { ChunkState::Unknown };
        let chunks = self.ledger.recover(self.run, to)?;
        if chunks > 0 && to == ChunkState::Unknown {
            self.observer.event(&Event::Recovered { run: self.run.0, chunks });
        }
        Ok(())
    }

    /// Whether others have something under way that must be waited for; waits a little if so.
    pub(super) fn waits_for_others(&self, planned: bool) -> Result<bool, Ended> {
        let Some(ledger) = self.ledger.shared() else { return Ok(planned) };
        let waits = self.is_open()? && (planned || ledger.others_send(self.run)?);
        if waits {
            self.pause()?;
        }
        Ok(waits)
    }

    /// Where this process takes its chunks from.
    pub(super) fn queue(&self, chunks: Vec<ChunkHead>, scope: Scope) -> Queue<'_> {
        let Some(ledger) = self.ledger.shared() else { return Queue::listed(chunks) };
        let among = (scope != Scope::All).then(|| chunks.iter().map(|head| head.ordinal).collect());
        Queue::claimed(ledger, self.run, among, self.settings.concurrency)
    }

    /// Whether the first rows to this upload were proven, so that the others may leave.
    fn is_proven(&self) -> Result<bool, LedgerError> {
        if self.settings.canary == 0 || !self.operation.is_upload() {
            return Ok(true);
        }
        Ok(self.ledger.canary(self.account, &self.template)?.is_some_and(|canary| canary.proven))
    }

    fn is_open(&self) -> Result<bool, LedgerError> {
        Ok(self.ledger.run(self.run)?.is_some_and(|run| run.state == RunState::Open))
    }

    fn pause(&self) -> Result<(), Ended> {
        // Workers began at different moments, which is chance enough.
        let own = Duration::from_millis(u64::from(self.clock.elapsed().subsec_nanos()) % 100);
        if self.clock.wait(POLL + own, self.stop) { Err(Ended::Stopped(None)) } else { Ok(()) }
    }
}
