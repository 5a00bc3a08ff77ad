//! `quenched explain --neuron`: what a neuron hears, where it sends, and its circuit on a die.

use super::{listed, plural, refused, table};
use crate::args::{DieChoice, ExplainArgs, NeuronName, WhichDie};
use crate::commands::die::{number, parameters_of, significant};
use crate::errors::HostError;
use chip::{ChipSpec, Joined};
use device_models::{DieParameters, NeuronFault};
use formats::suggestion;
use fx::Real;
use mapper::{CopyAccount, Explained, NeuronAccount, Outgoing};
use report::text_table;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use units::NeuronId;

/// Others with the same tag that are named; JSON has all.
const SHARING_MAX: usize = 6;

/// A circuit on a die.
pub(super) struct Circuit {
    /// Number of the die.
    die: WhichDie,
    /// `dead` or `hot`.
    fault: Option<&'static str>,
    /// The circuits that are joined to the neuron; empty: it is one.
    joined: Vec<NeuronId>,
    factors: Vec<Factor>,
}

/// A parameter with mismatch.
struct Factor {
    parameter: String,
    unit: String,
    asked: f64,
    factor: f64,
    /// What joined circuits make of theirs.
    rule: Joined,
    /// The factor of each joined circuit.
    of_circuits: Vec<f64>,
}

/// The die that the command line asks for, if any.
pub(super) fn die(args: &ExplainArgs, spec: &ChipSpec) -> Result<Option<(WhichDie, DieParameters)>, HostError> {
    let Some(die) = args.die.clone() else { return Ok(None) };
    let which = DieChoice { seed: args.seed, die: die.clone(), cv: args.cv, no_faults: args.no_faults };
    Ok(Some((die, parameters_of(spec, &which)?)))
}

/// What is known of the neuron called `name`.
pub(super) fn account(explained: &Explained<'_>, name: &NeuronName, file: &Path) -> Result<NeuronAccount, HostError> {
    let symbols = explained.symbols();
    // A copy has a population of its own, which is called as a neuron is.
    let copy = || {
        let whole = format!("{}[{}]", name.population, name.index);
        symbols.population(&whole).filter(|population| symbols.populations[*population].is_copy())
    };
    let named = symbols.population(&name.population).map(|population| (population, name.index));
    let Some((population, index)) = named.or_else(|| Some((copy()?, 0))) else {
        let known: Vec<String> = symbols.populations.iter().map(|population| population.name.clone()).collect();
        return Err(HostError::Usage {
            message: format!("{}: there is no population `{}`", file.display(), name.population),
            help: suggestion(&name.population, &known, "populations are"),
        });
    };
    let size = symbols.populations[population].size;
    let Some(address) = explained.address(population, index) else {
        return Err(HostError::Usage {
            message: format!("{}: population `{}` has no neuron {}", file.display(), name.population, name.index),
            help: Some(format!("it has {}, numbered from 0", plural(size.into(), "neuron"))),
        });
    };
    explained.neuron(address).map_err(|error| refused(file, error))
}

/// A factor, which has 32 fraction bits; 2^32 is exact.
fn real(factor: Real) -> f64 {
    factor.to_bits() as f64 / 4_294_967_296.0
}

/// The circuit at `address` on a die: the parameters that its equations read and that have mismatch there.
pub(super) fn circuit(explained: &Explained<'_>, die: &(WhichDie, DieParameters), account: &NeuronAccount) -> Circuit {
    let address = account.address;
    let (spec, (number_of_die, die)) = (explained.spec(), die);
    let core = explained.program().cores.iter().find(|core| core.address == address.core).expect("it was explained");
    let read = die.mismatched().filter(|name| spec.allowed(core.model, name).is_some_and(|allowed| allowed.is_read()));
    let circuits = &account.joined;
    let factors = read.map(|name| {
        let nominal = spec.parameters[name].nominal.quantity;
        let asked = core.parameters.get(name).map_or(nominal, |values| values.get(address.neuron.index()));
        let readings = core.model.readings(&spec.synapses);
        let rule = readings.iter().find(|reading| reading.parameter == name).map_or(Joined::Sender, |r| r.joined);
        let factor = real(die.neuron_factor(name, rule, core, address.neuron.index()));
        let of_circuits = circuits.iter().map(|circuit| real(die.factor(name, core.address, *circuit))).collect();
        let (unit, asked) = (asked.unit.to_string(), number(asked.value));
        Factor { parameter: name.into(), unit, asked, factor, rule, of_circuits }
    });
    let fault = die.neuron_fault(address.core, core.sender(address.neuron.index())).map(|fault| match fault {
        NeuronFault::Dead => "dead",
        NeuronFault::Hot => "hot",
    });
    Circuit { die: number_of_die.clone(), fault, joined: circuits.clone(), factors: factors.collect() }
}

/// The neuron as JSON.
pub(super) fn json(account: &NeuronAccount, circuit: Option<&Circuit>) -> Value {
    let mut value = json!(account);
    if let Some(circuit) = circuit {
        let factors = circuit.factors.iter().map(|f| {
            let mut value = json!({
                "parameter": f.parameter, "unit": f.unit, "asked": f.asked, "factor": f.factor,
                "value": f.asked * f.factor,
            });
            if !circuit.joined.is_empty() {
                value["circuits"] = json!(f.of_circuits);
                value["rule"] = rule(f.rule).into();
            }
            value
        });
        let factors: Vec<Value> = factors.collect();
        value["circuit"] = json!({ "die": circuit.die.json(), "fault": circuit.fault, "factors": factors });
    }
    value
}

