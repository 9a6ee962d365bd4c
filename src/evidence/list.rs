//! The lists of an archive, line by line: what arload writes there, or a sentence that says where it does not.
//!
//! Only reads; what lines mean together is checked by [`super::verify`]. The one rule: nothing of a line is believed to
//! have the form it should.

use jiff::Timestamp;

use crate::finding::quote;
use crate::ledger::consent::ApprovalRecord;
use crate::ledger::trail::{AttemptRecord, Link, ReplyRecord, ResolutionRecord};
use crate::ledger::{AttemptId, ChunkId, RunId};
use crate::sheet::members::{Archive, MemberBytes};

/// Limit: a list of as many records as an archive may have takes some 480 MB; its lines are read one by one.
const MAX_LIST: u64 = 512 << 20;

/// One line of a list, with the list's name for messages.
pub(super) struct Cells<'n> {
    list: &'n str,
    record: csv::StringRecord,
}

/// The lines of a list; a list that cannot be read is one line that says why.
pub(super) fn lines<'n>(
    archive: &Archive,
    list: &'n str,
    headings: &'static [&'static str],
) -> Box<dyn Iterator<Item = Result<Cells<'n>, String>> + 'n> {
    let failed = |problem: String| -> Box<dyn Iterator<Item = Result<Cells<'n>, String>> + 'n> {
        Box::new(std::iter::once(Err(problem)))
    };
    let member = match archive.member(list, MAX_LIST) {
        Ok(Some(member)) => member,
        Ok(None) => return failed(format!("{list} is missing")),
        Err(error) => return failed(format!("{list} cannot be read: {error}")),
    };
    let mut reader = csv::Reader::from_reader(member);
    if !reader.headers().is_ok_and(|found| found.iter().eq(headings.iter().copied())) {
        return failed(format!("{list} does not have the headings it should"));
    }
    let mut ended = false;
    let lines = reader.into_records().map(move |record| match record {
        Ok(record) => Ok(Cells { list, record }),
        Err(error) => Err(format!("{list} cannot be read: {error}")),
    });
    // An unreadable line ends the list; what reads on after it reads the same error for ever.
    Box::new(lines.take_while(move |line| !std::mem::replace(&mut ended, line.is_err())))
}

/// The bodies of replies where they stand in one list: each reply's number with the digest of its body.
pub(super) struct Bodies(csv::ByteRecordsIntoIter<MemberBytes>);

impl Bodies {
    pub(super) fn of(member: MemberBytes) -> Self {
        Self(csv::Reader::from_reader(member).into_byte_records())
    }
}

impl Iterator for Bodies {
    type Item = (i64, [u8; 32]);

    /// None behind the last, and where the list cannot be read any further.
    fn next(&mut self) -> Option<Self::Item> {
        let record = self.0.next()?.ok()?;
        let id = std::str::from_utf8(record.get(0)?).ok()?.parse().ok()?;
        Some((id, *blake3::hash(record.get(1)?).as_bytes()))
    }
}

impl Cells<'_> {
    pub(super) fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    fn bad(&self, column: usize) -> String {
        let line = self.record.position().map_or(0, csv::Position::line);
        format!("{}:{line}: {} is not what arload writes there", self.list, quote(self.text(column)))
    }

    pub(super) fn number<N: std::str::FromStr>(&self, column: usize) -> Result<N, String> {
        self.text(column).parse().map_err(|_| self.bad(column))
    }

    fn time(&self, column: usize) -> Result<Timestamp, String> {
        self.number(column)
    }

    fn digest(&self, column: usize) -> Result<[u8; 32], String> {
        let hash = blake3::Hash::from_hex(self.text(column)).map_err(|_| self.bad(column))?;
        Ok(*hash.as_bytes())
    }

    /// The digest of a chunk; some may be blank where not all is whole.
    pub(super) fn chunk_digest(&self, is_whole: bool) -> Result<Option<[u8; 32]>, String> {
        if !is_whole && self.text(5).is_empty() { Ok(None) } else { self.digest(5).map(Some) }
    }

    pub(super) fn approval(&self, run: i64) -> Result<ApprovalRecord, String> {
        Ok(ApprovalRecord {
            id: self.number(0)?,
            run: RunId(run),
            approved_at: self.time(1)?,
            approver: self.text(2).to_owned(),
            maker: self.text(3).to_owned(),
            plan: self.digest(4)?,
            link: self.link(5)?,
        })
    }

    /// The three columns from `first` on.
    fn link(&self, first: usize) -> Result<Link, String> {
        Ok(Link { digest: self.digest(first)?, previous: self.digest(first + 1)?, hash: self.digest(first + 2)? })
    }

    pub(super) fn attempt(&self) -> Result<AttemptRecord, String> {
        Ok(AttemptRecord {
            id: AttemptId(self.number(0)?),
            chunk: ChunkId(self.number(1)?),
            number: self.number(2)?,
            sender: self.text(3).to_owned(),
            started_at: self.time(4)?,
            link: self.link(5)?,
            replies: Vec::new(),
        })
    }

    pub(super) fn reply(&self) -> Result<ReplyRecord, String> {
        let status = if self.text(4).is_empty() { None } else { Some(self.number(4)?) };
        Ok(ReplyRecord {
            id: self.number(0)?,
            received_at: self.time(2)?,
            kind: self.text(3).to_owned(),
            status,
            refused: self.text(5) == "1",
            request_id: None,
            link: self.link(7)?,
        })
    }

    pub(super) fn resolution(&self) -> Result<ResolutionRecord, String> {
        Ok(ResolutionRecord {
            id: self.number(0)?,
            chunk: ChunkId(self.number(1)?),
            resolved_at: self.time(2)?,
            words: String::new(),
            link: self.link(4)?,
        })
    }
}
