//! States and union territories: their GST codes, and the spellings of a place of supply.
//!
//! Owns the table of codes. Leaves the choice of tax heads to the rules between cells. Codes 25 and 28 stand on old
//! documents only; a spelling that two codes share means the newer one.

use super::text::clean;

/// A state, union territory or other place with a GST code.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    /// The two digits.
    pub code: &'static str,
    /// The name as the GST portal writes it.
    pub name: &'static str,
    /// Whether its own tax is UTGST; it goes into the same field as SGST.
    pub union_territory: bool,
    /// Letters and other names in use.
    also: &'static [&'static str],
}

const fn state(code: &'static str, name: &'static str, also: &'static [&'static str]) -> State {
    State { code, name, union_territory: false, also }
}

const fn territory(code: &'static str, name: &'static str, also: &'static [&'static str]) -> State {
    State { code, name, union_territory: true, also }
}

const STATES: &[State] = &[
    state("01", "Jammu and Kashmir", &["JK"]),
    state("02", "Himachal Pradesh", &["HP"]),
    state("03", "Punjab", &["PB"]),
    territory("04", "Chandigarh", &["CH"]),
    state("05", "Uttarakhand", &["UK", "UT", "UA", "Uttaranchal"]),
    state("06", "Haryana", &["HR"]),
    state("07", "Delhi", &["DL", "New Delhi"]),
    state("08", "Rajasthan", &["RJ"]),
    state("09", "Uttar Pradesh", &["UP"]),
    state("10", "Bihar", &["BR", "BH"]),
    state("11", "Sikkim", &["SK"]),
    state("12", "Arunachal Pradesh", &["AR"]),
    state("13", "Nagaland", &["NL"]),
    state("14", "Manipur", &["MN"]),
    state("15", "Mizoram", &["MZ", "MI"]),
    state("16", "Tripura", &["TR"]),
    state("17", "Meghalaya", &["ML", "ME"]),
    state("18", "Assam", &["AS"]),
    state("19", "West Bengal", &["WB"]),
    state("20", "Jharkhand", &["JH"]),
    state("21", "Odisha", &["OD", "OR", "Orissa"]),
    state("22", "Chhattisgarh", &["CG", "CT", "Chattisgarh"]),
    state("23", "Madhya Pradesh", &["MP"]),
    state("24", "Gujarat", &["GJ"]),
    territory("25", "Daman and Diu", &["DD"]),
    territory("26", "Dadra and Nagar Haveli and Daman and Diu", &["DN", "DH", "DNHDD", "Dadra and Nagar Haveli"]),
    state("27", "Maharashtra", &["MH"]),
    state("28", "Andhra Pradesh (before division)", &[]),
    state("29", "Karnataka", &["KA"]),
    state("30", "Goa", &["GA"]),
    territory("31", "Lakshadweep", &["LD"]),
    state("32", "Kerala", &["KL"]),
    state("33", "Tamil Nadu", &["TN"]),
    state("34", "Puducherry", &["PY", "Pondicherry"]),
    territory("35", "Andaman and Nicobar Islands", &["AN", "Andaman and Nicobar"]),
    state("36", "Telangana", &["TS", "TG"]),
    state("37", "Andhra Pradesh", &["AD", "AP"]),
    territory("38", "Ladakh", &["LA"]),
    state("96", "Other countries", &["FC", "Other country"]),
    territory("97", "Other territory", &["OT"]),
];

/// The place of supply that a text names: `27`, `7`, `27-Maharashtra`, `Maharashtra (27)`, `MH`, `IN-MH`; none where
/// it names no place, or its digits and its name are two places.
pub fn state_code(text: &str) -> Option<&'static State> {
    if let Some(state) = by_plain_code(text) {
        return Some(state);
    }
    let text = clean(text).replace('&', " and ");
    let mut digits = String::new();
    let mut words: Vec<&str> = Vec::new();
    for word in text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
        match word.bytes().all(|byte| byte.is_ascii_digit()) {
            true if digits.is_empty() => digits.push_str(word),
            true => return None,
            false => words.push(word),
        }
    }
    if words.len() > 1 && words[0].eq_ignore_ascii_case("in") {
        words.remove(0);
    }
    let by_code = if digits.is_empty() {
        None
    } else {
        let padded = if digits.len() == 1 { format!("0{digits}") } else { digits };
        Some(by_code(&padded)?)
    };
    let by_name = if words.is_empty() { None } else { Some(by_name(&words)?) };
    match (by_code, by_name) {
        // The name of a divided state stands beside its old code too.
        (Some(code), Some(name)) if code != name && !(code.code == "28" && name.code == "37") => None,
        (code, name) => code.or(name),
    }
}

/// The state of `27` and of `27-Maharashtra`, as nearly all sheets write it; none for every other spelling.
fn by_plain_code(text: &str) -> Option<&'static State> {
    let (code, name) = text.split_at_checked(2)?;
    let state = by_code(code)?;
    (name.is_empty() || name.strip_prefix('-').is_some_and(|name| name == state.name)).then_some(state)
}

