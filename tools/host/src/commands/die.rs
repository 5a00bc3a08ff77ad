//! `quenched die`: the frozen mismatch of one die.

mod drawn;

pub(crate) use drawn::{name_of, parameters_of};

use crate::args::{DieArgs, DieSetting, WhichDie};
use crate::commands::effective::EffectiveValues;
use crate::commands::faults::Faults;
use crate::errors::HostError;
use crate::output::{print_json, warn};
use crate::outputs::Outputs;
use chip::{ChipSpec, WEIGHTS};
use device_models::DieParameters;
use formats::suggestion;
use report::{histogram, text_table};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use units::{CoreAddress, NeuronId, Unit};
use warnings::{Kind, Warnings};

/// Characters of the longest bar of a histogram.
const BAR_WIDTH: usize = 40;

/// Parameters whose histograms are shown without being asked for, at most.
const HISTOGRAMS_MAX: usize = 16;

/// Circuits that are shown at once, at most.
const CIRCUITS_MAX: usize = 1 << 20;

/// One parameter of all circuits that are shown.
struct Column {
    name: String,
    summary: String,
    unit: String,
    nominal: f64,
    /// Values are factors, because the nominal value is 0: they act once a network asks for another one.
    factors: bool,
    cv_asked: f64,
    /// Values, by core, then neuron.
    values: Vec<f64>,
}

