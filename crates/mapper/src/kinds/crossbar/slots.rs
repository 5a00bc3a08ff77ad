//! Rows of synapses on a die: which of the rows of its kind each synapse of a column lies in, and with which code.
//!
//! A synapse can lie in any row of its kind on its bus, in its own column. Without a die it takes the first that is
//! free; with one in mind, the synapses of each column are dealt to the whole slots among them, each with the code that
//! is nearest to its weight there. Where a column lacks whole slots, its kind gets rows that the bus has to spare.

use super::buses::Group;
use super::scale::Scale;
use super::{Coded, Columns, depth, fullest};
use crate::die::OnDie;
use crate::die::slots::{Choice, deal};
use crate::gains::Factor;
use crate::ledger::Ledger;
use crate::limits::Limit;
use crate::wish::{Link, Wish};
use crate::{DieMisfit, MapperError, MapperOptions, OverFull, SmallWeights};
use chip::{Circuits, CrossbarLimits};
use device_models::SlotOnDie;
use std::collections::BTreeMap;
use units::{CoreAddress, NeuronId};

/// The rows of one kind of synapse: how many, and by column what lies in each.
pub(super) struct KindRows {
    pub(super) kind: u8,
    pub(super) rows: usize,
    pub(super) columns: BTreeMap<u16, Vec<Option<Coded>>>,
}

/// Every synapse in the first row of its kind that is free; those of a neuron of several circuits are dealt to the
/// columns of these in turn.
pub(super) fn in_order(columns: &Columns, circuits: &[Circuits]) -> Vec<KindRows> {
    let of_kind = |(&kind, neurons): (&u8, &BTreeMap<u16, Vec<Coded>>)| {
        let rows = fullest(neurons, circuits);
        let mut columns: BTreeMap<u16, Vec<Option<Coded>>> = BTreeMap::new();
        for (&neuron, all) in neurons {
            let Circuits { first, count } = circuits[usize::from(neuron)];
            for here in all.chunks(count.into()).take(depth(all.len(), neuron, circuits)) {
                for (coded, column) in here.iter().zip(first.0..) {
                    columns.entry(column).or_default().push(Some(*coded));
                }
            }
        }
        KindRows { kind, rows, columns }
    };
    columns.iter().map(of_kind).collect()
}

/// The slots of a group of drivers in one core, on a die.
pub(super) struct Array<'a> {
    pub(super) wish: &'a Wish<'a>,
    pub(super) on: OnDie<'a>,
    pub(super) group: &'a Group,
    pub(super) limits: CrossbarLimits,
    pub(super) scale: &'a Scale,
    pub(super) core: CoreAddress,
    /// The circuits of each neuron.
    pub(super) circuits: &'a [Circuits],
}

