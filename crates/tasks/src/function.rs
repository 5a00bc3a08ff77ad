//! Functions: what should come out, given a stimulus and a shift.
//!
//! A shift counts samples into the past: at sample `t` a function of shift 5 speaks of `u(t - 5)`, one of shift -5 of
//! `u(t + 5)`. A target therefore does not exist at every sample of a recording; [`Target`] says where it does.
//! Arithmetic is `+ - * /` in a fixed order, and one hyperbolic tangent in fixed point.

use crate::stimulus::{from_f64, to_f64};
use crate::{Recording, Stimulus, TaskError, series};
use fx::math;
use std::ops::Range;

/// A function of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Function {
    /// A sample of now or the past.
    Recall,
    /// A sample of the future.
    Prediction,
    /// The Legendre polynomial of this degree (2 to 5) of one sample.
    Legendre(u8),
    /// The product of two samples, so many apart.
    Product(u8),
    /// The product of so many signs in a row (2 to 5).
    Parity(u8),
    /// The nonlinear moving average of so many steps (10, 20 or 30).
    Narma(u8),
    /// The symbol that was sent through a channel.
    Equalisation,
    /// The Legendre polynomial of the first degree (1 to 3) of one sample of the second, a channel.
    LegendreOf(u8, u8),
    /// The product of the samples of two channels.
    ProductOf(u8, u8),
}

/// What should come out, where that is defined.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The samples that have a target; the others lack a past or a future.
    pub defined: Range<usize>,
    /// The target of each of them.
    pub values: Vec<f64>,
}

impl Target {
    /// The target of a sample; none where it is not defined.
    pub fn at(&self, sample: usize) -> Option<f64> {
        self.defined.contains(&sample).then(|| self.values[sample - self.defined.start])
    }
}

impl Function {
    /// All functions, in the order of the catalogue.
    pub const ALL: [Self; 25] = [
        Self::Recall,
        Self::Prediction,
        Self::Legendre(2),
        Self::Legendre(3),
        Self::Legendre(4),
        Self::Legendre(5),
        Self::Product(1),
        Self::Product(2),
        Self::Product(5),
        Self::Parity(2),
        Self::Parity(3),
        Self::Parity(4),
        Self::Parity(5),
        Self::Narma(10),
        Self::Narma(20),
        Self::Narma(30),
        Self::Equalisation,
        Self::LegendreOf(1, 0),
        Self::LegendreOf(1, 2),
        Self::LegendreOf(2, 0),
        Self::LegendreOf(2, 2),
        Self::LegendreOf(3, 0),
        Self::LegendreOf(3, 2),
        Self::ProductOf(0, 2),
        Self::ProductOf(0, 1),
    ];

