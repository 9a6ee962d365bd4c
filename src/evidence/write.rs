//! Makes the archive, member by member, from the ledger alone.
//!
//! Holds one page of records, one reply and one block of rows at a time. The one rule: no time but those of the ledger
//! enters the archive, so that making it again gives the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::fuse::Fuse;
use super::{
    APPROVAL_HEADINGS, APPROVALS, ATTEMPT_HEADINGS, ATTEMPTS, BODIES, BODY_HEADINGS, CHUNK_HEADINGS, CHUNKS, Counts,
    FACTS, FORM, FORM_OF_FEW, Facts, Input, MANIFEST, MOST_MEMBERS, MOST_REPLIES, Manifest, OUTCOME_HEADINGS, OUTCOMES,
    PLAN, PLAN_HEADINGS, REPLIES, REPLY_HEADINGS, RESOLUTION_HEADINGS, RESOLUTIONS, archive, body_name,
};
use crate::error::RunError;
use crate::ledger::trail::{AttemptRecord, Chains, ResolutionRecord};
use crate::ledger::{AttemptId, ChunkHead, ChunkId, Ledger, LedgerError, Run, SheetRecord, blob};
use crate::plan::SheetFacts;
use crate::plan::history::History;
use crate::plan::verdict::{Destiny, RowVerdict};
use crate::results;
use crate::results::csv::{each_verdict, told};
use crate::results::line::guarded;
use crate::wording::hex;

/// How much goes into the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What shows what was done.
    Evidence,
    /// Rows as read and the bytes sent too, as far as they were not purged.
    Archive,
}

/// Writes the evidence of a run into `to`, which messages call `name`.
pub fn write<W: Write + Seek>(
    ledger: &dyn Ledger,
    run: &Run,
    to: W,
    name: &str,
    extent: Extent,
) -> Result<Facts, RunError> {
    write_with(ledger, run, to, name, (extent, MOST_MEMBERS))
}

/// The same with at most so many replies whose bodies are members of their own.
pub(super) fn write_with<W: Write + Seek>(
    ledger: &dyn Ledger,
    run: &Run,
    to: W,
    name: &str,
    (extent, most): (Extent, u64),
) -> Result<Facts, RunError> {
    let sheets = ledger.sheets(run.id)?;
    let mut facts = Facts { archive: extent == Extent::Archive, ..facts(ledger, run, &sheets)? };
    if facts.counts.replies > most {
        facts.evidence_form = FORM;
    }
    if facts.counts.replies > MOST_REPLIES {
        return Err(RunError::Input {
            message: format!("run {} has more than {MOST_REPLIES} replies; one archive cannot hold them", run.id),
            hint: "a backup of the ledger holds them all: \"arload ledger backup FILE\"".to_owned(),
        });
    }
    let mut archive = Members::new(Fuse::new(to), name);
    archive.json(FACTS, &facts)?;
    let chunks = ledger.chunks(run.id)?;
    let is_whole = facts.purged.is_empty();
    let sent = if is_whole { None } else { Some(sent_digests(ledger, run)?) };
    let digests = write_chunks(&mut archive, ledger, &chunks, sent.as_ref())?;
    write_plan(&mut archive, ledger, &sheets, &digests)?;
    write_attempts(&mut archive, ledger, run)?;
    if is_whole && facts.evidence_form == FORM_OF_FEW {
        write_bodies(&mut archive, ledger, run)?;
    } else if is_whole {
        list_bodies(&mut archive, ledger, run)?;
    }
    write_resolutions(&mut archive, ledger, run)?;
    write_approvals(&mut archive, ledger, run)?;
    write_outcomes(&mut archive, ledger, run, &sheets)?;
    if facts.archive {
        archive::write_rows(&mut archive, ledger, &sheets)?;
    }
    if facts.archive && is_whole {
        archive::write_payloads(&mut archive, ledger, &chunks)?;
    }
    archive.finish()?;
    Ok(facts)
}

