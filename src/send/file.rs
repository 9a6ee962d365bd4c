//! Smaller files from a file: the same header and some of its lines, byte for byte.
//!
//! Pure. The one rule: a line goes on as it was, so that what is compared later is what was sent first.

/// The lines of an upload as raw bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lines<'a> {
    header: &'a [u8],
    lines: Vec<&'a [u8]>,
}

impl<'a> Lines<'a> {
    /// Cuts a file at its records; a cell may hold line breaks.
    pub(super) fn of(body: &'a [u8]) -> Self {
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(body);
        // Reading from memory with `flexible` cannot fail.
        let records = reader.byte_records().filter_map(Result::ok);
        let mut starts: Vec<usize> =
            records.filter_map(|record| record.position().map(|position| position.byte() as usize)).collect();
        starts.push(body.len());
        let mut pieces = starts.windows(2).map(|bounds| &body[bounds[0]..bounds[1]]);
        Self { header: pieces.next().unwrap_or_default(), lines: pieces.collect() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// A file of these lines, by index.
    pub(super) fn file(&self, wanted: &[usize]) -> Vec<u8> {
        wanted.iter().fold(self.header.to_vec(), |mut body, &index| {
            body.extend_from_slice(self.lines[index]);
            body
        })
    }
}

/// Two halves, the first the larger; one where there is a single line.
pub(super) fn halves(lines: &[usize]) -> Vec<&[usize]> {
    let (first, second) = lines.split_at(lines.len().div_ceil(2));
    [first, second].into_iter().filter(|half| !half.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_byte_for_byte_even_with_breaks_in_cells() {
        let body = b"number,text\n1,a\n2,\"b\nc, \"\"d\"\"\"\n3,\xe2\x82\xb9\n";
        let lines = Lines::of(body);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines.file(&[0, 1, 2]), body);
        assert_eq!(lines.file(&[1]), b"number,text\n2,\"b\nc, \"\"d\"\"\"\n");
        assert_eq!(lines.file(&[2, 0]), b"number,text\n3,\xe2\x82\xb9\n1,a\n");
        assert_eq!(Lines::of(b"").len(), 0);
        assert_eq!(Lines::of(b"number\n").len(), 0);
    }

    #[test]
    fn one_bad_line_in_a_thousand_is_alone_after_ten_halvings() {
        assert_eq!(halves(&[7]), [[7]]);
        assert_eq!(halves(&[1, 2, 3]), [&[1, 2][..], &[3]]);
        let (mut lines, mut uploads) = ((0..1000).collect::<Vec<usize>>(), 1);
        while lines.len() > 1 {
            uploads += 2;
            // The worst case: it is always in the larger half.
            lines = halves(&lines)[0].to_vec();
        }
        assert!(uploads <= 22, "{uploads}");
    }
}