    /// The family: functions that differ in a number alone have one.
    pub const fn family(self) -> &'static str {
        match self {
            Self::Recall => "recall",
            Self::Prediction => "prediction",
            Self::Legendre(_) => "legendre",
            Self::Product(_) => "product",
            Self::Parity(_) => "parity",
            Self::Narma(_) => "narma",
            Self::Equalisation => "equalisation",
            Self::LegendreOf(..) => "legendre-of",
            Self::ProductOf(..) => "product-of",
        }
    }

    /// The name, as ids of tasks have it.
    pub fn name(self) -> String {
        match self {
            Self::Legendre(n) | Self::Product(n) | Self::Parity(n) | Self::Narma(n) => format!("{}-{n}", self.family()),
            Self::LegendreOf(degree, channel) => format!("legendre-{degree}-of-{channel}"),
            Self::ProductOf(a, b) => format!("product-of-{a}-{b}"),
            Self::Recall | Self::Prediction | Self::Equalisation => self.family().into(),
        }
    }

    /// The target at sample t, for shift s.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Recall | Self::Prediction => "u(t - s)",
            Self::Legendre(2) => "(3 v^2 - 1) / 2, v = u(t - s)",
            Self::Legendre(3) => "(5 v^3 - 3 v) / 2, v = u(t - s)",
            Self::Legendre(4) => "(35 v^4 - 30 v^2 + 3) / 8, v = u(t - s)",
            Self::Legendre(_) => "(63 v^5 - 70 v^3 + 15 v) / 8, v = u(t - s)",
            Self::Product(1) => "u(t - s) u(t - s - 1)",
            Self::Product(2) => "u(t - s) u(t - s - 2)",
            Self::Product(_) => "u(t - s) u(t - s - 5)",
            Self::Parity(2) => "u(t - s) u(t - s - 1)",
            Self::Parity(3) => "u(t - s) u(t - s - 1) u(t - s - 2)",
            Self::Parity(4) => "u(t - s) u(t - s - 1) u(t - s - 2) u(t - s - 3)",
            Self::Parity(_) => "u(t - s) u(t - s - 1) u(t - s - 2) u(t - s - 3) u(t - s - 4)",
            Self::Narma(10) => {
                "y(t + 1 - s) with y(t+1) = 0.3 y(t) + 0.05 y(t) sum_{i=0..9} y(t-i) + 1.5 v(t-9) v(t) + 0.1, \
                 v = (u + 1) / 4"
            }
            Self::Narma(20) => {
                "y(t + 1 - s) with y(t+1) = tanh(0.3 y(t) + 0.05 y(t) sum_{i=0..19} y(t-i) + 1.5 v(t-19) v(t) + 0.01), \
                 v = (u + 1) / 4"
            }
            Self::Narma(_) => {
                "y(t + 1 - s) with y(t+1) = 0.2 y(t) + 0.004 y(t) sum_{i=0..29} y(t-i) + 1.5 v(t-29) v(t) + 0.001, \
                 v = (u + 1) / 4"
            }
            Self::Equalisation => "d(t - s), the symbol that was sent",
            Self::LegendreOf(1, _) => "v, v = u_c(t - s) cut at -1 and 1, c the channel after `of`",
            Self::LegendreOf(2, _) => "(3 v^2 - 1) / 2, v = u_c(t - s) cut at -1 and 1",
            Self::LegendreOf(..) => "(5 v^3 - 3 v) / 2, v = u_c(t - s) cut at -1 and 1",
            Self::ProductOf(..) => "v w, v = u_c(t - s) and w = u_d(t - s) cut at -1 and 1, of two channels",
        }
    }

    /// The shifts that the catalogue has of this function of a stimulus; none if it means nothing there.
    pub(crate) const fn shifts(self, of: Stimulus) -> &'static [i32] {
        const PAST: &[i32] = &[0, 1, 2, 5, 10, 20, 40];
        const FUTURE: &[i32] = &[-20, -10, -5, -2, -1];
        const BOTH: &[i32] = &[-20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20, 40];
        match (of, self) {
            (Stimulus::LorenzXyz | Stimulus::RelaxingXyz, Self::LegendreOf(..) | Self::ProductOf(..)) => {
                &[-5, 0, 2, 5, 10, 20, 40]
            }
            (Stimulus::LorenzXyz | Stimulus::RelaxingXyz, _) | (_, Self::LegendreOf(..) | Self::ProductOf(..)) => &[],
            (Stimulus::Channel(_), Self::Equalisation) => &[-2, -1, 0, 1, 2, 3, 5, 7],
            (Stimulus::NarmaInput, Self::Narma(_)) => &[0, 1, 2, 5, 10],
            (Stimulus::Bernoulli, Self::Parity(_)) => &[0, 1, 2, 3, 5],
            // A polynomial of a sign is a sign or a constant, and a product of two signs is a parity or like one.
            (Stimulus::Bernoulli, Self::Recall) => PAST,
            (Stimulus::Channel(_) | Stimulus::NarmaInput | Stimulus::Bernoulli, _) => &[],
            (_, Self::Recall) => PAST,
            (_, Self::Prediction) => {
                if of.is_predictable() {
                    FUTURE
                } else {
                    &[]
                }
            }
            (_, Self::Legendre(_) | Self::Product(_)) => {
                if of.is_predictable() {
                    BOTH
                } else {
                    PAST
                }
            }
            (_, Self::Parity(_) | Self::Narma(_) | Self::Equalisation) => &[],
        }
    }

    /// Samples before the present and after it that the target needs to be defined.
    pub const fn reach(self, shift: i32) -> (usize, usize) {
        const fn above_zero(value: i32) -> usize {
            if value > 0 { value as usize } else { 0 }
        }
        match self {
            Self::Recall | Self::Prediction | Self::Legendre(_) | Self::LegendreOf(..) | Self::ProductOf(..) => {
                (above_zero(shift), above_zero(-shift))
            }
            Self::Product(apart) => (above_zero(shift + apart as i32), above_zero(-shift)),
            Self::Parity(order) => (above_zero(shift + order as i32 - 1), above_zero(-shift)),
            // From rest; the first terms are those of a series that had no past.
            Self::Narma(order) => (above_zero(shift + order as i32), above_zero(-shift)),
            Self::Equalisation => {
                (above_zero(shift - crate::stimulus::BEHIND as i32), above_zero(-shift - crate::stimulus::AHEAD as i32))
            }
        }
    }

    /// Whether the target at a sample follows from that sample alone, so that nothing needs to remember it.
    pub const fn is_static(self, shift: i32) -> bool {
        let of_sample = matches!(self, Self::Recall | Self::Legendre(_) | Self::LegendreOf(..) | Self::ProductOf(..));
        shift == 0 && of_sample
    }

    /// The target of a recording.
    ///
    /// # Errors
    /// [`TaskError::Diverged`] if NARMA-10 does not stay finite, [`TaskError::NoSymbols`] if nothing was sent that
    /// could be equalised, [`TaskError::NoChannel`] for a function of a channel that is not there.
    pub fn target(self, of: &Recording, shift: i32) -> Result<Target, TaskError> {
        let (back, ahead) = self.reach(shift);
        let count = of.input.len();
        let defined = back.min(count)..count.saturating_sub(ahead).max(back.min(count));
        // Of one channel, cut at the ends of what polynomials are made for.
        let cut =
            |channel: &[fx::Real], t: usize| to_f64(channel[(t as i64 - i64::from(shift)) as usize]).clamp(-1.0, 1.0);
        let past = |t: usize, more: usize| of.at((t as i64 - i64::from(shift) - more as i64) as usize);
        let values = match self {
            Self::Recall | Self::Prediction => defined.clone().map(|t| past(t, 0)).collect(),
            Self::Legendre(degree) => defined.clone().map(|t| legendre(degree, past(t, 0))).collect(),
            Self::Product(apart) => defined.clone().map(|t| past(t, 0) * past(t, usize::from(apart))).collect(),
            Self::Parity(order) => {
                let product = |t| (0..usize::from(order)).fold(1.0, |product, j| product * past(t, j));
                defined.clone().map(product).collect()
            }
            Self::Narma(order) => {
                let v: Vec<f64> = of.input.iter().map(|u| (to_f64(*u) + 1.0) / 4.0).collect();
                let y = narma(order, &v)?;
                defined.clone().map(|t| y[(t as i64 - i64::from(shift)) as usize]).collect()
            }
            Self::LegendreOf(degree, channel) => {
                let channel = of.channel(channel)?;
                defined.clone().map(|t| legendre(degree, cut(channel, t))).collect()
            }
            Self::ProductOf(a, b) => {
                let (a, b) = (of.channel(a)?, of.channel(b)?);
                defined.clone().map(|t| cut(a, t) * cut(b, t)).collect()
            }
            Self::Equalisation => {
                let symbol = |t: usize| of.symbol(t as isize - shift as isize).ok_or(TaskError::NoSymbols);
                defined.clone().map(symbol).collect::<Result<_, _>>()?
            }
        };
        Ok(Target { defined, values })
    }
}

