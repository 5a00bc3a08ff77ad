//! What `quenched run --probe` records: which neurons and quantities were chosen, and when they are read.

use crate::args::{Interval, RunArgs};
use crate::commands::map::Mapped;
use crate::errors::HostError;
use device_models::ProbeKind;
use emulator::Emulator;
use formats::traces::{Recording, TraceName, exact_decimal};
use formats::{nearest, suggestion};
use report::{sparkline, text_table};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;
use units::{CoreAddress, Decimal, NeuronId, Quantity, Tick, Unit};

/// Most traces of a run: more cannot be read, and make lines of a file that few programs open.
const TRACES_MAX: usize = 1024;

/// Most readings of a run: 128 MB of memory.
const READINGS_MAX: u64 = 1 << 24;

/// Most rows of the table in the terminal.
const ROWS_MAX: usize = 24;

/// Letters of a trace in the terminal.
const LETTERS: usize = 40;

/// Where a trace is read.
struct Place {
    core: usize,
    neuron: NeuronId,
    /// Among the quantities of the core; `None` if the core does not have it.
    quantity: Option<usize>,
}

/// The probes of a run and what they have read.
pub(crate) struct Recorder {
    every: u64,
    ticks: Vec<Tick>,
    places: Vec<Place>,
    recordings: Vec<Recording>,
}

impl Recorder {
    /// The probes that the command line asks for.
    pub(crate) fn new(args: &RunArgs, mapped: &Mapped, emulator: &Emulator, run_ticks: u64) -> Result<Self, HostError> {
        let every = match &args.every {
            None => mapped.spec.step_ticks(),
            Some(interval) => ticks(interval, mapped.spec.tick.quantity)?,
        };
        let mut recorder = Self { every, ticks: Vec::new(), places: Vec::new(), recordings: Vec::new() };
        for text in &args.probe {
            recorder.add(text, mapped, emulator)?;
        }
        let (traces, samples) = (recorder.places.len(), run_ticks.div_ceil(every));
        if samples.saturating_mul(traces as u64) > READINGS_MAX {
            let message = format!(
                "{traces} traces of {samples} samples are more than {READINGS_MAX} readings, which is the most of a run"
            );
            return Err(usage(message, "probe fewer neurons, or sample less often with `--every`"));
        }
        Ok(recorder)
    }

    /// Whether nothing is probed.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The next tick that is sampled, from `now` on; `None` if nothing is probed.
    ///
    /// Ticks count from the initial state and not from the beginning of the run, so that a run that is resumed goes on
    /// as a straight one would.
    pub(crate) fn due(&self, now: Tick) -> Option<Tick> {
        if self.is_empty() { None } else { Some(Tick(now.0.checked_next_multiple_of(self.every)?)) }
    }

    /// Reads every probe at the end of `tick`, all of whose work is done.
    pub(crate) fn sample(&mut self, emulator: &Emulator, tick: Tick) {
        self.ticks.push(tick);
        for (place, recording) in self.places.iter().zip(&mut self.recordings) {
            // A core without synapses of a kind has no such current: nothing can arrive there, so it is 0.
            let bits = place.quantity.map_or(0, |index| emulator.core(place.core).probe(index, place.neuron, tick));
            recording.bits.push(bits);
        }
    }

    /// When samples were taken.
    pub(crate) fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// What was read.
    pub(crate) fn recordings(&self) -> &[Recording] {
        &self.recordings
    }

    /// The traces as the report draws them.
    pub(crate) fn traces(&self) -> Vec<report::Trace> {
        self.recordings
            .iter()
            .map(|r| {
                let samples = self.ticks.iter().zip(values(r)).map(|(tick, value)| (tick.0, value)).collect();
                let TraceName { population, neuron, quantity, unit } = r.name.clone();
                report::Trace { population, neuron, quantity, unit, samples }
            })
            .collect()
    }

