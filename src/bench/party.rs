//! Customers as they stand in generated sheets: names, ids and numbers that fit each other.
//!
//! Owns the words they are made of. The rule: a party depends on the seed and its number alone, and its GSTIN holds its
//! own PAN, its own state and the right check character.

use super::draw::Draw;
use crate::check::value::check_character;

/// A state, a city of it, and how its postal codes begin.
struct Place {
    code: &'static str,
    state: &'static str,
    city: &'static str,
    pin: &'static str,
}

const fn place(code: &'static str, state: &'static str, city: &'static str, pin: &'static str) -> Place {
    Place { code, state, city, pin }
}

/// The seller's own state; customers there have CGST and SGST.
pub(super) const HOME_STATE: &str = "27";

// The home state stands several times, because most customers are near.
const PLACES: [Place; 12] = [
    place(HOME_STATE, "Maharashtra", "Pune", "411"),
    place(HOME_STATE, "Maharashtra", "Nagpur", "440"),
    place(HOME_STATE, "Maharashtra", "Nashik", "422"),
    place("29", "Karnataka", "Bengaluru", "560"),
    place("33", "Tamil Nadu", "Coimbatore", "641"),
    place("24", "Gujarat", "Rajkot", "360"),
    place("07", "Delhi", "New Delhi", "110"),
    place("09", "Uttar Pradesh", "Kanpur", "208"),
    place("19", "West Bengal", "Kolkata", "700"),
    place("36", "Telangana", "Hyderabad", "500"),
    place("32", "Kerala", "Kochi", "682"),
    place("08", "Rajasthan", "Jaipur", "302"),
];

const FIRST: [&str; 16] = [
    "Himavarn",
    "Tejasvel",
    "Rudravel",
    "Devansar",
    "Girivan",
    "Haritvel",
    "Ambarvel",
    "Madhuvarn",
    "Lohitara",
    "Ushavarna",
    "Udaymitra",
    "Chitravan",
    "Brindavika",
    "Mandovika",
    "Amrutavarn",
    "Kanakdhi",
];
const TRADE: [&str; 12] = [
    "Textiles",
    "Pharma Chem",
    "Auto Components",
    "Agro Products",
    "Home Appliances",
    "Polymers",
    "Engineering Works",
    "Retail",
    "Ceramics",
    "Logistics",
    "Dairy Products",
    "Electricals",
];
const FORM: [(&str, u8); 4] = [("Private Limited", b'C'), ("LLP", b'F'), ("& Sons", b'F'), ("Limited", b'C')];
const PEOPLE: [&str; 10] = [
    "Balaji Chavan",
    "Teresa Deshpande",
    "Harpreet Reddy",
    "Deepak Kulkarni",
    "Meena Iyer",
    "Farida Shaikh",
    "Arun Pillai",
    "Kavita Joshi",
    "Joseph D'Souza",
    "Sunita Rao",
];
const STREETS: [&str; 6] =
    ["Verna Industrial Estate", "Hingna MIDC", "Peenya Phase II", "Waluj", "Station Road", "Bommasandra"];

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";
const BOTH: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A customer.
#[derive(Debug, Clone)]
pub(super) struct Party {
    /// Enkash's id, `KC` and fourteen characters.
    pub(super) id: String,
    /// The seller's own code.
    pub(super) code: String,
    /// Legal name.
    pub(super) name: String,
    /// Tax number.
    pub(super) gstin: String,
    /// `Maharashtra`.
    pub(super) state: &'static str,
    /// City of the state.
    pub(super) city: &'static str,
    /// Postal code of the city.
    pub(super) pin: String,
    /// Address without the city; has a comma.
    pub(super) street: String,
    /// The person to write to.
    pub(super) contact: &'static str,
    /// Of that person.
    pub(super) email: String,
    /// Of that person.
    pub(super) mobile: String,
    /// Bank account.
    pub(super) account: String,
    /// Of the bank's branch.
    pub(super) ifsc: String,
}

impl Party {
    /// The party of this number.
    pub(super) fn new(seed: u64, number: u64) -> Party {
        let mut draw = Draw::of(seed, 1, number);
        let place = draw.pick(&PLACES);
        let (form, holder) = *draw.pick(&FORM);
        let (first, trade) = (*draw.pick(&FIRST), *draw.pick(&TRADE));
        let suffix = draw.text(LETTERS, 2);
        // The number keeps names, codes and numbers of different parties apart.
        let name = format!("{first}{} {trade} {form}", suffix.to_lowercase());
        let gstin = gstin(&mut draw, place.code, holder);
        let host = format!("{}{}", first.to_lowercase(), number % 10_000);
        Party {
            id: format!("KC{}", draw.text(BOTH, 14)),
            code: format!("C-{number:07}"),
            gstin,
            state: place.state,
            city: place.city,
            pin: format!("{}{:03}", place.pin, 1 + draw.below(90)),
            street: format!("Plot {}, {}", 1 + draw.below(400), draw.pick(&STREETS)),
            contact: draw.pick::<&str>(&PEOPLE),
            email: format!("accounts@{host}.example"),
            mobile: format!("{}{:09}", 6 + draw.below(4), draw.below(1_000_000_000)),
            account: format!("{}{:012}", 1 + draw.below(9), draw.below(1_000_000_000_000)),
            ifsc: format!("{}0{:06}", draw.text(LETTERS, 4), draw.below(1_000_000)),
            name,
        }
    }

    /// Whether the customer is in the seller's own state.
    pub(super) fn is_near(&self) -> bool {
        self.gstin.starts_with(HOME_STATE)
    }
}

fn gstin(draw: &mut Draw, state: &str, holder: u8) -> String {
    let mut number = format!("{state}{}{}", draw.text(LETTERS, 3), char::from(holder));
    number.push_str(&draw.text(LETTERS, 1));
    number.push_str(&(10_001 + draw.below(9_999)).to_string()[1..]);
    number.push_str(&draw.text(LETTERS, 1));
    number.push_str(&draw.text(&DIGITS[1..], 1));
    number.push('Z');
    let check = check_character(number.as_bytes());
    number.push(char::from(check));
    number
}
