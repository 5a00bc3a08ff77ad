//! What a reservoir sent while a readout ran beside it on a die, so that further runs of this readout need not emulate
//! the reservoir again.
//!
//! Nothing goes back from a readout to its reservoir, so that on one die, without noise, the reservoir does the same
//! however its readout is calibrated. A tape is kept only where that is certain and nothing else is lost with the
//! emulation: no noise, cores of its own for the reservoir, each event one spike, no state cut and no event lost, and
//! neurons that do nothing without input. Everything else is emulated as often as it is asked for.
//!
//! The rows of a run are the same with a tape and without; only the work is less.

use device_models::DieParameters;
use emulator::Observer;
use session::{Board, Session, SessionError};
use units::{CoreAddress, NeuronId, Tick};

/// Most spikes that a tape has room for: 128 MiB of them.
const SPIKES_MAX: usize = 1 << 24;

/// Steps in which neurons without input have to come to rest.
const REST_STEPS: u64 = 4096;

/// A spike: tick, core (index into the program) and circuit.
pub(crate) type Spike = (u32, u16, NeuronId);

/// The spikes of a reservoir, stimulus by stimulus.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    /// The cores of the reservoir, as indices into the program; they hold nothing else.
    cores: Vec<usize>,
    /// By place of the stimulus among those of its task.
    parts: Vec<Vec<Spike>>,
    /// The stimulus that is recorded.
    now: usize,
    /// Spikes of all parts.
    count: usize,
    /// Something of the run does not fit the tape.
    is_torn: bool,
}

impl Tape {
    /// An empty tape for the population `population` of a program on a die; none if what it sends depends on more than
    /// the stimulus.
    pub(crate) fn new(board: &Board, population: usize, die: &DieParameters) -> Option<Self> {
        let symbols = board.symbols();
        let own: Vec<CoreAddress> = symbols.segments_of(population).map(|segment| segment.core).collect();
        let is_alone = symbols.segments.iter().all(|s| s.population == population || !own.contains(&s.core));
        let cores = board.program().cores.iter().enumerate().filter(|(_, core)| own.contains(&core.address));
        let (cores, models): (Vec<usize>, Vec<_>) = cores.map(|(index, core)| (index, core.model)).unzip();
        let is_plain = models.iter().all(|model| !model.is_graded() && !model.facts().ordered);
        (die.noise().is_none() && is_alone && is_plain && cores.len() < 1 << 16)
            .then(|| Self { cores, ..Self::default() })
    }

    /// The tape of the run of `session` that is over, if it can be played: nothing was cut or lost, and neurons without
    /// input send nothing.
    pub(crate) fn finish(self, session: &Session) -> Result<Option<Self>, SessionError> {
        let counters = session.counters();
        let is_clean = counters.saturations == 0 && counters.losses.total() == 0;
        Ok((!self.is_torn && is_clean && self.comes_to_rest(session)?).then_some(self))
    }

