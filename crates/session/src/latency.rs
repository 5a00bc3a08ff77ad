//! How long the steps of a run take on a chip whose file states the time of its operations.
//!
//! A step of such a chip has no fixed length: it ends when every core is done, and after a barrier. A core sends,
//! neuron by neuron: it updates each, and sends the events of those that spike. It receives at the same time: each
//! event, and the synapses that it goes through. The step takes what the slowest core takes with either, and the
//! barrier (rule
//! `simple` of the simulator SANA-FE, which gives the ways through the mesh no time). Queues in the mesh are not in it:
//! on the recorded loads of that simulator its own model with queues comes out at most 15.4 % above plain queueing.
//!
//! Times are whole picoseconds, so that sums do not depend on their order.

use crate::Board;
use chip::LATENCY_OPERATIONS;
use emulator::{Arrival, Observer};
use units::{NeuronId, Tick};

/// How long a run takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Steps.
    pub steps: u64,
    /// All of them, in picoseconds, barriers included.
    pub total_ps: u64,
    /// The barriers alone.
    pub barrier_ps: u64,
    /// The longest step.
    pub longest_ps: u64,
    /// What each core of the program sent in, and received in.
    pub cores_ps: Vec<(u64, u64)>,
}

impl Latency {
    /// The core that works longest, by its number in the program.
    pub fn busiest(&self) -> Option<usize> {
        let work = |core: &usize| self.cores_ps[*core].0.max(self.cores_ps[*core].1);
        (0..self.cores_ps.len()).max_by_key(|core| (work(core), usize::MAX - core))
    }
}

/// Work of each core, step after step.
#[derive(Clone, Debug)]
struct Steps {
    /// The step that is under way.
    now: u64,
    /// In it, what each core sends in and receives in.
    work: Vec<(u64, u64)>,
    measured: Latency,
}

impl Steps {
    fn new(cores: usize) -> Self {
        let work = vec![(0, 0); cores];
        Self { now: 0, measured: Latency { cores_ps: work.clone(), ..Latency::default() }, work }
    }

    fn send(&mut self, step: u64, core: usize, picoseconds: u64) {
        self.enter(step);
        self.work[core].0 += picoseconds;
    }

    fn receive(&mut self, step: u64, core: usize, picoseconds: u64) {
        self.enter(step);
        self.work[core].1 += picoseconds;
    }

    /// Goes on to `step`, if it is a later one.
    fn enter(&mut self, step: u64) {
        if step > self.now {
            self.close();
            self.now = step;
        }
    }

    /// Adds the step that is under way.
    fn close(&mut self) {
        let slowest = self.work.iter().map(|(sent, received)| *sent.max(received)).max().unwrap_or(0);
        self.measured.total_ps += slowest;
        self.measured.longest_ps = self.measured.longest_ps.max(slowest);
        for (all, work) in self.measured.cores_ps.iter_mut().zip(&mut self.work) {
            let (sent, received) = std::mem::take(work);
            (all.0, all.1) = (all.0 + sent, all.1 + received);
        }
    }

    fn finish(mut self, steps: u64, barrier: u64) -> Latency {
        self.close();
        let waited = steps * barrier;
        let longest_ps = if steps > 0 { self.measured.longest_ps + barrier } else { 0 };
        Latency { steps, total_ps: self.measured.total_ps + waited, barrier_ps: waited, longest_ps, ..self.measured }
    }
}

/// An observer that measures it.
#[derive(Clone, Debug)]
pub struct LatencyMeter {
    board: Board,
    /// In the order of [`LATENCY_OPERATIONS`].
    prices: [u64; LATENCY_OPERATIONS.len()],
    barrier: u64,
    from: Tick,
    step_ticks: u64,
    steps: Steps,
}

impl LatencyMeter {
    /// A meter for runs of `board` from tick `from` on; none if its chip file states no times, or some of its cores act
    /// without steps.
    pub fn new(board: &Board, from: Tick) -> Option<Self> {
        let latency = board.spec().latency.as_ref()?;
        let (cores, step_ticks) = (&board.program().cores, board.spec().step_ticks());
        cores.iter().all(|core| core.model.is_clocked()).then(|| Self {
            board: board.clone(),
            prices: LATENCY_OPERATIONS.map(|name| latency.picoseconds(name)),
            barrier: latency.barrier_picoseconds(u32::try_from(cores.len()).unwrap_or(u32::MAX)),
            from,
            step_ticks,
            steps: Steps { now: from.0 / step_ticks, ..Steps::new(cores.len()) },
        })
    }

    /// What the ticks before `end` took.
    pub fn finish(self, end: Tick) -> Latency {
        let ticks = end.0.saturating_sub(self.from.0);
        self.steps.finish(ticks / self.step_ticks, self.barrier)
    }

    fn step(&self, tick: Tick) -> u64 {
        tick.0 / self.step_ticks
    }
}

impl Observer for LatencyMeter {
    fn emit(&mut self, tick: Tick, core: usize, neuron: NeuronId, _value: i32) {
        let [_, spike, sent, ..] = self.prices;
        let fabric = self.board.fabric();
        let events = u64::from(fabric.traffic(fabric.neuron_source(core, neuron)).sent);
        self.steps.send(self.step(tick), core, spike + sent * events);
    }

    /// What acts in a step was received in the one before, while the cores were sending.
    fn deliver(&mut self, arrival: &Arrival<'_>) {
        let [.., received, operation] = self.prices;
        let operations = arrival.row.synapses.len() as u64;
        let step = self.step(arrival.tick).saturating_sub(1);
        self.steps.receive(step, arrival.row.core, received + operation * operations);
    }

