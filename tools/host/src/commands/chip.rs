//! `quenched chips` and `quenched chip`.

use crate::args::{ChipArgs, ChipsArgs};
use crate::commands::indented;
use crate::commands::numbers::{Number, json_number, numbers, quantity};
use crate::errors::HostError;
use crate::output::{print, print_bytes, print_json};
use chip::{ChipSpec, Evidence};
use report::text_table;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// What is printed for "there is none".
const NONE: &str = "-";

/// `quenched chips`: the shipped chips.
pub(crate) fn list(args: &ChipsArgs) -> Result<(), HostError> {
    let specs: Vec<ChipSpec> = formats::chip::shipped_names().map(formats::chip::resolve).collect::<Result<_, _>>()?;
    if args.json {
        let chips: Vec<Value> = specs
            .iter()
            .map(|s| {
                json!({
                    "name": s.name,
                    "family": s.family,
                    "revision": s.revision,
                    "summary": s.summary,
                    "chips": s.chip_count(),
                    "cores_per_chip": s.cores_per_chip(),
                    "neurons_per_core": s.neurons_per_core(),
                    "models": s.models.iter().map(|m| m.name()).collect::<Vec<_>>(),
                })
            })
            .collect();
        return print_json(&json!(chips));
    }
    let mut text = String::new();
    let width = specs.iter().map(|s| s.name.len()).max().unwrap_or(0);
    for s in &specs {
        let models: Vec<&str> = s.models.iter().map(|m| m.name()).collect();
        let plural = |count: usize, what| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
        let _ = writeln!(
            text,
            "{:<width$}  {}\n{:<width$}  at most {} of {} of {}; core models: {}",
            s.name,
            s.summary,
            "",
            plural(s.chip_count(), "chip"),
            plural(s.cores_per_chip(), "core"),
            plural(s.neurons_per_core(), "neuron"),
            models.join(", ")
        );
    }
    print(&format!("{text}\n`quenched chip NAME` shows limits, parameters, mismatch and sources.\n"))
}

/// `quenched chip`: everything that a chip file says.
pub(crate) fn show(args: &ChipArgs) -> Result<(), HostError> {
    let spec = formats::chip::resolve(&args.chip)?;
    if args.toml {
        let text = match formats::chip::shipped_text(&args.chip) {
            Some(text) => text.to_string(),
            None => formats::text::read_text(Path::new(&args.chip))?,
        };
        return print_bytes(text.as_bytes());
    }
    if args.json { print_json(&as_json(&spec)) } else { print(&as_text(&spec)) }
}

fn as_json(spec: &ChipSpec) -> Value {
    let numbers: Vec<Value> = numbers(spec)
        .iter()
        .map(|n| {
            json!({
                "path": n.path,
                "value": json_number(n.fact.quantity.value),
                "unit": n.fact.quantity.unit.to_string(),
                "evidence": n.fact.evidence.name(),
                "source": n.fact.source,
            })
        })
        .collect();
    let synapses: Vec<Value> = spec
        .synapses
        .iter()
        .map(|s| {
            let (kinetics, tau) = (s.kinetics.to_string(), s.kinetics.tau());
            json!({ "name": s.name, "sign": s.sign.name(), "kinetics": kinetics, "tau": tau, "gain": s.gain })
        })
        .collect();
    let parameters: Vec<Value> = spec
        .parameters
        .iter()
        .map(|(name, p)| {
            let family = p.mismatch.as_ref().map(|m| m.family.name());
            json!({ "name": name, "summary": p.summary, "mismatch_family": family })
        })
        .collect();
    json!({
        "name": spec.name,
        "family": spec.family,
        "revision": spec.revision,
        "summary": spec.summary,
        "models": spec.models.iter().map(|m| m.name()).collect::<Vec<_>>(),
        "router": spec.router.name(),
        "rules": spec.rules.as_ref().map(|r| json!({ "profile": r.profile, "options": r.options })),
        "parameters_per_neuron": spec.parameters_per_neuron,
        "mismatch_reference": spec.mismatch_reference,
        "weight_mismatch_family": spec.weight_mismatch.as_ref().map(|m| m.family.name()),
        "synapses": synapses,
        "parameters": parameters,
        "numbers": numbers,
        "sources": spec.sources,
    })
}

