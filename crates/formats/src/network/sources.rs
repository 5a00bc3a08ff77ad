//! Sources of input groups: rates and times of the file as whole numbers of the chip's ticks.

use super::delays::whole_ticks;
use super::laws::{in_places, is_law, read_law};
use super::quantity_in;
use crate::document::{Table, Value};
use chip::{ChipSpec, EventSource, SPIKES_PER_TICK_MAX, Train};
use units::{Decimal, Dimension, Unit};

const RULE: &str = "sources-are-possible";

/// Digits of a rate or phase that is drawn.
const DIGITS: i16 = 9;

/// What a source depends on beside its table.
pub(super) struct SourceReader<'a> {
    pub(super) chip: &'a ChipSpec,
    pub(super) seed: u64,
    /// Name of the input group.
    pub(super) group: &'a str,
    pub(super) channels: u32,
}

impl SourceReader<'_> {
    /// `{ poisson = "20 Hz" }` or `{ regular = "50 Hz", phase = "5 ms" }`, with `start` and `stop`.
    pub(super) fn read(&self, value: &Value<'_>) -> Option<EventSource> {
        let (channels, most) = (self.channels, EventSource::CHANNELS_MAX);
        if channels > most {
            return value
                .reject(RULE, format!("{channels} channels are too many: an input with a source has at most {most}"));
        }
        let table = value.table(&["poisson", "regular", "phase", "start", "stop"])?;
        let time = |v: Value<'_>| self.time(&v);
        let start = table.optional_with("start", time);
        let stop = table.optional_with("stop", time);
        let trains = match (table.has("poisson"), table.has("regular")) {
            (true, false) if table.has("phase") => {
                return table.reject_at("phase", RULE, "only a regular source has a phase: remove it");
            }
            (true, false) => table.required_with("poisson", |v| self.poisson(&v)),
            (false, true) => self.regular(&table),
            _ => return table.reject(RULE, "a source is either `poisson` or `regular`: say one of them"),
        };
        let (start, stop, trains) = (start?.unwrap_or(0), stop?, trains?);
        if stop.is_some_and(|stop| stop <= start) {
            return table.reject_at("stop", RULE, "`stop` is not after `start`, so that there would be no event");
        }
        Some(EventSource { trains, start, stop })
    }

    /// A time that is a whole number of ticks.
    fn time(&self, value: &Value<'_>) -> Option<u64> {
        let (time, tick) = (quantity_in(value, Dimension::Time)?, self.chip.tick.quantity);
        match whole_ticks(time, tick) {
            Some(ticks) => Some(ticks),
            None => value.reject(RULE, format!("{time} is not a whole number of ticks of {tick}, from 0 on")),
        }
    }

    /// One number for all channels, one a channel, or a law that draws them: of `unit`, and not negative.
    fn numbers(&self, value: &Value<'_>, what: &str, unit: Unit) -> Option<Vec<Decimal>> {
        let one = |v: &Value<'_>| {
            let number = quantity_in(v, unit.dimension())?.value_in(unit).expect("the dimension was checked");
            if number.signum() < 0 { v.reject(RULE, format!("a {what} is not negative")) } else { Some(number) }
        };
        if value.is_array() {
            let all: Vec<Option<Decimal>> = value.array()?.iter().map(one).collect();
            let all: Vec<Decimal> = all.into_iter().collect::<Option<_>>()?;
            if all.len() != self.channels as usize {
                let (found, channels) = (all.len(), self.channels);
                let message =
                    format!("there are {found} values for {channels} channels: give one for each, or for all");
                return value.reject("one-value-a-channel", message);
            }
            return Some(all);
        }
        if !is_law(value) {
            return one(value).map(|number| vec![number]);
        }
        let any = |v: &Value<'_>| Some(quantity_in(v, unit.dimension())?.value_in(unit).expect("it was checked"));
        let Some((law, place)) = in_places(&read_law(value, any)?, DIGITS, false) else {
            return value.reject(RULE, "these numbers are too far apart to be drawn");
        };
        let drawn = |channel| law.draw_for(self.seed, self.group, what, u64::from(channel));
        let all: Vec<i64> = (0..self.channels).map(drawn).collect();
        let negative = all.iter().filter(|number| **number < 0).count();
        if negative > 0 {
            let channels = self.channels;
            let message = format!(
                "of {channels} channels, {negative} would have a {what} below 0: draw from `low` to `high`, or from the \
                 family `log-normal` or `gamma`"
            );
            return value.reject(RULE, message);
        }
        Some(all.into_iter().map(|number| Decimal::new(number, place)).collect())
    }

    /// The tick in seconds.
    fn tick(&self) -> Decimal {
        self.chip.tick.quantity.value_in(Unit::SECOND).expect("the tick of a valid chip is a time")
    }

    fn poisson(&self, value: &Value<'_>) -> Option<Vec<Train>> {
        let rates = self.numbers(value, "rate", Unit::HERTZ)?;
        let train = |rate: &Decimal| Some(Train::Poisson { per_tick: self.check_rate(value, *rate)? });
        rates.iter().map(train).collect()
    }

    fn regular(&self, table: &Table<'_>) -> Option<Vec<Train>> {
        let rates = table.required_with("regular", |v| self.numbers(&v, "rate", Unit::HERTZ));
        let phases = table.optional_with("phase", |v| self.numbers(&v, "phase", Unit::SECOND));
        let (rates, phases) = (rates?, phases?.unwrap_or_else(|| vec![Decimal::ZERO]));
        let count = rates.len().max(phases.len());
        let train = |channel: usize| {
            // A single number is that of every channel.
            let of = |all: &[Decimal]| if all.len() == 1 { all[0] } else { all[channel] };
            let (rate, phase) = (of(&rates), of(&phases));
            if rate.signum() == 0 {
                return Some(Train::Poisson { per_tick: 0 }); // never
            }
            table.required_with("regular", |v| self.check_rate(&v, rate))?;
            match regular(rate, phase, self.tick()) {
                Some(train) => Some(train),
                None => table.reject_at(
                    "regular",
                    RULE,
                    format!("a rate of {rate} Hz with a phase of {phase} s has too many digits: use fewer"),
                ),
            }
        };
        (0..count).map(train).collect()
    }

    /// The probability of an event in a tick. Refuses more events than a tick, or a step of the chip, has room for.
    fn check_rate(&self, value: &Value<'_>, rate: Decimal) -> Option<u64> {
        let (tick, step) = (self.chip.tick.quantity, self.chip.step());
        let Some(per_tick) = probability(rate, self.tick()).filter(|per_tick| *per_tick <= Train::ALWAYS) else {
            let message = format!("a rate of {rate} Hz is more than one event a tick of {tick}, the most of a channel");
            return value.reject(RULE, message);
        };
        let half = SPIKES_PER_TICK_MAX as u128 / 2;
        let mean = u128::from(per_tick) * u128::from(self.chip.step_ticks());
        if self.chip.step_ticks() > 1 && mean > half << 63 {
            let message = format!(
                "a rate of {rate} Hz is more than {half} events in a step of {step}, half of what a channel can bring"
            );
            return value.reject(RULE, message);
        }
        Some(per_tick)
    }
}

