//! A program's connections, compiled: who reaches whom, as packed rows.

use crate::check::{Checked, all_sources, check_cores, check_draft};
use crate::draft::{Route, Traffic};
use crate::pack::{PackedRows, RowStart, route_starts};
use crate::sums::{Bounds, Worst, sum_max};
use crate::weights::{Scales, WeightChanges};
use crate::{RouterError, kinds};
use alloc::sync::Arc;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, Program, SPIKES_PER_TICK_MAX};
use core::ops::Range;
use device_models::{DieParameters, Digest, InputLayout, PackedSynapse};
use units::{InputId, NeuronId};

/// Largest level of an input channel that drives rate units, in either direction: 256 in units of 2^-16.
pub const LEVEL_MAX: i32 = 1 << 24;

/// A row as a core receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowView<'a> {
    /// Index of the receiving core in the program.
    pub core: usize,
    /// Its synapses, sorted by target; in the order of delivery where that matters (Xylo).
    pub synapses: &'a [PackedSynapse],
    /// The numbers of their slots, for noise of each event; empty in a fabric of a die without such noise.
    pub slots: &'a [u64],
}

/// The connections of a program, compiled. Immutable; share it behind an `Arc` between dies.
#[derive(Clone, Debug)]
pub struct Fabric {
    rows: PackedRows,
    routes: Vec<Route>,
    /// By source: input channels first, then the neurons of each core; one more than there are sources.
    route_starts: Vec<u32>,
    traffic: Vec<Traffic>,
    /// By core: its first source.
    first_sources: Vec<u32>,
    input_models: Vec<Option<CoreModel>>,
    layouts: Vec<InputLayout>,
    delay_max: u16,
    digest: u64,
    changes: WeightChanges,
}

impl Fabric {
    /// Follows every source of `program` through the memories of the chip and packs what it reaches.
    ///
    /// # Errors
    /// See [`RouterError`]: the program was made for another chip, exceeds one of its memories, names something that
    /// does not exist, or could overflow an accumulator.
    ///
    /// # Panics
    /// If `spec` was not validated (see [`chip::validate`]).
    pub fn build(spec: &ChipSpec, program: &Program) -> Result<Self, RouterError> {
        Self::weighed(spec, program, None)
    }

    /// The connections of `program`, from which `self` was built, on a die: each weight is read with the die's flipped
    /// bits, replaced where its slot is broken, multiplied by the factor of the slot and rounded once. A die that
    /// changes no weight shares `self`.
    ///
    /// # Errors
    /// As [`Fabric::build`], whose checks are repeated with the new weights; a weight of more bits than are stored, or
    /// a negative factor.
    pub fn on_die(
        self: &Arc<Self>,
        spec: &ChipSpec,
        program: &Program,
        die: &DieParameters,
    ) -> Result<Arc<Self>, RouterError> {
        let mut scales = Scales::new(die);
        if !die.changes_weights() && !scales.keep_slots() {
            return Ok(Arc::clone(self));
        }
        let mut fabric = Self::weighed(spec, program, Some(&mut scales))?;
        fabric.changes = scales.changes;
        Ok(Arc::new(fabric))
    }

    fn weighed(spec: &ChipSpec, program: &Program, scales: Option<&mut Scales<'_>>) -> Result<Self, RouterError> {
        check_cores(spec, program)?;
        let mut draft = kinds::of(spec, program)?.follow(spec, program, scales)?;
        let Checked { layouts, input_models } = check_draft(spec, program, &mut draft)?;
        let mut fabric = Self {
            rows: PackedRows::new(&layouts, &draft.rows),
            route_starts: route_starts(&draft.routes, draft.sources.count),
            routes: draft.routes.into_iter().map(|(_, route)| route).collect(),
            traffic: draft.traffic,
            first_sources: draft.sources.first_of_core,
            input_models,
            layouts,
            delay_max: 1,
            digest: 0,
            changes: WeightChanges::default(),
        };
        fabric.delay_max = fabric.routes.iter().map(|route| route.delay_ticks).max().unwrap_or(1);
        fabric.check_sums(spec, program, Worst::QUIET)?;
        fabric.digest = fabric.hash();
        Ok(fabric)
    }

    /// The size up to which accumulators of a run on `die` must be held back, because the noise of its events can lay
    /// more of them into one tick, or make them larger, than sums have room for. No run without such noise has any, and
    /// hardly one with it comes near: late events of a source would have to fall into one tick by the hundred.
    pub fn hold_back(&self, spec: &ChipSpec, program: &Program, die: &DieParameters) -> Option<i64> {
        let worst = Scales::new(die).worst();
        let beyond = (worst.ticks > 1 || worst.weights) && self.check_sums(spec, program, worst).is_err();
        beyond.then(|| sum_max(spec) as i64)
    }