fn facts(ledger: &dyn Ledger, run: &Run, sheets: &[SheetRecord]) -> Result<Facts, RunError> {
    let (totals, _) = results::totals(ledger, run)?;
    let mut counts = Counts { rows: totals.read.rows, ..Counts::default() };
    counts.chunks = ledger.chunks(run.id)?.len() as u64;
    let mut chains = Chains::default();
    each_attempt(ledger, run, |attempt| {
        counts.attempts += 1;
        counts.replies += attempt.replies.len() as u64;
        chains.attempt(attempt);
        Ok(())
    })?;
    each_resolution(ledger, run, |resolution| {
        counts.resolutions += 1;
        chains.resolution(resolution);
        Ok(())
    })?;
    let approvals = ledger.approvals(run.id)?;
    counts.approvals = approvals.len() as u64;
    for approval in &approvals {
        chains.approval(approval);
    }
    let inputs = sheets.iter().zip(1..).map(|(sheet, input)| {
        Ok(Input {
            input,
            file: sheet.file_name.clone(),
            sheet: sheet.sheet_name.clone(),
            rows: sheet_facts(sheet)?.read.rows,
            content: hex(&sheet.content),
        })
    });
    Ok(Facts {
        evidence_form: FORM_OF_FEW,
        arload: env!("CARGO_PKG_VERSION").to_owned(),
        ledger: ledger.id()?,
        run: run.id.0,
        account: run.account.clone(),
        operation: run.operation.clone(),
        state: run.state.as_str().to_owned(),
        reason: run.reason.clone(),
        planned_at: run.created_at.to_string(),
        finished_at: run.finished_at.map(|at| at.to_string()),
        settings: serde_json::from_str(&run.settings).unwrap_or_default(),
        inputs: inputs.collect::<Result<_, LedgerError>>()?,
        counts,
        rows_by_status: totals.by_status.iter().map(|(status, sum)| (status.as_str().to_owned(), sum.rows)).collect(),
        head: hex(&chains.head()),
        maker: run.maker.clone(),
        plan_hash: approvals.last().map(|approval| hex(&approval.plan)),
        purged: results::purged(ledger, run)?,
        archive: false,
    })
}

fn sheet_facts(sheet: &SheetRecord) -> Result<SheetFacts, LedgerError> {
    serde_json::from_str(&sheet.facts)
        .map_err(|error| LedgerError::Damaged(format!("facts of sheet {}: {error}", sheet.id)))
}

/// Visits the attempts of a run with their replies, as they were appended.
pub(super) fn each_attempt(
    ledger: &dyn Ledger,
    run: &Run,
    mut visit: impl FnMut(&AttemptRecord) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut last = AttemptId(0);
    loop {
        let page = ledger.trail(run.id, last)?;
        let Some(end) = page.last() else { return Ok(()) };
        last = end.id;
        page.iter().try_for_each(&mut visit)?;
    }
}

/// Visits the resolutions of a run, as they were appended.
pub(super) fn each_resolution(
    ledger: &dyn Ledger,
    run: &Run,
    mut visit: impl FnMut(&ResolutionRecord) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut last = 0;
    loop {
        let page = ledger.resolutions(run.id, last)?;
        let Some(end) = page.last() else { return Ok(()) };
        last = end.id;
        page.iter().try_for_each(&mut visit)?;
    }
}

/// The digest of what was sent of each chunk, where the bytes themselves are gone.
fn sent_digests(ledger: &dyn Ledger, run: &Run) -> Result<BTreeMap<ChunkId, [u8; 32]>, RunError> {
    let mut sent = BTreeMap::new();
    each_attempt(ledger, run, |attempt| {
        sent.insert(attempt.chunk, attempt.link.digest);
        Ok(())
    })?;
    Ok(sent)
}

/// Lists the chunks; gives back the digest of each body by the chunk's number. Of a chunk that never left and whose bytes
/// are gone there is none.
fn write_chunks<W: Write + Seek>(
    archive: &mut Members<'_, W>,
    ledger: &dyn Ledger,
    chunks: &[ChunkHead],
    sent: Option<&BTreeMap<ChunkId, [u8; 32]>>,
) -> Result<BTreeMap<u32, [u8; 32]>, RunError> {
    let mut digests = BTreeMap::new();
    archive.table(CHUNKS, &CHUNK_HEADINGS, |table| {
        for chunk in chunks {
            let digest = match sent {
                Some(sent) => sent.get(&chunk.id).copied(),
                None => Some(*blake3::hash(&blob::decompress(&ledger.chunk_payload(chunk.id)?)?).as_bytes()),
            };
            digests.extend(digest.map(|digest| (chunk.ordinal, digest)));
            table.line(&[
                chunk.id.to_string(),
                chunk.ordinal.to_string(),
                chunk.parent.map_or_else(String::new, |parent| parent.to_string()),
                chunk.rows.to_string(),
                chunk.state.as_str().to_owned(),
                digest.map_or_else(String::new, |digest| hex(&digest)),
            ])?;
        }
        Ok(())
    })?;
    Ok(digests)
}

