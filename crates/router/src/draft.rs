//! What a kind of router hands over: every source with its routes, and rows that are not packed yet.

use crate::RouterError;
use crate::counters::{Counters, LossCause};
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use chip::{IdealSynapse, Program, Source};
use units::{CoreAddress, NeuronAddress};

/// A row and when its events arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Index of the row, for [`crate::Fabric::row`].
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

/// Numbering of sources: input channels first, then the neurons of each core.
pub(crate) struct Sources {
    pub(crate) count: usize,
    pub(crate) first_of_core: Vec<u32>,
}

impl Sources {
    /// The numbering of `program`.
    pub(crate) fn of(program: &Program) -> Self {
        let mut next = program.input_count;
        let mut first_of_core = Vec::with_capacity(program.cores.len());
        for core in &program.cores {
            first_of_core.push(next);
            next += core.neuron_count;
        }
        Self { count: next as usize, first_of_core }
    }

    /// The number of `source`, if the program has it.
    pub(crate) fn number(&self, program: &Program, source: Source) -> Result<usize, RouterError> {
        match source {
            Source::Input(input) if input.0 < program.input_count => Ok(input.index()),
            Source::Input(input) => Err(RouterError::UnknownInput { input: input.0, count: program.input_count }),
            Source::Neuron(address) => {
                let core = used_core(program, address.core)?;
                check_used(program, address)?;
                Ok(self.first_of_core[core] as usize + address.neuron.index())
            }
        }
    }
}

/// A row before it is packed.
pub(crate) struct RowDraft<'a> {
    pub(crate) core: usize,
    pub(crate) synapses: Cow<'a, [IdealSynapse]>,
    /// The numbers of their slots; empty where they are not kept.
    pub(crate) slots: Cow<'a, [u64]>,
}

/// What a kind of router found.
pub(crate) struct Draft<'a> {
    pub(crate) sources: Sources,
    pub(crate) rows: Vec<RowDraft<'a>>,
    /// Source and route.
    pub(crate) routes: Vec<(usize, Route)>,
    pub(crate) traffic: Vec<Traffic>,
}

impl Draft<'_> {
    /// Nothing found yet.
    pub(crate) fn new(program: &Program) -> Self {
        let sources = Sources::of(program);
        let traffic = vec![Traffic::default(); sources.count];
        Self { sources, rows: Vec::new(), routes: Vec::new(), traffic }
    }
}

/// The index of the core at `address` in the program.
pub(crate) fn core_index(program: &Program, address: CoreAddress) -> Option<usize> {
    program.cores.binary_search_by_key(&address, |c| c.address).ok()
}

/// The same; an error where the program does not use it.
pub(crate) fn used_core(program: &Program, core: CoreAddress) -> Result<usize, RouterError> {
    core_index(program, core).ok_or(RouterError::UnusedCore { core })
}

/// Refuses neurons that their core, which is in use, does not use.
pub(crate) fn check_used(program: &Program, address: NeuronAddress) -> Result<(), RouterError> {
    let count = program.cores[used_core(program, address.core)?].neuron_count;
    if u32::from(address.neuron.0) < count {
        return Ok(());
    }
    Err(RouterError::UnusedNeuron { address, last: count - 1 })
}