/// Mean, standard deviation, skewness and range of some values.
pub(crate) struct Statistics {
    pub(crate) mean: f64,
    sd: f64,
    /// The mean cube of what values differ by, over the cube of their deviation with n; 0 if they do not differ.
    skew: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// `quenched die`.
pub(crate) fn run(args: &DieArgs) -> Result<(), HostError> {
    let spec = formats::chip::resolve(&args.chip)?;
    let mut outputs = Outputs::new(args.json);
    outputs.reads_all_so_far()?;
    if let WhichDie::File(path) = &args.which.die {
        outputs.reads([path])?;
    }
    let out = args.out.as_ref().map(|path| outputs.file("--out", path)).transpose()?;
    let file = args.csv.as_ref().map(|path| outputs.file("--csv", path)).transpose()?;
    outputs.give_up_on_interrupt();
    let die = drawn::parameters_under(&spec, &args.which)?;
    // Nothing differs on a chip without mismatch, however large it is.
    let differs = die.mismatched().next().is_some() || die.has_faults();
    let shown = if differs { args.core } else { args.core.or(Some(0)) };
    let cores = cores(&spec, shown)?;
    let circuits: Vec<(u16, u16)> =
        cores.iter().flat_map(|&core| (0..spec.neurons_per_core() as u16).map(move |n| (core, n))).collect();
    let columns = columns(&spec, &die, args, &circuits)?;
    let faults = Faults::of(&spec, &die, &circuits);
    let weights = WeightFactors::of(&spec, &die, &args.which, &circuits);
    let effective = EffectiveValues::of(&spec, &die, args, &cores)?;
    if let Some(file) = file {
        outputs.write(file, csv(&circuits, &columns).as_bytes())?;
    }
    let mut warnings = Warnings::default();
    if let (Some(out), Some(path)) = (out, &args.out) {
        let (bytes, unsaid) = file_of(&spec, &die, args, path)?;
        warnings = unsaid;
        outputs.write(out, &bytes)?;
    }
    let done = outputs.commit()?;
    if args.json {
        let mut value = as_json(&spec, args, &cores, &columns, weights.as_ref(), faults.as_ref());
        if let Some(effective) = effective {
            value["effective"] = effective.as_json();
        }
        if args.out.is_some() {
            value["out"] = json!(done.files.last());
        }
        print_json(&value)?;
        return warn(&warnings, true, false);
    }
    let text = as_text(&spec, args, &cores, &columns, weights.as_ref(), faults.as_ref());
    let effective = effective.map_or(String::new(), |effective| effective.as_text());
    let unsaid = if warnings.is_empty() { String::new() } else { format!("\n{warnings}") };
    done.print(&(text + &effective + &unsaid))
}

/// The file of a die, and what it cannot say.
fn file_of(
    spec: &ChipSpec,
    die: &DieParameters,
    args: &DieArgs,
    path: &Path,
) -> Result<(Vec<u8>, Warnings), HostError> {
    let (chips, cores, neurons) = (spec.chip_count(), spec.cores_per_chip(), spec.neurons_per_core());
    let cores: Vec<CoreAddress> = match args.core {
        Some(core) => vec![CoreAddress::new(0, core)],
        None if chips * cores * neurons <= CIRCUITS_MAX => {
            (0..chips).flat_map(|chip| (0..cores).map(move |core| CoreAddress::new(chip as u16, core as u16))).collect()
        }
        None => {
            return Err(HostError::Usage {
                message: format!("the board has {} neurons, too many for a file of its die", chips * cores * neurons),
                help: Some("choose a core with `--core`, or a chip file with fewer chips".into()),
            });
        }
    };
    let circuits = cores.iter().flat_map(|core| (0..neurons as u16).map(|neuron| (*core, NeuronId(neuron))));
    let tables = formats::measured::tables(spec, die, &circuits.collect::<Vec<_>>());
    let mut warnings = Warnings::default();
    if spec.router.numbered_slots() == 0 && (die.has_weight_mismatch() || die.has_synapse_faults()) {
        let text = "the file says nothing of weights: the slots of this chip have no numbers, and are nominal in it";
        warnings.push(Kind::Mismatch, &spec.name, text);
    }
    let is_archive = path.extension().is_some_and(|extension| extension == "npz");
    let bytes = if is_archive {
        formats::measured::write_npz(&tables)
    } else {
        formats::measured::write_csv(&tables).into_bytes()
    };
    Ok((bytes, warnings))
}

/// The cores to show.
fn cores(spec: &ChipSpec, only: Option<u16>) -> Result<Vec<u16>, HostError> {
    // Addresses of cores have 16 bits; a chip file may state more cores than that, as "no limit".
    let count = spec.cores_per_chip().min(1 << 16);
    let refused = |message: String, help: &str| {
        Err(HostError::Usage { message, help: Some(format!("{help} --core, from 0 to {}", count - 1)) })
    };
    match only {
        Some(core) if usize::from(core) < count => Ok(vec![core]),
        Some(core) => refused(format!("chip `{}` has no core {core}", spec.name), "name a core of it with"),
        None if count * spec.neurons_per_core() > CIRCUITS_MAX => {
            let circuits = count * spec.neurons_per_core();
            refused(format!("chip `{}` has {circuits} neurons, too many to show", spec.name), "choose a core with")
        }
        None => Ok((0..=(count - 1) as u16).collect()),
    }
}

/// The parameters that are asked for and differ between circuits.
fn columns(
    spec: &ChipSpec,
    die: &DieParameters,
    args: &DieArgs,
    circuits: &[(u16, u16)],
) -> Result<Vec<Column>, HostError> {
    let known: Vec<String> = die.mismatched().map(String::from).collect();
    if let Some(name) = args.parameters.iter().find(|name| !known.contains(name)) {
        let what = if spec.parameters.contains_key(name) { "has no mismatch" } else { "does not exist" };
        let message = format!("parameter `{name}` of chip `{}` {what}", spec.name);
        return Err(HostError::Usage { message, help: suggestion(name, &known, "parameters with mismatch are") });
    }
    let asked = |name: &&str| args.parameters.is_empty() || args.parameters.iter().any(|p| p == name);
    let columns = die
        .mismatched()
        .filter(asked)
        .map(|name| {
            let parameter = &spec.parameters[name];
            let nominal = number(parameter.nominal.quantity.value);
            let factors = nominal == 0.0;
            let cv = parameter.mismatch.as_ref().and_then(|m| m.cv.quantity.value_in(Unit::ONE).ok()).map(number);
            let value = |&(core, neuron): &(u16, u16)| {
                let factor = die.factor(name, CoreAddress::new(0, core), NeuronId(neuron));
                // A factor has 32 fraction bits; 2^32 is exact.
                let factor = factor.to_bits() as f64 / 4_294_967_296.0;
                if factors { factor } else { nominal * factor }
            };
            Column {
                name: name.into(),
                summary: parameter.summary.clone(),
                unit: if factors { "factor".into() } else { parameter.nominal.quantity.unit.to_string() },
                nominal,
                factors,
                cv_asked: drawn::cv_asked(spec, &args.which, name, cv.unwrap_or(0.0)),
                values: circuits.iter().map(value).collect(),
            }
        })
        .collect();
    Ok(columns)
}

/// The factors of the weights of all synapse slots that are shown.
struct WeightFactors {
    cv_asked: f64,
    /// By core, neuron, slot; none where slots have no numbers.
    factors: Vec<f64>,
}

impl WeightFactors {
    /// `None` on a chip whose weights have no mismatch.
    fn of(spec: &ChipSpec, die: &DieParameters, which: &DieSetting, circuits: &[(u16, u16)]) -> Option<Self> {
        let mismatch = spec.weight_mismatch.as_ref()?;
        let slots = spec.router.numbered_slots();
        let slots = circuits.iter().flat_map(|&(core, neuron)| (0..slots).map(move |slot| (core, neuron, slot)));
        let factor = |(core, neuron, slot)| {
            let factor = die.weight_mismatch(CoreAddress::new(0, core), NeuronId(neuron), slot);
            factor.to_bits() as f64 / 4_294_967_296.0
        };
        let cv = mismatch.cv.quantity.value_in(Unit::ONE).ok().map_or(0.0, number);
        Some(Self { cv_asked: drawn::cv_asked(spec, which, WEIGHTS, cv), factors: slots.map(factor).collect() })
    }

