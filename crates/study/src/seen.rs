//! What a readout sees of a stimulus that has one output: of an utterance, or a series with a number.
//!
//! Owns the features of whole stimuli, and how what was sampled at several instants of one becomes one row. It
//! deliberately says nothing of series with a target at every sample, which are sampled there.

use readout::{Features, FilteredSpikes, Levels, Matrix, MeanLevels, ReadoutError, SpikeCounts, part_ends};

/// Features of a whole stimulus: one of each neuron for each of several equal parts of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What is taken of a part.
    pub what: SeenOf,
    /// How many parts there are, at least 1.
    pub parts: u32,
}

/// What features are of a part of a stimulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenOf {
    /// Spikes over the length of the part; of rate units, the mean output.
    Counts,
    /// Filtered spikes at its end; of rate units, the output there.
    States,
}

impl SeenOf {
    /// Both, as study files name them.
    pub const NAMES: [(&'static str, Self); 2] = [("counts", Self::Counts), ("states", Self::States)];
}

impl Seen {
    /// What a readout on the chip sees, and therefore a host that is compared with one: counts over the whole stimulus.
    pub const ON_CHIP: Self = Self { what: SeenOf::Counts, parts: 1 };
    /// What a host sees of spikes if a study does not say: of the features and parts that were tried, these were best
    /// on the validation parts of public data sets (`docs/concepts/readout.md`).
    pub const SPIKES: Self = Self { what: SeenOf::Counts, parts: 16 };
    /// What a host sees of rate units, chosen likewise.
    pub const LEVELS: Self = Self { what: SeenOf::Counts, parts: 1 };

    /// The features of `neurons` neurons, which are sampled at the end of each part; spikes are filtered with `decay`.
    pub(crate) fn features(self, neurons: usize, graded: bool, decay: f64) -> Result<Box<dyn Features>, ReadoutError> {
        Ok(match (self.what, graded) {
            (SeenOf::Counts, false) => Box::new(SpikeCounts::per_tick(neurons)),
            (SeenOf::Counts, true) => Box::new(MeanLevels::new(neurons)),
            (SeenOf::States, false) => Box::new(FilteredSpikes::new(neurons, decay)?),
            (SeenOf::States, true) => Box::new(Levels::new(neurons)),
        })
    }

    /// The steps after which a stimulus of `steps` steps is sampled: the last ones of its parts. Where there are fewer
    /// steps than parts, some parts end with the one before them: outputs of rate units stay, and no spike is in them.
    pub(crate) fn ends(self, steps: u64) -> Vec<u64> {
        if steps >= u64::from(self.parts) {
            return part_ends(steps, self.parts);
        }
        (1..=u64::from(self.parts)).map(|part| (part * steps / u64::from(self.parts)).max(1) - 1).collect()
    }

    /// The samples of each stimulus as one row: those of its first part, then those of the next.
    pub(crate) fn joined(self, samples: Matrix) -> Matrix {
        let parts = self.parts as usize;
        Matrix::from_vec(samples.rows() / parts, samples.columns() * parts, samples.data().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RunOptions, StudySpec};
    use std::fmt::Write;
    use std::num::NonZeroUsize;
    use std::path::Path;
    use std::sync::atomic::AtomicBool;

    /// A study of two classes that differ in when their input is high, and in nothing else, on a spiking chip.
    fn study(readout: &str, directory: &Path) -> StudySpec {
        let text = format!(
            r#"
format = "quenched-study"
version = 1
chip = "dynapse2"
cv = [0]
controls = ["filters", "static"]
[reservoir]
neurons = 32
input_fan_in = 4
recurrent_fan_in = 4
input_inhibitory = 0
recurrent_inhibitory = 0.5
input_weight = 0.5
recurrent_weight = 0
synapse = {{ excitatory = "AMPA", inhibitory = "GABA" }}
[encoder]
kind = "poisson"
trains_per_channel = 4
rate_max = "400 Hz"
[readout]
{readout}
[[task]]
id = "when"
sample = "25 ms"
train_file = "when.ts"
test_file = "when.ts"
"#
        );
        crate::read(&text, "study.toml", directory).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn what_happens_when_is_seen_in_parts_alone() {
        let directory = tempfile::tempdir().unwrap();
        let mut data = String::from("@univariate true\n@classLabel true early late\n@data\n");
        for i in 0..24 {
            let (label, values) = if i % 2 == 0 { ("early", "1,1,0,0") } else { ("late", "0,0,1,1") };
            writeln!(data, "{values}:{label}").unwrap();
        }
        std::fs::write(directory.path().join("when.ts"), data).unwrap();
        let run = |readout: &str| {
            let cancel = AtomicBool::new(false);
            let options = RunOptions { threads: NonZeroUsize::new(1), cancel: &cancel, progress: &|_| {} };
            let result = crate::run(&study(readout, directory.path()), &options).unwrap_or_else(|e| panic!("{e}"));
            let controls: Vec<(usize, f64)> = result.controls.iter().map(|row| (row.features, row.score)).collect();
            (result.rows[0].score_float, controls)
        };
        let (score, controls) = run("on_chip = false\nfeatures = \"counts\"\nparts = 1");
        assert!(score < 0.9, "{score}");
        // A layer without memory sees equal means.
        assert_eq!(controls[1], (32, 0.5));
        for features in ["counts", "states"] {
            let (score, controls) = run(&format!("on_chip = false\nfeatures = \"{features}\"\nparts = 2"));
            assert_eq!((score, controls), (1.0, vec![(8, 1.0), (64, 1.0)]), "{features}");
        }
        // What is usual keeps time, too.
        assert_eq!(run("on_chip = false").0, 1.0);
    }

    #[test]
    fn what_is_usual_depends_on_what_reads() {
        let seen = |text: &str| crate::read(text, "x.toml", "".as_ref()).map(|study| study.first().readout.seen);
        assert_eq!(seen(crate::DEFAULT).unwrap(), Seen::ON_CHIP);
        assert_eq!(seen(crate::shipped("size").unwrap()).unwrap(), Seen::LEVELS);
        let host = crate::DEFAULT.replacen("on_chip = true", "on_chip = false", 1);
        assert_eq!(seen(&host).unwrap(), Seen::SPIKES);
        let some = host.replacen("on_chip = false", "on_chip = false\nfeatures = \"states\"\nparts = 3", 1);
        assert_eq!(seen(&some).unwrap(), Seen { what: SeenOf::States, parts: 3 });
        for (key, expected) in [
            ("features = \"count\"", "did you mean `counts`"),
            ("parts = 0", "0 is too small"),
            ("parts = 1001", "1000 parts at most"),
        ] {
            let text = host.replacen("on_chip = false", &format!("on_chip = false\n{key}"), 1);
            let error = seen(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{key}: {error}");
        }
    }

    #[test]
    fn a_stimulus_is_sampled_at_the_ends_of_its_parts() {
        let ends = |parts, steps| Seen { what: SeenOf::Counts, parts }.ends(steps);
        assert_eq!((ends(1, 9), ends(4, 10)), (vec![8], vec![1, 4, 6, 9]));
        assert_eq!((ends(4, 3), ends(3, 1)), (vec![0, 0, 1, 2], vec![0, 0, 0]));
    }

    /// Of parts without a step the output is what it was, and no spike was there.
    #[test]
    fn parts_without_a_step_hold_what_there_is() {
        let seen = Seen { what: SeenOf::Counts, parts: 4 };
        for (graded, expected) in [(true, [0.5, 0.5, 0.5, 1.0]), (false, [32768.0, 0.0, 0.0, 32768.0])] {
            let mut features = seen.features(1, graded, 0.0).unwrap();
            let events = [(0, 32768), (2, 32768)];
            let mut rows = Matrix::new(1);
            let mut next = events.iter().peekable();
            for end in seen.ends(3) {
                while let Some((tick, value)) = next.next_if(|(tick, _)| *tick <= end) {
                    features.spike(*tick, 0, *value);
                }
                features.sample(end, rows.push_zeros());
            }
            assert_eq!(rows.data(), &expected);
        }
    }

    #[test]
    fn parts_of_a_stimulus_become_one_row() {
        let samples = Matrix::from_vec(4, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let joined = Seen { what: SeenOf::States, parts: 2 }.joined(samples.clone());
        assert_eq!(
            (joined.rows(), joined.row(0), joined.row(1)),
            (2, &[1.0, 2.0, 3.0, 4.0][..], &[5.0, 6.0, 7.0, 8.0][..])
        );
        assert_eq!(Seen::ON_CHIP.joined(samples.clone()), samples);
    }
}
