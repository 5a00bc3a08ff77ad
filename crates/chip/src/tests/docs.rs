//! The tables of `docs/formats/chip.md` that follow from those of this crate.
//!
//! A generated part of the page stands between `<!-- table: NAME -->` and `<!-- end -->`.

use crate::{
    Bound, CoreModel, Evidence, FaultSpec, Geometry, Kinetics, KineticsKind, MeshSpec, NoiseSpec, Number, RULES,
    ReadBy, Reading, RouterKind, Section, SharesSpec, Sort, SynapseGate, SynapseSign, SynapseType,
};
use alloc::{format, string::String, vec::Vec};
use std::path::Path;
use units::Unit;

const PAGE: &str = "docs/formats/chip.md";
const UPDATE: &str = "CHIP_TABLES=write";

fn table(header: &str, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {header} |\n|{}\n", "---|".repeat(header.split('|').count()));
    for row in rows {
        text += &format!("| {} |\n", row.join(" | "));
    }
    text
}

/// A limit: large powers of two as such.
fn limit(value: i64) -> String {
    if value >= 1 << 16 && value & (value - 1) == 0 { format!("2^{}", value.ilog2()) } else { format!("{value}") }
}

fn kind_of(number: &Number) -> String {
    let (least, most) = (limit(*number.range.start()), limit(*number.range.end()));
    let kind = match number.sort {
        Sort::Count => format!("count, {least} to {most}"),
        Sort::Interval => format!("`{{ low = number, high = number }}`, whole, {least} to {most}"),
        Sort::Share | Sort::Cv | Sort::Amount => format!("number, pure, {least} to {most}"),
    };
    if number.optional { format!("{kind}, optional") } else { kind }
}

fn numbers(numbers: &[Number]) -> String {
    let row = |number: &Number| alloc::vec![format!("`{}`", number.key), kind_of(number), number.meaning.into()];
    table("key | type | meaning", numbers.iter().map(row))
}

/// The sizes of the geometry, with what some routers make of them.
fn geometry() -> String {
    let narrower = |key: &str| {
        let routers = RouterKind::ALL.into_iter().flat_map(|kind| kind.narrows().iter().map(move |n| (kind, n)));
        let of_key = routers.filter(move |(_, (narrowed, ..))| *narrowed == key);
        let words = of_key.map(|(kind, (_, most, why))| format!(" With the router `{kind}` at most {most}: {why}."));
        words.collect::<String>()
    };
    let row = |number: &Number| {
        let meaning = format!("{}{}", number.meaning, narrower(number.key));
        alloc::vec![format!("`{}`", number.key), kind_of(number), meaning]
    };
    table("key | type | meaning", Geometry::NUMBERS.iter().map(row))
}

fn models() -> String {
    let row = |model: &CoreModel| {
        let facts = model.facts();
        let noise = facts.noise;
        let having = [
            (noise.late_events, "late events"),
            (noise.event_weights, "weights of each event"),
            (noise.event_thresholds, "thresholds of each interval"),
        ];
        let noise: Vec<&str> = having.into_iter().filter(|(has, _)| *has).map(|(_, what)| what).collect();
        let noise = if noise.is_empty() { "none".into() } else { noise.join(", ") };
        let acts = if facts.clocked { "steps" } else { "ticks" };
        alloc::vec![format!("`{model}`"), facts.summary.into(), acts.into(), model.takes_in_words(), noise]
    };
    table("core model | what it is | acts in | synapses have | noise within a run", CoreModel::ALL.iter().map(row))
}

fn kinetics() -> String {
    let row = |kind: &KineticsKind| {
        let models = CoreModel::ALL.into_iter().filter(|model| model.facts().kinetics.contains(kind));
        let models: Vec<String> = models.map(|model| format!("`{model}`")).collect();
        alloc::vec![format!("`{}`", kind.name()), models.join(", ")]
    };
    table("kinetics | core models", KineticsKind::ALL.iter().map(row))
}

/// One kind of synapse of each sort, whose parameters are named by what they are.
fn kinds() -> Vec<SynapseType> {
    let kind = |kinetics, gate| SynapseType {
        name: "kind".into(),
        sign: SynapseSign::Signed,
        kinetics,
        gain: Some("gain".into()),
        gate,
    };
    let kinetics = [
        Kinetics::Delta,
        Kinetics::Exponential { tau: "tau".into() },
        Kinetics::Graded,
        Kinetics::Linear,
        Kinetics::Register { index: 1 },
    ];
    let plain = kinetics.into_iter().map(|kinetics| kind(kinetics, None));
    plain.chain(SynapseGate::ALL.map(|gate| kind(Kinetics::Graded, Some(gate)))).collect()
}