/// The function and shift that `FUNCTION/shift+N` names, for any shift up to 100,000. `legendre-1` is `recall`.
///
/// # Errors
/// [`TaskError::UnknownFunction`] with all functions, or with how a shift is written.
pub fn function_and_shift(text: &str) -> Result<(Function, i32), TaskError> {
    const SHIFT_MAX: i32 = 100_000;
    let unknown = |help: String| TaskError::UnknownFunction { text: text.into(), help };
    let (name, shift) =
        text.split_once('/').ok_or_else(|| unknown("write a function and a shift, such as `recall/shift+5`".into()))?;
    let name = if name == "legendre-1" { "recall" } else { name };
    let function = Function::ALL.into_iter().find(|function| function.name() == name).ok_or_else(|| {
        let names: Vec<String> = Function::ALL.iter().map(|function| function.name()).collect();
        unknown(format!("functions are {}", names.join(", ")))
    })?;
    let number = shift.strip_prefix("shift").filter(|number| number.starts_with(['+', '-']));
    let shift = number.and_then(|number| number.parse().ok()).filter(|shift| (-SHIFT_MAX..=SHIFT_MAX).contains(shift));
    let shift = shift.ok_or_else(|| unknown(format!("a shift is `shift+N` or `shift-N`, N up to {SHIFT_MAX}")))?;
    Ok((function, shift))
}

/// The Legendre polynomial by Bonnet's recurrence.
fn legendre(degree: u8, x: f64) -> f64 {
    let (mut before, mut now) = (1.0, x);
    for n in 1..degree {
        let k = f64::from(n);
        (before, now) = (now, ((2.0 * k + 1.0) * x * now - k * before) / (k + 1.0));
    }
    now
}

/// `y(t + 1)` for each `v(t)`, from rest.
fn narma(order: u8, v: &[f64]) -> Result<Vec<f64>, TaskError> {
    let (own, sum, product, constant) = match order {
        10 => return series::narma10_response(v).ok_or(TaskError::Diverged { task: "narma-10".into(), attempts: 1 }),
        20 => (0.3, 0.05, 1.5, 0.01),
        _ => (0.2, 0.004, 1.5, 0.001),
    };
    let order = usize::from(order);
    let mut y = vec![0.0; order];
    for (t, &input) in v.iter().enumerate() {
        let recent = &y[t..t + order];
        let now = recent[order - 1];
        let total = recent.iter().fold(0.0, |sum, value| sum + value);
        let delayed = (t + 1).checked_sub(order).map_or(0.0, |at| v[at]);
        let next = own * now + sum * now * total + product * delayed * input + constant;
        y.push(if order == 20 { to_f64(math::tanh(from_f64(next))) } else { next });
    }
    y.drain(..order);
    Ok(y)
}

#[cfg(test)]
mod tests;
