//! Which part stands at which place, so that what they send to each other has a short way.

use crate::dice::Dice;

/// How much each part sends to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    count: usize,
    sent: Vec<u64>,
}

impl Flow {
    /// `count` parts that send nothing.
    pub fn new(count: usize) -> Self {
        Self { count, sent: vec![0; count * count] }
    }

    /// Adds `amount` to what part `from` sends to part `to`.
    pub fn add(&mut self, from: usize, to: usize, amount: u64) {
        self.sent[from * self.count + to] += amount;
    }

    /// What two parts send to each other, in both directions.
    fn both(&self, a: usize, b: usize) -> u64 {
        self.sent[a * self.count + b] + self.sent[b * self.count + a]
    }
}

/// A judge of places: limits that depend on which parts stand together.
pub trait Fits {
    /// How far parts at the places `place` exceed the limits; 0: they fit.
    fn excess(&self, place: &[u32]) -> u64;
}

impl<F: Fn(&[u32]) -> u64> Fits for F {
    fn excess(&self, place: &[u32]) -> u64 {
        self(place)
    }
}

/// How often the search begins anew from places that were shaken.
const SHAKES: usize = 200;

/// Entries that may be looked at before nothing is shaken any more.
const WORK: u64 = 200_000_000;

/// Places of the parts, from `start` on: pairs of places change what stands there while that makes the sum of what is
/// sent times `hops` smaller. `hops` has a row and a column a place, is symmetric and 0 on the diagonal; a place may be
/// empty. The result is never worse than `start`: in excess, and then in that sum, which comes with it.
pub fn arrange(flow: &Flow, hops: &[Vec<u64>], start: &[u32], fits: &dyn Fits, seed: u64) -> (Vec<u32>, u64) {
    let mut table = Table { flow, hops, place: start.to_vec(), part: vec![usize::MAX; hops.len()], work: 0 };
    for (part, place) in start.iter().enumerate() {
        table.part[*place as usize] = part;
    }
    let judge = |place: &[u32], cost: u64| (fits.excess(place), cost);
    let mut best = (judge(start, table.cost()), start.to_vec());
    table.settle();
    let mut base = (table.cost(), table.place.clone());
    let found = judge(&base.1, base.0);
    if found < best.0 {
        best = (found, base.1.clone());
    }
    let mut dice = Dice(seed);
    for _ in 0..SHAKES {
        if table.work > WORK || hops.len() < 3 || flow.count < 2 {
            break;
        }
        for _ in 0..2 + dice.below(3) {
            table.swap(dice.below(hops.len()), dice.below(hops.len()));
        }
        table.settle();
        let cost = table.cost();
        if (cost, &table.place) < (best.0.1, &best.1) || cost < base.0 {
            let found = judge(&table.place, cost);
            if found < best.0 {
                best = (found, table.place.clone());
            }
        }
        if cost <= base.0 {
            base = (cost, table.place.clone());
        } else {
            table.restore(&base.1);
        }
    }
    (best.1, best.0.1)
}

struct Table<'a> {
    flow: &'a Flow,
    hops: &'a [Vec<u64>],
    place: Vec<u32>,
    /// By place: what stands there; [`usize::MAX`]: nothing.
    part: Vec<usize>,
    work: u64,
}

impl Table<'_> {
    fn cost(&self) -> u64 {
        let of = |a: usize| (0..a).map(move |b| (a, b));
        let way =
            |(a, b): (usize, usize)| self.flow.both(a, b) * self.hops[self.place[a] as usize][self.place[b] as usize];
        (0..self.flow.count).flat_map(of).map(way).sum()
    }

    /// What the sum grows by if two places change what stands there.
    fn change(&mut self, a: usize, b: usize) -> i64 {
        self.work += 2 * self.flow.count as u64;
        let of = |part: usize, here: usize, there: usize, other: usize| {
            if part == usize::MAX {
                return 0;
            }
            let others = (0..self.flow.count).filter(|third| *third != part && *third != other);
            let longer = |third: usize| {
                let place = self.place[third] as usize;
                self.flow.both(part, third) as i64 * (self.hops[there][place] as i64 - self.hops[here][place] as i64)
            };
            others.map(longer).sum()
        };
        of(self.part[a], a, b, self.part[b]) + of(self.part[b], b, a, self.part[a])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.part.swap(a, b);
        for place in [a, b] {
            if self.part[place] != usize::MAX {
                self.place[self.part[place]] = place as u32;
            }
        }
    }

    fn restore(&mut self, place: &[u32]) {
        self.place.copy_from_slice(place);
        self.part.fill(usize::MAX);
        for (part, place) in place.iter().enumerate() {
            self.part[*place as usize] = part;
        }
    }

    /// Swaps pairs of places while that helps.
    fn settle(&mut self) {
        loop {
            let mut is_better = false;
            for a in 0..self.hops.len() {
                for b in a + 1..self.hops.len() {
                    if self.part[a].min(self.part[b]) != usize::MAX && self.change(a, b) < 0 {
                        self.swap(a, b);
                        is_better = true;
                    }
                }
            }
            if !is_better || self.work > 2 * WORK {
                break;
            }
        }
    }
}
