//! Whether these sheets have an unfinished run to go on with, and what becomes of runs they take over from.

use std::collections::BTreeMap;

use super::Pipeline;
use super::first_use::RESTORED;
use crate::config::Settings;
use crate::error::RunError;
use crate::event::Event;
use crate::ledger::{ChunkState, Run, RunId, RunState, SheetRecord};
use crate::operation::{Operation, Repeat};
use crate::plan::read::{ReadRun, ReadSheet};
use crate::platform;
use crate::results;

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
    pub(super) fn of(operation: &Operation, settings: &Settings, read: &ReadRun<'_>) -> Self {
        let mut sheets: Vec<&[u8; 32]> = read.sheets.iter().map(|sheet| &sheet.content).collect();
        sheets.sort_unstable();
        let mut content = blake3::Hasher::new_derive_key("arload run content 1");
        for sheet in sheets {
            content.update(sheet);
        }
        let content = *content.finalize().as_bytes();

        let mut shaping = serde_json::json!({
            "operation": operation.name(),
            "company": settings.company.company_id,
            "seller": settings.company.seller_id,
            "parent-company": settings.company.parent_company_id,
            "sellers": settings.company.sellers,
            "period": settings.gate.period,
            "date-order": settings.reading.date_order.map(|order| format!("{order:?}")),
            "hidden-rows": format!("{:?}", settings.reading.hidden_rows),
            "retry-rejected": settings.mode.retry_rejected,
        });
        let weights = settings.severity.iter().filter(|(code, severity)| code.severity() != **severity);
        let weights: BTreeMap<&str, &str> = weights.map(|(code, weight)| (code.as_str(), weight.as_str())).collect();
        if !weights.is_empty() {
            shaping["severity"] = serde_json::json!(weights);
        }
        let shaping = shaping.to_string();
        let mut plan = blake3::Hasher::new_derive_key("arload run plan 1");
        plan.update(&content).update(shaping.as_bytes()).update(read.shape.finalize().as_bytes());
        for sheet in &read.sheets {
            let mapping = serde_json::to_vec(&sheet.facts.mapping).expect("a mapping has string keys only");
            plan.update(&(mapping.len() as u64).to_le_bytes()).update(&mapping);
            // That of the settings is in them already.
            if let Some((year, month)) = sheet.period.filter(|period| Some(*period) != settings.gate.period) {
                plan.update(&year.to_le_bytes()).update(&month.to_le_bytes());
            }
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

    /// The run that the same command goes on with; one that was planned otherwise is to be superseded.
    pub(super) fn unfinished(
        &self,
        operation: &Operation,
        identity: &Identity,
        read: &ReadRun<'_>,
        superseding: &mut Vec<(RunId, String)>,
    ) -> Result<Option<Run>, RunError> {
        if self.settings.mode.new_run {
            return Ok(None);
        }
        let runs = self.ledger.runs_with_content(self.account, &operation.name(), &identity.content)?;
        let Some(run) = runs.into_iter().find(|run| run.state == RunState::Open) else { return Ok(None) };
        if run.plan != identity.plan {
            superseding.push((
                run.id,
                "the same rows are read otherwise now: other settings, mapping or customers".to_owned(),
            ));
            return Ok(None);
        }
        if self.is_restored(operation, &run)? {
            superseding.push((run.id, RESTORED.to_owned()));
            return Ok(None);
        }
        if let Some(why) = self.void(&run)? {
            superseding.push((run.id, why));
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

    /// Finds open runs whose sheet has changed under the same path. Where this run brings all their sheets, it takes
    /// their unsent rows over; otherwise they are left alone, because rows of the other sheets would be forgotten.
    pub(super) fn find_changed(
        &self,
        operation: &Operation,
        identity: &Identity,
        read: &ReadRun<'_>,
        superseding: &mut Vec<(RunId, String)>,
    ) -> Result<(), RunError> {
        if self.settings.mode.new_run {
            return Ok(());
        }
        let mut seen: Vec<RunId> = superseding.iter().map(|(run, _)| *run).collect();
        // Standard input has no name by which another sheet could be the same one, changed.
        for sheet in read.sheets.iter().filter(|sheet| sheet.named()) {
            let path = platform::text_of_path(&sheet.shown);
            for run in self.ledger.open_runs_with_path(self.account, &operation.name(), &path)? {
                if run.content == identity.content || seen.contains(&run.id) {
                    continue;
                }
                let old_sheets = self.ledger.sheets(run.id)?;
                let changed = old_sheets.iter().any(|old| {
                    old.path == path && old.sheet_name == sheet.source.sheet && old.content != sheet.content
                });
                if !changed {
                    continue;
                }
                seen.push(run.id);
                let missing = old_sheets.iter().find(|old| !read.sheets.iter().any(|new| brings(new, old)));
                match missing {
                    None => superseding.push((run.id, format!("{} has changed", sheet.source.label()))),
                    Some(missing) => self.observer.event(&Event::Warning {
                        message: format!(
                            "{} has changed, but its unfinished run {} also holds {}: the run is left alone and holds its rows",
                            sheet.source.label(),
                            run.id,
                            missing.file_name
                        ),
                        hint: Some(format!(
                            "give all files of that run together, or send it first with \"arload runs send {}\"",
                            run.id
                        )),
                    }),
                }
            }
        }
        Ok(())
    }

    /// Tells which runs were given up; only after the plan that took over is stored.
    pub(super) fn tell_superseded(&self, superseded: &[(RunId, String)]) -> Result<(), RunError> {
        for (run, _) in superseded {
            let rows = results::totals(self.ledger, &self.stored(*run)?)?.1.waiting;
            self.observer.event(&Event::Superseded { run: run.0, rows });
        }
        Ok(())
    }
}

/// Whether a sheet of this run stands where a sheet of an older run stood.
fn brings(new: &ReadSheet, old: &SheetRecord) -> bool {
    platform::text_of_path(&new.shown) == old.path && new.source.sheet == old.sheet_name
}
