//! A mapping over the same columns at other places, as when a workbook comes back with columns moved.
//!
//! Owns the move alone. The one rule: a column that fills a field is there, or the mapping does not hold.

use super::Mapping;

impl Mapping {
    /// The same mapping where each column stands now, among so many; the column that is missing where one is needed.
    pub fn moved(&self, places: &[Option<usize>], width: usize) -> Result<Mapping, usize> {
        let place = |column: usize| places.get(column).copied().flatten();
        let mut columns = vec![None; width];
        for (column, field) in self.columns.iter().enumerate() {
            let Some(field) = field else { continue };
            *columns.get_mut(place(column).ok_or(column)?).ok_or(column)? = Some(*field);
        }
        let extra = |(column, field): &(usize, usize)| Ok((place(*column).ok_or(*column)?, *field));
        let extra_columns = self.extra_columns.iter().map(extra).collect::<Result<_, usize>>()?;
        let mut grouping = self.grouping.clone();
        if let Some(grouping) = &mut grouping {
            grouping.line_columns = grouping.line_columns.iter().filter_map(|column| place(*column)).collect();
        }
        Ok(Mapping {
            columns,
            extra_columns,
            grouping,
            // What was said of the other columns was said of the sheet that they stood in first.
            unknown: Vec::new(),
            known_unused: Vec::new(),
            ties: Vec::new(),
            notes: Vec::new(),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_follows_its_columns_and_misses_only_those_it_needs() {
        let mapping =
            Mapping { columns: vec![Some(4), None, Some(2)], extra_columns: vec![(1, 2)], ..Mapping::default() };
        let moved = mapping.moved(&[Some(3), Some(4), Some(6)], 7).unwrap();
        assert_eq!(moved.columns, [None, None, None, Some(4), None, None, Some(2)]);
        assert_eq!(moved.extra_columns, [(4, 2)]);
        for (places, missing) in
            [([None, Some(1), Some(2)], 0), ([Some(0), None, Some(2)], 1), ([Some(0), Some(1), None], 2)]
        {
            assert_eq!(mapping.moved(&places, 3), Err(missing), "{places:?}");
        }
    }
}
