//! Checks an archive of evidence without the ledger: every member, every link of the chains, the head.
//!
//! The archive may come from anybody: entries, sizes and ratios are bounded and nothing of it is believed before it is
//! checked. The one rule: each check says in a sentence what holds, or names what does not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Read};
use std::path::Path;

use super::archive::check_payloads;
use super::list::{Bodies, lines};
use super::{
    APPROVAL_HEADINGS, APPROVALS, ATTEMPT_HEADINGS, ATTEMPTS, BODIES, CHUNK_HEADINGS, CHUNKS, Counts, FACTS, FORM,
    FORM_OF_FEW, Facts, MANIFEST, Manifest, OUTCOMES, PAYLOADS, REPLIES, REPLY_HEADINGS, RESOLUTION_HEADINGS,
    RESOLUTIONS, body_name, rows_name,
};
use crate::finding::quote;
use crate::ledger::consent::ApprovalRecord;
use crate::ledger::trail::{AttemptRecord, Chains};
use crate::sheet::members::{Archive, MemberBytes};
use crate::wording::{count, hex};

/// Limit: facts name each sheet, the manifest each member.
const MAX_JSON: u64 = 16 << 20;
/// Limit: one line for each of the most rows that a run may have; these members are hashed and never kept.
const MAX_MEMBER: u64 = 1 << 38;
/// Limit: places that one sentence names.
const NAMED: usize = 5;
/// Digits of a head that are enough to tell it by: as many as a summary prints.
const LEAST_DIGITS: usize = 16;

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Whether it holds.
    pub holds: bool,
    /// What holds, or what does not.
    pub sentence: String,
}

/// Why a file is not taken for evidence.
#[derive(Debug, thiserror::Error)]
#[error("{path}: is no evidence of arload: {reason}")]
pub struct NotEvidence {
    /// The file.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// Checks an archive; `head` is the hash that somebody noted when the run ended, or its first digits.
pub fn verify(path: &Path, head: Option<&str>) -> Result<Vec<Check>, NotEvidence> {
    let no = |reason: String| NotEvidence { path: path.display().to_string(), reason };
    let archive = Archive::open(path).map_err(|error| no(error.to_string()))?.map_err(no)?;
    let facts: Facts = json(&archive, FACTS).map_err(no)?;
    if facts.evidence_form > FORM {
        return Err(no(format!("its form {} is newer than this arload's {FORM}", facts.evidence_form)));
    }
    let manifest: Manifest = json(&archive, MANIFEST).map_err(no)?;
    let mut checking = Checking { archive, facts, checks: Vec::new(), hashes: BTreeMap::new(), unsent: 0 };
    checking.members(&manifest);
    let chunks = checking.chunks();
    let (chains, mut counts) = checking.trail(&chunks);
    counts.chunks = chunks.len() as u64 + checking.unsent;
    checking.heads(&chains, head);
    checking.counts(counts);
    checking.purged();
    checking.archived(&chunks);
    Ok(checking.checks)
}

/// What an archive says of its run, not checked yet.
pub fn facts(path: &Path) -> Result<Facts, NotEvidence> {
    let no = |reason: String| NotEvidence { path: path.display().to_string(), reason };
    let archive = Archive::open(path).map_err(|error| no(error.to_string()))?.map_err(no)?;
    json(&archive, FACTS).map_err(no)
}

fn json<T: serde::de::DeserializeOwned>(archive: &Archive, name: &str) -> Result<T, String> {
    let unread = |error: &dyn std::fmt::Display| format!("its {name} cannot be read: {error}");
    let member = archive.member(name, MAX_JSON).map_err(|error| unread(&error))?;
    let member = member.ok_or_else(|| format!("it has no {name}"))?;
    let mut bytes = Vec::new();
    member.take(MAX_JSON).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| unread(&error))
}

struct Checking {
    archive: Archive,
    facts: Facts,
    checks: Vec<Check>,
    /// What the members hash to.
    hashes: BTreeMap<String, String>,
    /// Chunks of which nothing is known but that they were planned.
    unsent: u64,
}

/// What a pass over the attempts notes beside the chains.
#[derive(Default)]
struct Noted {
    counts: Counts,
    bodies: Problems,
    sent: Problems,
}

impl Checking {
    fn tell(&mut self, problems: Problems, holds: String) {
        self.checks.push(problems.into_check(holds));
    }

