//! Taking part in what a shared ledger holds, for whoever planned it.
//!
//! The rule: a worker sends what its owner may send anywhere, and leaves results to those who read them.

use super::unread::Unread;
use super::{Pipeline, operation_of};
use crate::error::RunError;
use crate::exit::ExitCode;
use crate::ledger::{ChunkHead, RunId, RunState};
use crate::results;

/// How a run stands after a worker took part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Whether something of it may still be sent or looked up.
    pub open: bool,
    /// What the process would end with, if this run were all.
    pub exit: ExitCode,
}

impl Pipeline<'_> {
    /// Open runs of this account of which something may be sent or looked up, the oldest first.
    pub fn open_runs(&self) -> Result<Vec<RunId>, RunError> {
        let mut open = Vec::new();
        for run in self.ledger.runs()?.into_iter().rev() {
            let is_own = run.account == self.account && run.state == RunState::Open;
            if is_own && self.ledger.chunks(run.id)?.iter().any(ChunkHead::is_open) {
                open.push(run.id);
            }
        }
        Ok(open)
    }

    /// Takes part in sending a run until nothing is left that this process could do, and writes no results; an error where
    /// somebody has to say yes first.
    pub fn serve_run(&self, id: RunId) -> Result<Served, RunError> {
        let run = self.own_run(id)?;
        let operation = operation_of(&run)?;
        self.refuse_assumed(operation)?;
        self.refuse_restored(operation, &run)?;
        self.refuse_unapproved(&run)?;
        if self.lacks_yes(&run)? {
            return Err(RunError::Input {
                message: format!("run {id} waits for somebody's yes; nothing of it was sent"),
                hint: format!("\"arload runs send {id} --yes\" begins it"),
            });
        }
        self.send(operation, &run)?;
        let open = self.ledger.chunks(id)?.iter().any(ChunkHead::is_open);
        let state = self.stored(id)?.state;
        if state == RunState::Open && !open {
            self.ledger.set_run_state(id, RunState::Finished, "", None, self.clock.now())?;
        }
        let run = self.stored(id)?;
        let (totals, breakdown) = results::totals(self.ledger, &run)?;
        let exit = self.exit_code(&run, &totals, &breakdown, Unread::of(&run.settings).count);
        Ok(Served { open, exit })
    }
}