    fn advance(&mut self, tick: Tick, core: usize, neurons: usize) {
        self.steps.send(self.step(tick), core, self.prices[0] * neurons as u64);
    }

    fn wants_arrivals(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mapper::MapperOptions;

    /// Recorded by SANA-FE 2.2.9 with its model `simple`: a network of our own on the numbers of its `loihi.yaml`.
    const RECORDED: &str = include_str!("../../../tests/golden-timing/loihi-recurrent.json");

    /// Times of a step of `case`, in its units, by what fired, was updated and was sent in it.
    fn steps_of(case: &serde_json::Value) -> Vec<(u64, u64)> {
        let number = |value: &serde_json::Value| value.as_u64().unwrap_or_else(|| panic!("{value} is a number"));
        let numbers =
            |value: &serde_json::Value| -> Vec<u64> { value.as_array().expect("a list").iter().map(number).collect() };
        let time = &case["arch"]["time"];
        let neurons = case["neurons"].as_array().expect("neurons");
        let cores = neurons.iter().map(|n| number(&n["core"])).chain([0]).max().expect("one") as usize + 1;
        let used: std::collections::BTreeSet<u64> =
            neurons.iter().map(|n| number(&n["core"]) / number(&case["arch"]["cores_per_tile"])).collect();
        let barriers = time["sync"].as_object().expect("by tiles").iter();
        let barriers = barriers.map(|(tiles, time)| (tiles.parse::<u64>().expect("tiles"), number(time)));
        let barrier = barriers.filter(|(tiles, _)| *tiles <= used.len() as u64).max().expect("a first one").1;
        let of_step = |step: &serde_json::Value| {
            let mut steps = Steps::new(cores);
            let (fired, updated) = (numbers(&step["fired"]), numbers(&step["updated"]));
            for (index, neuron) in (0..).zip(neurons) {
                let price = &time[if neuron["kind"] == "in" { "soma_in" } else { "soma_lif" }];
                let is = |list: &[u64], what: &str| if list.contains(&index) { number(&price[what]) } else { 0 };
                let work = number(&price["access"]) + is(&updated, "update") + is(&fired, "spike");
                steps.send(0, number(&neuron["core"]) as usize, work);
            }
            for message in step["messages"].as_array().expect("messages") {
                let column = |index: usize| number(&message[index]) as usize;
                let sender = number(&neurons[column(0)]["core"]) as usize;
                steps.send(0, sender, number(&time["axon_out"]));
                let synapse = number(&time["synapse"]) + number(&time["dendrite"]);
                steps.receive(0, column(2), number(&time["axon_in"]) + column(4) as u64 * synapse);
            }
            (steps.finish(1, barrier).total_ps, number(&step["time"]["simple"]))
        };
        case["expected"].as_array().expect("steps").iter().map(of_step).collect()
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn steps_take_what_was_recorded() {
        let shared = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/sanafe");
        let mut cases = vec![("loihi-recurrent".to_owned(), RECORDED.to_owned())];
        match std::fs::read_dir(&shared) {
            Ok(files) => cases.extend(files.map(|file| file.expect("a file").path()).filter_map(|path| {
                let name = path.file_name()?.to_string_lossy().into_owned();
                let is_case = name.ends_with(".json") && !name.ends_with(".stations.json");
                is_case.then(|| (name, std::fs::read_to_string(&path).expect("it is read")))
            })),
            Err(_) => eprintln!("skipped: the shared recordings of SANA-FE are not there"),
        }
        for (name, text) in cases {
            let case: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let steps = steps_of(&case);
            assert!(!steps.is_empty() && steps.iter().all(|(ours, theirs)| ours == theirs), "{name}: {steps:?}");
        }
    }

    /// Every core updates its neurons in each step; with one core that only sends, nothing else counts.
    #[test]
    fn a_run_takes_the_work_of_its_slowest_core_and_the_barriers() {
        let chip = formats::chip::shipped("loihi-lava").expect("it is shipped");
        let text = "format = \"quenched-network\"\nversion = 1\n[[population]]\nname = \"a\"\nsize = 3\nmodel = \
                    \"loihi\"\nparameters = { bias_mantissa = \"100 1\", bias_exponent = \"6 1\", v_threshold = \"10 1\" }\n";
        let network = formats::network::read(text, "net.toml", ".".as_ref(), &chip).unwrap_or_else(|e| panic!("{e}"));
        let board = Board::map(chip, &network, &MapperOptions::default()).expect("it fits");
        let mut session = board.on(&device_models::DieParameters::nominal()).expect("a die");
        let mut meter = LatencyMeter::new(&board, Tick(0)).expect("the chip states times");
        session.run_until(Tick(50), &mut meter);
        let counters = session.counters();
        assert!(counters.spikes > 3 && counters.neuron_updates > 0);
        let latency = meter.finish(Tick(50));
        let sent = 9_700 * counters.neuron_updates + 30_000 * counters.spikes + 5_100 * counters.events_sent;
        assert_eq!((latency.total_ps, latency.barrier_ps), (sent + 50 * 600_000, 50 * 600_000));
        assert_eq!((latency.cores_ps, latency.steps), (vec![(sent, 0)], 50));
    }

    #[test]
    fn a_chip_without_times_has_no_latency() {
        let chip = formats::chip::shipped("dynapse2").expect("it is shipped");
        let text = "format = \"quenched-network\"\nversion = 1\n[[population]]\nname = \"a\"\nsize = 3\n";
        let network = formats::network::read(text, "net.toml", ".".as_ref(), &chip).unwrap_or_else(|e| panic!("{e}"));
        let board = Board::map(chip, &network, &MapperOptions::default()).expect("it fits");
        assert!(LatencyMeter::new(&board, Tick(0)).is_none());
    }
}
