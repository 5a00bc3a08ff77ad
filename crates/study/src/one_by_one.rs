//! The runs of a study one at a time, in any order, each with what it is made of: for who shows a run beside its score,
//! or cannot wait for all of them.
//!
//! Owns [`Runs`], which keeps the programs that its runs shared so far. It deliberately has neither thread nor clock
//! nor file, so that it runs where there are none; scores are those of [`crate::run`], because the path of a run is the
//! same.

use crate::axis::Conditions;
use crate::evaluate::{RESERVOIR, Run};
use crate::plan::{Plan, Planned};
use crate::prepare::{Prepared, prepare};
use crate::rate::Matching;
use crate::record::first_tick;
use crate::spec::Wiring;
use crate::{MappingSummary, Point, Row, StudyError, StudySpec, check, reservoir};
use chip::InputEvent;
use device_models::DieParameters;
use emulator::Observer;
use formats::network::write_reservoir;
use fx::Real;
use mapper::MapperOptions;
use network::Network;
use session::{Board, Session};
use std::collections::BTreeMap;
use std::sync::Arc;
use units::Tick;
use warnings::Warnings;

/// The runs of a study, which are made when they are asked for.
pub struct Runs {
    plan: Plan,
    matching: Matching,
    /// By program: what its runs share.
    prepared: BTreeMap<usize, Arc<Prepared>>,
}

/// A run of a study, ready to be looked at.
pub struct OneRun<'a> {
    planned: Planned,
    prepared: Arc<Prepared>,
    matching: &'a Matching,
}

impl StudySpec {
    /// Its runs, one at a time.
    pub fn runs(&self) -> Runs {
        Runs { plan: self.plan(), matching: Matching::new(self.networks), prepared: BTreeMap::new() }
    }
}

impl Runs {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.plan.run_count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of run `index` in the study; none if there are not as many.
    pub fn point(&self, index: usize) -> Option<Point> {
        (index < self.len()).then(|| self.plan.run(index).point)
    }

    /// Run `index`, of those that there are. Its network is made and mapped, unless another run shares it.
    ///
    /// # Errors
    /// What does not fit the chip, or cannot be made; see [`StudyError`].
    ///
    /// # Panics
    /// If there are not as many.
    pub fn open(&mut self, index: usize) -> Result<OneRun<'_>, StudyError> {
        let planned = self.plan.run(index);
        let prepared = match self.prepared.get(&planned.program) {
            Some(prepared) => Arc::clone(prepared),
            None => {
                let program = &self.plan.programs[planned.program];
                check(program)?;
                let prepared = Arc::new(prepare(program)?);
                self.prepared.insert(planned.program, Arc::clone(&prepared));
                prepared
            }
        };
        Ok(OneRun { planned, prepared, matching: &self.matching })
    }
}

impl OneRun<'_> {
    /// Its place in the study.
    pub const fn point(&self) -> &Point {
        &self.planned.point
    }

    /// The network that it runs, before it was mapped, and before the rate of a run is matched.
    pub fn network(&self) -> &Network {
        &self.prepared.network
    }

    /// The same as a network file with the options `mapping` of its mapping, by key and value; none if a file of a few
    /// lines cannot say it, as of units that take values.
    pub fn network_file(&self, mapping: &[(&str, &str)]) -> Option<String> {
        let Conditions { seeds, network, chip, model, task, .. } = &self.planned.conditions;
        let Wiring::Spiking(wiring) = &task.wiring else { return None };
        let spec = reservoir::spiking(&self.planned.conditions, wiring, self.network().inputs[0].channels).ok()?;
        write_reservoir(&spec, *model, seeds.network(*network), &chip.spec, mapping)
    }

    /// Index of the population that is the reservoir.
    pub fn reservoir(&self) -> usize {
        self.prepared.features.population
    }

    /// How the network was mapped.
    pub fn mapper_options(&self) -> &MapperOptions {
        &self.planned.conditions.mapping
    }

    /// The network's program, loaded.
    pub fn board(&self) -> &Board {
        &self.prepared.board
    }

    /// What its mapping kept and lost.
    pub fn mapping(&self) -> &MappingSummary {
        &self.prepared.records.mapping
    }

    /// What the mapping did not represent as it was asked for; what the run did not is in its rows.
    pub fn warnings(&self) -> &Warnings {
        &self.prepared.records.warnings
    }

    /// The die that it is on.
    ///
    /// # Errors
    /// Impossible mismatch.
    pub fn die(&self) -> Result<DieParameters, StudyError> {
        self.run().die_parameters(RESERVOIR)
    }

    /// Plays a stimulus from the initial state on, and tells `observer` what happens.
    ///
    /// # Errors
    /// As [`Self::die`], and parameters that a core cannot have on it.
    ///
    /// # Panics
    /// If there is no such stimulus; so those that follow.
    pub fn play(&self, stimulus: usize, observer: &mut impl Observer) -> Result<Session, StudyError> {
        let (run, end) = (self.run(), Tick(self.ticks(stimulus)));
        let mut session = self.board().on(&self.die()?).map_err(|error| run.session_error(error))?;
        session.set_part(stimulus as u64);
        let sent = session.send_all(self.events(stimulus).iter().copied(), Tick(0)..end);
        sent.map_err(|error| run.session_error(error))?;
        session.run_until(end, observer);
        Ok(session)
    }

    /// How many stimuli it is given, each from the initial state on.
    pub fn stimuli(&self) -> usize {
        self.prepared.stimuli.len()
    }

    /// The events of a stimulus, in the order of time.
    pub fn events(&self, stimulus: usize) -> &[InputEvent] {
        &self.prepared.stimuli[stimulus].events
    }

    /// The ticks that a stimulus takes.
    pub fn ticks(&self, stimulus: usize) -> u64 {
        let steps = self.prepared.stimuli[stimulus].samples.last().map_or(0, |last| last + 1);
        first_tick(steps, self.board().spec().step_ticks()).0
    }

    /// The samples of a channel of a stimulus, before they were encoded, each of which lasts as long as the next.
    pub fn samples(&self, stimulus: usize, channel: usize) -> Vec<Real> {
        let signal = &self.prepared.signals[stimulus];
        signal.frames().map(|frame| frame[channel]).collect()
    }

    /// Its scores, a row for each of the tasks that share it: those of [`crate::run`].
    ///
    /// # Errors
    /// What cannot be computed; see [`StudyError`].
    pub fn rows(&self) -> Result<Vec<Row>, StudyError> {
        match self.matching.of(&self.planned, &self.prepared)? {
            None => self.run().rows(),
            Some(matched) => matched.rows(&self.planned.point),
        }
    }

    /// How much of each target its readout finds on the test part: the squared correlation of output and target, a
    /// number a target or class. Those of a memory capacity, which are a delay each, add up to the score.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn correlations(&self) -> Result<Vec<f64>, StudyError> {
        self.run().correlations()
    }

    fn run(&self) -> Run<'_> {
        let Planned { point, conditions, .. } = &self.planned;
        Run { point, conditions, prepared: &self.prepared }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunOptions;
    use std::sync::atomic::AtomicBool;

    const TEXT: &str = r#"
