//! Whether the parts of an invoice add up to its total.
//!
//! Pure arithmetic over paise, used for rows and documents and for telling which columns of a line-level sheet are
//! summed. The one rule: an amount is never altered to make a sum fit; it fits within the tolerance or it does not.

/// The amounts that take part, in the order of [`Parts::amounts`].
pub const FIELDS: [&str; 11] =
    ["baseAmount", "cgst", "sgst", "igst", "taxTotal", "cess", "tcs", "freight", "roundOff", "discount", "netAmount"];

/// The fields that hold tax; where a sheet has none of them, tax is what lies between taxable value and total.
pub const TAXES: [&str; 4] = ["cgst", "sgst", "igst", "taxTotal"];

/// How far a document's parts may be from its total at least: one rupee, what rounding of a document can make.
const TOLERANCE: i128 = 100;

/// The highest rate of GST there is, in percent.
const HIGHEST_RATE: i128 = 40;

/// The amounts of one invoice, in paise; what is not given is 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// One for each of [`FIELDS`].
    pub amounts: [i128; FIELDS.len()],
    /// Whether the customer pays the tax to the government, so that the total may leave it out.
    pub reverse_charge: bool,
    /// Whether the sheet says nothing of tax.
    pub untaxed: bool,
    /// How many lines were added up.
    pub lines: u32,
}

impl Parts {
    /// The total.
    pub fn total(&self) -> i128 {
        self.amounts[10]
    }

    /// How far the parts may be from the total: a rupee, or a paisa for each line and tax head.
    pub fn tolerance(&self) -> i128 {
        let heads = self.amounts[1..=5].iter().filter(|amount| **amount != 0).count() as i128;
        TOLERANCE.max(i128::from(self.lines) * heads)
    }

    /// Taxable value, tax and charges.
    fn plain_sum(&self) -> i128 {
        let [base, cgst, sgst, igst, tax_total, cess, tcs, freight, round_off, ..] = self.amounts;
        let heads = cgst + sgst + igst;
        let tax = if heads == 0 { tax_total } else { heads };
        base + tax + cess + tcs + freight + round_off
    }

    /// What the total may be; the first is the plain sum.
    pub fn expected(&self) -> Vec<i128> {
        let [base, _, _, _, _, cess, tcs, freight, round_off, discount, _] = self.amounts;
        let (rest, discount) = (base + cess + tcs + freight + round_off, discount.abs());
        // The discount is mostly taken off the taxable value already, and sometimes only off the total.
        let mut expected = vec![self.plain_sum(), self.plain_sum() - discount];
        if self.reverse_charge {
            expected.extend([rest, rest - discount]);
        }
        expected
    }

    /// How far the total is from the nearest of what it may be.
    pub fn gap(&self) -> i128 {
        let gaps = self.expected().into_iter().map(|expected| (expected - self.total()).abs());
        gaps.min().expect("there is always the plain sum")
    }

    /// Whether the total is the sum of the parts, within the tolerance.
    pub fn add_up(&self) -> bool {
        let tolerance = self.tolerance();
        (self.plain_sum() - self.total()).abs() <= tolerance
            || self.gap() <= tolerance
            || self.untaxed && self.leaves_room_for_tax()
    }

    /// Whether what lies between taxable value and total can be tax: at most the highest rate.
    pub fn leaves_room_for_tax(&self) -> bool {
        let [base, _, _, _, _, cess, tcs, freight, round_off, discount, total] = self.amounts;
        let (rest, tolerance) = (base + cess + tcs + freight + round_off, self.tolerance());
        (rest - discount.abs() - tolerance..=rest + base * HIGHEST_RATE / 100 + tolerance).contains(&total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(amounts: &[(&str, i128)], lines: u32) -> Parts {
        let amount = |name| amounts.iter().find(|(given, _)| *given == name).map_or(0, |(_, paise)| *paise);
        Parts { amounts: FIELDS.map(amount), reverse_charge: false, untaxed: false, lines }
    }

    #[test]
    fn many_lines_may_be_a_paisa_off_for_each_tax_head() {
        for (net, lines, fits) in
            [(118_100, 1, true), (118_101, 1, false), (118_300, 150, true), (118_301, 150, false), (118_101, 60, true)]
        {
            let amounts = [("baseAmount", 100_000), ("cgst", 9_000), ("sgst", 9_000), ("netAmount", net)];
            assert_eq!(parts(&amounts, lines).add_up(), fits, "{net} of {lines} lines");
        }
    }

    #[test]
    fn without_any_tax_the_total_leaves_room_for_it() {
        for (net, fits) in [(100_000, true), (140_100, true), (140_101, false), (99_900, true), (99_899, false)] {
            let mut parts = parts(&[("baseAmount", 100_000), ("netAmount", net)], 1);
            parts.untaxed = true;
            assert_eq!(parts.add_up(), fits, "{net}");
        }
    }
}
