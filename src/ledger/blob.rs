//! The ledger's packed records: compressed, and bounded when they are unpacked.

use std::cell::RefCell;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zstd::bulk::Compressor;

use super::LedgerError;

/// Compression level: the fastest, as planning is bound by it.
const LEVEL: i32 = 1;

// Limit: far above the largest block or reply that is ever packed, far below what memory can hold.
const MAX_UNPACKED_BYTES: usize = 256 << 20;

/// Stands before a record that is not compressed; no compressed one begins so.
const PLAIN: u8 = 0;

thread_local! {
    // Its tables are some hundred KiB, which a thread need not ask for again with every record.
    static COMPRESSOR: RefCell<Compressor<'static>> =
        RefCell::new(Compressor::new(LEVEL).expect("the level is one of those there are"));
}

/// Compresses bytes.
pub fn compress(bytes: &[u8]) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|compressor| compressor.compress(bytes)).expect("compressing into memory cannot fail")
}

/// The same bytes as a record that is kept: one that waited uncompressed is compressed now.
pub fn compressed(packed: Vec<u8>) -> Vec<u8> {
    match packed.as_slice() {
        [PLAIN, plain @ ..] => compress(plain),
        _ => packed,
    }
}

/// The bytes that were compressed.
pub fn decompress(packed: &[u8]) -> Result<Vec<u8>, LedgerError> {
    if let [PLAIN, plain @ ..] = packed {
        return Ok(plain.to_vec());
    }
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten().unwrap_or(0) as usize;
    if size > MAX_UNPACKED_BYTES {
        return Err(LedgerError::Damaged(format!("a packed record claims {size} bytes")));
    }
    zstd::bulk::decompress(packed, size).map_err(|error| LedgerError::Damaged(error.to_string()))
}

/// Serialises and compresses a record.
pub fn pack<T: Serialize>(record: &T) -> Vec<u8> {
    compress(&postcard::to_stdvec(record).expect("our records have no unserialisable part"))
}

/// Serialises a record that is not kept, such as one of a dry run, without compressing it.
pub fn pack_plainly<T: Serialize>(record: &T) -> Vec<u8> {
    postcard::to_extend(record, vec![PLAIN]).expect("our records have no unserialisable part")
}

/// The record that was packed.
pub fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Result<T, LedgerError> {
    if let [PLAIN, plain @ ..] = packed {
        return postcard::from_bytes(plain).map_err(|error| LedgerError::Damaged(error.to_string()));
    }
    postcard::from_bytes(&decompress(packed)?).map_err(|error| LedgerError::Damaged(error.to_string()))
}

/// A record whose texts are lent from the bytes that [`decompress`] gave.
pub fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, LedgerError> {
    postcard::from_bytes(bytes).map_err(|error| LedgerError::Damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_damage_is_an_error() {
        let record = vec!["a".to_owned(), "b".repeat(1000)];
        let packed = pack(&record);
        assert!(packed.len() < 100);
        assert_eq!(unpack::<Vec<String>>(&packed).unwrap(), record);
        assert!(unpack::<Vec<String>>(&packed[..packed.len() / 2]).is_err());
        assert!(unpack::<Vec<String>>(b"").is_err());
        let plain = pack_plainly(&record);
        assert!(plain.len() > 1000 && unpack::<Vec<String>>(&plain[..plain.len() / 2]).is_err());
        assert_eq!(unpack::<Vec<String>>(&plain).unwrap(), record);
        assert_eq!(decompress(&plain).unwrap(), decompress(&packed).unwrap());
        assert_eq!(compressed(plain), packed);
        assert_eq!(compressed(packed.clone()), packed);
    }
}