    /// Refuses sums that an accumulator does not hold.
    fn check_sums(&self, spec: &ChipSpec, program: &Program, worst: Worst) -> Result<(), RouterError> {
        let mut bounds = Bounds::new(spec, program, &self.layouts, worst);
        for (source, (_, model)) in all_sources(program).enumerate() {
            for route in &self.routes[self.routes_of(source)] {
                let RowView { core, synapses, .. } = self.row(route.row);
                bounds.add(model, core, route.delay_ticks, synapses.iter().copied());
            }
        }
        bounds.check()
    }

    fn hash(&self) -> u64 {
        let mut digest = Digest::new();
        for synapse in &self.rows.synapses {
            digest.push((synapse.target() as u64) << 32 | u64::from(synapse.weight() as u32));
        }
        for row in &self.rows.starts {
            digest.push(u64::from(row.core) << 32 | u64::from(row.start));
        }
        for route in &self.routes {
            digest.push(u64::from(route.row) << 16 | u64::from(route.delay_ticks));
        }
        for &start in self.route_starts.iter().chain(&self.first_sources) {
            digest.push(start.into());
        }
        digest.value()
    }

    /// The number of an input channel among all sources.
    #[inline]
    pub fn input_source(&self, input: InputId) -> usize {
        debug_assert!(input.index() < self.input_models.len(), "channels were checked at the door");
        input.index()
    }

    /// The number of a neuron of core `core` (index into the program) among all sources.
    #[inline]
    pub fn neuron_source(&self, core: usize, neuron: NeuronId) -> usize {
        self.first_sources[core] as usize + neuron.index()
    }

    /// The core (index into the program) and neuron that are source number `source`; `None` for an input channel.
    pub fn neuron_of_source(&self, source: u32) -> Option<(usize, NeuronId)> {
        let core = self.first_sources.partition_point(|first| *first <= source).checked_sub(1)?;
        Some((core, NeuronId((source - self.first_sources[core]) as u16)))
    }

    /// Number of sources: input channels, then the neurons of each core.
    pub fn source_count(&self) -> usize {
        self.traffic.len()
    }

    /// The routes of source number `source`, as a range of [`Fabric::routes`].
    #[inline]
    pub fn routes_of(&self, source: usize) -> Range<usize> {
        self.route_starts[source] as usize..self.route_starts[source + 1] as usize
    }

    /// All routes: by source, then delay, then row.
    #[inline]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// What an event of source number `source` causes.
    #[inline]
    pub fn traffic(&self, source: usize) -> Traffic {
        self.traffic[source]
    }

    /// Row `row`.
    #[inline]
    pub fn row(&self, row: u32) -> RowView<'_> {
        let rows = &self.rows;
        let [RowStart { core, start }, RowStart { start: end, .. }] = rows.starts[row as usize..][..2] else {
            unreachable!()
        };
        let range = start as usize..end as usize;
        let slots = rows.slots.get(range.clone()).unwrap_or_default();
        RowView { core: core as usize, synapses: &rows.synapses[range], slots }
    }

    /// What the die of this fabric did to the weights of the program; all 0 if it left them as they are.
    pub const fn weight_changes(&self) -> &WeightChanges {
        &self.changes
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.rows.starts.len() - 1
    }

    /// Number of packed synapses; rows that several sources share count once.
    pub fn synapse_count(&self) -> usize {
        self.rows.synapses.len()
    }

    /// Number of input channels.
    pub fn input_count(&self) -> usize {
        self.input_models.len()
    }

    /// What the events of an input channel drive; `None` if it reaches nobody.
    pub fn input_model(&self, input: InputId) -> Option<CoreModel> {
        self.input_models[input.index()]
    }

    /// Most events of an input channel in a tick that get through; those beyond it are lost.
    #[inline]
    pub fn input_cap(&self, input: InputId) -> i32 {
        self.input_model(input).map_or(SPIKES_PER_TICK_MAX, |model| model.facts().input_cap)
    }

    /// Number of cores of the program.
    pub fn core_count(&self) -> usize {
        self.layouts.len()
    }

    /// The accumulators of core `core`.
    pub fn layout(&self, core: usize) -> &InputLayout {
        &self.layouts[core]
    }

    /// The longest delay of any route; 1 if there is none.
    pub fn delay_max(&self) -> u16 {
        self.delay_max
    }

    /// Hash of everything in the fabric: equal for equal programs, on every platform.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Bytes on the heap, without allocator overhead: about 4 a synapse, and 36 a source with one row.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&self.rows.synapses[..])
            + size_of_val(&self.rows.slots[..])
            + size_of_val(&self.rows.starts[..])
            + size_of_val(&self.routes[..])
            + size_of_val(&self.route_starts[..])
            + size_of_val(&self.traffic[..])
            + size_of_val(&self.first_sources[..])
    }
}