    /// Every member against the manifest.
    fn members(&mut self, manifest: &Manifest) {
        let mut problems = Problems::default();
        let names: BTreeSet<String> =
            self.archive.names().filter(|name| *name != MANIFEST).map(str::to_owned).collect();
        for name in manifest.blake3.keys().filter(|name| !names.contains(*name)).take(NAMED + 1) {
            problems.add(format!("{} is missing", quote(name)));
        }
        for name in &names {
            let hashed = self.archive.member(name, MAX_MEMBER).and_then(|member| hash(member.needed()));
            match (hashed, manifest.blake3.get(name)) {
                (Err(error), _) => problems.add(format!("{} cannot be read: {error}", quote(name))),
                (Ok(_), None) => problems.add(format!("{} does not stand in {MANIFEST}", quote(name))),
                (Ok(hash), Some(listed)) => {
                    if hash != *listed {
                        problems.add(format!("{} does not have the hash that {MANIFEST} lists", quote(name)));
                    }
                    self.hashes.insert(name.clone(), hash);
                }
            }
        }
        let holds = format!("{} have the hashes that {MANIFEST} lists", count(names.len() as u64, "member"));
        self.tell(problems, holds);
    }

    /// The digest of each chunk's body by the chunk's id.
    fn chunks(&mut self) -> HashMap<i64, [u8; 32]> {
        let mut chunks = HashMap::new();
        let mut problems = Problems::default();
        for line in lines(&self.archive, CHUNKS, &CHUNK_HEADINGS) {
            let is_whole = self.facts.purged.is_empty();
            match line.and_then(|cells| Ok((cells.number(0)?, cells.chunk_digest(is_whole)?))) {
                Ok((id, Some(digest))) => drop(chunks.insert(id, digest)),
                // It never left, and its bytes are gone.
                Ok((_, None)) => self.unsent += 1,
                Err(problem) => problems.add(problem),
            }
        }
        if !problems.is_empty() {
            self.tell(problems, String::new());
        }
        chunks
    }

    /// Attempts, replies and resolutions: the chains, the bodies of replies, and what was sent.
    fn trail(&mut self, chunks: &HashMap<i64, [u8; 32]>) -> (Chains, Counts) {
        let mut chains = Chains::default();
        let mut noted = Noted::default();
        let mut unread = Problems::default();
        let mut listed = match self.bodies() {
            Ok(listed) => listed,
            Err(problem) => {
                noted.bodies.add(problem);
                None
            }
        };
        let mut replies = lines(&self.archive, REPLIES, &REPLY_HEADINGS)
            .map(|line| line.and_then(|cells| Ok((cells.number::<i64>(1)?, cells.reply()?))))
            .peekable();
        for line in lines(&self.archive, ATTEMPTS, &ATTEMPT_HEADINGS) {
            let mut attempt = match line.and_then(|cells| cells.attempt()) {
                Ok(attempt) => attempt,
                Err(problem) => {
                    unread.add(problem);
                    continue;
                }
            };
            while let Some(reply) = replies.next_if(|reply| match reply {
                Ok((of, _)) => *of == attempt.id.0,
                Err(_) => true,
            }) {
                match reply {
                    Ok((_, reply)) => attempt.replies.push(reply),
                    Err(problem) => unread.add(problem),
                }
            }
            chains.attempt(&attempt);
            self.note(&attempt, chunks, &mut noted, listed.as_mut());
        }
        if listed.is_some_and(|mut listed| listed.next().is_some()) {
            noted.bodies.add(format!("{BODIES} has the body of a reply that {REPLIES} does not list"));
        }
        for reply in replies {
            match reply {
                Ok((of, reply)) => unread.add(format!("reply {} answers no attempt: {of}", reply.id)),
                Err(problem) => unread.add(problem),
            }
        }
        for line in lines(&self.archive, RESOLUTIONS, &RESOLUTION_HEADINGS) {
            match line.and_then(|cells| cells.resolution()) {
                Ok(resolution) => {
                    noted.counts.resolutions += 1;
                    chains.resolution(&resolution);
                }
                Err(problem) => unread.add(problem),
            }
        }
        let approvals = self.approvals(&mut chains, &mut unread);
        noted.counts.approvals = approvals.len() as u64;
        chains.broken().iter().for_each(|broken| unread.add(broken.clone()));
        let Noted { counts, bodies, sent } = noted;
        let holds = format!(
            "{}, {} and {} follow from each other with the hashes that were recorded",
            count(counts.attempts, "attempt"),
            count(counts.replies, "reply"),
            count(counts.resolutions, "resolution")
        );
        self.tell(unread, holds);
        let holds = if self.facts.purged.is_empty() {
            "every reply has the body whose digest was recorded"
        } else {
            "no reply has another body than the one whose digest was recorded"
        };
        self.tell(bodies, holds.to_owned());
        self.tell(sent, "every attempt sent the bytes of its chunk".to_owned());
        for approval in approvals {
            let ApprovalRecord { approver, maker, plan, approved_at, .. } = approval;
            let mut problems = Problems::default();
            if approver == maker || maker != self.facts.maker {
                problems.add(format!("{} approved a plan of their own, or of somebody else", quote(&approver)));
            }
            let holds = format!("{approver} approved at {approved_at} the plan {} of {maker}", hex(&plan));
            self.tell(problems, holds);
        }
        (chains, counts)
    }

