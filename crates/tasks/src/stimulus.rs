//! Stimuli: what goes into a reservoir, one value a sample.
//!
//! Each is a function of its name, a seed and a length. A longer one begins with the shorter one (but for the input of
//! NARMA, which is replaced whole where the series diverges). Values are brought to about -1 to 1 by constants, never
//! by what was drawn: samples that a readout is tested on cannot scale those that it is trained on.
//!
//! What should come out is not here but in [`crate::Function`].

mod channel;
mod chaos;
mod noise;

use crate::{Signal, TaskError, series};
use fx::Real;

pub(crate) use channel::{AHEAD, BEHIND};
pub(crate) use chaos::mackey_glass;

/// Edges of the bands of noise, in thousandths of the sampling frequency.
pub(crate) const BANDS: [(u32, u32); 4] = [(0, 10), (0, 50), (0, 200), (50, 100)];

/// A stimulus of the catalogue. [`Stimulus::ALL`] has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stimulus {
    /// x of the Lorenz system.
    Lorenz,
    /// x of the Roessler system.
    Roessler,
    /// The Mackey-Glass equation with a delay of 17.
    MackeyGlass17,
    /// The Mackey-Glass equation with a delay of 30.
    MackeyGlass30,
    /// x, y and z of the Lorenz system, three channels.
    LorenzXyz,
    /// Noise with a time constant of five samples, three channels.
    RelaxingXyz,
    /// Independent numbers, uniform from -1 to 1.
    Uniform,
    /// Noise between two frequencies: an index into the bands of the catalogue.
    Band(u8),
    /// Independent signs, -1 or 1.
    Bernoulli,
    /// Independent numbers for which NARMA-10 stays finite.
    NarmaInput,
    /// What arrives through a bad channel, with noise of one of the ratios of the catalogue (an index).
    Channel(u8),
}

/// A stimulus that was drawn, or one's own series, with what only targets may see.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The samples of the first channel.
    pub input: Vec<Real>,
    /// Those of further channels, as many each.
    pub more: Vec<Vec<Real>>,
    /// Of a channel: the symbols that were sent. Sample `t` of the input has the symbol `t + 7` here, because those
    /// before it reach the first sample, too. Empty for other stimuli.
    pub symbols: Vec<f64>,
}

/// The number as a float; exact below 2^21 in magnitude.
pub(crate) fn to_f64(value: Real) -> f64 {
    value.to_bits() as f64 / (1u64 << Real::FRACTION_BITS) as f64
}

/// The nearest fixed-point number, halfway up; for magnitudes far below 2^31.
pub(crate) fn from_f64(value: f64) -> Real {
    Real::from_bits((value * (1u64 << Real::FRACTION_BITS) as f64 + 0.5).floor() as i64)
}

/// A value of a range that starts at `low` and is twice `half` long, as one of -1 to 1.
pub(crate) fn scaled(value: f64, low: f64, half: f64) -> Real {
    from_f64(((value - low) / half - 1.0).clamp(-1e6, 1e6))
}

impl Stimulus {
    /// All stimuli, in the order of the catalogue.
    pub const ALL: [Self; 19] = [
        Self::Lorenz,
        Self::Roessler,
        Self::MackeyGlass17,
        Self::MackeyGlass30,
        Self::Band(0),
        Self::Band(1),
        Self::Band(2),
        Self::Band(3),
        Self::Uniform,
        Self::LorenzXyz,
        Self::RelaxingXyz,
        Self::Bernoulli,
        Self::NarmaInput,
        Self::Channel(0),
        Self::Channel(1),
        Self::Channel(2),
        Self::Channel(3),
        Self::Channel(4),
        Self::Channel(5),
    ];

