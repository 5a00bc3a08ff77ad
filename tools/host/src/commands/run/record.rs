//! What a run keeps of its spikes, for the files that are made of them, and when that becomes too much.

use crate::args::RunArgs;
use crate::errors::HostError;
use budget::{RECORD_BYTES, RECORDS_BYTES};
use chip::Source;
use emulator::{Arrival, Observer};
use formats::activity::SourceCount;
use formats::events::SpikeEvent;
use session::{Board, PopulationActivity, Session};
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
    /// Whether it is asked how often sources sent.
    counts: bool,
    /// By input channel: what it sent, if that is asked for.
    channels: Vec<Channel>,
    kept: u64,
    /// Most records that this run keeps.
    most: u64,
    /// Whether there was one more.
    pub(super) is_over: bool,
}

/// What an input channel sent. An event arrives once in each core that it reaches: the first core that is seen stands
/// for all of them. A channel that reaches nobody, or whose events are lost, sends nothing that a mapping could weigh.
#[derive(Clone, Copy, Default)]
struct Channel {
    core: Option<usize>,
    last: Option<Tick>,
    spikes: u64,
}

impl Record {
    /// What `args` ask for of one of `runs` runs, which share the most that a command keeps in equal parts: who is
    /// refused may not depend on which of them is faster.
    pub(super) fn new(args: &RunArgs, board: &Board, runs: usize) -> Self {
        let channels = board.program().input_count;
        let populations = if args.plot.is_some() { board.symbols().populations.len() } else { 0 };
        Self {
            board: board.clone(),
            drawn: vec![Vec::new(); populations],
            spikes: Vec::new(),
            to_file: args.spikes.is_some(),
            counts: args.counts.is_some(),
            channels: vec![Channel::default(); if args.counts.is_some() { channels as usize } else { 0 }],
            kept: 0,
            most: args.what.allowance().records() / (runs.max(1) as u64),
            is_over: false,
        }
    }

    /// How often each neuron and channel of the network sent, of those that did; nothing if nobody asked. A copy sends
    /// when its neuron does, to other targets: it is no source of the network, and each target hears one of them.
    pub(super) fn counts(&self, activity: &[PopulationActivity]) -> Vec<SourceCount> {
        if !self.counts {
            return Vec::new();
        }
        let count = |name: &str, index: u32, spikes: u64| SourceCount {
            name: name.into(),
            index,
            spikes: u32::try_from(spikes).unwrap_or(u32::MAX),
        };
        let mut all = Vec::new();
        let symbols = &self.board.symbols().populations;
        for population in activity.iter().zip(symbols).filter(|(_, symbol)| !symbol.is_copy()).map(|(own, _)| own) {
            let members = population.events.iter().zip(0..).filter(|(events, _)| **events > 0);
            all.extend(members.map(|(events, index)| count(&population.name, index, *events)));
        }
        let mut channels = self.channels.iter();
        for group in &self.board.symbols().inputs {
            let members = channels.by_ref().take(group.channels as usize).zip(0..);
            all.extend(members.filter(|(c, _)| c.spikes > 0).map(|(c, index)| count(&group.name, index, c.spikes)));
        }
        all
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

    fn deliver(&mut self, arrival: &Arrival<'_>) {
        let Source::Input(input) = arrival.source else { return };
        let Some(channel) = self.channels.get_mut(input.index()) else { return };
        let is_first = *channel.core.get_or_insert(arrival.row.core) == arrival.row.core;
        if is_first && channel.last.is_none_or(|last| last < arrival.sent) {
            channel.last = Some(arrival.sent);
            channel.spikes += u64::from(arrival.payload.unsigned_abs());
        }
    }

    fn wants_arrivals(&self) -> bool {
        self.counts
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