    /// The list of bodies, where they are no members of their own.
    fn bodies(&self) -> Result<Option<Bodies>, String> {
        if self.facts.evidence_form <= FORM_OF_FEW {
            return Ok(None);
        }
        let unread = |error: &dyn std::fmt::Display| format!("{BODIES} cannot be read: {error}");
        match self.archive.member(BODIES, MAX_MEMBER).map_err(|error| unread(&error))? {
            Some(member) => Ok(Some(Bodies::of(member))),
            None if self.facts.purged.is_empty() => Err(format!("{BODIES} is missing")),
            None => Ok(None),
        }
    }

    /// Approvals, linked; archives of before had none.
    fn approvals(&self, chains: &mut Chains, unread: &mut Problems) -> Vec<ApprovalRecord> {
        let mut approvals = Vec::new();
        if self.facts.evidence_form < 2 {
            return approvals;
        }
        for line in lines(&self.archive, APPROVALS, &APPROVAL_HEADINGS) {
            match line.and_then(|cells| cells.approval(self.facts.run)) {
                Ok(approval) => {
                    chains.approval(&approval);
                    approvals.push(approval);
                }
                Err(problem) => unread.add(problem),
            }
        }
        approvals
    }

    /// What was purged before the archive was made; that is told, not judged.
    fn purged(&mut self) {
        for sentence in self.facts.purged.clone() {
            self.checks.push(Check { holds: true, sentence });
        }
    }

    /// Rows as read and the bytes of chunks, in an archive that says it holds them.
    fn archived(&mut self, chunks: &HashMap<i64, [u8; 32]>) {
        if !self.facts.archive {
            return;
        }
        let mut problems = Problems::default();
        let mut rows = 0;
        for input in &self.facts.inputs {
            let name = rows_name(input.input);
            match self.archive.member(&name, MAX_MEMBER) {
                // They went with an earlier archive.
                Ok(None) if !self.facts.purged.is_empty() => {}
                member => match records(member.and_then(Needed::needed)) {
                    Ok(found) if found.checked_sub(1) == Some(input.rows) => rows += input.rows,
                    Ok(found) => {
                        let found = found.saturating_sub(1);
                        problems.add(format!("{name} has {found} rows, and {} were read", input.rows));
                    }
                    Err(error) => problems.add(format!("{name} cannot be read: {error}")),
                },
            }
        }
        self.tell(problems, format!("{} stand in it as they were read", count(rows, "row")));
        if !self.facts.purged.is_empty() {
            return;
        }
        let mut problems = Problems::default();
        let found = match self.archive.member(PAYLOADS, MAX_MEMBER).and_then(Needed::needed) {
            Ok(member) => check_payloads(member, chunks, &mut problems),
            Err(error) => {
                problems.add(format!("{PAYLOADS} cannot be read: {error}"));
                0
            }
        };
        self.tell(problems, format!("the bytes of {} stand in it", count(found, "chunk")));
    }