fn parameters() -> String {
    let kinds = kinds();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for model in CoreModel::ALL {
        let facts = model.facts();
        let of_gates = SynapseGate::ALL.into_iter().flat_map(|gate| gate.circuit().iter().map(move |p| (gate, p)));
        let of_registers = facts.register_parameters.iter();
        for Reading { parameter, by, measure, bound, optional, .. } in model.readings(&kinds) {
            let entry = match by {
                ReadBy::Kind { entry, .. } => Some(entry),
                ReadBy::Model(_) => None,
            };
            let (name, meaning) = match entry {
                Some("kinetics.tau") => ("`tau` of a kind".into(), "time constant of a synapse kind".into()),
                Some("gain") => ("`gain` of a kind".into(), "factor on the weights of a synapse kind".into()),
                _ => {
                    let own = facts.parameters.iter().find(|p| p.name == parameter).map(|p| p.summary.into());
                    let gate = of_gates.clone().find(|(_, p)| p.name == parameter);
                    let gate = gate.map(|(gate, p)| format!("{}; with a gate `{gate}`", p.summary));
                    let register = of_registers.clone().find(|(_, p)| p.name == parameter);
                    let register = register.map(|(n, p)| format!("{}; with a register {n}", p.summary));
                    (format!("`{parameter}`"), own.or(gate).or(register).expect("every parameter is in a table"))
                }
            };
            let name = if optional { format!("{name}, optional") } else { name };
            let mut demand = format!("{}", bound.demand(Unit::ONE));
            if matches!(bound, Bound::Threshold | Bound::Membrane) {
                demand += " times the nominal threshold";
            }
            let row = alloc::vec![format!("`{model}`"), name, format!("{measure}"), demand, meaning];
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    table("model | parameter | dimension | values | meaning", rows)
}

fn generated(name: &str) -> Option<String> {
    let evidence = || {
        let row = |grade: &Evidence| alloc::vec![format!("`{grade}`"), grade.meaning().into()];
        table("evidence | meaning", Evidence::ALL.iter().map(row))
    };
    let rules = || {
        table("rule | demands", RULES.iter().map(|rule| alloc::vec![format!("`{}`", rule.name), rule.summary.into()]))
    };
    Some(match name {
        "evidence" => evidence(),
        "models" => models(),
        "kinetics" => kinetics(),
        "geometry" => geometry(),
        "parameters" => parameters(),
        "shares" => numbers(SharesSpec::NUMBERS),
        "faults" => numbers(FaultSpec::NUMBERS),
        "noise" => numbers(NoiseSpec::NUMBERS),
        "mesh" => numbers(MeshSpec::NUMBERS),
        "rules" => rules(),
        _ => numbers(RouterKind::ALL.into_iter().find(|kind| name == format!("router {kind}"))?.numbers()),
    })
}

/// The page with its tables made anew, and their names.
fn remade(page: &str) -> (String, Vec<String>) {
    let (mut text, mut names, mut rest) = (String::new(), Vec::new(), page);
    while let Some((before, after)) = rest.split_once("<!-- table: ") {
        let (name, after) = after.split_once(" -->\n").expect("a name ends");
        let (_, after) = after.split_once("<!-- end -->").expect("a table ends");
        let table = generated(name).unwrap_or_else(|| panic!("there is no table `{name}`"));
        text += &format!("{before}<!-- table: {name} -->\n{table}<!-- end -->");
        names.push(name.into());
        rest = after;
    }
    (text + rest, names)
}

#[test]
fn the_page_has_the_tables_of_this_crate() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(PAGE);
    let page = std::fs::read_to_string(&path).expect(PAGE);
    let (expected, names) = remade(&page);
    let routers = RouterKind::ALL.into_iter().filter(|kind| !kind.numbers().is_empty());
    let mut needed: Vec<String> = routers.map(|kind| format!("router {kind}")).collect();
    let others =
        ["evidence", "models", "kinetics", "geometry", "parameters", "shares", "mesh", "faults", "noise", "rules"];
    needed.extend(others.map(String::from));
    assert!(needed.iter().all(|name| names.contains(name)), "{PAGE} has {names:?}, but needs {needed:?}");
    if std::env::var("CHIP_TABLES").is_ok_and(|value| value == "write") {
        std::fs::write(&path, expected).expect(PAGE);
        return;
    }
    let difference = page.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        page == expected,
        "{PAGE} differs from the tables of the crate `chip`, first in {difference:?}: run \
         `{UPDATE} cargo test -p quenched-chip docs` and read what has changed"
    );
}
