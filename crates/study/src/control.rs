//! Controls: what a readout makes of a task without a chip. A score of a reservoir says little until it is known what
//! its input alone, seen through the host's filters, or a layer without memory would have scored.
//!
//! Owns the two controls and their features. They are trained and scored as the reservoir is, on the same data,
//! encoded in the same way; a layer without memory is drawn for each network. It deliberately knows no chip: nothing
//! of a die is in them.

use crate::evaluate::Run;
use crate::prepare::Prepared;
use crate::record::Stimulus;
use crate::{Point, StudyError};
use disorder::{Key, Purpose, uniform};
use fx::step::tanh_q20;
use readout::{Features, FilteredSpikes, Levels, Matrix, ReadoutError, part_means};
use serde::{Deserialize, Serialize};

/// A control without a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// The encoded input through filters of the host of several time constants; of a whole stimulus the same features
    /// of its input spikes as of a reservoir's.
    Filters,
    /// A layer of as many random tanh units as the reservoir has neurons, of the sample of the same time, or of the
    /// means of the parts of a whole stimulus.
    Static,
}

impl Control {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Filters, Self::Static];

    /// As study files name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filters => "filters",
            Self::Static => "static",
        }
    }

    /// In words, for a report.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Filters => "the input alone through filters of the host",
            Self::Static => "a random layer without memory",
        }
    }
}

/// The score of a control on one task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlRow {
    /// Which control.
    pub control: Control,
    /// Task, series and network. A store has the number of the program instead.
    #[serde(skip)]
    pub point: Point,
    /// The task.
    pub task: String,
    /// Name of the metric.
    pub metric: String,
    /// Features that its readout has.
    pub features: usize,
    /// Score on the validation part, as of a run.
    pub score_validation: Option<f64>,
    /// Score on the test part.
    pub score: f64,
}

/// What filters of other time constants keep over a step, from what the readout's own keeps: two octaves below it and
/// three above.
fn octaves(own: f64) -> [f64; 6] {
    let (half, double) = (own * own, own.sqrt());
    [half * half, half, own, double, double.sqrt(), double.sqrt().sqrt()]
}

/// The controls of the task of a run.
pub(crate) fn controls(run: &Run<'_>, which: &[Control]) -> Result<Vec<ControlRow>, StudyError> {
    let mut rows = Vec::new();
    for &control in which {
        let features = match control {
            Control::Filters => filtered(run),
            Control::Static => layer(run),
        };
        let features = features.map_err(|error| run.readout_error(error))?;
        let fit = run.train(&features)?;
        let (scores, validation, _) = run.float_scores(&features, &fit)?;
        rows.extend(run.prepared.ids.iter().enumerate().map(|(index, id)| ControlRow {
            control,
            point: run.point.clone().of_task(id),
            task: id.clone(),
            metric: run.prepared.metric_name().into(),
            features: features.columns(),
            score_validation: validation.as_ref().map(|scores| scores[index]),
            score: scores[index],
        }));
    }
    Ok(rows)
}

/// The input channels through the filters, a row a sample.
fn filtered(run: &Run<'_>) -> Result<Matrix, ReadoutError> {
    let Prepared { stimuli, channels, graded, .. } = run.prepared;
    let steps = run.conditions.chip.spec.step_ticks();
    let rows = |features: &mut dyn Features| sampled(stimuli, steps, features);
    if run.prepared.goal.is_per_stimulus() {
        let seen = run.conditions.readout.seen;
        let mut features = seen.features(*channels, *graded, run.prepared.filter_decay)?;
        return Ok(seen.joined(rows(&mut *features)));
    }
    let mut parts = Vec::new();
    for decay in octaves(run.prepared.filter_decay) {
        parts.push(rows(&mut FilteredSpikes::new(*channels, decay)?));
    }
    // A level less what is left of its changes is the level through a filter: together they hold all of them.
    if *graded {
        parts.push(rows(&mut Levels::new(*channels)));
    }
    Ok(beside(&parts))
}

/// The features of the input events.
fn sampled(stimuli: &[Stimulus], step_ticks: u64, features: &mut dyn Features) -> Matrix {
    let mut rows = Matrix::zeros(0, features.width());
    for stimulus in stimuli {
        features.restart(0);
        let mut events = stimulus.events.iter().peekable();
        for &sample in &stimulus.samples {
            while let Some(event) = events.next_if(|event| event.tick.0 / step_ticks <= sample) {
                features.spike(event.tick.0 / step_ticks, event.channel.0 as usize, event.payload);
            }
            features.sample(sample, rows.push_zeros());
        }
    }
    rows
}