    fn note(
        &self,
        attempt: &AttemptRecord,
        chunks: &HashMap<i64, [u8; 32]>,
        noted: &mut Noted,
        mut listed: Option<&mut Bodies>,
    ) {
        noted.counts.attempts += 1;
        if chunks.get(&attempt.chunk.0) != Some(&attempt.link.digest) {
            noted.sent.add(format!("attempt {} did not send what {CHUNKS} lists", attempt.id));
        }
        for reply in &attempt.replies {
            noted.counts.replies += 1;
            if let Some(listed) = listed.as_mut() {
                if listed.next() != Some((reply.id, reply.link.digest)) {
                    noted.bodies.add(format!("{BODIES} has not the body of reply {} that was recorded", reply.id));
                }
                continue;
            }
            let name = body_name(reply.id);
            if !self.facts.purged.is_empty() && !self.hashes.contains_key(&name) {
                continue;
            }
            if self.hashes.get(&name) != Some(&hex(&reply.link.digest)) {
                noted.bodies.add(format!("{name} is not the body whose digest was recorded"));
            }
        }
    }

    fn heads(&mut self, chains: &Chains, given: Option<&str>) {
        let head = hex(&chains.head());
        let mut problems = Problems::default();
        if head != self.facts.head {
            problems.add(format!("the head is {head}, and {FACTS} says {}", quote(&self.facts.head)));
        }
        self.tell(problems, format!("the head is {head}, as {FACTS} says"));
        let Some(given) = given else { return };
        let mut problems = Problems::default();
        let digits = given.trim().to_ascii_lowercase();
        if digits.len() < LEAST_DIGITS || !head.starts_with(&digits) {
            problems.add(format!("the head is {head}, and the one given with --head is {}", quote(given)));
        }
        self.tell(problems, "the head is the one given with --head".to_owned());
    }

    /// The counts of the facts against the lists.
    fn counts(&mut self, mut found: Counts) {
        let mut problems = Problems::default();
        let rows = self.archive.member(OUTCOMES, MAX_MEMBER).and_then(|member| records(member.needed()));
        match rows {
            Ok(records) => found.rows = records.saturating_sub(1),
            Err(error) => problems.add(format!("{OUTCOMES} cannot be read: {error}")),
        }
        let said = self.facts.counts;
        for (found, said, what) in [
            (found.rows, said.rows, "row"),
            (found.chunks, said.chunks, "chunk"),
            (found.attempts, said.attempts, "attempt"),
            (found.replies, said.replies, "reply"),
            (found.resolutions, said.resolutions, "resolution"),
            (found.approvals, said.approvals, "approval"),
        ] {
            if found != said {
                problems.add(format!("{FACTS} says {}, and there are {found}", count(said, what)));
            }
        }
        let by_status = self.facts.rows_by_status.values().try_fold(0_u64, |sum, rows| sum.checked_add(*rows));
        if by_status != Some(said.rows) {
            problems.add(format!("the outcomes in {FACTS} do not add up to {}", count(said.rows, "row")));
        }
        let holds = format!("{} in {OUTCOMES} and all other counts are those of {FACTS}", count(said.rows, "row"));
        self.tell(problems, holds);
    }
}

/// What does not hold, the first few of it.
#[derive(Default)]
pub(super) struct Problems {
    named: Vec<String>,
    more: u64,
}

impl Problems {
    pub(super) fn add(&mut self, problem: String) {
        if self.named.len() < NAMED { self.named.push(problem) } else { self.more += 1 }
    }

    fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    fn into_check(self, holds: String) -> Check {
        if self.is_empty() {
            return Check { holds: true, sentence: holds };
        }
        let more = if self.more > 0 { format!("; and {} more", self.more) } else { String::new() };
        Check { holds: false, sentence: format!("{}{more}", self.named.join("; ")) }
    }
}

/// A member that must be there.
trait Needed {
    fn needed(self) -> io::Result<MemberBytes>;
}

impl Needed for Option<MemberBytes> {
    fn needed(self) -> io::Result<MemberBytes> {
        self.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it is missing"))
    }
}

fn hash(member: io::Result<MemberBytes>) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(member?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Counts the lines of a table, with those that stand within quotes taken as one, and keeps none.
fn records(member: io::Result<MemberBytes>) -> io::Result<u64> {
    let mut member = member?;
    let mut buffer = [0; 1 << 14];
    let (mut records, mut quoted) = (0, false);
    loop {
        let length = member.read(&mut buffer)?;
        if length == 0 {
            return Ok(records);
        }
        for byte in &buffer[..length] {
            quoted ^= *byte == b'"';
            records += u64::from(*byte == b'\n' && !quoted);
        }
    }
}
