//! Reads a search to its last page, although nobody knows what `offset` counts or how large a page may be.
//!
//! Pure but for the asking, which the caller brings. Leaves pace and faults to [`super::search`]. The one rule: records
//! are all there, beyond doubt, or the search is [`Unread`]: a short page proves nothing, since a server may cap its
//! pages silently. Proof is an empty page, a page without a new record, or a total that cannot be a page's size.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::Value;

use crate::api::Searched;
use crate::api::found::{Page, Record};
use crate::operation::ALL;

/// Records of a page that are asked for (contract 2.5: at most 5,000).
pub(super) const PAGE: u32 = 5_000;

/// How far a search is read before it is given up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Records of a page that are asked for.
    pub(crate) page: u32,
    /// Pages of one way through them.
    pub(crate) pages: u32,
    /// Records in all.
    pub(crate) records: u64,
    /// Ways through the pages, as records come and go while they are read.
    pub(crate) ways: u32,
}

/// Limit: a search of more pages is too wide to be a look-up, and its records are held in memory.
const LOOK_UP: Bounds = Bounds { page: PAGE, pages: 200, records: 1_000_000, ways: 2 };

/// What `offset` of a search counts at this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetUnit {
    /// Records to leave out.
    Rows,
    /// Pages to leave out.
    Pages,
    /// Records to leave out, rounded down to whole pages.
    WholePages,
}

/// Why a search was not read to its end.
#[derive(Debug)]
pub(crate) enum Unread<E> {
    /// Its pages do not fit together.
    Unable(String),
    /// Its pages or records are too many.
    TooWide(String),
    /// A page could not be had.
    Asking(E),
}

impl<E> From<E> for Unread<E> {
    fn from(error: E) -> Self {
        Unread::Asking(error)
    }
}

/// Where the pages of a search come from, and where their records are kept.
pub(crate) trait Pages<E> {
    /// Asks for a page and keeps its records.
    fn take(&mut self, offset: u64, limit: u32) -> Result<Taken, E>;

    /// How many records were seen, each once.
    fn seen(&self) -> u64;

    /// Forgets all records, as they are read once more.
    fn forget(&mut self) -> Result<(), E>;
}

/// What a page brought.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The marks of its records, in their order.
    pub(crate) marks: Vec<String>,
    /// How many of them were new.
    pub(crate) new: usize,
    /// How many records match in all, where the reply says so.
    pub(crate) total: Option<u64>,
}

/// All records of a search that `keep` wants; `ask` has a page from an offset with a limit. The unit is found out once
/// and kept.
pub(super) fn read_all<E>(
    searched: Searched,
    unit: &mut Option<OffsetUnit>,
    keep: &dyn Fn(&Record) -> bool,
    ask: &mut dyn FnMut(u64, u32) -> Result<Page, E>,
) -> Result<Vec<Record>, Unread<E>> {
    let mut held = Held { searched, keep, ask, seen: HashSet::new(), records: Vec::new() };
    walk(LOOK_UP, unit, &mut held)?;
    Ok(held.records)
}

/// Records in memory.
struct Held<'a, E> {
    searched: Searched,
    keep: &'a dyn Fn(&Record) -> bool,
    ask: &'a mut dyn FnMut(u64, u32) -> Result<Page, E>,
    seen: HashSet<String>,
    /// Those that are wanted.
    records: Vec<Record>,
}

impl<E> Pages<E> for Held<'_, E> {
    fn take(&mut self, offset: u64, limit: u32) -> Result<Taken, E> {
        let page = (self.ask)(offset, limit)?;
        let before = self.seen.len();
        let mut marks = Vec::with_capacity(page.records.len());
        for record in page.records {
            let mark = mark(self.searched, &record);
            if self.seen.insert(mark.clone()) && (self.keep)(&record) {
                self.records.push(lean(record));
            }
            marks.push(mark);
        }
        Ok(Taken { marks, new: self.seen.len() - before, total: page.total })
    }

    fn seen(&self) -> u64 {
        self.seen.len() as u64
    }

    fn forget(&mut self) -> Result<(), E> {
        self.seen.clear();
        self.records.clear();
        Ok(())
    }
}

