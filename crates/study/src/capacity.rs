//! What of its input, and which products of it, the states of a run hold.
//!
//! Owns what a row of results has of it. The measure, its threshold and what of it is chance are those of
//! [`statistics::capacity`]: it is of the states, over the test samples, and nothing is trained for it.

use readout::Rows;
use serde::{Deserialize, Serialize};
use statistics::StatisticsError;
use statistics::capacity::{Capacities, Targets, capacities};

/// The longest delays of degrees 1, 2, ... if a task does not say: 914 targets.
pub(crate) const MAX_DELAYS: [usize; 5] = [60, 20, 10, 6, 4];
/// How often a target counts that the states do not hold, if a task does not say.
pub(crate) const CHANCE: f64 = 1e-4;

/// The information processing capacity of a run, beside its sum, which is its score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// The sum of the capacities of each total degree, from degree 1 on.
    pub by_degree: Vec<f64>,
    /// What of the sum is chance.
    pub by_chance: f64,
    /// The numerical rank of the states, which the sum cannot exceed but for chance.
    pub rank: usize,
    /// Samples T that it was measured over.
    pub samples: usize,
    /// What a target must exceed to count.
    pub threshold: f64,
    /// Targets tried.
    pub targets: usize,
}

impl Capacity {
    /// The sum, and what it is made of, of states and the input of the same samples.
    pub(crate) fn of(states: Rows<'_>, input: &[f64], targets: &Targets) -> Result<(f64, Self), StatisticsError> {
        let Capacities { by_degree, total, by_chance, rank, rows, threshold, targets, .. } =
            capacities(states, input, targets)?;
        Ok((total, Self { by_degree, by_chance, rank, samples: rows, threshold, targets }))
    }
}

#[cfg(test)]
mod tests {
    use crate::{RunOptions, StudyError, StudyResult};
    use std::num::NonZeroUsize;
    use std::sync::atomic::AtomicBool;

    /// A study of 20 rate units without noise.
    fn text(radius: &str, scale: &str, bias: &str, task: &str) -> String {
        format!(
            r#"
format = "quenched-study"
version = 1
chip = "ideal"
model = "rate"
cv = [0]
[reservoir]
neurons = 20
connectivity = 1
spectral_radius = {radius}
input_scale = {scale}
input_weights = "normal"
bias = {bias}
synapse = "graded"
[readout]
on_chip = false
[[task]]
id = "information-capacity"
sample = "1 ms"
{task}
"#
        )
    }

    fn run(radius: &str, scale: &str, bias: &str, task: &str) -> Result<StudyResult, StudyError> {
        let study =
            crate::read(&text(radius, scale, bias, task), "study.toml", "".as_ref()).unwrap_or_else(|e| panic!("{e}"));
        let cancel = AtomicBool::new(false);
        let options = RunOptions { threads: NonZeroUsize::new(1), cancel: &cancel, progress: &|_| {} };
        crate::run(&study, &options)
    }

    /// The capacities of noiseless rate units, on a chip of 16 fraction bits, add up to the rank of their states within
    /// one percent, with what chance adds and without it.
    #[test]
    fn capacities_of_a_chip_add_up_to_the_rank() {
        let task = "test = 20000\nmax_delays = [40, 20, 12, 8, 6, 4, 3]";
        let result = run("0.3", "1", "0.5", task).unwrap();
        let row = &result.rows[0];
        let capacity = row.capacity.clone().unwrap();
        assert_eq!((capacity.rank, capacity.samples, capacity.targets), (20, 19_960, 2014));
        let sum: f64 = capacity.by_degree.iter().sum();
        assert!((sum - row.score_float).abs() < 1e-9 && row.higher_is_better);
        for sum in [sum, sum - capacity.by_chance] {
            assert!((sum / 20.0 - 1.0).abs() < 0.01, "{row:?}");
        }
        // Settings may be chosen by fewer samples, of which more is chance.
        assert!((row.score_validation.unwrap() - sum).abs() < 0.2 * sum, "{row:?}");
        let csv = result.csv();
        let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let (head, line) = (lines.next().unwrap(), lines.next().unwrap());
        let cell = |name| line[head.iter().position(|column| *column == name).unwrap()];
        assert_eq!(
            (cell("capacity_rank"), cell("capacity_samples"), cell("metric")),
            ("20", "19960", "information capacity")
        );
        assert_eq!(cell("capacity_by_degree").split(' ').count(), 7);
        let formula = &result.manifest.tasks[0].formula;
        assert!(formula.contains("delays up to 40, 20, 12, 8, 6, 4, 3 for degrees 1 to 7, T = 20000"), "{formula}");
    }

    #[test]
    fn what_has_no_capacity_is_refused() {
        let few = run("0.3", "1", "0.5", "train = 100\ntest = 150").unwrap_err().to_string();
        assert!(few.contains("information-capacity") && few.contains("give the task more `test` samples"), "{few}");
        let read =
            |task: &str| crate::read(&text("0.3", "1", "0.5", task), "x.toml", "".as_ref()).unwrap_err().to_string();
        assert!(read("max_delays = []").contains("give the longest delay of each degree"));
        assert!(read("chance = 1").contains("above 0 and below 1"));
        let other = text("0.3", "1", "0.5", "chance = 0.1").replace("\"information-capacity\"", "\"narma10\"");
        let other = crate::read(&other, "x.toml", "".as_ref()).unwrap_err().to_string();
        assert!(other.contains("`chance` belongs to the task `information-capacity`"), "{other}");
        let spiking = crate::DEFAULT.replacen("id = \"japanese-vowels\"", "id = \"information-capacity\"", 1);
        let on_chip = crate::read(&spiking, "x.toml", "".as_ref()).unwrap_err().to_string();
        assert!(on_chip.contains("with `on_chip = false`"), "{on_chip}");
    }
}