impl Array<'_> {
    /// The slot of a column in row `row` of the group.
    fn slot(&self, column: u16, row: usize) -> Result<SlotOnDie, MapperError> {
        let limits = &self.limits;
        let driver = usize::from(self.group.drivers[row / limits.rows_per_driver]);
        let number = (self.group.bus * limits.drivers_per_bus + driver) * limits.rows_per_driver;
        let place = (self.core, NeuronId(column), (number + row % limits.rows_per_driver) as u64);
        SlotOnDie::new(self.on.die, place, limits.weight_bits).map_err(|error| MapperError::Program(error.into()))
    }

    fn steps(&self, code: u16) -> i32 {
        i32::from(code) * i32::from(self.scale.current)
    }

    fn unit(&self, link: &Link) -> f64 {
        self.on.unit(self.wish, link, self.scale.exponent, Factor::ONE)
    }

    /// The best code of a connection in a slot; of equally near ones the one that it has without a die.
    fn choice(&self, coded: &Coded, slot: &SlotOnDie, may_go: bool) -> Choice {
        let (unit, wanted, most) =
            (self.unit(&coded.link), f64::from(coded.link.magnitude()), self.limits.weight_max());
        let of_code = |code: u8| f64::from(slot.weight(code.into(), |code| self.steps(code))) * unit;
        let one = f64::from(self.scale.current) * unit * crate::die::real(slot.factor().to_bits());
        // Bits that flip put the codes out of order.
        let codes = if slot.flips() || one <= 0.0 {
            1..=most
        } else {
            let near = (wanted / one) as i64;
            let within = |code: i64| code.clamp(1, most.into()) as u8;
            within(near)..=within(near + 1)
        };
        Choice::best(wanted, std::iter::once(coded.code).chain(codes), of_code, may_go)
    }

    /// Books what the synapses of `rows` come to.
    pub(super) fn book(&self, rows: &[KindRows], ledger: &mut Ledger) -> Result<(), MapperError> {
        let mut first = 0;
        for of_kind in rows {
            for (column, all) in &of_kind.columns {
                for (row, coded) in all.iter().enumerate() {
                    let Some(coded) = coded else { continue };
                    let slot = self.slot(*column, first + row)?;
                    let steps = slot.weight(coded.code.into(), |code| self.steps(code));
                    ledger.on_die(&coded.link, f64::from(steps) * self.unit(&coded.link));
                    if slot.is_broken() {
                        ledger.in_broken_slot();
                    }
                }
            }
            first += of_kind.rows;
        }
        Ok(())
    }

    /// Deals the synapses of every column to its whole slots.
    ///
    /// # Errors
    /// A column without whole slots for all its synapses, unless `options` allow the smallest to be lost.
    pub(super) fn dealt(
        &self,
        columns: &mut Columns,
        options: &MapperOptions,
        ledger: &mut Ledger,
    ) -> Result<Vec<KindRows>, MapperError> {
        let mut spare =
            self.group.rows(self.limits) - columns.values().map(|all| fullest(all, self.circuits)).sum::<usize>();
        let may_go = options.small_weights == SmallWeights::Nearest;
        let (mut dealt, mut first) = (Vec::new(), 0);
        for (&kind, columns) in columns.iter_mut() {
            let mut rows = fullest(columns, self.circuits);
            let mut of_columns = BTreeMap::new();
            for (&column, all) in columns.iter_mut() {
                let mut slots = (0..rows).map(|row| self.slot(column, first + row)).collect::<Result<Vec<_>, _>>()?;
                let whole = |slots: &[SlotOnDie]| slots.iter().filter(|slot| !slot.is_broken()).count();
                while whole(&slots) < all.len() && spare > 0 {
                    slots.push(self.slot(column, first + rows)?);
                    (rows, spare) = (rows + 1, spare - 1);
                }
                if whole(&slots) < all.len() {
                    self.lose(all, whole(&slots), options, ledger)?;
                }
                let whole: Vec<usize> = (0..slots.len()).filter(|row| !slots[*row].is_broken()).collect();
                let wanted: Vec<f64> = all.iter().map(|coded| f64::from(coded.link.magnitude())).collect();
                let choice = |at: usize, slot: usize| self.choice(&all[at], &slots[whole[slot]], may_go);
                let found = if slots.iter().all(SlotOnDie::is_nominal) {
                    (0..all.len()).map(|at| (at, choice(at, at))).collect()
                } else {
                    deal(&wanted, whole.len(), choice)
                };
                let mut of_column = vec![None; slots.len()];
                for (coded, (slot, choice)) in all.iter().zip(found) {
                    match choice.code {
                        Some(code) => of_column[whole[slot]] = Some(Coded { code, ..*coded }),
                        None => ledger.round_to_zero(&coded.link),
                    }
                }
                of_columns.insert(column, of_column);
            }
            dealt.push(KindRows { kind, rows, columns: of_columns });
            first += rows;
        }
        Ok(dealt)
    }

    /// Takes the smallest weights of a column away until `whole` are left.
    fn lose(
        &self,
        all: &mut Vec<Coded>,
        whole: usize,
        options: &MapperOptions,
        ledger: &mut Ledger,
    ) -> Result<(), MapperError> {
        if options.over_full != OverFull::Prune {
            let Link { projection, post, .. } = all[0].link;
            let population = self.wish.network.projections[projection].post;
            return Err(DieMisfit::Slots {
                die: self.on.name.into(),
                population: self.wish.network.populations[population].name.clone(),
                index: post,
                address: self.wish.address(population, post),
                needed: all.len(),
                whole,
                slots: self.group.rows(self.limits),
            }
            .into());
        }
        while all.len() > whole {
            let smallest = all.iter().enumerate().min_by_key(|(at, coded)| (coded.link.magnitude(), usize::MAX - at));
            let (at, _) = smallest.expect("more than none are there");
            ledger.lose(&all.remove(at).link, Limit::Rows);
        }
        Ok(())
    }
}
