//! `quenched die --effective`: the values of a die as a core uses them.

use crate::args::DieArgs;
use crate::commands::die::{Statistics, number, significant};
use crate::errors::HostError;
use chip::{ChipSpec, CoreModel, CoreProgram, Measure, canonical_unit};
use device_models::{DieParameters, Effective, effective};
use formats::suggestion;
use report::text_table;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use units::CoreAddress;

/// The parameters of cores of one model.
pub(crate) struct EffectiveValues {
    model: CoreModel,
    rows: Vec<Row>,
}

/// One parameter, over all circuits that are shown.
struct Row {
    name: String,
    unit: String,
    grid: String,
    /// Of the circuits, before and after rounding.
    cvs: [Option<f64>; 2],
    used: Vec<f64>,
}

impl EffectiveValues {
    /// Those of the chip's cores `cores`, in full use with nominal parameters.
    pub(crate) fn of(
        spec: &ChipSpec,
        die: &DieParameters,
        args: &DieArgs,
        cores: &[u16],
    ) -> Result<Option<Self>, HostError> {
        if !args.effective {
            return Ok(None);
        }
        let model = match &args.model {
            None => spec.models[0],
            Some(name) => spec.models.iter().copied().find(|model| model.name() == name).ok_or_else(|| {
                let known: Vec<String> = spec.models.iter().map(|model| model.name().to_string()).collect();
                HostError::Usage {
                    message: format!("chip `{}` has no core model `{name}`", spec.name),
                    help: suggestion(name, &known, "its core models are"),
                }
            })?,
        };
        let mut all: BTreeMap<String, Vec<Effective>> = BTreeMap::new();
        let mut scale = 0;
        for core in cores {
            let core = CoreProgram {
                address: CoreAddress::new(0, *core),
                model,
                neuron_count: spec.neurons_per_core() as u32,
                parameters: BTreeMap::new(),
                weight_exponent: 0,
                off: Vec::new(),
                circuits: Vec::new(),
            };
            // The cores differ in their address alone.
            scale = spec.core_scale(&core);
            let found = effective(spec, &core, die);
            let found = found.map_err(|e| HostError::Device { chip: spec.name.clone(), error: Box::new(e) })?;
            for parameter in found {
                all.entry(parameter.parameter.clone()).or_default().push(parameter);
            }
        }
        let asked = |name: &String| args.parameters.is_empty() || args.parameters.contains(name);
        let shown = all.into_iter().filter(|(name, _)| asked(name));
        let rows = shown.map(|(name, of_cores)| row(spec, (model, scale), name, &of_cores));
        Ok(Some(Self { model, rows: rows.collect() }))
    }

    pub(crate) fn as_text(&self) -> String {
        let percent = |cv: Option<f64>| cv.map_or("-".into(), |cv| format!("{:.2} %", cv * 100.0));
        let rows = self.rows.iter().map(|row| {
            let s = Statistics::of(&row.used);
            let mut different: Vec<u64> = row.used.iter().map(|value| value.to_bits()).collect();
            different.sort_unstable();
            different.dedup();
            let [mean, low, high] = [s.mean, s.low, s.high].map(|value| significant(value, 4));
            let [drawn, left] = row.cvs.map(percent);
            let count = different.len().to_string();
            vec![row.name.clone(), row.unit.clone(), row.grid.clone(), drawn, left, mean, low, high, count]
        });
        let header = ["parameter", "unit", "kept on", "CV drawn", "CV left", "mean", "lowest", "highest", "values"];
        format!(
            "\nAs cores of model `{}` use them:\n\n{}\nCV drawn: of the circuits shown; CV left: after rounding; values: how \
             many different ones.\n",
            self.model,
            text_table(&header.map(String::from), rows.collect(), &[0, 1, 2])
        )
    }

    pub(crate) fn as_json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "name": row.name, "unit": row.unit, "kept_on": row.grid, "cv_drawn": row.cvs[0], "cv_left": row.cvs[1],
                "values": row.used,
            })
        });
        json!({ "model": self.model.name(), "parameters": rows.collect::<Vec<_>>() })
    }
}

fn row(spec: &ChipSpec, (model, scale): (CoreModel, i8), name: String, of_cores: &[Effective]) -> Row {
    let unit = canonical_unit(spec.parameters[&name].nominal.quantity.unit.dimension());
    let readings = model.readings(&spec.synapses);
    let level = readings.iter().any(|reading| reading.parameter == name && reading.measure == Measure::Level);
    // Levels are kept relative to the threshold, and shown as people write them.
    let one = if level && model.threshold().is_some() {
        spec.level(model).value_in(unit).map_or(1.0, number) * 2f64.powi(scale.into())
    } else {
        1.0
    };
    // Values have 32 fraction bits; 2^32 is exact.
    let real = |bits: i64| bits as f64 / 4_294_967_296.0 * one;
    let value: Vec<f64> = of_cores.iter().flat_map(|e| &e.value).map(|value| real(value.to_bits())).collect();
    let used: Vec<f64> = of_cores.iter().flat_map(|e| &e.used).map(|value| real(value.to_bits())).collect();
    let cvs = [&value, &used].map(|all| Statistics::of(all).cv());
    Row { name, unit: unit.to_string(), grid: of_cores[0].grid.to_string(), cvs, used }
}