    /// Adds the traces of `text`, one `--probe`.
    fn add(&mut self, text: &str, mapped: &Mapped, emulator: &Emulator) -> Result<(), HostError> {
        let wish = Wish::parse(text)?;
        let populations = &mapped.network.populations;
        let Some(population) = populations.iter().position(|p| p.name == wish.population) else {
            let known: Vec<String> = populations.iter().map(|p| p.name.clone()).collect();
            let message = format!("`--probe {text}`: the network has no population `{}`", wish.population);
            return Err(HostError::Usage { message, help: suggestion(wish.population, &known, "its populations are") });
        };
        if wish.population.contains(char::is_control) {
            let message = format!("`--probe {}`: this name cannot stand in a file of traces", text.escape_debug());
            return Err(usage(message, "rename the population without line breaks and other control characters"));
        }
        let size = populations[population].size;
        let range = wish.range.clone().unwrap_or(0..size);
        if range.end > size {
            let message = format!("`--probe {text}`: population `{}` has {size} neurons", wish.population);
            return Err(usage(message, &format!("neurons count from 0: `{}[0..{size}]` is all", wish.population)));
        }
        if self.places.len() + range.len() > TRACES_MAX {
            let message = format!("`--probe {text}`: a run records at most {TRACES_MAX} traces, and this makes more");
            return Err(usage(message, &format!("choose neurons, such as `{}[0..16]`", wish.population)));
        }
        let cores = Cores::of(population, mapped, emulator);
        let kind = cores.kind(wish.quantity).ok_or_else(|| {
            let known = cores.names();
            let what = if wish.quantity.is_empty() { "a quantity is missing".into() } else { cores.unknown(&wish) };
            HostError::Usage {
                message: format!("`--probe {text}`: {what}"),
                help: match nearest(wish.quantity, known.iter().map(String::as_str)) {
                    Some(_) => suggestion(wish.quantity, &known, ""),
                    None => Some(format!("its quantities are: {}", ticked(&known))),
                },
            }
        })?;
        for neuron in range {
            let address = mapped.mapping.placement.address(population, neuron);
            let address = address.expect("every neuron of a mapped network has a place");
            let (core, kinds) = &cores.by_address[&address.core];
            let quantity = kinds.iter().position(|k| k.name == kind.name);
            let (population, quantity_name) = (wish.population.to_string(), kind.name.clone());
            let name = TraceName { population, neuron, quantity: quantity_name, unit: kind.unit.clone() };
            if self.recordings.iter().any(|r| r.name == name) {
                let message = format!("`--probe {text}`: {} is recorded already", name.label());
                return Err(usage(message, "give each neuron and quantity once"));
            }
            self.places.push(Place { core: *core, neuron: address.neuron, quantity });
            self.recordings.push(Recording { name, fraction_bits: kind.fraction_bits, bits: Vec::new() });
        }
        Ok(())
    }

    /// A table of all traces, for people without a file.
    pub(crate) fn table(&self) -> String {
        let rows = self.recordings.iter().take(ROWS_MAX).map(|r| {
            let values = values(r);
            let (low, high) = (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max));
            let number = |value: Option<f64>| value.map_or_else(|| "-".into(), rounded);
            vec![
                r.name.label(),
                r.name.unit.clone(),
                number(low),
                number(high),
                number(values.last().copied()),
                sparkline(&means(&values)),
            ]
        });
        let header = ["trace", "unit", "lowest", "highest", "last", "over time"];
        let mut text = text_table(&header.map(String::from), rows.collect(), &[0, 1, 5]);
        if self.recordings.len() > ROWS_MAX {
            let rest = self.recordings.len() - ROWS_MAX;
            text.push_str(&format!("  and {rest} more traces; `--traces FILE` writes all of them\n"));
        }
        text
    }

    /// The same, with exact numbers.
    pub(crate) fn as_json(&self) -> Vec<Value> {
        let summary = |r: &Recording| {
            let exact = |bits: Option<i64>| bits.map(|bits| exact_decimal(bits, r.fraction_bits));
            json!({
                "trace": r.name.label(),
                "unit": r.name.unit,
                "samples": r.bits.len(),
                "lowest": exact(r.bits.iter().copied().min()),
                "highest": exact(r.bits.iter().copied().max()),
                "last": exact(r.bits.last().copied()),
            })
        };
        self.recordings.iter().map(summary).collect()
    }
}

/// One `--probe`: `POPULATION:QUANTITY`, `POPULATION[A]:QUANTITY` or `POPULATION[A..B]:QUANTITY`.
struct Wish<'a> {
    population: &'a str,
    range: Option<Range<u32>>,
    quantity: &'a str,
}

impl<'a> Wish<'a> {
    fn parse(text: &'a str) -> Result<Self, HostError> {
        let refused = |what: &str| {
            let help = "write POPULATION:QUANTITY, POPULATION[A]:QUANTITY or POPULATION[A..B]:QUANTITY, such as \
                        `reservoir[0..4]:v` for neurons 0 to 3";
            usage(format!("`--probe {text}`: {what}"), help)
        };
        // A quantity may be missing; which there are is told by whoever knows the population.
        let (neurons, quantity) = text.rsplit_once(':').unwrap_or((text, ""));
        let Some((population, range)) = neurons.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) else {
            return Ok(Self { population: neurons, range: None, quantity });
        };
        let number = |digits: &str| digits.trim().parse::<u32>().ok();
        let range = match range.split_once("..") {
            None => number(range).and_then(|a| Some(a..a.checked_add(1)?)),
            Some((a, b)) => number(a).zip(number(b)).map(|(a, b)| a..b),
        };
        match range {
            Some(range) if !range.is_empty() => Ok(Self { population, range: Some(range), quantity }),
            Some(_) => Err(refused("this range of neurons is empty")),
            None => Err(refused("the brackets hold no neuron and no range")),
        }
    }
}

/// The cores of a population: their numbers in the program, and what can be read in each.
struct Cores {
    by_address: BTreeMap<CoreAddress, (usize, Vec<ProbeKind>)>,
}

impl Cores {
    fn of(population: usize, mapped: &Mapped, emulator: &Emulator) -> Self {
        let program = mapped.mapping.program.cores.iter().enumerate();
        let index: BTreeMap<CoreAddress, usize> = program.map(|(i, core)| (core.address, i)).collect();
        let segments = mapped.mapping.placement.segments(population).iter();
        let by_address = segments.map(|segment| {
            let core = index[&segment.core];
            (segment.core, (core, emulator.core(core).probes(&mapped.spec)))
        });
        Self { by_address: by_address.collect() }
    }

