//! Whether these sheets have an unfinished run to go on with, and what becomes of runs they take over from.

use super::Pipeline;
use crate::config::Settings;
use crate::error::RunError;
use crate::event::Event;
use crate::ledger::{ChunkState, Run, RunId, RunState};
use crate::operation::{Operation, Repeat};
use crate::plan::read::ReadRun;

/// What makes two runs the same.
pub(super) struct Identity {
    /// Of all sheets together, by their cells.
    pub(super) content: [u8; 32],
    /// Of contents, mappings and the settings that shape what is sent.
    pub(super) plan: [u8; 32],
    /// Those settings, as JSON.
    pub(super) settings: String,
}

impl Identity {
    pub(super) fn of(operation: &Operation, settings: &Settings, read: &ReadRun) -> Self {
        let mut sheets: Vec<&[u8; 32]> = read.sheets.iter().map(|sheet| &sheet.content).collect();
        sheets.sort_unstable();
        let mut content = blake3::Hasher::new_derive_key("arload run content 1");
        for sheet in sheets {
            content.update(sheet);
        }
        let content = *content.finalize().as_bytes();

        let shaping = serde_json::json!({
            "operation": operation.name(),
            "company": settings.company.company_id,
            "seller": settings.company.seller_id,
            "parent-company": settings.company.parent_company_id,
            "sellers": settings.company.sellers,
            "period": settings.gate.period,
            "retry-rejected": settings.mode.retry_rejected,
        })
        .to_string();
        let mut plan = blake3::Hasher::new_derive_key("arload run plan 1");
        plan.update(&content).update(shaping.as_bytes());
        for sheet in &read.sheets {
            let mapping = serde_json::to_vec(&sheet.facts.mapping).expect("a mapping has string keys only");
            plan.update(&(mapping.len() as u64).to_le_bytes()).update(&mapping);
        }
        Self { content, plan: *plan.finalize().as_bytes(), settings: shaping }
    }
}

impl Pipeline<'_> {
    /// Turns what dead processes left half done into what can be gone on with.
    pub(super) fn recover_open_runs(&self) -> Result<(), RunError> {
        for run in self.ledger.runs()?.iter().filter(|run| run.account == self.account && run.state == RunState::Open) {
            let safe = super::operation_of(run).is_ok_and(|operation| operation.repeat == Repeat::Safe);
            let to = if safe { ChunkState::Planned } else { ChunkState::Unknown };
            let chunks = self.ledger.recover(run.id, to)?;
            if chunks > 0 && to == ChunkState::Unknown {
                self.observer.event(&Event::Recovered { run: run.id.0, chunks });
            }
        }
        Ok(())
    }

    /// The run that the same command goes on with; one that was planned otherwise is superseded.
    pub(super) fn unfinished(
        &self,
        operation: &Operation,
        identity: &Identity,
        read: &ReadRun,
        superseded: &mut Vec<Run>,
    ) -> Result<Option<Run>, RunError> {
        if self.settings.mode.new_run {
            return Ok(None);
        }
        let runs = self.ledger.runs_with_content(self.account, &operation.name(), &identity.content)?;
        let Some(run) = runs.into_iter().find(|run| run.state == RunState::Open) else { return Ok(None) };
        if run.plan != identity.plan {
            self.supersede(run, "planned again with other settings or another mapping", superseded)?;
            return Ok(None);
        }
        let age = self.clock.now().duration_since(run.created_at);
        if age.unsigned_abs() > self.settings.mode.resume_within {
            self.observer.event(&Event::Warning {
                message: format!(
                    "run {} of the same {} is unfinished and older than resume-within; it is left alone",
                    run.id,
                    if read.sheets.len() == 1 { "sheet" } else { "sheets" }
                ),
                hint: Some(format!("\"arload runs send {}\" goes on with it", run.id)),
            });
            return Ok(None);
        }
        Ok(Some(run))
    }

    /// Gives up the unsent rows of open runs whose sheet has changed under the same path.
    pub(super) fn supersede_changed(
        &self,
        operation: &Operation,
        identity: &Identity,
        read: &ReadRun,
        superseded: &mut Vec<Run>,
    ) -> Result<(), RunError> {
        if self.settings.mode.new_run {
            return Ok(());
        }
        for sheet in &read.sheets {
            let path = sheet.shown.to_string_lossy();
            for run in self.ledger.open_runs_with_path(self.account, &operation.name(), &path)? {
                if run.content == identity.content {
                    continue;
                }
                let changed = self.ledger.sheets(run.id)?.iter().any(|old| {
                    old.path == path && old.sheet_name == sheet.source.sheet && old.content != sheet.content
                });
                if changed {
                    self.supersede(run, &format!("{} has changed", sheet.source.label()), superseded)?;
                }
            }
        }
        Ok(())
    }

    /// Frees the keys of a run's unsent rows; which run took over is written once it is planned.
    fn supersede(&self, mut run: Run, reason: &str, superseded: &mut Vec<Run>) -> Result<(), RunError> {
        let unsent = self.ledger.chunks(run.id)?;
        let rows = unsent.iter().filter(|chunk| chunk.state == ChunkState::Planned).map(|chunk| u64::from(chunk.rows));
        self.observer.event(&Event::Superseded { run: run.id.0, rows: rows.sum() });
        self.ledger.set_run_state(run.id, RunState::Superseded, reason, None, self.clock.now())?;
        reason.clone_into(&mut run.reason);
        superseded.push(run);
        Ok(())
    }

    /// Writes into superseded runs which run took over.
    pub(super) fn name_successor(&self, superseded: &[Run], successor: RunId) -> Result<(), RunError> {
        for run in superseded {
            self.ledger.set_run_state(run.id, RunState::Superseded, &run.reason, Some(successor), self.clock.now())?;
        }
        Ok(())
    }
}