    fn as_text(&self) -> String {
        if self.factors.is_empty() {
            return "\nWeights have mismatch; without fixed slots, a synapse's factor depends on what it connects.\n"
                .into();
        }
        let s = Statistics::of(&self.factors);
        let [mean, sd, asked, low, high] = [s.mean, s.sd, self.cv_asked, s.low, s.high].map(|v| significant(v, 4));
        format!(
            "\nFactors of the weights of {} synapse slots: mean {mean}, sd {sd}, CV asked {asked}, {low} to {high}\n{}",
            self.factors.len(),
            histogram(&self.factors, "1", BAR_WIDTH)
        )
    }

    fn as_json(&self) -> Value {
        let s = (!self.factors.is_empty()).then(|| Statistics::of(&self.factors));
        json!({
            "slots": self.factors.len(),
            "cv_asked": self.cv_asked,
            "mean": s.as_ref().map(|s| s.mean),
            "sd": s.as_ref().map(|s| s.sd),
            "lowest": s.as_ref().map(|s| s.low),
            "highest": s.as_ref().map(|s| s.high),
        })
    }
}

/// The nearest f64.
pub(crate) fn number(value: units::Decimal) -> f64 {
    value.to_string().parse().expect("a decimal prints as a number")
}

impl Statistics {
    pub(crate) fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let first = values.first().copied().unwrap_or(0.0);
        // Equal values must have exactly no spread, so sums are taken of differences from the first one.
        let mean = first + values.iter().map(|v| v - first).sum::<f64>() / count;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let sd = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        let cubes: f64 = values.iter().map(|v| (v - mean) * (v - mean) * (v - mean)).sum();
        let square = squares / count;
        let skew = if squares > 0.0 { cubes / count / (square * square.sqrt()) } else { 0.0 };
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { mean, sd, skew, low, high }
    }

    /// Coefficient of variation; none around a mean of 0.
    pub(crate) fn cv(&self) -> Option<f64> {
        (self.mean != 0.0).then(|| self.sd / self.mean.abs())
    }
}

/// `value` with at most `digits` significant digits, without an exponent.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    let rounded: f64 = format!("{value:.*e}", digits - 1).parse().expect("a number that was just printed");
    rounded.to_string()
}

/// One line a neuron. Names of columns end in their unit.
fn csv(circuits: &[(u16, u16)], columns: &[Column]) -> String {
    let mut text = String::from("core,neuron");
    for column in columns {
        let unit = match column.unit.as_str() {
            "1" => String::new(),
            "%" => "_percent".into(),
            unit => format!("_{unit}"),
        };
        let _ = write!(text, ",{}{unit}", column.name);
    }
    text.push('\n');
    for (i, (core, neuron)) in circuits.iter().enumerate() {
        let _ = write!(text, "{core},{neuron}");
        for column in columns {
            let _ = write!(text, ",{}", significant(column.values[i], 9));
        }
        text.push('\n');
    }
    text
}

fn heading(spec: &ChipSpec, args: &DieArgs, cores: &[u16]) -> String {
    let mismatch = match &args.which.die {
        WhichDie::File(_) => "measured".into(),
        WhichDie::Number(_) => drawn::in_words(&args.which),
    };
    let where_ = match cores {
        [one] => format!("core {one}"),
        many => format!("{} cores", many.len()),
    };
    format!(
        "die {} of chip `{}`, seed {}, {mismatch}: {where_}, {} neurons each\n",
        args.which.die,
        spec.name,
        args.which.seed,
        spec.neurons_per_core()
    )
}