/// `rate` times `tick` in units of 2^-63, to nearest; `None` if it is 2 or more.
fn probability(rate: Decimal, tick: Decimal) -> Option<u64> {
    let mut mantissa = positive(rate)?.checked_mul(positive(tick)?)?;
    let mut exponent = i32::from(rate.exponent()) + i32::from(tick.exponent());
    // Digits beyond 2^-64 of the number itself are of no matter.
    while mantissa >= 1 << 64 {
        (mantissa, exponent) = ((mantissa + 5) / 10, exponent + 1);
    }
    let power = |exponent: u32| 10u128.checked_pow(exponent);
    if exponent >= 0 {
        return u64::try_from(mantissa.checked_mul(power(exponent as u32)?)?.checked_mul(1 << 63)?).ok();
    }
    match power(exponent.unsigned_abs()) {
        Some(divisor) => u64::try_from(((mantissa << 63) + divisor / 2) / divisor).ok(),
        None => Some(0),
    }
}

/// The train of events `phase + n / rate` seconds after the start, for a rate above 0.
fn regular(rate: Decimal, phase: Decimal, tick: Decimal) -> Option<Train> {
    let power = |exponent: i32| 10u128.checked_pow(u32::try_from(exponent).ok()?);
    let per_tick = positive(rate)?.checked_mul(positive(tick)?)?;
    let exponent = i32::from(rate.exponent()) + i32::from(tick.exponent());
    // A tick has `rate tick` periods: a period is `period / parts` ticks.
    let (parts, period) =
        if exponent < 0 { (per_tick, power(-exponent)?) } else { (per_tick.checked_mul(power(exponent)?)?, 1) };
    // `phase / tick` in parts of a tick, to the nearest.
    let shift = i32::from(phase.exponent()) - i32::from(tick.exponent());
    let (numerator, denominator) = if shift >= 0 {
        (positive(phase)?.checked_mul(power(shift)?)?, positive(tick)?)
    } else {
        (positive(phase)?, positive(tick)?.checked_mul(power(-shift)?)?)
    };
    let offset = (numerator.checked_mul(parts)?.checked_add(denominator / 2)?) / denominator;
    let [offset, period, parts] = [offset, period, parts].map(|number| u64::try_from(number).ok());
    Some(Train::Regular { offset: offset?, period: period?, parts: parts? })
}

/// The mantissa of a number that is not negative.
fn positive(number: Decimal) -> Option<u128> {
    u128::try_from(number.mantissa()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn probabilities_are_to_the_last_place() {
        let half = 1u64 << 62;
        for (rate, tick, expected) in [
            ("500", "1e-3", Some(half)),
            ("1000", "1e-3", Some(Train::ALWAYS)),
            ("0", "1e-3", Some(0)),
            ("1", "1", Some(Train::ALWAYS)),
            ("0.25", "2", Some(half)),
            // 20 Hz of 8 ns: 1.6e-7.
            ("20", "8e-9", Some(1_475_739_525_897)),
            ("1e-300", "1e-9", Some(0)),
            ("1e9", "1", None),
            ("3e40", "1", None),
        ] {
            assert_eq!(probability(decimal(rate), decimal(tick)), expected, "{rate} Hz of {tick} s");
        }
        let third = probability(decimal("333.333333333333333"), decimal("1e-3")).unwrap();
        assert!(third.abs_diff((1u64 << 63) / 3) < 10_000, "{third}");
    }

    #[test]
    fn periods_are_exact() {
        let train = |rate: &str, phase: &str, tick: &str| regular(decimal(rate), decimal(phase), decimal(tick));
        let regular = |offset, period, parts| Some(Train::Regular { offset, period, parts });
        // 400 Hz in ticks of 1 ms: every 10/4 ticks, from 0.5 ticks on.
        assert_eq!(train("400", "5e-4", "1e-3"), regular(2, 10, 4));
        assert_eq!(train("3", "0", "1e-3"), regular(0, 1000, 3));
        assert_eq!(train("33.3", "1", "8e-9"), regular(125_000_000 * 2664, 10_000_000_000, 2664));
        assert_eq!(train("1e18", "1e18", "1e-18"), None);
    }
}