/// The neuron as text.
pub(super) fn text(account: &NeuronAccount, circuit: Option<&Circuit>) -> String {
    let mut text = format!("{}: {}, `{}`\n", account.name, account.address, account.model);
    if let Some(shared) = &account.copies {
        text.push_str(&copies(shared));
    }
    if let [first, others @ ..] = &account.joined[..] {
        let others: Vec<String> = others.iter().map(|circuit| circuit.0.to_string()).collect();
        let _ = writeln!(
            text,
            "It is {} joined circuits: {first}, from which it sends, and {}.",
            account.joined.len(),
            others.join(", "),
            first = first.0
        );
    }
    text.push_str(&incoming(account));
    text.push_str(&outgoing(account));
    if let Some(circuit) = circuit {
        text.push_str(&on_die(circuit));
    }
    text + "\n"
}

/// Which copy it is, or which copies it has, and its share of the targets.
fn copies(account: &CopyAccount) -> String {
    let CopyAccount { of, number, copies, targets, targets_of_all } = account;
    let (count, all) = (copies.len(), listed(copies, SHARING_MAX));
    let share =
        format!("{} of {}: {}", targets.len(), plural(*targets_of_all as u64, "neuron"), listed(targets, SHARING_MAX));
    match number {
        Some(number) => {
            format!("It is copy {number} of {count} of {of}, and hears what {of} hears. It serves {share}.\n")
        }
        None if count == 1 => format!("It has a copy, {all}, which hears what it hears. It serves {share}.\n"),
        None => format!("It has {count} copies, which hear what it hears: {all}. It serves {share}.\n"),
    }
}

fn incoming(account: &NeuronAccount) -> String {
    if account.incoming.is_empty() {
        return "\nIt hears nobody.\n".into();
    }
    let known = account.incoming.iter().any(|synapse| synapse.wished.is_some());
    let with = account.incoming.iter().filter(|synapse| !synapse.stored.is_empty()).count();
    let weight = |weight: f64| format!("{weight:.5}");
    let rows = account.incoming.iter().map(|synapse| {
        let stored = match &synapse.without {
            Some(why) => why.clone(),
            None => synapse.stored.join(" and "),
        };
        let mut cells = vec![synapse.source.clone(), synapse.synapse.clone(), stored];
        if known {
            cells.push(synapse.wished.map_or_else(|| "-".into(), weight));
        }
        cells.extend([weight(synapse.got), synapse.delay_ticks.to_string()]);
        cells
    });
    let header: &[&str] = if known {
        &["hears", "synapse", "stored", "wished", "got", "ticks"]
    } else {
        &["hears", "synapse", "stored", "got", "ticks"]
    };
    let unit = if account.unit == "1" { String::new() } else { format!(", weights in {}", account.unit) };
    format!("\n{}{unit}\n{}", plural(with as u64, "synapse"), table(header, rows.collect(), &[0, 1, 2]))
}

fn outgoing(account: &NeuronAccount) -> String {
    if account.outgoing.is_empty() {
        return "\nIt sends to nobody.\n".into();
    }
    let rows = account.outgoing.iter().map(|word| {
        let cores: Vec<String> = word.cores.iter().map(u16::to_string).collect();
        let plural = if cores.len() == 1 { "" } else { "s" };
        vec![
            format!("chip {} core{plural} {}", word.chip, cores.join("+")),
            word.label.clone(),
            word.hops.map_or_else(|| "-".into(), |hops| hops.to_string()),
            word.targets.to_string(),
            shared(word),
        ]
    });
    let header = ["sends to", "as", "hops", "neurons", "tag shared with"];
    format!("\n{}\n{}", plural(account.outgoing.len() as u64, "word"), table(&header, rows.collect(), &[0, 1, 4]))
}

/// Whose events have the same tag on that chip, in other cores.
fn shared(word: &Outgoing) -> String {
    listed(&word.shared_with, SHARING_MAX)
}

fn on_die(circuit: &Circuit) -> String {
    let mut text = format!("\nOn die {}", circuit.die);
    if let Some(fault) = circuit.fault {
        let _ = write!(text, " this circuit is {fault}");
    }
    if circuit.factors.is_empty() {
        return text + ": no parameter that it reads has mismatch.\n";
    }
    let rows = circuit.factors.iter().map(|f| {
        let numbers = [f.asked, f.factor, f.asked * f.factor].map(|number| significant(number, 5));
        let [asked, factor, value] = numbers;
        let mut row = vec![f.parameter.clone(), f.unit.clone(), asked, factor, value];
        if !circuit.joined.is_empty() {
            row.push(rule(f.rule).into());
            row.extend(f.of_circuits.iter().map(|factor| significant(*factor, 5)));
        }
        row
    });
    let mut header: Vec<String> = ["parameter", "unit", "asked", "factor", "value"].map(String::from).to_vec();
    if !circuit.joined.is_empty() {
        header.push("factor is".into());
        header.extend(circuit.joined.iter().map(|circuit| format!("of {}", circuit.0)));
    }
    text + "\n" + &text_table(&header, rows.collect(), &[0, 1, 5])
}

/// What the factor of a neuron of joined circuits is.
const fn rule(joined: Joined) -> &'static str {
    match joined {
        Joined::Sender => "of the first",
        Joined::Mean => "mean",
        Joined::HarmonicMean => "harmonic mean",
    }
}
