//! What `quenched run --probe` asks for, and how what was read is shown.

use crate::args::{Interval, RunArgs};
use crate::errors::HostError;
use formats::traces::{Recording, TraceName, exact_decimal};
use formats::{nearest, suggestion};
use report::{sparkline, text_table};
use serde_json::{Value, json};
use session::{Session, SessionError};
use std::ops::Range;
use units::{Decimal, Quantity, Unit};

/// Most traces of a run: more cannot be read, and make lines of a file that few programs open.
const TRACES_MAX: usize = 1024;

/// Most rows of the table in the terminal.
const ROWS_MAX: usize = 24;

/// Letters of a trace in the terminal.
const LETTERS: usize = 40;

/// Chooses the probes that the command line asks for, in so many runs of `run_ticks` ticks.
pub(crate) fn choose(args: &RunArgs, session: &mut Session, run_ticks: u64, runs: usize) -> Result<(), HostError> {
    let every = match &args.every {
        None => session.board().spec().step_ticks(),
        Some(interval) => ticks(interval, session.board().spec().tick.quantity)?,
    };
    session.sample_every(every);
    for text in &args.probe {
        add(text, session)?;
    }
    let (traces, samples) = (session.recordings().len(), run_ticks.div_ceil(every));
    let in_runs = if runs > 1 { format!(" in each of {runs} runs") } else { String::new() };
    let most = args.what.allowance().records();
    if samples.saturating_mul(traces as u64).saturating_mul(runs as u64) > most {
        let message = format!(
            "{traces} traces of {samples} samples{in_runs} are more than {most} readings, the most that are kept unasked"
        );
        let help = "probe fewer neurons, sample less often with `--every`, or go on with `--allow-large`";
        return Err(usage(message, help));
    }
    Ok(())
}

/// Adds the traces of `text`, one `--probe`.
fn add(text: &str, session: &mut Session) -> Result<(), HostError> {
    let wish = Wish::parse(text)?;
    let refused = |what: &str| format!("`--probe {text}`: {what}");
    if session.board().population(wish.population).is_ok() && wish.population.contains(char::is_control) {
        let message = format!("`--probe {}`: this name cannot stand in a file of traces", text.escape_debug());
        return Err(usage(message, "rename the population without line breaks and other control characters"));
    }
    let wished = |size: u32| wish.range.as_ref().map_or(size as usize, ExactSizeIterator::len);
    let size = session.board().population(wish.population).map(|p| session.board().symbols().populations[p].size);
    let fits = |size: u32| wish.range.as_ref().is_none_or(|range| range.end <= size);
    if size.is_ok_and(|size| fits(size) && session.recordings().len() + wished(size) > TRACES_MAX) {
        let message = refused(&format!("a run records at most {TRACES_MAX} traces, and this makes more"));
        return Err(usage(message, &format!("choose neurons, such as `{}[0..16]`", wish.population)));
    }
    let added = session.probe_population(wish.population, wish.range.clone(), wish.quantity);
    added.map_err(|error| match error {
        SessionError::UnknownPopulation { name, known } => HostError::Usage {
            message: refused(&format!("the network has no population `{name}`")),
            help: suggestion(&name, &known, "its populations are"),
        },
        SessionError::NeuronRange { name, size, .. } => {
            let message = refused(&format!("population `{name}` has {size} neurons"));
            usage(message, &format!("neurons count from 0: `{name}[0..{size}]` is all"))
        }
        SessionError::UnknownQuantity { name, known, .. } => {
            let what = match &name[..] {
                "" => "a quantity is missing".into(),
                name => format!("neurons of `{}` have no quantity `{name}`", wish.population),
            };
            let help = match nearest(&name, known.iter().map(String::as_str)) {
                Some(_) => suggestion(&name, &known, ""),
                None => Some(format!("its quantities are: {}", ticked(&known))),
            };
            HostError::Usage { message: refused(&what), help }
        }
        SessionError::ProbedTwice { label } => {
            usage(refused(&format!("{label} is recorded already")), "give each neuron and quantity once")
        }
        other => HostError::Usage { message: refused(&other.to_string()), help: None },
    })
}

/// What was read, with the names that files of traces have.
pub(crate) fn recordings(session: &Session) -> Vec<Recording> {
    let named = |recording: &session::Recording| {
        let probe = &recording.probe;
        let (population, neuron) = probe.member.expect("probes of the command line are chosen by population");
        let name = TraceName {
            population: session.board().symbols().populations[population].name.clone(),
            neuron,
            quantity: probe.kind.name.clone(),
            unit: probe.kind.unit.clone(),
        };
        let (fraction_bits, scale) = (probe.kind.fraction_bits, probe.kind.scale);
        Recording { name, fraction_bits, scale, bits: recording.bits.clone() }
    };
    session.recordings().iter().map(named).collect()
}

/// The traces as the report draws them.
pub(crate) fn traces(session: &Session) -> Vec<report::Trace> {
    let drawn = |r: Recording| {
        let samples = session.sampled().iter().zip(values(&r)).map(|(tick, value)| (tick.0, value)).collect();
        let TraceName { population, neuron, quantity, unit } = r.name;
        report::Trace { population, neuron, quantity, unit, samples }
    };
    recordings(session).into_iter().map(drawn).collect()
}

/// A table of all traces, for people without a file.
pub(crate) fn table(session: &Session) -> String {
    let recordings = recordings(session);
    let rows = recordings.iter().take(ROWS_MAX).map(|r| {
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
    if recordings.len() > ROWS_MAX {
        let rest = recordings.len() - ROWS_MAX;
        text.push_str(&format!("  and {rest} more traces; `--traces FILE` writes all of them\n"));
    }
    text
}

/// The same, with exact numbers.
pub(crate) fn as_json(session: &Session) -> Vec<Value> {
    let summary = |r: &Recording| {
        let exact = |bits: Option<i64>| bits.map(|bits| exact_decimal(bits, r.fraction_bits, r.scale));
        json!({
            "trace": r.name.label(),
            "unit": r.name.unit,
            "samples": r.bits.len(),
            "lowest": exact(r.bits.iter().copied().min()),
            "highest": exact(r.bits.iter().copied().max()),
            "last": exact(r.bits.last().copied()),
        })
    };
    recordings(session).iter().map(summary).collect()
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
    // The nearest number to the exact one.
    let exact = |bits: &i64| exact_decimal(*bits, recording.fraction_bits, recording.scale);
    recording.bits.iter().map(|bits| exact(bits).parse().expect("a decimal is a number")).collect()
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