fn by_code(code: &str) -> Option<&'static State> {
    let [tens, ones] = *code.as_bytes() else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| usize::from(byte - b'0'));
    STATES.get(usize::from(PLACES[digit(tens)? * 10 + digit(ones)?]))
}

/// By the number of a code: its place among the states; behind them all where there is none.
const PLACES: [u8; 100] = {
    let mut places = [u8::MAX; 100];
    let mut place = 0;
    while place < STATES.len() {
        let code = STATES[place].code.as_bytes();
        places[((code[0] - b'0') * 10 + code[1] - b'0') as usize] = place as u8;
        place += 1;
    }
    places
};

/// Whether a GSTIN can begin with the two digits.
pub(super) fn is_gstin_state(code: &str) -> bool {
    code == "99" || (code != "96" && by_code(code).is_some())
}

fn by_name(words: &[&str]) -> Option<&'static State> {
    let same = |name: &str| {
        let mut parts = name.split(' ');
        words.iter().all(|word| parts.next().is_some_and(|part| part.eq_ignore_ascii_case(word)))
            && parts.next().is_none()
    };
    STATES.iter().find(|state| same(state.name) || state.also.iter().any(|name| same(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_supply_are_known_in_their_spellings() {
        for (text, code) in [
            ("27", Some("27")),
            ("27-Maharashtra", Some("27")),
            ("27 - Maharashtra", Some("27")),
            ("Maharashtra (27)", Some("27")),
            ("Maharashtra", Some("27")),
            ("MAHARASHTRA", Some("27")),
            ("MH", Some("27")),
            ("IN-MH", Some("27")),
            ("7", Some("07")),
            ("07-Delhi", Some("07")),
            ("Jammu & Kashmir", Some("01")),
            ("Orissa", Some("21")),
            ("Andhra Pradesh", Some("37")),
            ("AP", Some("37")),
            ("28-Andhra Pradesh", Some("28")),
            ("Dadra & Nagar Haveli and Daman & Diu", Some("26")),
            ("96-Other Countries", Some("96")),
            ("97", Some("97")),
            ("27-Gujarat", None),
            ("99", None),
            ("39", None),
            ("Bombay", None),
            ("27 29", None),
            ("", None),
        ] {
            assert_eq!(state_code(text).map(|state| state.code), code, "{text}");
        }
        assert!(state_code("04").unwrap().union_territory && !state_code("07").unwrap().union_territory);
    }

    #[test]
    fn every_state_is_known_by_code_name_and_letters() {
        let table = "01 Jammu and Kashmir|JK\n02 Himachal Pradesh|HP\n03 Punjab|PB\n04 Chandigarh|CH\n\
            05 Uttarakhand|UK|UT|UA\n06 Haryana|HR\n07 Delhi|DL\n08 Rajasthan|RJ\n09 Uttar Pradesh|UP\n\
            10 Bihar|BR|BH\n11 Sikkim|SK\n12 Arunachal Pradesh|AR\n13 Nagaland|NL\n14 Manipur|MN\n\
            15 Mizoram|MZ|MI\n16 Tripura|TR\n17 Meghalaya|ML|ME\n18 Assam|AS\n19 West Bengal|WB\n\
            20 Jharkhand|JH\n21 Odisha|Orissa|OD|OR\n22 Chhattisgarh|Chattisgarh|CG|CT\n23 Madhya Pradesh|MP\n\
            24 Gujarat|GJ\n25 Daman and Diu|DD\n26 Dadra and Nagar Haveli and Daman and Diu|DN|DH|DNHDD\n\
            27 Maharashtra|MH\n29 Karnataka|KA\n30 Goa|GA\n31 Lakshadweep|LD\n32 Kerala|KL\n33 Tamil Nadu|TN\n\
            34 Puducherry|Pondicherry|PY\n35 Andaman and Nicobar Islands|AN\n36 Telangana|TS|TG\n\
            37 Andhra Pradesh|AD|AP\n38 Ladakh|LA\n96 Other countries|FC\n97 Other territory|OT";
        for line in table.lines() {
            let (code, names) = line.split_once(' ').unwrap();
            for name in names.split('|') {
                for spelling in
                    [name.to_owned(), name.to_lowercase(), format!("{code}-{name}"), format!("{name} ({code})")]
                {
                    assert_eq!(state_code(&spelling).map(|state| state.code), Some(code), "{spelling}");
                }
            }
            let state = state_code(code).unwrap();
            let utgst = ["04", "25", "26", "31", "35", "38", "97"].contains(&code);
            assert_eq!((state.code, state.union_territory), (code, utgst));
        }
        assert_eq!(state_code("28").unwrap().code, "28");
    }

    #[test]
    fn gstins_begin_with_states_but_not_with_other_countries() {
        for (code, is_state) in
            [("01", true), ("38", true), ("97", true), ("99", true), ("96", false), ("39", false), ("00", false)]
        {
            assert_eq!(is_gstin_state(code), is_state, "{code}");
        }
    }
}
