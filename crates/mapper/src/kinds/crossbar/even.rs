//! Sources of a bus in groups of drivers, evened out until the rows suffice.
//!
//! What a group needs in a core is, for each kind of synapse, as many rows as its fullest column has. A source more or
//! less rarely changes that, so the search goes by a number that sees the columns which are nearly full too: the sum of
//! 4^count over the columns, multiplied over the kinds, is about 4^rows. Of a neuron with several columns the count is
//! that of each, in halves.

use super::buses::Place;

/// Columns that may be touched before the search gives up.
const WORK: usize = 150_000_000;

/// Counts beyond this weigh alike: far more than the rows of a group.
const COUNT_MAX: u32 = 28;

/// What has to be put into groups.
pub(super) struct Puzzle<'a> {
    /// By source: where its synapses lie.
    pub(super) places: Vec<&'a [Place]>,
    /// By source and group: whether the source can be there.
    pub(super) allowed: Vec<Vec<bool>>,
    /// By group: its rows.
    pub(super) rows: Vec<usize>,
    /// Sources that a group tells apart.
    pub(super) labels: usize,
}

/// Synapses of one group: by plane (core and kind), then column.
struct Columns {
    counts: Vec<u32>,
    sums: Vec<u128>,
}

struct Table {
    planes: Vec<(usize, u8)>,
    width: usize,
    /// By plane, then column: circuits of the neuron there.
    circuits: Vec<u16>,
    groups: Vec<Columns>,
    /// By source: plane and column of each synapse.
    cells: Vec<Vec<(usize, usize)>>,
    work: usize,
}

impl Puzzle<'_> {
    /// Moves and swaps sources from the groups `group_of` until the rows of all groups suffice; whether they do.
    pub(super) fn settle(&self, group_of: &mut [usize]) -> bool {
        let mut table = Table::new(self, group_of);
        let mut sizes = vec![0; self.rows.len()];
        group_of.iter().for_each(|group| sizes[*group] += 1);
        while !table.fits(&self.rows) {
            let mut is_better = false;
            for source in 0..group_of.len() {
                for other in source..group_of.len() {
                    let (a, b) = (group_of[source], group_of[other]);
                    let is_swap = other > source;
                    if is_swap && (a == b || !self.allowed[source][b] || !self.allowed[other][a]) {
                        continue;
                    }
                    // A source with itself stands for its moves to all other groups.
                    let targets = if is_swap { b..b + 1 } else { 0..self.rows.len() };
                    for to in targets {
                        if !is_swap && (to == a || sizes[to] >= self.labels || !self.allowed[source][to]) {
                            continue;
                        }
                        let before = table.cost(a).saturating_add(table.cost(to));
                        table.shift(source, a, to);
                        if is_swap {
                            table.shift(other, to, a);
                        }
                        if table.cost(a).saturating_add(table.cost(to)) < before {
                            group_of[source] = to;
                            if is_swap {
                                group_of[other] = a;
                            } else {
                                (sizes[a], sizes[to]) = (sizes[a] - 1, sizes[to] + 1);
                            }
                            is_better = true;
                            break;
                        }
                        if is_swap {
                            table.shift(other, a, to);
                        }
                        table.shift(source, to, a);
                    }
                }
                if table.work > WORK {
                    return table.fits(&self.rows);
                }
            }
            if !is_better {
                break;
            }
        }
        table.fits(&self.rows)
    }
}

impl Table {
    fn new(puzzle: &Puzzle<'_>, group_of: &[usize]) -> Self {
        let all = || puzzle.places.iter().flat_map(|places| places.iter());
        let mut planes: Vec<(usize, u8)> = all().map(|place| (place.core, place.kind)).collect();
        planes.sort_unstable();
        planes.dedup();
        let width = all().map(|place| usize::from(place.column) + 1).max().unwrap_or(0);
        let plane = |place: &Place| planes.binary_search(&(place.core, place.kind)).expect("all were listed");
        let cells = |places: &&[Place]| places.iter().map(|place| (plane(place), usize::from(place.column))).collect();
        let cells: Vec<Vec<(usize, usize)>> = puzzle.places.iter().map(cells).collect();
        let empty = || Columns { counts: vec![0; planes.len() * width], sums: vec![width as u128; planes.len()] };
        let groups = puzzle.rows.iter().map(|_| empty()).collect();
        let mut circuits = vec![1; planes.len() * width];
        for (place, (plane, column)) in all().zip(cells.iter().flatten()) {
            circuits[plane * width + column] = place.circuits;
        }
        let mut table = Self { planes, width, circuits, groups, cells, work: 0 };
        for (source, group) in group_of.iter().enumerate() {
            table.change(source, *group, true);
        }
        table
    }

    fn shift(&mut self, source: usize, from: usize, to: usize) {
        self.change(source, from, false);
        self.change(source, to, true);
    }

    fn change(&mut self, source: usize, group: usize, is_more: bool) {
        let columns = &mut self.groups[group];
        self.work += self.cells[source].len();
        for &(plane, column) in &self.cells[source] {
            let spot = plane * self.width + column;
            let (count, circuits) = (&mut columns.counts[spot], self.circuits[spot]);
            columns.sums[plane] -= power(*count, circuits);
            *count = if is_more { *count + 1 } else { *count - 1 };
            columns.sums[plane] += power(*count, circuits);
        }
    }

    /// About the sum over the cores of 4^rows.
    fn cost(&self, group: usize) -> u128 {
        let sums = self.planes.iter().zip(&self.groups[group].sums);
        let mut cost: u128 = 0;
        let (mut core, mut product) = (usize::MAX, 0u128);
        for (plane, sum) in sums {
            if plane.0 == core {
                product = product.saturating_mul(*sum);
            } else {
                cost = cost.saturating_add(product);
                (core, product) = (plane.0, *sum);
            }
        }
        cost.saturating_add(product)
    }

    /// Whether the rows of each group suffice in each core.
    fn fits(&self, rows: &[usize]) -> bool {
        rows.iter().zip(&self.groups).all(|(rows, columns)| {
            let (mut core, mut needed) = (usize::MAX, 0);
            let width = self.width.max(1);
            let counts = columns.counts.chunks(width).zip(self.circuits.chunks(width));
            self.planes.iter().zip(counts).all(|(plane, (counts, circuits))| {
                let each = counts.iter().zip(circuits).map(|(count, circuits)| count.div_ceil((*circuits).into()));
                let fullest = each.max().unwrap_or(0) as usize;
                needed = if plane.0 == core { needed + fullest } else { fullest };
                core = plane.0;
                needed <= *rows
            })
        })
    }
}

/// 4 to `count` over `circuits`.
fn power(count: u32, circuits: u16) -> u128 {
    1 << (2 * count / u32::from(circuits)).min(2 * COUNT_MAX)
}
