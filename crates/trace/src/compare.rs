//! Two sessions beside each other, to the first difference.

use chip::Source;
use emulator::{Arrival, Digest, Observer, Spike};
use session::Session;
use std::collections::BTreeSet;
use std::fmt;
use units::{NeuronId, Tick};

/// Most arrivals of a run that a difference writes out.
const SHOWN_MAX: usize = 40;

/// Ticks between copies of the sessions, from which the last stretch is run again and watched closely.
const CHECKPOINT_TICKS: u64 = 4096;

/// An event that reached a neuron through one synapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// When.
    pub tick: Tick,
    /// Who sent it.
    pub source: Source,
    /// When it was sent.
    pub sent: Tick,
    /// The number of spikes, or the change of a level in units of 2^-16.
    pub payload: i32,
    /// The weight of the synapse, in units of the core's weight step.
    pub weight: i32,
}

impl fmt::Display for Arrived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Source::Input(input) => write!(f, "input channel {input}")?,
            Source::Neuron(neuron) => write!(f, "{neuron}")?,
        }
        write!(f, " sent in tick {}, arrived in tick {}, ", self.sent, self.tick)?;
        write!(f, "payload {}, weight {}", self.payload, self.weight)
    }
}

/// The first difference of two runs: earliest tick, then core, then neuron, then the order of the quantities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The tick at whose end the states differ, or in which only one run has a spike.
    pub tick: Tick,
    /// Index of the core in the program.
    pub core: usize,
    /// The neuron; `None` if the difference is in something of the core that cannot be read.
    pub neuron: Option<NeuronId>,
    /// Population and index of the neuron; `None` if it has no name.
    pub name: Option<(String, u32)>,
    /// What differs: a quantity of the model, `spikes`, or `state` for what cannot be read.
    pub quantity: String,
    /// Values are in units of two to the minus this, times `scale`.
    pub fraction_bits: u32,
    /// What counts as 1, as a decimal.
    pub scale: String,
    /// The value in the first run and in the second.
    pub values: [i64; 2],
    /// What reached the neuron since the step before, in the first run and in the second.
    pub arrivals: [Vec<Arrived>; 2],
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "first difference: tick {}, core {}", self.tick, self.core)?;
        if let Some(neuron) = self.neuron {
            write!(f, ", neuron {neuron}")?;
        }
        if let Some((population, index)) = &self.name {
            write!(f, " ({population}[{index}])")?;
        }
        write!(f, ", {}: {} and {}", self.quantity, self.values[0], self.values[1])?;
        if self.fraction_bits > 0 {
            match &self.scale[..] {
                "1" => write!(f, " (units of 2^-{})", self.fraction_bits)?,
                scale => write!(f, " (units of 2^-{} of {scale})", self.fraction_bits)?,
            }
        }
        for (run, arrivals) in ["first", "second"].iter().zip(&self.arrivals) {
            match arrivals.len() {
                0 => write!(f, "\n  nothing arrived in the {run} run")?,
                _ => write!(f, "\n  arrived in the {run} run:")?,
            }
            for arrived in arrivals.iter().take(SHOWN_MAX) {
                write!(f, "\n    {arrived}")?;
            }
            if arrivals.len() > SHOWN_MAX {
                write!(f, "\n    and {} more", arrivals.len() - SHOWN_MAX)?;
            }
        }
        Ok(())
    }
}

/// An event at the row where it arrived: core, targets and weights.
struct Event {
    arrived: Arrived,
    core: usize,
    /// Place and weight of each synapse.
    synapses: Vec<(usize, i32)>,
}

/// What happened since some tick.
#[derive(Default)]
struct Watch {
    spikes: Vec<Spike>,
    events: Vec<Event>,
}

impl Observer for Watch {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        self.spikes.push(Spike { tick, core, neuron, value });
    }

    fn deliver(&mut self, arrival: &Arrival<'_>) {
        let &Arrival { tick, source, sent, payload, row } = arrival;
        let synapses = row.synapses.iter().map(|synapse| (synapse.target(), synapse.weight())).collect();
        self.events.push(Event {
            arrived: Arrived { tick, source, sent, payload, weight: 0 },
            core: row.core,
            synapses,
        });
    }

    fn wants_arrivals(&self) -> bool {
        true
    }
}

/// Whether a core was advanced.
struct Advanced(bool);

impl Observer for Advanced {
    fn advance(&mut self, _: Tick, _: usize, _: usize) {
        self.0 = true;
    }
}