fn write_plan<W: Write + Seek>(
    archive: &mut Members<'_, W>,
    ledger: &dyn Ledger,
    sheets: &[SheetRecord],
    digests: &BTreeMap<u32, [u8; 32]>,
) -> Result<(), RunError> {
    archive.table(PLAN, &PLAN_HEADINGS, |table| {
        for (sheet, input) in sheets.iter().zip(1_u32..) {
            each_verdict(ledger, sheet, |verdict| {
                let Some((chunk, line)) = place(&verdict.destiny) else { return Ok(()) };
                let digest = digests.get(&chunk).map_or_else(String::new, |digest| hex(digest));
                table.line(&[
                    input.to_string(),
                    verdict.number.to_string(),
                    guarded(&verdict.key),
                    chunk.to_string(),
                    line.to_string(),
                    digest,
                ])
            })?;
        }
        Ok(())
    })
}

/// The chunk and line that planning put a row into.
fn place(destiny: &Destiny) -> Option<(u32, u32)> {
    match destiny {
        Destiny::Chunk { ordinal, line } => Some((*ordinal, *line)),
        Destiny::Joined { document, .. } => place(document),
        Destiny::Ended(_) => None,
    }
}

fn write_attempts<W: Write + Seek>(
    archive: &mut Members<'_, W>,
    ledger: &dyn Ledger,
    run: &Run,
) -> Result<(), RunError> {
    archive.table(ATTEMPTS, &ATTEMPT_HEADINGS, |table| {
        each_attempt(ledger, run, |attempt| {
            table.line(&[
                attempt.id.to_string(),
                attempt.chunk.to_string(),
                attempt.number.to_string(),
                attempt.sender.clone(),
                attempt.started_at.to_string(),
                hex(&attempt.link.digest),
                hex(&attempt.link.previous),
                hex(&attempt.link.hash),
            ])
        })
    })?;
    archive.table(REPLIES, &REPLY_HEADINGS, |table| {
        each_attempt(ledger, run, |attempt| {
            attempt.replies.iter().try_for_each(|reply| {
                table.line(&[
                    reply.id.to_string(),
                    attempt.id.to_string(),
                    reply.received_at.to_string(),
                    reply.kind.clone(),
                    reply.status.map_or_else(String::new, |status| status.to_string()),
                    u8::from(reply.refused).to_string(),
                    guarded(reply.request_id.as_deref().unwrap_or_default()),
                    hex(&reply.link.digest),
                    hex(&reply.link.previous),
                    hex(&reply.link.hash),
                ])
            })
        })
    })
}

/// Writes the body of every reply, a member each.
fn write_bodies<W: Write + Seek>(archive: &mut Members<'_, W>, ledger: &dyn Ledger, run: &Run) -> Result<(), RunError> {
    each_attempt(ledger, run, |attempt| {
        attempt.replies.iter().try_for_each(|reply| {
            let body = ledger.reply_body(reply.id)?;
            archive.member(&body_name(reply.id), false, |member| Ok(member.write_all(&body)?))
        })
    })
}

/// Writes the bodies of all replies into one list, in the order of the replies.
fn list_bodies<W: Write + Seek>(archive: &mut Members<'_, W>, ledger: &dyn Ledger, run: &Run) -> Result<(), RunError> {
    archive.table(BODIES, &BODY_HEADINGS, |table| {
        each_attempt(ledger, run, |attempt| {
            attempt.replies.iter().try_for_each(|reply| {
                let body = ledger.reply_body(reply.id)?;
                table.line(&[reply.id.to_string().as_bytes(), &body])
            })
        })
    })
}

fn write_resolutions<W: Write + Seek>(
    archive: &mut Members<'_, W>,
    ledger: &dyn Ledger,
    run: &Run,
) -> Result<(), RunError> {
    archive.table(RESOLUTIONS, &RESOLUTION_HEADINGS, |table| {
        each_resolution(ledger, run, |resolution| {
            table.line(&[
                resolution.id.to_string(),
                resolution.chunk.to_string(),
                resolution.resolved_at.to_string(),
                guarded(&resolution.words),
                hex(&resolution.link.digest),
                hex(&resolution.link.previous),
                hex(&resolution.link.hash),
            ])
        })
    })
}

fn write_approvals<W: Write + Seek>(
    archive: &mut Members<'_, W>,
    ledger: &dyn Ledger,
    run: &Run,
) -> Result<(), RunError> {
    archive.table(APPROVALS, &APPROVAL_HEADINGS, |table| {
        ledger.approvals(run.id)?.iter().try_for_each(|approval| {
            table.line(&[
                approval.id.to_string(),
                approval.approved_at.to_string(),
                approval.approver.clone(),
                approval.maker.clone(),
                hex(&approval.plan),
                hex(&approval.link.digest),
                hex(&approval.link.previous),
                hex(&approval.link.hash),
            ])
        })
    })
}