    /// Whether the neurons of its cores come to rest from their initial state without input, and send nothing until
    /// then.
    fn comes_to_rest(&self, session: &Session) -> Result<bool, SessionError> {
        let mut alone = session.board().on(session.die())?;
        self.hold(&mut alone);
        let step = session.board().spec().step_ticks();
        for n in 1..=REST_STEPS {
            let mut heard = Heard { cores: &self.cores, any: false };
            alone.run_until(Tick(n * step), &mut heard);
            if heard.any {
                return Ok(false);
            }
            let asleep = |&core: &usize| alone.emulator().core(core).next_wake(alone.now()) == Tick::NEVER;
            if self.cores.iter().all(asleep) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keeps everything from the reservoir of `session`, which is to play this tape.
    pub(crate) fn hold(&self, session: &mut Session) {
        session.mute_where(|_, core| self.cores.contains(&core));
    }

    /// Begins the recording of the stimulus with the place `part` among those of its task.
    pub(crate) fn begin(&mut self, part: usize) {
        self.parts.resize(self.parts.len().max(part + 1), Vec::new());
        self.now = part;
    }

    /// Records a spike.
    pub(crate) fn spike(&mut self, tick: Tick, core: usize, neuron: NeuronId, value: i32) {
        if self.is_torn || !self.cores.contains(&core) {
            return;
        }
        let (Ok(tick), Some(part)) = (u32::try_from(tick.0), self.parts.get_mut(self.now)) else {
            self.is_torn = true;
            return;
        };
        self.count += 1;
        if value != 1 || self.count > SPIKES_MAX {
            self.is_torn = true;
            self.parts.clear();
            return;
        }
        part.push((tick, core as u16, neuron));
    }

    /// What the reservoir sent in stimulus `part`, in the order of ticks.
    pub(crate) fn part(&self, part: usize) -> &[Spike] {
        &self.parts[part]
    }
}

/// Runs `session` to `end`, and passes on what `sent` has until then tick by tick, so that nothing waits for long;
/// `sent` keeps the rest.
pub(crate) fn run_until(
    session: &mut Session,
    end: Tick,
    sent: &mut &[Spike],
    observer: &mut impl Observer,
) -> Result<(), SessionError> {
    while let Some(&(tick, ..)) = sent.first().filter(|(tick, ..)| u64::from(*tick) < end.0) {
        session.run_until(Tick(tick.into()), observer);
        let count = sent.iter().take_while(|spike| spike.0 == tick).count();
        let (now, later) = sent.split_at(count);
        for &(_, core, neuron) in now {
            session.pass_on(core.into(), neuron, Tick(tick.into()), 1)?;
        }
        *sent = later;
    }
    session.run_until(end, observer);
    Ok(())
}

/// Whether one of the cores sends.
struct Heard<'a> {
    cores: &'a [usize],
    any: bool,
}

impl Observer for Heard<'_> {
    fn emit(&mut self, _: Tick, core: usize, _: NeuronId, _: i32) {
        self.any |= self.cores.contains(&core);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Drive, FeatureMap, Reservoir, Rows, Stimulus, Taken, play};
    use chip::InputEvent;
    use device_models::MismatchSetting;
    use disorder::Die;
    use mapper::MapperOptions;
    use readout::{Matrix, SpikeCounts};
    use units::{DieId, InputId};

    /// A recurrent reservoir of 200 neurons and a readout of 40, with these drives; neurons of one drive share a core.
    fn board(drive: &str, of_readout: &str) -> Board {
        let network = format!(
            r#"
            format = "quenched-network"
            version = 1
            input = [{{ name = "in", channels = 4 }}]
            population = [
                {{ name = "reservoir", size = 200, model = "lif", parameters = {{ drive = "{drive}" }} }},
                {{ name = "readout", size = 40, model = "lif", parameters = {{ drive = "{of_readout}" }} }},
            ]
            [[projection]]
            name = "on"
            pre = "in"
            post = "reservoir"
            synapse = "AMPA"
            connect = "all-to-all"
            weight = "0.6 1"
            [[projection]]
            name = "back"
            pre = "reservoir"
            post = "reservoir"
            synapse = "AMPA"
            connect = {{ fixed-fan-in = 20 }}
            weight = "0.1 1"
            [[projection]]
            name = "out"
            pre = "reservoir"
            post = "readout"
            synapse = "GABA"
            connect = {{ fixed-fan-in = 30 }}
            weight = "-0.1 1"
            "#
        );
        let chip = formats::chip::shipped("dynapse2").unwrap();
        let network = formats::network::read(&network, "network", ".".as_ref(), &chip);
        Board::map(chip, &network.unwrap_or_else(|e| panic!("{e}")), &MapperOptions::default()).unwrap()
    }

    fn die(board: &Board) -> DieParameters {
        let die = Die { root_seed: 3, id: DieId(1) };
        let setting = MismatchSetting { scale_to_cv: Some("0.3".parse().unwrap()), ..MismatchSetting::default() };
        DieParameters::new(board.spec(), die, setting).unwrap()
    }

