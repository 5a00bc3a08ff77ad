//! What a run keeps of its spikes, for the files that are made of them, and when that becomes too much.

use crate::args::RunArgs;
use crate::errors::HostError;
use budget::{RECORD_BYTES, RECORDS_BYTES};
use emulator::Observer;
use formats::events::SpikeEvent;
use session::{Board, Session};
use units::{NeuronId, Tick};

/// The spikes of a run.
///
/// Nobody knows before a run how many there will be. Beyond the most that are kept, none is kept any more and the run
/// is ended with an error: a file that lacks the spikes of its end would be taken for that of a network gone silent.
pub(super) struct Record {
    board: Board,
    /// By population, tick and neuron of each spike, if a picture is asked for.
    pub(super) drawn: Vec<Vec<(u64, u32)>>,
    /// All spikes, if a file of them is asked for.
    pub(super) spikes: Vec<SpikeEvent>,
    to_file: bool,
    kept: u64,
    /// Most records that this run keeps.
    most: u64,
    /// Whether there was one more.
    pub(super) is_over: bool,
}

impl Record {
    /// What `args` ask for of one of `runs` runs, which share the most that a command keeps in equal parts: who is
    /// refused may not depend on which of them is faster.
    pub(super) fn new(args: &RunArgs, board: &Board, runs: usize) -> Self {
        let populations = if args.plot.is_some() { board.symbols().populations.len() } else { 0 };
        Self {
            board: board.clone(),
            drawn: vec![Vec::new(); populations],
            spikes: Vec::new(),
            to_file: args.spikes.is_some(),
            kept: 0,
            most: args.what.allowance().records() / (runs.max(1) as u64),
            is_over: false,
        }
    }

    /// Whether one record more may be kept.
    fn takes(&mut self) -> bool {
        self.is_over |= self.kept == self.most;
        self.kept += u64::from(!self.is_over);
        !self.is_over
    }

    /// Why the run was ended at this point, after `spikes` of its spikes, before its end `ticks` ticks from `from`.
    pub(super) fn refusal(&self, session: &Session, spikes: u64, (from, ticks): (Tick, u64)) -> HostError {
        let (now, end) = (session.now(), from.after(ticks));
        let most = self.most;
        HostError::Records {
            message: format!(
                "more than {most} records of spikes were to be kept, the most of this run that are kept unasked ({} MiB \
                 in all runs of a command, {RECORD_BYTES} bytes each): {spikes} spikes before tick {now}, and the run \
                 ends at tick {end}",
                RECORDS_BYTES >> 20
            ),
            help: "run for a shorter time, leave out `--spikes` or `--plot`, or go on with `--allow-large`".into(),
        }
    }
}

impl Observer for Record {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        if let Some((population, index)) = self.board.member(core, neuron)
            && population < self.drawn.len()
            && self.takes()
        {
            self.drawn[population].push((tick.0, index));
        }
        if self.to_file && self.takes() {
            self.spikes.push(SpikeEvent { tick, neuron: self.board.address(core, neuron), value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use budget::RECORDS;

    /// A list that has just grown is up to three times as large as what it holds; its text is one line a spike.
    #[test]
    fn a_record_is_as_large_as_is_said() {
        let spike = SpikeEvent { tick: Tick(1_000_000), neuron: units::NeuronAddress::default(), value: 1 };
        let line = formats::events::write_spikes(&[spike; 2]).len() - formats::events::write_spikes(&[spike]).len();
        let (list, drawn) = (size_of::<SpikeEvent>(), size_of::<(u64, u32)>());
        for bytes in [list + line, drawn + line].map(|bytes| bytes as u64) {
            assert!((bytes..=3 * bytes).contains(&RECORD_BYTES), "{bytes}");
        }
        assert_eq!(RECORDS * RECORD_BYTES, RECORDS_BYTES);
    }
}
