//! What is not as it was asked for in all of the samples and dies.

use crate::{DieScore, LabelledSet, Outcome, Rule, Sample};
use session::Multiple;
use warnings::{Kind, Warning, Warnings};

/// What is not as it was asked for when `set`, which its user calls `name`, was shown to `dies`, whose population
/// `output` decides.
pub fn notices(
    (set, name): (&LabelledSet, &str),
    dies: &[DieScore],
    (output, rule): (&str, Rule),
    multiple: Multiple,
) -> Warnings {
    let mut warnings = of_dies(dies);
    let Some(first) = dies.first() else { return warnings };
    of_files(set, name, &mut warnings);
    of_events(first, name, multiple, &mut warnings);
    let decisions = dies.len() * set.samples.len();
    let sum = |of: fn(&Outcome) -> u64| dies.iter().map(|die| die.total(of)).sum::<u64>();
    let counts: [(Kind, &str, u64, &str); 3] = [
        (Kind::Saturation, "chip", sum(|o| o.saturations), "states were cut at the end of their format"),
        (Kind::Overflow, "chip", sum(|o| o.overflows), "registers overflowed"),
        (Kind::EventsLost, "chip", sum(|o| o.events_lost), "events were lost on the way"),
    ];
    for (kind, place, count, what) in counts {
        if count > 0 {
            let with = dies.iter().filter(|die| die.total(|o| of_kind(kind, o)) > 0).count();
            warnings.push(kind, place, format!("{count} {what}, on {with} of {} dies", dies.len()));
        }
    }
    let undecided: usize = dies.iter().map(DieScore::undecided).sum();
    if undecided > 0 {
        let text = format!(
            "no neuron spiked in {undecided} of {decisions} samples: nothing is decided there, which counts as wrong"
        );
        warnings.push(Kind::Silent, output, text);
    }
    let ties: usize = dies.iter().map(DieScore::ties).sum();
    if ties > 0 {
        let what = if rule.is_by_voltage() { "equal voltages" } else { "as many spikes" };
        let text =
            format!("{ties} of {decisions} decisions were between classes with {what}: the lowest class was taken");
        warnings.push(Kind::Ties, output, text);
    }
    warnings
}

const fn of_kind(kind: Kind, outcome: &Outcome) -> u64 {
    match kind {
        Kind::Saturation => outcome.saturations,
        Kind::Overflow => outcome.overflows,
        _ => outcome.events_lost,
    }
}

/// What is to be said of dies, whatever they are shown: once for each thing, in the words of the first die.
fn of_dies(dies: &[DieScore]) -> Warnings {
    let mut found: Vec<(&Warning, usize, u32)> = Vec::new();
    for die in dies {
        for warning in &die.warnings {
            match found.iter_mut().find(|(known, ..)| (known.kind, &known.place) == (warning.kind, &warning.place)) {
                Some((_, count, _)) => *count += 1,
                None => found.push((warning, 1, die.die.0)),
            }
        }
    }
    let mut warnings = Warnings::default();
    for (Warning { kind, place, text }, count, die) in found {
        let of =
            if dies.len() > 1 { format!(" (on die {die}; {count} of {} dies)", dies.len()) } else { String::new() };
        warnings.push(*kind, place.clone(), format!("{text}{of}"));
    }
    warnings
}

/// What of the files of the set is in no sample.
fn of_files(set: &LabelledSet, name: &str, warnings: &mut Warnings) {
    let mut push = |kind, of: fn(&Sample) -> u64, what: &str| {
        let (count, with) = (set.samples.iter().map(of).sum::<u64>(), set.samples.iter().filter(|s| of(s) > 0).count());
        if count > 0 {
            warnings.push(
                kind,
                name,
                format!("{count} {what}, in {with} of {} samples, are left out", set.samples.len()),
            );
        }
    };
    push(Kind::EventsBefore, |sample| sample.before, "events that come before `--from`");
    push(Kind::EventsSkipped, |sample| sample.skipped, "records that are no events");
}

/// What became of the events of the set, which is the same on all dies.
fn of_events(die: &DieScore, name: &str, multiple: Multiple, warnings: &mut Warnings) {
    let sum = |of: fn(&Outcome) -> u64| die.total(of);
    let read = sum(|o| o.taken.read);
    let with = |of: fn(&Outcome) -> u64| die.outcomes.iter().filter(|o| of(o) > 0).count();
    let mut push = |kind, of: fn(&Outcome) -> u64, what: &str| {
        if sum(of) > 0 {
            let samples = die.outcomes.len();
            let text = format!("{} of {read} events, in {} of {samples} samples, {what}", sum(of), with(of));
            warnings.push(kind, name, text);
        }
    };
    push(Kind::EventsAfter, |o| o.taken.after, "come after the end of their sample, and are left out");
    push(Kind::EventsUnconnected, |o| o.taken.unconnected, "are for channels without a connection");
    if multiple == Multiple::Count {
        push(
            Kind::EventsMerged,
            |o| o.taken.merged,
            "share the step and channel of another: they are one event with their number; `--binary` makes it a single \
             spike",
        );
    }
    push(Kind::EventsMerged, |o| o.taken.capped, "are beyond what a channel can have in a step, and are left out");
    let empty = die.outcomes.iter().filter(|o| o.taken.used == 0).count();
    if empty > 0 {
        let text = format!("{empty} of {} samples have no event that reaches the network", die.outcomes.len());
        warnings.push(Kind::NoEvents, name, text);
    }
}
