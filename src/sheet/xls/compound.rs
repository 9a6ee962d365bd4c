//! The stream of a workbook inside a compound file.
//!
//! Knows of compound files what it takes to find one stream: sectors, their chains, the directory and the small
//! sectors of short streams. The one rule: a chain that is longer than the file, or leads out of it, is an error.

use std::fs;
use std::path::Path;

use super::super::xlsx::Problem;

/// Sectors from here on are none.
const LAST: u32 = 0xFFFF_FFFA;
/// Bytes of a line of the directory.
const LINE: usize = 128;
/// Bytes of a short stream's sector.
const SMALL: usize = 64;
const HEADER: usize = 512;

/// The stream of the workbook: that of Excel 97 and later, or that of Excel 5.
pub(super) fn workbook(path: &Path) -> Result<Vec<u8>, Problem> {
    let file = File::of(fs::read(path)?)?;
    let directory = file.chain(file.word(48)?)?;
    let found = |name: &str| {
        directory.chunks_exact(LINE).find(|line| {
            let letters = line[..64].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            let letters = letters.take_while(|letter| *letter != 0);
            // Two is a stream.
            line[66] == 2 && char::decode_utf16(letters).map(Result::unwrap_or_default).eq(name.chars())
        })
    };
    let line = found("Workbook").or_else(|| found("WORKBOOK")).or_else(|| found("Book")).or_else(|| found("BOOK"));
    let line = line.ok_or_else(|| Problem::broken("it holds no workbook"))?;
    let (start, length) = (word(line, 116)?, word(line, 120)? as usize);
    let mut stream = if length < file.word(56)? as usize {
        // The root is the first line.
        let small = file.chain(word(&directory, 116)?)?;
        let table = file.chain(file.word(60)?)?;
        let mut stream = Vec::new();
        let mut sector = start;
        while sector < LAST {
            let begin = sector as usize * SMALL;
            if stream.len() > small.len() {
                return Err(endless());
            }
            stream.extend_from_slice(small.get(begin..begin + SMALL).ok_or_else(outside)?);
            sector = word(&table, sector as usize * 4)?;
        }
        stream
    } else {
        file.chain(start)?
    };
    stream.truncate(length);
    Ok(stream)
}

/// A compound file and which sector follows which.
struct File {
    bytes: Vec<u8>,
    sector: usize,
    table: Vec<u8>,
}

impl File {
    fn of(bytes: Vec<u8>) -> Result<Self, Problem> {
        let mut file = Self { bytes, sector: 0, table: Vec::new() };
        file.sector = match file.word(30)? & 0xFFFF {
            9 => 512,
            12 => 4096,
            _ => return Err(Problem::broken("its sectors have a size that is unknown")),
        };
        // Where the table stands: in the header, and in sectors that follow each other.
        let count = file.word(44)? as usize;
        let mut places: Vec<u32> = (0..109).map(|at| file.word(76 + 4 * at)).collect::<Result<_, _>>()?;
        let mut next = file.word(68)?;
        while next < LAST && places.len() < count {
            let list = file.sector(next)?;
            if list.len() < file.sector || places.len() * 4 > file.bytes.len() {
                return Err(endless());
            }
            let last = list.len() - 4;
            places.extend(
                list[..last].chunks_exact(4).map(|place| u32::from_le_bytes([place[0], place[1], place[2], place[3]])),
            );
            next = word(list, last)?;
        }
        let mut table = Vec::new();
        for place in places.into_iter().take(count).filter(|place| *place < LAST) {
            table.extend_from_slice(file.sector(place)?);
            if table.len() > file.bytes.len() {
                return Err(endless());
            }
        }
        file.table = table;
        Ok(file)
    }

    /// The bytes of a sector; the last one may be cut off.
    fn sector(&self, sector: u32) -> Result<&[u8], Problem> {
        let begin = (sector as usize + 1) * self.sector;
        let end = (begin + self.sector).min(self.bytes.len());
        self.bytes.get(begin.max(HEADER)..end).filter(|bytes| bytes.len() >= 4).ok_or_else(outside)
    }

    /// All sectors of a chain.
    fn chain(&self, start: u32) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let mut sector = start;
        while sector < LAST {
            if bytes.len() > self.bytes.len() {
                return Err(endless());
            }
            bytes.extend_from_slice(self.sector(sector)?);
            sector = word(&self.table, sector as usize * 4)?;
        }
        Ok(bytes)
    }

    fn word(&self, at: usize) -> Result<u32, Problem> {
        word(&self.bytes, at)
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u32, Problem> {
    let word = bytes.get(at..at + 4).ok_or_else(outside)?;
    Ok(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

fn outside() -> Problem {
    Problem::broken("one of its sectors does not lie inside it")
}

fn endless() -> Problem {
    Problem::broken("its sectors follow each other without end")
}