    fn kind(&self, quantity: &str) -> Option<&ProbeKind> {
        self.by_address.values().flat_map(|(_, kinds)| kinds).find(|kind| kind.name == quantity)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for kind in self.by_address.values().flat_map(|(_, kinds)| kinds) {
            if !names.contains(&kind.name) {
                names.push(kind.name.clone());
            }
        }
        names
    }

    fn unknown(&self, wish: &Wish<'_>) -> String {
        format!("neurons of `{}` have no quantity `{}`", wish.population, wish.quantity)
    }
}

fn ticked(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn usage(message: String, help: &str) -> HostError {
    HostError::Usage { message, help: Some(help.into()) }
}

/// So many ticks: at least one, and a whole number of them.
fn ticks(interval: &Interval, tick: Quantity) -> Result<u64, HostError> {
    let time = match interval {
        Interval::Ticks(count) => return Ok(*count),
        Interval::Time(time) => *time,
    };
    let seconds = |quantity: Quantity| quantity.value_in(Unit::SECOND).ok();
    let count = seconds(time).zip(seconds(tick)).and_then(|(time, tick)| whole_ratio(time, tick));
    count.ok_or_else(|| {
        usage(
            format!("`--every`: {time} is not a whole number of ticks, which are {tick} on this chip"),
            "give a multiple of it, or a number of ticks without a unit",
        )
    })
}

/// `a / b` if it is a whole number from 1 on.
fn whole_ratio(a: Decimal, b: Decimal) -> Option<u64> {
    let shift = a.exponent() - b.exponent();
    let power = 10i128.checked_pow(shift.unsigned_abs().into())?;
    let scaled = |mantissa: i64, scale: bool| i128::from(mantissa).checked_mul(if scale { power } else { 1 });
    let (a, b) = (scaled(a.mantissa(), shift > 0)?, scaled(b.mantissa(), shift < 0)?);
    (b > 0 && a > 0 && a % b == 0).then(|| u64::try_from(a / b).ok())?
}

/// The readings as numbers to look at.
fn values(recording: &Recording) -> Vec<f64> {
    // A power of two, so that the quotient is exact.
    let unit = (1u64 << recording.fraction_bits) as f64;
    recording.bits.iter().map(|bits| *bits as f64 / unit).collect()
}

/// Means of at most [`LETTERS`] parts of a trace.
fn means(values: &[f64]) -> Vec<f64> {
    let parts = LETTERS.min(values.len());
    let part = |i: usize| &values[i * values.len() / parts..(i + 1) * values.len() / parts];
    (0..parts).map(|i| part(i).iter().sum::<f64>() / part(i).len() as f64).collect()
}

/// A number with at most six decimals and no trailing zeros.
fn rounded(value: f64) -> String {
    let text = format!("{value:.6}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".into(),
        trimmed => trimmed.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_read_as_they_are_written() {
        let check = |text: &str, expected: (&str, Option<Range<u32>>, &str)| {
            let wish = Wish::parse(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((wish.population, wish.range, wish.quantity), expected, "{text}");
        };
        check("pools:v", ("pools", None, "v"));
        check("pools[3]:i_NMDA", ("pools", Some(3..4), "i_NMDA"));
        check("pools[3..5]:v", ("pools", Some(3..5), "v"));
        check("a:b[0..1]:v", ("a:b", Some(0..1), "v"));
        check("pools", ("pools", None, ""));
        for wrong in ["p[]:v", "p[a]:v", "p[1..]:v", "p[..2]:v", "p[2..2]:v", "p[3..2]:v", "p[-1]:v", "p[4294967295]:v"]
        {
            assert!(Wish::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_is_a_whole_number_of_ticks_or_refused() {
        let tick: Quantity = "1 ms".parse().unwrap();
        let count = |text: &str| ticks(&text.parse().unwrap(), tick).ok();
        assert_eq!(count("7"), Some(7));
        assert_eq!(count("1ms"), Some(1));
        assert_eq!(count("0.25s"), Some(250));
        assert_eq!(count("1e3 ms"), Some(1000));
        assert_eq!(count("1.5ms"), None);
        assert_eq!(count("1us"), None);
        assert_eq!(whole_ratio(Decimal::new(1, 300), Decimal::new(1, -300)), None, "no overflow");
    }

    #[test]
    fn parts_of_a_trace_are_means_of_all_of_it() {
        let values: Vec<f64> = (0..1001).map(f64::from).collect();
        let means = means(&values);
        assert_eq!(means.len(), LETTERS);
        assert!(means.is_sorted() && means[0] == 12.0, "{means:?}");
        assert_eq!(super::means(&[]), [0.0; 0]);
        assert_eq!(super::means(&[3.0, 4.0]), [3.0, 4.0]);
        assert_eq!((rounded(-0.0), rounded(0.25), rounded(-1e-9)), ("0".into(), "0.25".into(), "0".into()));
    }
}