/// Matrices of equally many rows beside each other.
fn beside(parts: &[Matrix]) -> Matrix {
    let rows = parts.first().map_or(0, Matrix::rows);
    let mut all = Matrix::zeros(0, parts.iter().map(Matrix::columns).sum());
    for row in 0..rows {
        let joined: Vec<f64> = parts.iter().flat_map(|part| part.row(row)).copied().collect();
        all.push_row(&joined);
    }
    all
}

/// Fraction bits of the argument and the value of tanh.
const TANH_UNIT: f64 = 1_048_576.0;

/// The random layer: tanh of a weighted sum of the input, scaled to -1 to 1, and a bias; weights and biases are uniform
/// in -2 to 2, so that units are neither linear nor steps.
fn layer(run: &Run<'_>) -> Result<Matrix, ReadoutError> {
    let Prepared { signals, ranges, .. } = run.prepared;
    let seen = run.conditions.readout.seen;
    let neurons = run.conditions.reservoir.neurons as usize;
    let inputs = ranges.len();
    let seed = run.conditions.seeds.network(run.conditions.network);
    let mut stream = Key::new(seed, Purpose::Initialisation).name("static layer").stream();
    let unit = |value: fx::Fraction| value.to_bits() as f64 / fx::Fraction::ONE.to_bits() as f64;
    let weights: Vec<f64> = (0..neurons * (inputs + 1)).map(|_| 4.0 * unit(uniform(&mut stream)) - 2.0).collect();
    let scaled = |frame: &[f64]| -> Vec<f64> {
        let each = frame
            .iter()
            .zip(ranges)
            .map(|(value, (low, high))| if high > low { 2.0 * (value - low) / (high - low) - 1.0 } else { 0.0 });
        each.chain([1.0]).collect()
    };
    let mut rows = Matrix::zeros(0, neurons);
    let mut push = |frame: &[f64]| {
        let input = scaled(frame);
        for (neuron, value) in rows.push_zeros().iter_mut().enumerate() {
            let own = &weights[neuron * (inputs + 1)..][..inputs + 1];
            let sum: f64 = own.iter().zip(&input).map(|(w, x)| w * x).sum();
            // Beyond this tanh is 1 in this format.
            let argument = (sum.clamp(-16.0, 16.0) * TANH_UNIT) as i32;
            *value = f64::from(tanh_q20(argument)) / TANH_UNIT;
        }
    };
    for signal in signals {
        let frame = |index: usize| signal.frame(index).iter().map(|v| crate::prepare::real(*v)).collect::<Vec<f64>>();
        if run.prepared.goal.is_per_stimulus() {
            let frames = Matrix::from_vec(signal.len(), inputs, (0..signal.len()).flat_map(frame).collect());
            part_means(frames.all(), seen.parts as usize)?.chunks(inputs).for_each(&mut push);
        } else {
            (0..signal.len()).for_each(|index| push(&frame(index)));
        }
    }
    Ok(if run.prepared.goal.is_per_stimulus() { seen.joined(rows) } else { rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_octaves_of_the_readouts_own() {
        for (decay, octave) in octaves((-1.0f64 / 20.0).exp()).into_iter().zip([5.0, 10.0, 20.0, 40.0, 80.0, 160.0]) {
            assert!((-1.0 / decay.ln() - octave).abs() < 1e-9, "{octave}");
        }
    }

    /// A level and what is left of its changes hold the level through any of the filters.
    #[test]
    fn graded_input_is_filtered_as_a_low_pass_would() {
        use chip::InputEvent;
        use units::{InputId, Tick};
        let changes = [(0, 65536), (3, -32768), (4, 16384), (9, 65536)];
        let event = |(tick, payload)| InputEvent { tick: Tick(tick), channel: InputId(0), payload };
        let stimuli = [Stimulus { part: 0, events: changes.map(event).to_vec(), samples: (0..14).collect() }];
        let level = sampled(&stimuli, 1, &mut Levels::new(1));
        let rest = sampled(&stimuli, 1, &mut FilteredSpikes::new(1, 0.75).unwrap());
        let mut low_pass = 0.0;
        for step in 0..14 {
            let shown = level.row(step)[0] - rest.row(step)[0] / 65536.0;
            assert!((shown - low_pass).abs() < 1e-12, "step {step}: {shown} and {low_pass}");
            low_pass += 0.25 * (level.row(step)[0] - low_pass);
        }
    }
}
