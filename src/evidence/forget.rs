//! Takes rows out of the ledger once they stand in an archive that was checked.
//!
//! First the archive, then its check, then the purge, each durable before the next: a process killed anywhere leaves the
//! rows in the ledger, in the archive or in both, and the same command goes on. The one rule: nothing is purged that was
//! not read back from the archive's file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use super::verify::{Check, facts, verify};
use super::write::{Extent, write};
use crate::error::RunError;
use crate::ledger::purge::{NewPurge, Rewriting, Scope};
use crate::ledger::{ChunkHead, Ledger, LedgerError, Run, RunState, SheetId, blob};
use crate::operation::{FieldKind, Operation};
use crate::outcome::Status;
use crate::plan::verdict::RowVerdict;
use crate::platform::{self, Beside};
use crate::results;
use crate::sheet::RowBlock;
use crate::wording::{count, hex};

/// Complete financial years for which rows are kept unless a person says otherwise.
pub const YEARS_KEPT: i16 = 8;

/// What becomes of a message that quotes a cell which is no longer here.
const GONE: &str = "its words stand in the archive of the run";

/// Words in headings of columns that hold contacts, whatever field they fill.
const CONTACT_WORDS: [&str; 8] = ["mail", "mobile", "phone", "contact", "whatsapp", "tel no", "telephone", "cell no"];

/// What was forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// The archive.
    pub archive: PathBuf,
    /// BLAKE3 of its bytes.
    pub hash: [u8; 32],
    /// Whether rows stay because another run refers to them.
    pub kept: bool,
}

/// The first day whose runs are kept by default: the beginning of the eighth complete financial year before today's.
pub fn kept_since(today: Date) -> Date {
    let begun = if today.month() >= 4 { today.year() } else { today.year() - 1 };
    Date::constant(begun - YEARS_KEPT, 4, 1)
}

/// Whether a run can be forgotten; the reason where it cannot.
pub fn refusal(ledger: &dyn Ledger, run: &Run, scope: Scope) -> Result<Option<String>, RunError> {
    let purges = ledger.purges(run.id)?;
    if purges.iter().any(|purge| purge.scope == Scope::Rows || purge.scope == scope) {
        return Ok(Some("is purged already".to_owned()));
    }
    if run.state == RunState::Open {
        return Ok(Some("is open: its rows may still be sent".to_owned()));
    }
    let unknown = results::totals(ledger, run)?.0.rows(Status::Unknown);
    if unknown > 0 || ledger.chunks(run.id)?.iter().any(ChunkHead::is_open) {
        let words = format!("has {}: what was sent is needed to look them up", count(unknown, "unknown row"));
        return Ok(Some(words));
    }
    Ok(None)
}

