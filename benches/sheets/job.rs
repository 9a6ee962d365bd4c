//! A stage of a run, measured by itself, for benches that time what `arload bench` times.

use std::path::Path;

use arload::bench::measure::Job;
use arload::bench::stages::{Sample, Work};

/// A job over invoices whose ledger lies in a folder.
pub(crate) fn job(work: Work, sheet: &Path, folder: &Path) -> Job {
    Job {
        work,
        sample: Sample::Invoices,
        sheet: sheet.to_owned(),
        state: folder.join("state"),
        results: folder.join("results"),
        threads: 1,
        senders: 8,
        chunk_rows: 500,
        rate: None,
        latency_ms: 0,
        jitter_ms: 0,
    }
}
