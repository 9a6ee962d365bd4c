//! Zip archives made by hand, for tests: as careless or hostile programs make them.
//!
//! Tests of the whole program take it from here too, so it needs nothing of the crate.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Members that are packed.
pub(crate) const DEFLATED: u16 = 8;

/// An archive of deflated members.
pub(crate) fn zip<T: AsRef<[u8]>>(members: &[(&str, T)]) -> Vec<u8> {
    archive(members, DEFLATED, 0)
}

/// An archive of members that are packed by some method, 0 for none; `flags` such as 1 for encrypted ones.
pub(crate) fn archive<T: AsRef<[u8]>>(members: &[(&str, T)], method: u16, flags: u16) -> Vec<u8> {
    let (mut bytes, mut table) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let (at, content) = (bytes.len() as u32, content.as_ref());
        let packed = if method == 0 { content.to_vec() } else { deflated(content) };
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let short = [20, flags, method, 0, 0].map(u16::to_le_bytes).concat();
        let long = [crc.sum(), packed.len() as u32, content.len() as u32].map(u32::to_le_bytes).concat();
        let lengths = [name.len() as u16, 0].map(u16::to_le_bytes).concat();
        let fixed = [short, long, lengths].concat();
        bytes.extend([b"PK\x03\x04", &fixed[..], name.as_bytes(), &packed].concat());
        let rest = [&[0; 10][..], &at.to_le_bytes(), name.as_bytes()].concat();
        table.extend([b"PK\x01\x02\x14\0", &fixed[..], &rest].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let (size, start) = ((table.len() as u32).to_le_bytes(), (bytes.len() as u32).to_le_bytes());
    [&bytes, &table, &b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &start, &[0, 0]].concat()
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(4));
    encoder.write_all(content).expect("memory takes all bytes");
    encoder.finish().expect("memory takes all bytes")
}