/// Runs copies of two sessions of the same program and time, on other dies or with other weights or inputs, to `end`,
/// and returns their first difference; `None` if there is none. States are compared after each tick in which a core was
/// advanced; what waits to act differs when it acts.
///
/// # Panics
/// If the sessions stand at different ticks or have different cores.
pub fn first_difference(one: &Session, two: &Session, end: Tick) -> Option<Difference> {
    let cores = |session: &Session| session.board().program().cores.len();
    assert_eq!((one.now(), cores(one)), (two.now(), cores(two)), "only runs of the same time and cores are compared");
    let mut now = [one.clone(), two.clone()];
    if now[0].digest() != now[1].digest() {
        return difference(&now, now[0].now(), &[Watch::default(), Watch::default()]);
    }
    let mut checkpoint = now.clone();
    while now[0].now() < end {
        let tick = now[0].now();
        let mut advanced = Advanced(false);
        now.iter_mut().for_each(|session| session.run_until(tick.after(1), &mut advanced));
        if advanced.0 && now[0].digest() != now[1].digest() {
            return watched(checkpoint, tick);
        }
        if tick.0 - checkpoint[0].now().0 >= CHECKPOINT_TICKS {
            checkpoint = now.clone();
        }
    }
    None
}

/// The difference at the end of `tick`, to which two sessions run and are watched.
fn watched(mut sessions: [Session; 2], tick: Tick) -> Option<Difference> {
    let step_ticks = sessions[0].board().spec().step_ticks();
    let watch = |session: &mut Session| {
        // What arrived since the step before acts in this one.
        session.run_until(Tick((tick.0 + 1).saturating_sub(step_ticks)), &mut ());
        let mut watch = Watch::default();
        session.run_until(tick.after(1), &mut watch);
        watch.spikes.retain(|spike| spike.tick == tick);
        watch
    };
    let [one, two] = &mut sessions;
    let watches = [watch(one), watch(two)];
    difference(&sessions, tick, &watches)
}

/// The first difference of two states at the end of `tick`, whose digests differ.
fn difference(sessions: &[Session; 2], tick: Tick, watches: &[Watch; 2]) -> Option<Difference> {
    let board = sessions[0].board();
    let mut hidden = None;
    for (core, loaded) in board.program().cores.iter().enumerate() {
        let cores = [&sessions[0], &sessions[1]].map(|session| session.emulator().core(core));
        let kinds = cores[0].probes(board.spec());
        for neuron in (0..loaded.neuron_count).map(|neuron| NeuronId(neuron as u16)) {
            let found = |quantity: &str, (fraction_bits, scale), values| {
                let name = board
                    .member(core, neuron)
                    .map(|(population, index)| (board.symbols().populations[population].name.clone(), index));
                let arrivals = [0, 1].map(|run| arrivals(&sessions[run], core, neuron, &watches[run]));
                let (neuron, quantity) = (Some(neuron), quantity.to_string());
                Some(Difference { tick, core, neuron, name, quantity, fraction_bits, scale, values, arrivals })
            };
            for (index, kind) in kinds.iter().enumerate() {
                let values = cores.map(|core| core.probe(index, neuron, tick));
                if values[0] != values[1] {
                    let scale = format!("{} {}", kind.scale, kind.unit);
                    let scale = scale.strip_suffix(" 1").unwrap_or(&scale).into();
                    return found(&kind.name, (kind.fraction_bits, scale), values);
                }
            }
            let spikes = [&watches[0], &watches[1]].map(|watch| {
                let own = watch.spikes.iter().find(|spike| (spike.core, spike.neuron) == (core, neuron));
                own.map_or(0, |spike| i64::from(spike.value))
            });
            if spikes[0] != spikes[1] {
                return found("spikes", (0, "1".into()), spikes);
            }
        }
        let states = cores.map(|core| {
            let mut digest = Digest::new();
            core.digest_state(&mut digest);
            digest.value() as i64
        });
        if states[0] != states[1] && hidden.is_none() {
            let (quantity, arrivals) = ("state".to_string(), [Vec::new(), Vec::new()]);
            hidden = Some(Difference {
                tick,
                core,
                neuron: None,
                name: None,
                quantity,
                fraction_bits: 0,
                scale: "1".into(),
                values: states,
                arrivals,
            });
        }
    }
    hidden
}

/// What reached a neuron, of what was watched.
fn arrivals(session: &Session, core: usize, neuron: NeuronId, watch: &Watch) -> Vec<Arrived> {
    let layout = session.emulator().fabric().layout(core);
    let kinds = 0..session.board().spec().synapses.len() as u8;
    let places: BTreeSet<usize> =
        kinds.filter_map(|kind| layout.pack(kind, neuron.index(), 0)).map(|synapse| synapse.target()).collect();
    let here = watch.events.iter().filter(|event| event.core == core);
    here.flat_map(|event| {
        let own = event.synapses.iter().filter(|(place, _)| places.contains(place));
        own.map(|&(_, weight)| Arrived { weight, ..event.arrived })
    })
    .collect()
}