/// Reads a search to its last page; what it brought is with `pages`, all of it beyond doubt.
pub(crate) fn walk<E>(
    bounds: Bounds,
    unit: &mut Option<OffsetUnit>,
    pages: &mut dyn Pages<E>,
) -> Result<(), Unread<E>> {
    let mut doubt = String::new();
    for way in 0..bounds.ways {
        if way > 0 {
            pages.forget()?;
            // What was known of offsets may be what is wrong.
            *unit = None;
        }
        let mut reading = Reading { bounds, pages, asked: 0, total: None };
        match reading.whole(unit)? {
            End::Whole => return Ok(()),
            End::Doubt(reason) => doubt = reason,
        }
    }
    *unit = None;
    Err(Unread::Unable(doubt))
}

/// How one way through the pages ended.
enum End {
    /// All records were seen.
    Whole,
    /// Perhaps not.
    Doubt(String),
}

/// One way through the pages.
struct Reading<'a, E> {
    bounds: Bounds,
    pages: &'a mut dyn Pages<E>,
    asked: u32,
    /// What the last page that said so gave as the number of all.
    total: Option<u64>,
}

impl<E> Reading<'_, E> {
    /// Reads all pages.
    fn whole(&mut self, unit: &mut Option<OffsetUnit>) -> Result<End, Unread<E>> {
        let first = self.take(0, self.bounds.page)?;
        if first.marks.is_empty() {
            return Ok(self.end());
        }
        if self.is_proven() {
            return Ok(End::Whole);
        }
        // With pages of one record all units are the same.
        let known = if first.marks.len() == 1 { Some(OffsetUnit::Pages) } else { *unit };
        match known {
            Some(OffsetUnit::Rows) => self.rows(first),
            Some(OffsetUnit::Pages) => self.whole_pages(first, 1),
            Some(OffsetUnit::WholePages) => {
                let size = first.marks.len() as u64;
                self.whole_pages(first, size)
            }
            None => self.find_unit(first, unit),
        }
    }

    /// Asks for offset 1 with pages as large as the first one was: rows show the first page again but for its first
    /// record, pages show other records or none.
    fn find_unit(&mut self, first: Taken, unit: &mut Option<OffsetUnit>) -> Result<End, Unread<E>> {
        let size = self.page_size(&first);
        let second = self.take(1, size)?;
        let again: HashSet<&String> = second.marks.iter().collect();
        let overlap = first.marks.iter().filter(|mark| again.contains(mark)).count();
        if overlap == 0 {
            *unit = Some(OffsetUnit::Pages);
            return self.further_pages(first, second, 1);
        }
        if second.marks == first.marks {
            return self.same_page_again(first, unit);
        }
        // A record of the first page that is gone from the overlap left, or was moved, meanwhile.
        if again.contains(&first.marks[0]) || first.marks[1..].iter().any(|mark| !again.contains(mark)) {
            return Ok(changed());
        }
        *unit = Some(OffsetUnit::Rows);
        if second.new == 0 {
            return Ok(self.end());
        }
        self.rows_from(1 + second.marks.len(), second)
    }

    /// An offset of 1 changed nothing: it is rounded down, or not obeyed at all.
    fn same_page_again(&mut self, first: Taken, unit: &mut Option<OffsetUnit>) -> Result<End, Unread<E>> {
        let size = first.marks.len();
        let page = self.page_size(&first);
        let second = self.take(size as u64, page)?;
        if second.marks != first.marks {
            *unit = Some(OffsetUnit::WholePages);
            return self.further_pages(first, second, size as u64);
        }
        if may_be_a_page_size(size) {
            return Err(Unread::Unable("the search shows its first page whatever offset is asked for".to_owned()));
        }
        Ok(self.end())
    }

    fn rows(&mut self, first: Taken) -> Result<End, Unread<E>> {
        self.rows_from(first.marks.len(), first)
    }

    /// Pages that begin with the last record of the page before, which shows that nothing slipped away between them.
    fn rows_from(&mut self, mut end: usize, mut last: Taken) -> Result<End, Unread<E>> {
        loop {
            let Some(mark) = last.marks.last().filter(|_| !self.is_proven()) else { return Ok(self.end()) };
            let mark = mark.clone();
            last = self.take(end as u64 - 1, self.bounds.page)?;
            if last.marks.first() != Some(&mark) {
                return Ok(changed());
            }
            if last.new == 0 {
                return Ok(self.end());
            }
            end += last.marks.len() - 1;
        }
    }

    fn whole_pages(&mut self, first: Taken, stride: u64) -> Result<End, Unread<E>> {
        let size = self.page_size(&first);
        let second = self.take(stride, size)?;
        self.further_pages(first, second, stride)
    }

    /// Goes on after two pages, and reads all once more: nothing else shows that no record moved between pages.
    fn further_pages(&mut self, first: Taken, second: Taken, stride: u64) -> Result<End, Unread<E>> {
        let size = self.page_size(&first);
        let mut last = second.new;
        // Of a page that was read, no more is held than tells whether it is the same again.
        let mut pages = vec![digest(first), digest(second)];
        while last > 0 && !self.is_proven() {
            let page = self.take(stride * pages.len() as u64, size)?;
            last = page.new;
            pages.push(digest(page));
        }
        let pages: Vec<[u8; 32]> = pages.into_iter().flatten().collect();
        if pages.len() > 1 {
            self.asked = 0;
            for (number, page) in pages.into_iter().enumerate() {
                let again = self.take(stride * number as u64, size)?;
                if again.new > 0 || digest(again) != Some(page) {
                    return Ok(changed());
                }
            }
        }
        Ok(self.end())
    }

    /// Asks for a page.
    fn take(&mut self, offset: u64, limit: u32) -> Result<Taken, Unread<E>> {
        self.asked += 1;
        if self.asked > self.bounds.pages {
            return Err(Unread::TooWide(format!("the search has more than {} pages", self.bounds.pages)));
        }
        let taken = self.pages.take(offset, limit)?;
        // A number that echoes the limit is no total.
        self.total = taken.total.filter(|&total| total != u64::from(limit)).or(self.total);
        if self.pages.seen() > self.bounds.records {
            return Err(Unread::TooWide(format!("the search has more than {} records", self.bounds.records)));
        }
        Ok(taken)
    }

    /// Whether a total shows that all records were seen. A total that may be a page's size proves nothing.
    fn is_proven(&self) -> bool {
        // Limit: a server whose pages hold no more than this is none that anybody runs.
        const LEAST_PAGE: u64 = 10;
        let seen = self.pages.seen();
        // A number beside the only page may count that page.
        let may_count_the_page = self.asked == 1 && seen > LEAST_PAGE;
        self.total == Some(seen) && !may_count_the_page && !may_be_a_page_size(seen as usize)
    }

    /// The size of the pages that follow: that of the first, as asking for more than the server gives could leave gaps.
    fn page_size(&self, first: &Taken) -> u32 {
        u32::try_from(first.marks.len()).map_or(self.bounds.page, |size| size.min(self.bounds.page))
    }

    /// Nothing more comes; a total that speaks of more records is believed.
    fn end(&self) -> End {
        let seen = self.pages.seen();
        match self.total.filter(|&total| total > seen) {
            Some(total) => End::Doubt(format!("the search says that {total} records match and shows {seen}")),
            None => End::Whole,
        }
    }
}