fn as_text(
    spec: &ChipSpec,
    args: &DieArgs,
    cores: &[u16],
    columns: &[Column],
    weights: Option<&WeightFactors>,
    faults: Option<&Faults>,
) -> String {
    if columns.is_empty() && weights.is_none() && faults.is_none() {
        return format!("chip `{}` has no mismatch: all its dies are the nominal chip\n", spec.name);
    }
    let mut text = heading(spec, args, cores);
    if !columns.is_empty() {
        let histograms = !args.parameters.is_empty() || columns.len() <= HISTOGRAMS_MAX;
        text.push_str(&parameters_as_text(columns, args, histograms));
    }
    if let Some(weights) = weights {
        text.push_str(&weights.as_text());
    }
    if let Some(faults) = faults {
        text.push_str(&faults.as_text());
    }
    text
}

fn parameters_as_text(columns: &[Column], args: &DieArgs, histograms: bool) -> String {
    let mut text = String::new();
    let rows = columns
        .iter()
        .map(|c| {
            let s = Statistics::of(&c.values);
            let cv = s.cv().map_or("-".into(), |cv| format!("{cv:.3}"));
            let fixed = [c.nominal, s.mean, s.sd, s.low, s.high].map(|v| significant(v, 4));
            let [nominal, mean, sd, low, high] = fixed;
            let skew = format!("{:.2}", s.skew);
            vec![c.name.clone(), c.unit.clone(), nominal, mean, sd, cv, significant(c.cv_asked, 4), skew, low, high]
        })
        .collect();
    let header = ["parameter", "unit", "nominal", "mean", "sd", "CV", "CV asked", "skew", "lowest", "highest"];
    let header = header.map(String::from);
    let _ = write!(text, "\n{}", text_table(&header, rows, &[0, 1]));
    let cut = match args.which.realised {
        Some(centre) => format!("after it is cut, with {centre} 1"),
        None => "before it is cut".into(),
    };
    let _ = writeln!(text, "\nCV and skew: of the neurons shown; CV asked: of the distribution, {cut}.");
    let factors: Vec<String> = columns.iter().filter(|c| c.factors).map(|c| format!("`{}`", c.name)).collect();
    if !factors.is_empty() {
        let names = factors.join(", ");
        let _ =
            writeln!(text, "The nominal value of {names} is 0: these are factors, which act once a network sets it.");
    }
    if !histograms {
        let example = &columns[0].name;
        let _ =
            write!(text, "\nThe histogram of a parameter is shown with --parameter, such as --parameter {example}.\n");
        return text;
    }
    for column in columns {
        let unit = if column.unit == "1" { String::new() } else { format!(" ({})", column.unit) };
        let _ = write!(
            text,
            "\n{}{unit}: {}\n{}",
            column.name,
            column.summary,
            histogram(&column.values, &column.unit, BAR_WIDTH)
        );
    }
    text
}

fn as_json(
    spec: &ChipSpec,
    args: &DieArgs,
    cores: &[u16],
    columns: &[Column],
    weights: Option<&WeightFactors>,
    faults: Option<&Faults>,
) -> Value {
    let parameters: Vec<Value> = columns
        .iter()
        .map(|c| {
            let s = Statistics::of(&c.values);
            json!({
                "name": c.name, "unit": c.unit, "nominal": c.nominal, "factors": c.factors, "mean": s.mean, "sd": s.sd, "cv": s.cv(),
                "skew": s.skew, "cv_asked": c.cv_asked, "lowest": s.low, "highest": s.high, "values": c.values,
            })
        })
        .collect();
    json!({
        "chip": spec.name,
        "seed": args.which.seed,
        "die": args.which.die.json(),
        "cv": args.which.cv().map(|cv| cv.to_string()),
        "setting": drawn::as_json(&args.which),
        "cores": cores,
        "neurons_per_core": spec.neurons_per_core(),
        "parameters": parameters,
        "weights": weights.map(WeightFactors::as_json),
        "faults": faults.map(Faults::as_json),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn significant_digits() {
        assert_eq!(significant(20.123_456_789, 4), "20.12");
        assert_eq!(significant(0.000_012_345, 3), "0.0000123");
        assert_eq!(significant(0.0, 9), "0");
        assert_eq!(significant(-1.0, 9), "-1");
        assert_eq!(significant(123_456.0, 4), "123500");
    }

    #[test]
    fn equal_values_have_no_spread() {
        let s = Statistics::of(&[0.1; 7]);
        assert_eq!((s.mean, s.sd, s.low, s.high, s.cv()), (0.1, 0.0, 0.1, 0.1, Some(0.0)));
        assert_eq!(Statistics::of(&[0.0, 0.0]).cv(), None);
        let s = Statistics::of(&[1.0, 3.0]);
        assert_eq!((s.mean, s.sd), (2.0, 2f64.sqrt()));
    }
}
