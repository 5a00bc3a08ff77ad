//! Tables of axons: rows by the book, and what is refused.

use crate::axons::{AxonProblem, AxonTable, AxonTableLayout};
use proptest::collection::vec as list;
use proptest::prelude::*;

#[test]
fn axon_tables_refuse_what_does_not_fit() {
    let good = AxonTableLayout {
        compartments: 4,
        axons: 2,
        weights: &[1, 2, 3],
        indices: &[0, 3, 1],
        row_starts: &[0, 2, 3],
        atoms: &[1, 1],
        axon_sets: None,
        bases: None,
    };
    let table = AxonTable::new(&good).unwrap();
    let row = |table: &AxonTable, axon, atom| table.row(axon, atom).map(Iterator::collect::<Vec<_>>);
    assert_eq!(row(&table, 0, 0), Ok(vec![(0, 1), (3, 2)]));
    let missing = |axon, atom, atoms| Err(AxonProblem::Axon { axon, atom, axons: 2, atoms });
    assert_eq!(row(&table, 2, 0), missing(2, 0, 0));
    assert_eq!(row(&table, -1, 0), missing(-1, 0, 0));
    assert_eq!(row(&table, 0, 1), missing(0, 1, 1));

    let moved = AxonTable::new(&AxonTableLayout { bases: Some(&[1, -1]), ..good }).unwrap();
    let expected = AxonProblem::Compartment { axon: 0, compartment: 4, compartments: 4 };
    assert_eq!(row(&moved, 0, 0), Err(expected));
    assert_eq!(row(&moved, 1, 7), Ok(vec![]), "an unused axon swallows every spike");

    let bad = [
        ("idx", AxonTableLayout { indices: &[0, 3], ..good }),
        ("idx", AxonTableLayout { indices: &[0, 3, -1], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[0, 3, 2], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[1, 2, 3], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[0, 2, 9], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[0, 1, 2], ..good }),
        ("ptr", AxonTableLayout { row_starts: &[0, 1, 2, 3], ..good }),
        ("n_atoms", AxonTableLayout { atoms: &[1, 2], ..good }),
        ("n_atoms", AxonTableLayout { atoms: &[1, -1], ..good }),
        ("n_atoms", AxonTableLayout { atoms: &[2], ..good }),
        ("axon_to_weight", AxonTableLayout { axon_sets: Some(&[0, 2]), ..good }),
        ("axon_to_weight", AxonTableLayout { axon_sets: Some(&[0]), ..good }),
        ("base", AxonTableLayout { bases: Some(&[0]), ..good }),
        ("base", AxonTableLayout { bases: Some(&[0, -2]), ..good }),
    ];
    for (named, layout) in bad {
        let name = match AxonTable::new(&layout) {
            Err(AxonProblem::Table { table, .. }) => table,
            Err(AxonProblem::Length { list, .. }) => list,
            other => panic!("{layout:?}: {other:?}"),
        };
        assert_eq!(name, named, "{layout:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Rows by the book: numpy's `q[base + idx] += w`, where a repeated index keeps the last weight.
    #[test]
    fn axons_by_the_book(
        sets in list(list(list((0..8i32, -100..100i32), 0..6), 2), 1..4),
        axons in list((0..4usize, -1..5i32), 1..6),
        spikes in list((0..6usize, 0..2i64), 0..20),
    ) {
        let sets: Vec<_> = sets;
        let rows: Vec<_> = sets.iter().flatten().collect();
        let (mut row_starts, mut indices, mut weights) = (vec![0i64], vec![], vec![]);
        for row in &rows {
            indices.extend(row.iter().map(|pair| pair.0));
            weights.extend(row.iter().map(|pair| pair.1));
            row_starts.push(weights.len() as i64);
        }
        let axon_sets: Vec<i32> = axons.iter().map(|&(set, _)| (set % sets.len()) as i32).collect();
        let bases: Vec<i32> = axons.iter().map(|&(_, base)| base).collect();
        let table = AxonTable::new(&AxonTableLayout {
            compartments: 12,
            axons: axons.len(),
            weights: &weights,
            indices: &indices,
            row_starts: &row_starts,
            atoms: &vec![2; sets.len()],
            axon_sets: Some(&axon_sets),
            bases: Some(&bases),
        })
        .unwrap();
        let (mut got, mut expected) = ([0; 12], [0; 12]);
        for &(axon, atom) in &spikes {
            let axon = axon % axons.len();
            for (compartment, weight) in table.row(axon as i64, atom).unwrap() {
                got[compartment as usize] += weight;
            }
            if bases[axon] >= 0 {
                let before = expected;
                for &(index, weight) in &sets[axon_sets[axon] as usize][atom as usize] {
                    let at = (bases[axon] + index) as usize;
                    expected[at] = before[at] + weight;
                }
            }
        }
        prop_assert_eq!(got, expected);
    }
}