/// What the records of a page are together, in whatever order; none of an empty page.
fn digest(page: Taken) -> Option<[u8; 32]> {
    let mut marks = page.marks;
    marks.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for mark in &marks {
        hasher.update(&(mark.len() as u64).to_le_bytes()).update(mark.as_bytes());
    }
    (!marks.is_empty()).then(|| *hasher.finalize().as_bytes())
}

fn changed() -> End {
    End::Doubt("the records of the search changed while they were read".to_owned())
}

/// Whether a server may have been told to show so many records at most: a round number.
fn may_be_a_page_size(records: usize) -> bool {
    records.is_multiple_of(5) || (records >= 8 && records.is_power_of_two())
}

/// What a record is known by: its id, else all that it says.
pub(crate) fn mark(searched: Searched, record: &Record) -> String {
    let id = match searched {
        Searched::Invoices => "invoiceId",
        Searched::Customers => "customerId",
    };
    record.text(id).unwrap_or_else(|| Value::Object(record.0.clone()).to_string())
}

/// The record without what no look-up reads, as a hundred thousand of them are held.
pub(crate) fn lean(mut record: Record) -> Record {
    static READ: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let fields = ALL.iter().flat_map(|operation| operation.fields).map(|field| field.name);
        fields.chain(["createdOn", "dispatched", "dispatchedOn", "customerKeyContacts"]).collect()
    });
    record.0.retain(|name, value| !value.is_null() && READ.contains(name.as_str()));
    record
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A server that keeps records by number.
    #[derive(Clone)]
    struct Server {
        records: Vec<u32>,
        unit: Option<OffsetUnit>,
        cap: usize,
        total: Total,
        asked: u32,
    }

    /// What stands beside the records.
    #[derive(Debug, Clone, Copy)]
    enum Total {
        Absent,
        All,
        OfPage,
        Limit,
    }

    fn server(records: u32, unit: Option<OffsetUnit>, cap: usize, total: Total) -> Server {
        Server { records: (0..records).collect(), unit, cap, total, asked: 0 }
    }

    fn record(number: u32) -> Record {
        let Value::Object(object) = json!({"invoiceId": format!("CIN{number}"), "invoiceNumber": number, "junk": 1})
        else {
            unreachable!()
        };
        Record(object)
    }

    impl Server {
        fn answer(&mut self, offset: u64, limit: u32) -> Page {
            self.asked += 1;
            let size = self.cap.min(limit as usize);
            let offset = offset as usize;
            let skipped = match self.unit {
                Some(OffsetUnit::Rows) => offset,
                Some(OffsetUnit::Pages) => offset * size,
                Some(OffsetUnit::WholePages) => offset / size * size,
                None => 0,
            };
            let records: Vec<Record> = self.records.iter().skip(skipped).take(size).copied().map(record).collect();
            let total = match self.total {
                Total::Absent => None,
                Total::All => Some(self.records.len() as u64),
                Total::OfPage => Some(records.len() as u64),
                Total::Limit => Some(u64::from(limit)),
            };
            Page { records, total }
        }

        fn read(&mut self, unit: &mut Option<OffsetUnit>) -> Result<Vec<u32>, String> {
            let read =
                read_all::<()>(
                    Searched::Invoices,
                    unit,
                    &|_| true,
                    &mut |offset, limit| Ok(self.answer(offset, limit)),
                );
            let records = match read {
                Ok(records) => records,
                Err(Unread::Unable(reason) | Unread::TooWide(reason)) => return Err(reason),
                Err(Unread::Asking(())) => unreachable!(),
            };
            let mut numbers: Vec<u32> =
                records.iter().map(|record| record.text("invoiceNumber").unwrap().parse().unwrap()).collect();
            numbers.sort_unstable();
            Ok(numbers)
        }
    }

    const UNITS: [OffsetUnit; 3] = [OffsetUnit::Rows, OffsetUnit::Pages, OffsetUnit::WholePages];

    #[test]
    fn every_record_is_read_once_whatever_offset_counts_and_however_small_pages_are() {
        for unit in UNITS {
            for total in [Total::Absent, Total::All, Total::OfPage, Total::Limit] {
                for (records, cap) in [
                    (0, 50),
                    (1, 50),
                    (2, 50),
                    (3, 50),
                    (49, 50),
                    (50, 50),
                    (51, 50),
                    (100, 50),
                    (101, 50),
                    (7, 1),
                    (7, 2),
                    (1_000, 37),
                    (4_999, 9_999),
                    (5_000, 9_999),
                    (5_001, 9_999),
                    (12_000, 9_999),
                ] {
                    if matches!(total, Total::OfPage) && !may_be_a_page_size(cap) && records as usize >= cap {
                        // Limit: nobody caps pages at such a number; its count could not be told from a total.
                        continue;
                    }
                    let mut known = None;
                    // The second time with what the first time found out.
                    for _ in 0..2 {
                        let mut server = server(records, Some(unit), cap, total);
                        let read = server.read(&mut known);
                        let case = format!("{records} records by {cap}, {unit:?}, {total:?}, {known:?}");
                        assert_eq!(read, Ok((0..records).collect()), "{case}");
                        if records > 1 && records as usize > cap && cap > 1 {
                            assert_eq!(known, Some(unit), "{case}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_total_saves_requests_only_where_it_cannot_be_the_size_of_a_page() {
        for (records, total, requests) in [
            (0, Total::Absent, 1),
            (7, Total::All, 1),
            (7, Total::OfPage, 1),
            (7, Total::Absent, 2),
            (7, Total::Limit, 2),
            (50, Total::All, 2),
            (64, Total::All, 2),
        ] {
            let mut server = server(records, Some(OffsetUnit::Pages), 5_000, total);
            server.read(&mut None).unwrap();
            assert_eq!(server.asked, requests, "{records} {total:?}");
        }
    }

    #[test]
    fn a_search_that_cannot_be_read_to_its_end_is_not_taken_for_a_whole_one() {
        let rows = Some(OffsetUnit::Rows);
        for (mut server, expected) in [
            (server(12_000, rows, 50, Total::Absent), "the search has more than 200 pages"),
            (server(51, None, 50, Total::Absent), "the search shows its first page whatever offset is asked for"),
            (server(53, None, 51, Total::All), "the search says that 53 records match and shows 51"),
        ] {
            assert_eq!(server.read(&mut None), Err(expected.to_owned()));
        }
        // A window that the server closes after 10,000 records.
        let mut whole = server(10_700, rows, 5_000, Total::All);
        let read = read_all::<()>(Searched::Invoices, &mut None, &|_| true, &mut |offset, limit| {
            let mut page = whole.answer(offset, limit);
            page.records.truncate(10_000_usize.saturating_sub(offset as usize));
            Ok(page)
        });
        assert!(matches!(read, Err(Unread::Unable(reason)) if reason.contains("10700 records match and shows 10000")));
        // Not obeying offsets is no matter where the only page is whole beyond doubt.
        assert_eq!(server(7, None, 50, Total::Absent).read(&mut None), Ok((0..7).collect()));
    }

    #[test]
    fn records_that_stay_are_never_lost_while_others_come_and_go() {
        let mut lost_nothing = 0;
        for seed in 0..3_000_u64 {
            let mut random = seed;
            let mut draw = |below: u64| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (random >> 33) % below
            };
            let unit = UNITS[draw(3) as usize];
            let total = [Total::Absent, Total::All, Total::OfPage][draw(3) as usize];
            let cap = if matches!(total, Total::OfPage) { [5, 8, 10][draw(3) as usize] } else { 2 + draw(12) as usize };
            let mut server = server(20 + draw(30) as u32, Some(unit), cap, total);
            let mut staying = server.records.clone();
            let (at, insert) = (2 + draw(8) as u32, draw(3) == 0);
            let place = draw(20) as usize;
            let read = read_all::<()>(Searched::Invoices, &mut None, &|_| true, &mut |offset, limit| {
                if server.asked + 1 == at {
                    if insert {
                        server.records.insert(place, 999);
                    } else {
                        let gone = server.records.remove(place);
                        staying.retain(|number| *number != gone);
                    }
                }
                Ok(server.answer(offset, limit))
            });
            let Ok(records) = read else { continue };
            let seen: HashSet<String> = records.iter().filter_map(|record| record.text("invoiceNumber")).collect();
            let lost: Vec<&u32> = staying.iter().filter(|number| !seen.contains(&number.to_string())).collect();
            assert!(lost.is_empty(), "seed {seed}: {lost:?} of {unit:?}");
            lost_nothing += 1;
        }
        assert!(lost_nothing > 2_900, "one change is read over: {lost_nothing}");
    }

    #[test]
    fn records_without_an_id_are_known_by_all_they_say_and_useless_fields_are_dropped() {
        let bare = |number: u32| {
            let mut record = record(number);
            record.0.remove("invoiceId");
            record
        };
        let read = read_all::<()>(Searched::Invoices, &mut None, &|_| true, &mut |offset, limit| {
            let records = (0..7).skip(offset as usize).take(limit as usize).map(bare).collect();
            Ok(Page { records, total: None })
        });
        let Ok(records) = read else { panic!("{read:?}") };
        assert_eq!(records.len(), 7);
        assert!(records.iter().all(|record| !record.0.contains_key("junk")));
    }
}