    /// The name, as ids of tasks begin with it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lorenz => "lorenz",
            Self::Roessler => "roessler",
            Self::MackeyGlass17 => "mackey-glass-17",
            Self::MackeyGlass30 => "mackey-glass-30",
            Self::Band(0) => "band-0-0.01",
            Self::Band(1) => "band-0-0.05",
            Self::Band(2) => "band-0-0.2",
            Self::Band(_) => "band-0.05-0.1",
            Self::LorenzXyz => "lorenz-xyz",
            Self::RelaxingXyz => "relaxing-5-xyz",
            Self::Uniform => "uniform",
            Self::Bernoulli => "bernoulli",
            Self::NarmaInput => "narma-input",
            Self::Channel(0) => "channel-12db",
            Self::Channel(1) => "channel-16db",
            Self::Channel(2) => "channel-20db",
            Self::Channel(3) => "channel-24db",
            Self::Channel(4) => "channel-28db",
            Self::Channel(_) => "channel-32db",
        }
    }

    /// What it is, with the constants that normalise it.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Lorenz => {
                "dx/dt = 10 (y - x), dy/dt = x (28 - z) - y, dz/dt = x y - 8/3 z; a sample each 0.02; u = x / 20"
            }
            Self::Roessler => {
                "dx/dt = -y - z, dy/dt = x + 0.2 y, dz/dt = 0.2 + z (x - 5.7); a sample each 0.2; u = (x - 1) / 11"
            }
            Self::MackeyGlass17 => {
                "dx/dt = 0.2 x(t-17) / (1 + x(t-17)^10) - 0.1 x; a sample each 1; u = (x - 0.87) / 0.47"
            }
            Self::MackeyGlass30 => {
                "dx/dt = 0.2 x(t-30) / (1 + x(t-30)^10) - 0.1 x; a sample each 1; u = (x - 0.8) / 0.6"
            }
            Self::Band(0) => {
                "white noise of up to 0.01 cycles a sample; three standard deviations are 1, beyond is 1 in 370"
            }
            Self::Band(1) => "the same of up to 0.05 cycles a sample",
            Self::Band(2) => "the same of up to 0.2 cycles a sample",
            Self::Band(_) => "the same of 0.05 to 0.1 cycles a sample",
            Self::LorenzXyz => {
                "the same solution as `lorenz`; channels x / (3 7.92), y / (3 9.01), (z - 23.55) / (3 8.62): three \
                 standard deviations are 1"
            }
            Self::RelaxingXyz => {
                "three channels x(t) = 0.8 x(t-1) + 0.6 n(t), n independent and normal; u = x / 3: three standard \
                 deviations are 1, beyond is 1 in 370"
            }
            Self::Uniform => "u independent, uniform in [-1, 1)",
            Self::Bernoulli => "u independent, -1 or 1",
            Self::NarmaInput => {
                "u independent, uniform in [-1, 1), drawn anew where NARMA-10 diverges; NARMA has (u + 1) / 4"
            }
            Self::Channel(_) => {
                "d independent in {-3, -1, 1, 3}; q = 0.08 d(t+2) - 0.12 d(t+1) + d(t) + 0.18 d(t-1) - 0.1 d(t-2) \
                 + 0.091 d(t-3) - 0.05 d(t-4) + 0.04 d(t-5) + 0.03 d(t-6) + 0.01 d(t-7); u = (q + 0.036 q^2 \
                 - 0.011 q^3 + noise) / 5, normal noise at the ratio of signal to noise of the name"
            }
        }
    }

    /// Where it comes from.
    pub const fn citation(self) -> &'static str {
        match self {
            Self::Lorenz | Self::LorenzXyz => {
                "E. N. Lorenz. (1963). \"Deterministic nonperiodic flow\". J. Atmos. Sci. 20, 130-141"
            }
            Self::Roessler => {
                "O. E. Roessler. (1976). \"An equation for continuous chaos\". Physics Letters A 57, 397-398"
            }
            Self::MackeyGlass17 | Self::MackeyGlass30 => {
                "M. C. Mackey and L. Glass. (1977). \"Oscillation and chaos in physiological control systems\". \
                 Science 197(4300), 287-289"
            }
            Self::RelaxingXyz => {
                "G. E. Uhlenbeck and L. S. Ornstein. (1930). \"On the theory of the Brownian motion\". Physical Review \
                 36, 823-841"
            }
            Self::Uniform | Self::Band(_) | Self::Bernoulli => {
                "J. Dambre, D. Verstraeten, B. Schrauwen and S. Massar. (2012). \"Information processing capacity of \
                 dynamical systems\". Scientific Reports 2:514"
            }
            Self::NarmaInput => {
                "A. F. Atiya and A. G. Parlos. (2000). \"New results on recurrent network training\". IEEE \
                 Transactions on Neural Networks 11(3), 697-709"
            }
            Self::Channel(_) => "H. Jaeger and H. Haas. (2004). \"Harnessing nonlinearity\". Science 304(5667), 78-80",
        }
    }

    /// Whether its future follows from its past at all.
    pub const fn is_predictable(self) -> bool {
        matches!(self, Self::Lorenz | Self::Roessler | Self::MackeyGlass17 | Self::MackeyGlass30 | Self::Band(_))
    }

    /// `count` samples, and what targets need of them.
    ///
    /// # Errors
    /// [`TaskError::Diverged`] if no input was found for which NARMA-10 stays finite.
    pub fn record(self, seed: u64, count: usize) -> Result<Recording, TaskError> {
        let scaled = |values: Vec<f64>, centre: f64, size: f64| {
            Ok(Recording::own(values.into_iter().map(|value| from_f64((value - centre) / size)).collect()))
        };
        let three = |[x, y, z]: [Vec<f64>; 3]| {
            let channel = |values: Vec<f64>| values.into_iter().map(|value| from_f64(value / 3.0)).collect();
            Ok(Recording { more: vec![channel(y), channel(z)], ..Recording::own(channel(x)) })
        };
        match self {
            Self::LorenzXyz => three(chaos::lorenz_xyz(seed, count)),
            Self::RelaxingXyz => three(noise::relaxing(self.name(), seed, count)),
            Self::Lorenz => scaled(chaos::lorenz(seed, count), 0.0, 20.0),
            Self::Roessler => scaled(chaos::roessler(seed, count), 1.0, 11.0),
            Self::MackeyGlass17 => scaled(mackey_glass("mackey-glass", 17, seed, count), 0.87, 0.47),
            Self::MackeyGlass30 => scaled(mackey_glass("mackey-glass-30", 30, seed, count), 0.8, 0.6),
            Self::Uniform => Ok(Recording::own(noise::uniform(self.name(), seed, count))),
            Self::Band(band) => {
                let edges = BANDS[usize::from(band).min(BANDS.len() - 1)];
                scaled(noise::band(self.name(), edges, seed, count), 0.0, 3.0)
            }
            Self::Bernoulli => Ok(Recording::own(noise::bernoulli(seed, count))),
            Self::NarmaInput => {
                let (input, _) = series::narma10_input(seed, count)?;
                // 4 u - 1, exactly: from [0, 1/2) to [-1, 1).
                let one = Real::ONE.to_bits();
                Ok(Recording::own(input.into_iter().map(|u| Real::from_bits(4 * u.to_bits() - one)).collect()))
            }
            Self::Channel(ratio) => {
                let decibel = channel::DECIBELS[usize::from(ratio).min(channel::DECIBELS.len() - 1)];
                let (received, symbols) = channel::channel(decibel, seed, count);
                let input = received.into_iter().map(|u| from_f64(u / 5.0)).collect();
                Ok(Recording { symbols, ..Recording::own(input) })
            }
        }
    }
}