format = "quenched-study"
version = 1
chip = "ideal-mismatched"
model = "lif"
seed = 4
dies = 2
cv = [0, 0.4]
recurrence = ["full", 0.25, "removed"]
[reservoir]
neurons = 24
input_fan_in = 2
recurrent_fan_in = 4
input_inhibitory = 0.3
recurrent_inhibitory = 0.5
input_weight = 8
recurrent_weight = 4
synapse = { excitatory = "fast", inhibitory = "fast" }
[encoder]
kind = "deterministic"
trains_per_channel = 2
rate_max = "500 Hz"
[readout]
on_chip = false
filter = "20 ms"
[[task]]
id = "memory-capacity"
sample = "10 ms"
washout = 20
delays = 4
train = 100
test = 60
"#;

    fn study(text: &str) -> StudySpec {
        crate::read(text, "study.toml", "".as_ref()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn all(study: &StudySpec) -> Vec<Row> {
        let cancel = AtomicBool::new(false);
        crate::run(study, &RunOptions { threads: None, cancel: &cancel, progress: &|_| {} }).unwrap().rows
    }

    #[test]
    fn one_by_one_in_any_order_is_the_study() {
        let study = study(TEXT);
        let (rows, mut runs) = (all(&study), study.runs());
        assert_eq!((runs.len(), rows.len()), (9, 9));
        for index in (0..9).rev() {
            let run = runs.open(index).unwrap();
            assert_eq!(run.rows().unwrap(), [rows[index].clone()]);
            assert_eq!(*run.point(), rows[index].point);
            let found: f64 = run.correlations().unwrap().iter().sum();
            assert!((found - rows[index].score_float).abs() < 1e-12, "{found}");
        }
        assert_eq!((runs.point(8), runs.point(9)), (Some(rows[8].point.clone()), None));
    }

    /// What is played is what is scored: as many spikes, and the same file of the network.
    #[test]
    fn a_run_can_be_looked_at() {
        let study = study(TEXT);
        let mut runs = study.runs();
        let mut digests = Vec::new();
        for index in 0..runs.len() {
            let run = runs.open(index).unwrap();
            let mut spikes: Vec<emulator::Spike> = Vec::new();
            let session = run.play(0, &mut spikes).unwrap();
            assert_eq!(spikes.len() as u64, run.rows().unwrap()[0].spikes);
            assert_eq!((session.now().0, run.ticks(0)), (180 * 10, 1800));
            assert_eq!((run.stimuli(), run.samples(0, 0).len()), (1, 180));
            assert!(run.events(0).is_sorted_by_key(|event| event.tick));
            digests.push(session.digest());
            let (file, spec) = (run.network_file(&[]).unwrap(), run.board().spec());
            let read = formats::network::read(&file, "network.toml", "".as_ref(), spec);
            assert_eq!(read.unwrap_or_else(|error| panic!("{file}\n{error}")), *run.network());
            assert!(run.mapping().connections_kept <= run.mapping().connections_wanted);
        }
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 9, "no two runs are alike");
    }

    #[test]
    fn what_takes_values_has_no_file() {
        let mut text = TEXT
            .replace("\"lif\"", "\"rate\"")
            .replace("{ excitatory = \"fast\", inhibitory = \"fast\" }", "\"graded\"");
        text.replace_range(
            text.find("input_fan_in").unwrap()..text.find("synapse").unwrap(),
            "connectivity = 0.2\nspectral_radius = 0.9\ninput_scale = 0.3\n",
        );
        let encoder = text.find("[encoder]").unwrap()..text.find("[readout]").unwrap();
        text.replace_range(encoder, "");
        let study = study(&text);
        let mut runs = study.runs();
        let run = runs.open(0).unwrap();
        assert_eq!(run.network_file(&[]), None);
        assert_eq!(run.rows().unwrap(), [all(&study)[0].clone()]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let study = study(&TEXT.replace("neurons = 24", "neurons = 65537"));
        let error = study.runs().open(0).err().unwrap().to_string();
        assert!(error.contains("65537") && error.contains("65536"), "{error}");
    }
}
