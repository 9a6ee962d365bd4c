//! Where an operation's fields stand, by their names, without searching through them.
//!
//! Rules name fields some hundred times a row. What a name comes to as a number is worked out by the compiler where the
//! name is written in the code, so that a look-up is one load and one comparison of numbers. The one rule: the answer is
//! that of [`Operation::field_index`] for every name that a field of some operation has, and rules ask for no others.

use super::sums;
use crate::operation::Operation;

/// Limit: at eighty fields few names share a place; those that do are searched for.
const PLACES: usize = 2048;

/// No field has a name that belongs here.
const NONE: u8 = u8::MAX;
/// Several do.
const SEVERAL: u8 = u8::MAX - 1;

/// The fields of one operation by name.
#[derive(Debug)]
pub(super) struct Names {
    operation: &'static Operation,
    places: Box<[u8; PLACES]>,
    /// What each field's name comes to.
    numbers: Vec<u64>,
    /// Where the amounts stand that add up to a document's total.
    pub(super) sums: [Option<usize>; sums::FIELDS.len()],
}

impl Names {
    pub(super) fn new(operation: &'static Operation) -> Self {
        assert!(operation.fields.len() < usize::from(SEVERAL), "an operation has fewer than 254 fields");
        let mut places = Box::new([NONE; PLACES]);
        let numbers: Vec<u64> = operation.fields.iter().map(|field| number(field.name)).collect();
        for (index, number) in numbers.iter().enumerate() {
            let place = &mut places[place(*number)];
            *place = if *place == NONE { index as u8 } else { SEVERAL };
        }
        let sums = sums::FIELDS.map(|name| operation.field_index(name));
        Self { operation, places, numbers, sums }
    }

    /// Index of the field with a JSON name.
    #[inline]
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        let number = number(name);
        match self.places[place(number)] {
            NONE => None,
            SEVERAL => self.operation.field_index(name),
            index => Some(usize::from(index)).filter(|index| self.numbers[*index] == number),
        }
    }
}

/// Made of the length and of the first and last eight bytes, which the compiler knows of a name in the code.
#[inline]
fn number(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0),
    };
    (first ^ last.rotate_left(29) ^ (bytes.len() as u64) << 48).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[inline]
fn place(number: u64) -> usize {
    (number >> 53) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::ALL;

    #[test]
    fn every_name_is_found_where_a_search_finds_it() {
        let all = || ALL.iter().flat_map(|operation| operation.fields).map(|field| field.name);
        for operation in ALL {
            let names = Names::new(operation);
            for name in all().chain(["", "x", "invoiceNumbes", "no such field"]) {
                assert_eq!(names.index(name), operation.field_index(name), "{}: {name}", operation.name());
            }
        }
    }

    #[test]
    fn no_two_names_come_to_the_same_number() {
        let mut names: Vec<&str> = ALL.iter().flat_map(|operation| operation.fields).map(|field| field.name).collect();
        names.sort_unstable();
        names.dedup();
        let mut numbers: Vec<u64> = names.iter().map(|name| number(name)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), names.len());
    }

    #[test]
    fn hardly_any_name_must_be_searched_for() {
        for operation in ALL {
            let names = Names::new(operation);
            let shared = names.numbers.iter().filter(|number| names.places[place(**number)] == SEVERAL).count();
            assert!(shared <= 2, "{}: {shared} names share a place", operation.name());
        }
    }
}
