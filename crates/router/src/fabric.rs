//! A program's connections, compiled: who reaches whom, as packed rows.

use crate::assemble::Worst;
use crate::counters::{Counters, LossCause};
use crate::weights::{Scales, WeightChanges};
use crate::{RouterError, assemble, crossbar, ideal, tag_cam, xylo};
use alloc::sync::Arc;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, Program, RouterSpec, Routing, SPIKES_PER_TICK_MAX};
use core::ops::Range;
use device_models::{DieParameters, InputLayout, PackedSynapse};
use units::{CoreAddress, InputId, NeuronId};

/// Largest level of an input channel that drives rate units, in either direction: 256 in units of 2^-16.
pub const LEVEL_MAX: i32 = 1 << 24;

/// A row and when its events arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Index of the row, for [`Fabric::row`].
    pub row: u32,
    /// Ticks between sending and arrival, at least 1.
    pub delay_ticks: u16,
}

/// What one event of a source causes, whatever its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Events sent.
    pub sent: u32,
    /// Broadcasts that nobody answers.
    pub unmatched: u32,
    /// Events lost off the board.
    pub off_board: u32,
    /// Broadcasts lost in cores that are not in use.
    pub unused_core: u32,
}

impl Traffic {
    /// Counts `times` events of a source in `core` (or of the host), and hands what is lost to `lose`, by cause.
    #[inline]
    pub fn count(self, core: Option<usize>, times: u64, counters: &mut Counters, mut lose: impl FnMut(LossCause, u64)) {
        counters.events_sent += u64::from(self.sent) * times;
        counters.unmatched_broadcasts += u64::from(self.unmatched) * times;
        if self.off_board | self.unused_core != 0 {
            for (cause, lost) in [(LossCause::OffBoard, self.off_board), (LossCause::UnusedCore, self.unused_core)] {
                let lost = u64::from(lost) * times;
                counters.losses.add(core, cause, lost);
                if lost > 0 {
                    lose(cause, lost);
                }
            }
        }
    }
}

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

/// The synapses `start..start of the next row` of one core.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) core: u32,
    pub(crate) start: u32,
}

/// The connections of a program, compiled. Immutable; share it behind an `Arc` between dies.
#[derive(Clone, Debug)]
pub struct Fabric {
    pub(crate) synapses: Vec<PackedSynapse>,
    /// By synapse the number of its slot, or empty; see [`RowView::slots`].
    pub(crate) slots: Vec<u64>,
    /// One more than there are rows; the last one only marks the end.
    pub(crate) rows: Vec<Row>,
    pub(crate) routes: Vec<Route>,
    /// By source: input channels first, then the neurons of each core; one more than there are sources.
    pub(crate) route_starts: Vec<u32>,
    pub(crate) traffic: Vec<Traffic>,
    /// By core: its first source.
    pub(crate) first_sources: Vec<u32>,
    pub(crate) input_models: Vec<Option<CoreModel>>,
    pub(crate) layouts: Vec<InputLayout>,
    pub(crate) delay_max: u16,
    pub(crate) digest: u64,
    pub(crate) changes: WeightChanges,
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
            let worst = scales.worst();
            if worst.ticks > 1 {
                assemble::check_sums(self, spec, program, worst)?;
            }
            return Ok(Arc::clone(self));
        }
        let mut fabric = Self::weighed(spec, program, Some(&mut scales))?;
        fabric.changes = scales.changes;
        Ok(Arc::new(fabric))
    }

    fn weighed(spec: &ChipSpec, program: &Program, scales: Option<&mut Scales<'_>>) -> Result<Self, RouterError> {
        assemble::check_cores(spec, program)?;
        let worst = scales.as_ref().map_or(Worst { ticks: 1, weights: false }, |scales| scales.worst());
        let draft = match (&spec.router, &program.routing) {
            (RouterSpec::Ideal | RouterSpec::Axon(_), Routing::Ideal(rows)) => {
                ideal::follow(spec, program, rows, scales)?
            }
            (RouterSpec::TagCam(limits), Routing::TagCam { cores, inputs, positions }) => {
                tag_cam::follow(spec, limits.limits(), program, cores, inputs, positions, scales)?
            }
            (RouterSpec::Xylo(limits), Routing::Xylo { rows, shifts, .. }) => {
                xylo::follow(spec, limits.limits(), program, rows, *shifts, scales)?
            }
            (RouterSpec::Crossbar(limits), Routing::Crossbar { cores, inputs }) => {
                crossbar::follow(limits.limits(), program, cores, inputs, scales)?
            }
            (router, routing) => {
                return Err(RouterError::WrongRouter {
                    chip: spec.name.clone(),
                    found: match router {
                        RouterSpec::Ideal => "an ideal router",
                        RouterSpec::Axon(_) => "axons",
                        RouterSpec::TagCam(_) => "a tag and CAM router",
                        RouterSpec::Xylo(_) => "the matrices of Xylo",
                        RouterSpec::Crossbar(_) => "a crossbar",
                    },
                    program: match routing {
                        Routing::Ideal(_) => "rows of synapses",
                        Routing::TagCam { .. } => "a tag and CAM router",
                        Routing::Xylo { .. } => "the matrices of Xylo",
                        Routing::Crossbar { .. } => "a crossbar",
                    },
                });
            }
        };
        assemble::assemble(spec, program, draft, worst)
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

    pub(crate) fn source_routes(&self, source: usize) -> &[Route] {
        &self.routes[self.routes_of(source)]
    }

    /// Row `row`.
    #[inline]
    pub fn row(&self, row: u32) -> RowView<'_> {
        let [Row { core, start }, Row { start: end, .. }] = self.rows[row as usize..][..2] else { unreachable!() };
        let range = start as usize..end as usize;
        let slots = self.slots.get(range.clone()).unwrap_or_default();
        RowView { core: core as usize, synapses: &self.synapses[range], slots }
    }

    /// What the die of this fabric did to the weights of the program; all 0 if it left them as they are.
    pub const fn weight_changes(&self) -> &WeightChanges {
        &self.changes
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.rows.len() - 1
    }

    /// Number of packed synapses; rows that several sources share count once.
    pub fn synapse_count(&self) -> usize {
        self.synapses.len()
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
        size_of_val(&self.synapses[..])
            + size_of_val(&self.slots[..])
            + size_of_val(&self.rows[..])
            + size_of_val(&self.routes[..])
            + size_of_val(&self.route_starts[..])
            + size_of_val(&self.traffic[..])
            + size_of_val(&self.first_sources[..])
    }
}

/// The index of the core at `address` in the program.
pub(crate) fn core_index(program: &Program, address: CoreAddress) -> Option<usize> {
    program.cores.binary_search_by_key(&address, |c| c.address).ok()
}
