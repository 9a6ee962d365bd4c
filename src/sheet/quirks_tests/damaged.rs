//! Files damaged at random: read or refused, and no row lost without a word.

use super::*;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        const PIECES: [&[u8]; 14] =
            [b"\"", b"'", b"\n", b"\r", b"\0", b",", b";", b"\\\"", b"\"\"", b"\xff", b"\n\n", b" ", b"\t", b"Total"];
        let at = self.below(bytes.len());
        match self.below(4) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => drop(bytes.drain(at..bytes.len().min(at + 1 + self.below(20)))),
            2 => {
                let piece = bytes[at..bytes.len().min(at + 1 + self.below(60))].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => drop(bytes.splice(at..at, PIECES[self.below(PIECES.len())].iter().copied())),
        }
        if bytes.is_empty() {
            bytes.push(b'x');
        }
    }
}

/// Rows with a filled cell below the header, told without the judging of rows.
fn filled_below(path: &Path, header: u32) -> u64 {
    let container = crate::sheet::container::detect(path, "a").unwrap();
    let settings = Reading::default();
    let mut rows =
        crate::sheet::text::TextRows::open(path, container.wrapping, "a", &settings, &mut Vec::new()).unwrap();
    let mut row = crate::sheet::row::RawRow::default();
    let mut filled = 0;
    while rows.next(&mut row).unwrap() {
        filled += u64::from(row.number > header && row.filled().next().is_some());
    }
    filled
}

#[test]
fn damaged_text_is_read_or_refused_and_every_row_is_accounted_for() {
    let seeds = [
        PLAIN.repeat(3),
        "Acme\n\nInvoice No;Date;Customer;Amount\n1;1-4-25;\"A;B\";1,5\n2;2-4-25;C;2,5\nTotal;;;4,0\n".to_owned(),
        "'Invoice No','Customer'\n'1','x, y'\n'2','z'\n\nNote,\n".to_owned(),
        "Invoice No,Customer\n1,\"A\\\" B\"\n2,\"12 Road\nPune\"\n3,₹ é\n".to_owned(),
        "sep=|\nInvoice No|Customer|Amount\n1|A|5\nGrand Total||5\n".to_owned(),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut whole = 0;
    for round in 0..300 {
        let mut bytes = seeds[round % seeds.len()].clone().into_bytes();
        (0..=dice.below(6)).for_each(|_| dice.damage(&mut bytes));
        fs::write(&path, &bytes).unwrap();
        let first = read_path(&path, &Reading::default());
        assert_eq!(first, read_path(&path, &Reading::default()), "{bytes:?}");
        let Ok(read) = first else { continue };
        assert_eq!(read.rows.len() as u64, read.end.data_rows);
        if read.end.notes.iter().any(|note| note.contains("another table")) {
            continue;
        }
        whole += 1;
        let listing = list(&path, &Reading::default()).unwrap();
        let header = listing.sources[0].open(&Reading::default(), &known).unwrap().header.number;
        let above = read.end.dropped.counts.get(&DropReason::Comment).copied().unwrap_or_default();
        let accounted = read.end.data_rows + read.end.dropped.total() - above;
        assert_eq!(accounted, filled_below(&path, header), "{:?}", String::from_utf8_lossy(&bytes));
    }
    assert!(whole > 150, "too few of the damaged texts were still sheets: {whole}");
}