    /// Three stimuli of 60 steps, of which the middle one has no event.
    fn stimuli(board: &Board) -> Vec<Stimulus> {
        let step = board.spec().step_ticks();
        let event = |part: u64, n: u64| InputEvent {
            tick: Tick((n * 7 % 50 + part) * step),
            channel: InputId((n % 4) as u32),
            payload: 1,
        };
        let events = |part: u64| (0..50).map(move |n| event(part, n));
        let sorted = |part: usize| {
            let mut all: Vec<InputEvent> = events(part as u64).filter(|_| part != 1).collect();
            all.sort_by_key(|event| event.tick);
            Stimulus { part, events: all, samples: vec![19, 59] }
        };
        (0..3).map(sorted).collect()
    }

    fn rows(board: &Board, stimuli: &[Stimulus], reservoir: Reservoir<'_>) -> (Matrix, Session) {
        let map = FeatureMap { population: 1, feature_of: (0..40).collect(), count: 40 };
        let mut session = board.on(&die(board)).unwrap();
        let mut rows = [Rows::new(board, &map, Box::new(SpikeCounts::new(40)), Taken::AtSamples, false)];
        play(&mut session, stimuli, Drive { clock: None, reservoir }, 5, &mut rows).unwrap();
        let [rows] = rows;
        (rows.finish().0, session)
    }

    #[test]
    fn a_readout_hears_from_a_tape_what_it_hears_from_the_reservoir() {
        let board = board("0 1", "2.5 1");
        let stimuli = stimuli(&board);
        let mut tape = Tape::new(&board, 0, &die(&board)).unwrap();
        let (recorded, session) = rows(&board, &stimuli, Reservoir::Recorded(&mut tape));
        assert!(tape.count > 500 && tape.parts[1].is_empty() && !tape.parts[2].is_empty(), "{}", tape.count);
        let tape = tape.finish(&session).unwrap().expect("nothing was cut or lost");
        assert_eq!(rows(&board, &stimuli, Reservoir::Emulated).0, recorded);
        let (played, session) = rows(&board, &stimuli, Reservoir::Played(&tape));
        assert_eq!(played, recorded);
        assert_eq!(session.counters().inputs, 0);
        // A selection of stimuli, in another order, and one that is cut short.
        let some = [stimuli[2].clone(), Stimulus { samples: vec![19], ..stimuli[0].clone() }];
        let (expected, _) = rows(&board, &some, Reservoir::Emulated);
        assert_eq!(rows(&board, &some, Reservoir::Played(&tape)).0, expected);
    }

    #[test]
    fn a_reservoir_that_does_more_than_answer_is_emulated() {
        // It shares its core with the readout.
        let shared = board("0 1", "0 1");
        assert_eq!(shared.program().cores.len(), 1);
        assert!(Tape::new(&shared, 0, &die(&shared)).is_none());
        // It fires without input.
        let driven = board("1.5 1", "2.5 1");
        let mut tape = Tape::new(&driven, 0, &die(&driven)).unwrap();
        let (_, session) = rows(&driven, &stimuli(&driven), Reservoir::Recorded(&mut tape));
        assert!(tape.finish(&session).unwrap().is_none());
        // It has noise.
        let mut spec = driven.spec().clone();
        let cv = chip::Fact { quantity: "0.1 1".parse().unwrap(), ..spec.tick.clone() };
        spec.noise = Some(chip::NoiseSpec { run_threshold_cv: Some(cv), ..chip::NoiseSpec::default() });
        let noisy = driven.with_spec(spec);
        assert!(Tape::new(&noisy, 0, &die(&noisy)).is_some(), "noise is asked for by run");
        let die = die(&noisy).with_noise(noisy.spec(), 1).unwrap();
        assert!(Tape::new(&noisy, 0, &die).is_none());
        // It spikes several times in a tick, or more often than there is room for.
        let mut tape = Tape { cores: vec![0], ..Tape::default() };
        tape.begin(0);
        tape.spike(Tick(1), 0, NeuronId(0), 1);
        assert!(!tape.is_torn);
        tape.count = SPIKES_MAX;
        tape.spike(Tick(1), 0, NeuronId(0), 1);
        assert!(tape.is_torn && tape.parts.is_empty());
    }
}
