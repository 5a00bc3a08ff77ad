//! Who gets what: rows to different columns at the least sum of costs.

/// The column of each of `rows` rows, all different, so that the sum of their costs is least. `columns` must not be
/// fewer than rows. Costs are finite; of equal solutions always the same is found.
///
/// Shortest augmenting paths with potentials (Kuhn, Naval Research Logistics Quarterly 2:83, 1955; in the form of
/// Jonker and Volgenant, Computing 38:325, 1987): rows squared times columns steps.
pub(super) fn assign(rows: usize, columns: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    assert!(rows <= columns, "{rows} rows cannot have different ones of {columns} columns");
    // Counted from 1: row and column 0 stand for none.
    let (mut of_rows, mut of_columns) = (vec![0.0; rows + 1], vec![0.0; columns + 1]);
    let mut row_of = vec![0; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut at = 0;
        let mut least = vec![f64::INFINITY; columns + 1];
        let mut came_from = vec![0; columns + 1];
        let mut is_done = vec![false; columns + 1];
        while row_of[at] != 0 {
            is_done[at] = true;
            let here = row_of[at];
            let (mut delta, mut next) = (f64::INFINITY, 0);
            for column in (1..=columns).filter(|column| !is_done[*column]) {
                let reduced = cost(here - 1, column - 1) - of_rows[here] - of_columns[column];
                if reduced < least[column] {
                    (least[column], came_from[column]) = (reduced, at);
                }
                if least[column] < delta {
                    (delta, next) = (least[column], column);
                }
            }
            for column in 0..=columns {
                if is_done[column] {
                    of_rows[row_of[column]] += delta;
                    of_columns[column] -= delta;
                } else {
                    least[column] -= delta;
                }
            }
            at = next;
        }
        while at != 0 {
            let before = came_from[at];
            row_of[at] = row_of[before];
            at = before;
        }
    }
    let mut assigned = vec![0; rows];
    for (column, row) in row_of.into_iter().enumerate().skip(1).filter(|(_, row)| *row != 0) {
        assigned[row - 1] = column - 1;
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    /// The least sum, by trying everything.
    fn least(rows: usize, columns: usize, cost: &dyn Fn(usize, usize) -> f64, taken: u32) -> f64 {
        let Some(row) = rows.checked_sub(1) else { return 0.0 };
        let free = (0..columns).filter(|column| taken >> column & 1 == 0);
        let sum = |column| cost(row, column) + least(row, columns, cost, taken | 1 << column);
        free.map(sum).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn no_other_assignment_costs_less() {
        let mut dice = Dice(7);
        for round in 0..300 {
            let rows = dice.below(6) as usize;
            let columns = rows + dice.below(3) as usize;
            let range = if round % 3 == 0 { 3 } else { 1000 };
            let costs: Vec<f64> = (0..rows * columns).map(|_| f64::from(dice.below(range))).collect();
            let cost = |row: usize, column: usize| costs[row * columns + column];
            let found = assign(rows, columns, cost);
            let mut different = found.clone();
            different.sort_unstable();
            different.dedup();
            assert_eq!(different.len(), rows);
            let sum: f64 = found.iter().enumerate().map(|(row, column)| cost(row, *column)).sum();
            assert_eq!(sum, least(rows, columns, &cost, 0), "{rows} x {columns}: {costs:?}");
        }
    }

    /// In one dimension the best pairs are those of sorted values.
    #[test]
    fn distances_on_a_line_pair_what_is_sorted() {
        let mut dice = Dice(1);
        let values = |dice: &mut Dice| -> Vec<f64> { (0..40).map(|_| f64::from(dice.below(1 << 20))).collect() };
        let (wanted, found) = (values(&mut dice), values(&mut dice));
        let pairs = assign(40, 40, |row, column| (wanted[row] - found[column]) * (wanted[row] - found[column]));
        let mut rows: Vec<usize> = (0..40).collect();
        rows.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
        assert!(rows.windows(2).all(|pair| found[pairs[pair[0]]] <= found[pairs[pair[1]]]));
    }
}