fn write_outcomes<W: Write + Seek>(
    archive: &mut Members<'_, W>,
    ledger: &dyn Ledger,
    run: &Run,
    sheets: &[SheetRecord],
) -> Result<(), RunError> {
    let mut history = History::new(ledger);
    archive.table(OUTCOMES, &OUTCOME_HEADINGS, |table| {
        for (sheet, input) in sheets.iter().zip(1_u32..) {
            each_verdict(ledger, sheet, |verdict: &RowVerdict| {
                let fate = history.fate(run, &verdict.destiny)?;
                let (code, message) = told(sheet, verdict, &fate);
                let chunk = fate.chunk.as_ref().map(|chunk| &chunk.head);
                let settled = chunk.and_then(|chunk| chunk.settled_at);
                table.line(&[
                    input.to_string(),
                    verdict.number.to_string(),
                    fate.outcome().status.as_str().to_owned(),
                    code,
                    guarded(&message),
                    guarded(fate.outcome().remote_id.as_deref().unwrap_or_default()),
                    chunk.map_or_else(String::new, |chunk| chunk.ordinal.to_string()),
                    settled.map_or_else(String::new, |at| at.to_string()),
                ])
            })?;
        }
        Ok(())
    })
}

/// The members of the archive, each hashed as it is written.
pub(super) struct Members<'n, W: Write + Seek> {
    zip: ZipWriter<W>,
    manifest: Manifest,
    name: &'n str,
}

/// Why a member could not be written: what it is made from, or where it goes.
pub(super) enum Failure {
    Run(RunError),
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Io(error)
    }
}

impl<W: Write + Seek> Members<'_, W> {
    fn new(to: W, name: &str) -> Members<'_, W> {
        Members { zip: ZipWriter::new(to), manifest: Manifest::default(), name }
    }

    /// Writes one member; a large one may pass 4 GiB.
    fn member(
        &mut self,
        member: &str,
        large: bool,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
    ) -> Result<(), RunError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o600)
            .large_file(large);
        let mut hashed = Hashed { to: &mut self.zip, hasher: blake3::Hasher::new() };
        let filled = match hashed.to.start_file(member, options) {
            Ok(()) => fill(&mut hashed),
            Err(error) => Err(Failure::Io(error.into())),
        };
        let hash = hashed.hasher.finalize();
        filled.map_err(|failure| match failure {
            Failure::Run(error) => error,
            Failure::Io(cause) => RunError::Evidence { path: self.name.to_owned(), cause },
        })?;
        self.manifest.blake3.insert(member.to_owned(), hash.to_hex().to_string());
        Ok(())
    }

    fn json(&mut self, member: &str, value: &impl serde::Serialize) -> Result<(), RunError> {
        let mut json = serde_json::to_vec_pretty(value).expect("our records have string keys only");
        json.push(b'\n');
        self.member(member, false, |to| Ok(to.write_all(&json)?))
    }

    pub(super) fn table<H: AsRef<[u8]>>(
        &mut self,
        member: &str,
        headings: &[H],
        fill: impl FnOnce(&mut Table<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let name = self.name;
        self.member(member, true, |to| {
            let mut table = Table { writer: csv::Writer::from_writer(to), name };
            table.writer.write_record(headings).map_err(io::Error::from)?;
            fill(&mut table).map_err(Failure::Run)?;
            Ok(table.writer.flush()?)
        })
    }

    fn finish(mut self) -> Result<(), RunError> {
        let manifest = self.manifest.clone();
        self.json(MANIFEST, &manifest)?;
        let finished = self.zip.finish().map(drop);
        finished.map_err(|error| RunError::Evidence { path: self.name.to_owned(), cause: error.into() })
    }
}

/// A member that is a table.
pub(super) struct Table<'t> {
    writer: csv::Writer<&'t mut dyn Write>,
    name: &'t str,
}

impl Table<'_> {
    pub(super) fn line<C: AsRef<[u8]>>(&mut self, cells: &[C]) -> Result<(), RunError> {
        let failed = |error: csv::Error| RunError::Evidence { path: self.name.to_owned(), cause: error.into() };
        self.writer.write_record(cells).map_err(failed)
    }
}

/// Hashes what passes through.
struct Hashed<'z, W: Write + Seek> {
    to: &'z mut ZipWriter<W>,
    hasher: blake3::Hasher,
}

impl<W: Write + Seek> Write for Hashed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