impl Recording {
    /// One's own series.
    pub const fn own(input: Vec<Real>) -> Self {
        Self { input, more: Vec::new(), symbols: Vec::new() }
    }

    /// The series with the smallest of its first `seen` values at -1 and the largest at 1, or at 0 if they are equal:
    /// what the rest holds scales nothing.
    pub fn scaled_by(self, seen: usize) -> Self {
        let values: Vec<f64> = self.input.into_iter().map(to_f64).collect();
        let (low, high) =
            values.iter().take(seen).fold((f64::MAX, f64::MIN), |(low, high), &v| (low.min(v), high.max(v)));
        let half = (high - low) / 2.0;
        let scaled = |v: f64| if half > 0.0 { scaled(v, low, half) } else { Real::ZERO };
        Self::own(values.into_iter().map(scaled).collect())
    }

    /// The sample as a float.
    pub(crate) fn at(&self, index: usize) -> f64 {
        to_f64(self.input[index])
    }

    /// The samples of each channel.
    pub fn channels(&self) -> impl Iterator<Item = &[Real]> {
        [&self.input].into_iter().chain(&self.more).map(Vec::as_slice)
    }

    /// A channel, counted from 0.
    pub(crate) fn channel(&self, channel: u8) -> Result<&[Real], TaskError> {
        let found = self.channels().nth(channel.into());
        found.ok_or_else(|| TaskError::NoChannel { channel, channels: 1 + self.more.len() })
    }

    /// The first `count` samples of each channel, frame by frame.
    pub(crate) fn signal(&self, count: usize) -> Signal {
        let frames = (0..count).flat_map(|t| self.channels().map(move |channel| channel[t])).collect();
        Signal::new(1 + self.more.len(), frames)
    }

    /// The symbol of a sample, from 7 before the first to 2 after the last; none where no symbols were sent.
    pub(crate) fn symbol(&self, index: isize) -> Option<f64> {
        self.symbols.get(usize::try_from(index + BEHIND as isize).ok()?).copied()
    }
}

#[cfg(test)]
mod tests;