fn as_text(spec: &ChipSpec) -> String {
    let models: Vec<&str> = spec.models.iter().map(|m| m.name()).collect();
    let per = if spec.parameters_per_neuron { "of each neuron" } else { "shared by the neurons of a core" };
    let all = numbers(spec);
    let mut text = format!("{}: {}\n\n", spec.name, spec.summary);
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<12}{value}");
    };
    line("family", &format!("{}, {}", spec.family, spec.revision));
    line("core models", &models.join(", "));
    line("router", spec.router.name());
    if let Some(rules) = &spec.rules {
        let options = rules.options.iter().map(|(option, word)| format!(", {option} = {word}"));
        line("rules", &format!("{}{}", rules.profile, options.collect::<String>()));
    }
    line("parameters", per);
    if let Some(reference) = &spec.mismatch_reference {
        line("mismatch", &format!("scaled as a whole by the CV of `{reference}`"));
    }
    let variation = ["parameters.", "weights.", "faults.", "noise."];
    let limits = all.iter().filter(|n| !variation.iter().any(|start| n.path.starts_with(start)));
    section(&mut text, "Sizes and limits", &fact_table(limits));
    section(&mut text, "Synapses", &synapse_table(spec));
    section(&mut text, "Parameters", &parameter_table(spec));
    section(&mut text, "Mismatch", &mismatch_table(spec));
    for (title, start) in [("Faults", "faults."), ("Noise, if a run asks for it", "noise.")] {
        if all.iter().any(|n| n.path.starts_with(start)) {
            section(&mut text, title, &fact_table(all.iter().filter(|n| n.path.starts_with(start))));
        }
    }
    section(&mut text, "Evidence", &evidence_table(&all));
    text.push_str("\nSources\n");
    for (key, citation) in &spec.sources {
        let _ = write!(text, "\n  {key}\n{}", indented(citation, 4, 100));
    }
    text
}

fn section(text: &mut String, title: &str, body: &str) {
    let _ = write!(text, "\n{title}\n{body}");
}

fn fact_table<'a>(numbers: impl Iterator<Item = &'a Number<'a>>) -> String {
    let rows = numbers
        .map(|n| vec![n.path.clone(), quantity(n.fact.quantity), n.fact.evidence.name().into(), n.fact.source.clone()])
        .collect();
    text_table(&["number", "value", "evidence", "source"].map(String::from), rows, &[0, 2, 3])
}

fn synapse_table(spec: &ChipSpec) -> String {
    let or_none = |text: Option<&str>| text.unwrap_or(NONE).to_string();
    let rows = spec
        .synapses
        .iter()
        .map(|s| {
            let (kinetics, tau) = (s.kinetics.to_string(), or_none(s.kinetics.tau()));
            vec![s.name.clone(), s.sign.name().into(), kinetics, tau, or_none(s.gain.as_deref())]
        })
        .collect();
    let header = ["name", "sign", "time course", "time constant", "gain"].map(String::from);
    text_table(&header, rows, &[0, 1, 2, 3, 4])
}

fn parameter_table(spec: &ChipSpec) -> String {
    let rows = spec
        .parameters
        .iter()
        .map(|(name, p)| {
            let range = p.range.as_ref().map_or(NONE.into(), |(low, high)| {
                format!("{} to {}", quantity(low.quantity), quantity(high.quantity))
            });
            let nominal = &p.nominal;
            vec![
                name.clone(),
                quantity(nominal.quantity),
                range,
                nominal.evidence.name().into(),
                nominal.source.clone(),
            ]
        })
        .collect();
    let header = ["parameter", "nominal", "range", "evidence", "source"].map(String::from);
    text_table(&header, rows, &[0, 3, 4])
}

fn mismatch_table(spec: &ChipSpec) -> String {
    let parameters = spec.parameters.iter().filter_map(|(name, p)| Some((name.as_str(), p.mismatch.as_ref()?)));
    let weights = spec.weight_mismatch.iter().map(|m| ("(weight of each synapse slot)", m));
    let rows: Vec<Vec<String>> = parameters
        .chain(weights)
        .map(|(name, m)| {
            let cut = m.truncation.as_ref().map_or(NONE.into(), |(low, high)| {
                format!("{} to {}", quantity(low.quantity), quantity(high.quantity))
            });
            let correlation =
                m.correlation.as_ref().map_or(NONE.into(), |c| format!("{} with {}", quantity(c.rho.quantity), c.with));
            let cv = quantity(m.cv.quantity);
            let (evidence, source) = (m.cv.evidence.name().into(), m.cv.source.clone());
            vec![name.into(), m.family.name().into(), cv, cut, correlation, evidence, source]
        })
        .collect();
    if rows.is_empty() {
        return "  none: all devices are nominal\n".into();
    }
    let header = ["parameter", "family", "CV", "cut to", "correlation", "evidence", "source"].map(String::from);
    text_table(&header, rows, &[0, 1, 4, 5, 6])
}

fn evidence_table(numbers: &[Number<'_>]) -> String {
    let rows = Evidence::ALL
        .iter()
        .map(|&grade| {
            let count = numbers.iter().filter(|n| n.fact.evidence == grade).count();
            vec![grade.name().into(), count.to_string(), grade.meaning().into()]
        })
        .collect();
    text_table(&["grade", "numbers", "meaning"].map(String::from), rows, &[0, 2])
}