/// Archives a run into a folder, checks the archive, and purges the run.
pub fn forget(
    ledger: &dyn Ledger,
    run: &Run,
    scope: Scope,
    folder: &Path,
    (user, now): (&str, Timestamp),
) -> Result<Forgotten, RunError> {
    let refused = |message: String, hint: &str| RunError::Input { message, hint: hint.to_owned() };
    if let Some(why) = refusal(ledger, run, scope)? {
        return Err(refused(format!("run {} {why}; nothing was purged", run.id), ""));
    }
    let name = archive_name(ledger, run)?;
    let place = folder.join(&name);
    let failed = |cause| RunError::Evidence { path: place.display().to_string(), cause };
    let head = ledger.head(run.id)?;
    if place.symlink_metadata().is_ok() {
        is_the_same(ledger, run, &place, &head)?;
    } else {
        platform::sweep(folder, now.into()).map_err(failed)?;
        let mut beside = Beside::create(&place, false).map_err(failed)?;
        // Says to whoever sweeps that somebody is writing here; where files have no locks, nobody sweeps.
        let _ = beside.file().try_lock();
        write(ledger, run, beside.file(), &place.display().to_string(), Extent::Archive)?;
        beside.finish().map_err(failed)?;
    }
    let checks = verify(&place, Some(&hex(&head))).map_err(|error| refused(error.to_string(), ""))?;
    if let Some(Check { sentence, .. }) = checks.iter().find(|check| !check.holds) {
        let message = format!("{}: the archive is not whole, nothing was purged: {sentence}", place.display());
        return Err(refused(message, "move it away and run the same command again"));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(platform::open_to_read(&place).map_err(failed)?).map_err(failed)?;
    let hash = *hasher.finalize().as_bytes();
    let rewriting = WithoutContacts::of(ledger, run)?;
    let purge = NewPurge {
        run: run.id,
        scope,
        purged_at: now,
        purged_by: user,
        archive: &name,
        archive_hash: hash,
        rewriting: &rewriting,
    };
    if !ledger.purge(&purge)? {
        return Err(refused(format!("run {} is going on again; nothing was purged", run.id), ""));
    }
    Ok(Forgotten { archive: place, hash, kept: ledger.shares_rows(run.id)? })
}

/// Runs count from 1 in each ledger, and a run may be archived twice.
fn archive_name(ledger: &dyn Ledger, run: &Run) -> Result<String, LedgerError> {
    let ledger_id = ledger.id()?;
    let which = ledger_id.get(..8).unwrap_or(&ledger_id);
    Ok(match ledger.purges(run.id)?.len() {
        0 => format!("run-{}-{which}.archive.zip", run.id),
        earlier => format!("run-{}-{which}.archive-{}.zip", run.id, earlier + 1),
    })
}

/// An archive that stands there already was left by a process that died before it purged, or is somebody else's.
fn is_the_same(ledger: &dyn Ledger, run: &Run, place: &Path, head: &[u8; 32]) -> Result<(), RunError> {
    let found = facts(place).ok();
    let fits = |facts: &super::Facts| {
        facts.archive
            && facts.run == run.id.0
            && facts.ledger == ledger.id().unwrap_or_default()
            && facts.head == hex(head)
    };
    if found.as_ref().is_some_and(fits) {
        return Ok(());
    }
    Err(RunError::Input {
        message: format!("{}: stands there and is no archive of run {}; nothing was purged", place.display(), run.id),
        hint: "move it away, or name another folder with --archive".to_owned(),
    })
}

/// Blanks columns with contacts, and drops messages that quote them.
struct WithoutContacts {
    /// By the sheet that holds the rows.
    columns: HashMap<SheetId, Vec<usize>>,
    operation: Option<&'static Operation>,
    /// Whether the contact fields are known by name, asked for again and again.
    known: RefCell<HashMap<String, bool>>,
}

impl WithoutContacts {
    fn of(ledger: &dyn Ledger, run: &Run) -> Result<Self, RunError> {
        let operation = Operation::by_name(&run.operation);
        let mut columns: HashMap<SheetId, Vec<usize>> = HashMap::new();
        for sheet in ledger.sheets(run.id)? {
            let facts = results::facts(&sheet)?;
            let of_sheet = columns.entry(sheet.rows_of).or_default();
            for (column, heading) in facts.header.columns.iter().enumerate() {
                let field = facts.mapping.columns.get(column).copied().flatten();
                let field = operation.zip(field).and_then(|(operation, field)| operation.fields.get(field));
                if field.is_some_and(|field| is_contact(field.name, field.kind)) || names_contact(heading) {
                    of_sheet.push(column);
                }
            }
        }
        Ok(Self { columns, operation, known: RefCell::default() })
    }

    fn is_contact(&self, name: &str) -> bool {
        if let Some(known) = self.known.borrow().get(name) {
            return *known;
        }
        let field = self.operation.and_then(|operation| operation.field(name));
        let is = field.is_some_and(|field| is_contact(field.name, field.kind));
        self.known.borrow_mut().insert(name.to_owned(), is);
        is
    }
}

fn is_contact(name: &str, kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Email | FieldKind::Mobile | FieldKind::Phone) || name.starts_with("keyContact")
}

fn names_contact(heading: &str) -> bool {
    let heading = heading.to_lowercase();
    CONTACT_WORDS.iter().any(|word| heading.contains(word))
}

impl Rewriting for WithoutContacts {
    fn cells(&self, sheet: SheetId, packed: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        let columns = self.columns.get(&sheet).map(Vec::as_slice).unwrap_or_default();
        if columns.is_empty() {
            return Ok(None);
        }
        let block: RowBlock = blob::unpack(packed)?;
        Ok(Some(blob::pack(&block.blanked(columns))))
    }

    fn verdicts(&self, packed: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        let mut verdicts: Vec<RowVerdict> = blob::unpack(packed)?;
        let mut changed = false;
        for finding in verdicts.iter_mut().flat_map(|verdict| &mut verdict.findings) {
            if self.is_contact(&finding.field) && finding.message != GONE {
                GONE.clone_into(&mut finding.message);
                finding.hint = None;
                changed = true;
            }
        }
        Ok(changed.then(|| blob::pack(&verdicts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_complete_financial_years_are_kept() {
        for (today, since) in [("2026-11-23", "2018-04-01"), ("2027-03-31", "2018-04-01"), ("2027-04-01", "2019-04-01")]
        {
            assert_eq!(kept_since(today.parse().unwrap()).to_string(), since, "{today}");
        }
    }

    #[test]
    fn columns_with_contacts_are_known_by_field_and_by_heading() {
        for (heading, is) in [("E-mail", true), ("Mobile No.", true), ("Contact Person", true), ("Amount", false)] {
            assert_eq!(names_contact(heading), is, "{heading}");
        }
        assert!(is_contact("keyContactName", FieldKind::Text(100)) && !is_contact("legalName", FieldKind::Text(100)));
    }
}
