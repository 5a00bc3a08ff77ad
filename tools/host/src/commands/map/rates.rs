//! How often populations spike before and after they met the chip, over samples of the user, and their calibration.

use crate::args::MapArgs;
use crate::commands::load::{Loaded, is_graph, load, not_mapped, unlimited};
use crate::commands::samples;
use crate::errors::HostError;
use crate::progress::progress;
use calibrate::{CalibrateError, Factor, Layer, Search};
use device_models::DieParameters;
use report::text_table;
use score::{LabelledSet, SetOptions, Showing, Source, activity};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use warnings::{Kind, Warnings};

/// What samples showed of a mapping.
pub(super) struct Rates {
    samples: usize,
    layers: Vec<Layer>,
    calibrated: bool,
}

/// Maps what the command line names, shows it the samples that it names, and calibrates it if that is asked for.
pub(super) fn load_with(args: &MapArgs, quiet: bool) -> Result<(Loaded, Option<Rates>), HostError> {
    let rates = &args.rates;
    let Some(path) = rates.set() else {
        if let Some(flag) = rates.first() {
            return Err(HostError::Usage {
                message: format!("`{flag}` says how samples are shown, and none are named"),
                help: Some("name them with `--rates` or `--calibrate`".into()),
            });
        }
        return Ok((load(&args.what, false, &args.for_die)?, None));
    };
    let file = &args.what.network;
    let graph = is_graph(file)?;
    let source = Source::unlabelled(path, rates.how.node.as_deref(), rates.how.raster || graph)?;
    let mut loaded = load(&args.what, graph && source.has_numbers()?, &args.for_die)?;
    let Some(network) = loaded.mapped().cloned() else {
        return Err(HostError::Usage {
            message: format!("{}: a program does not say what its network was to do", file.display()),
            help: Some("give the network that it was made of".into()),
        });
    };
    // The same samples for the network without limits, whose steps can have another number of ticks.
    let reference = unlimited(&args.what, &loaded)?;
    let (set, showing) = shown(args, &loaded, &source, None)?;
    let (its_set, its_showing) = shown(args, &reference, &source, showing.1)?;
    let refused = |error: CalibrateError| of(error, file);
    let board = reference.board(file)?;
    let wished = activity(&board, &DieParameters::nominal(), &its_set, &its_showing.0)?;
    let spec = loaded.spec.clone();
    let search = Search {
        network: &network,
        spec: &spec,
        options: &loaded.options,
        set: &set,
        showing: &showing.0,
        wished: &wished,
    };
    let calibrated = rates.calibrate.is_some();
    let layers = if calibrated {
        let bar = progress(network.populations.len() as u64, "{pos} of {len} populations", quiet);
        let found = search.calibrate(|_| bar.inc(1)).map_err(refused)?;
        bar.finish_and_clear();
        for layer in &found.layers {
            loaded.calibrate(&layer.population, layer.factor);
        }
        loaded.replace(found.network, found.mapping);
        found.layers
    } else {
        search.measure().map_err(refused)?
    };
    let rates = Rates { samples: set.samples.len(), layers, calibrated };
    if let Some(report) = &mut loaded.report {
        report.warnings.extend(rates.warnings());
    }
    Ok((loaded, Some(rates)))
}

/// How samples are shown, and for how many steps if that is not their own length.
type Shown = (LabelledSet, (Showing, Option<u64>));

/// The samples for a program, shown for `steps`, or else as long as the command line says.
fn shown(args: &MapArgs, loaded: &Loaded, source: &Source, steps: Option<u64>) -> Result<Shown, HostError> {
    let options: SetOptions = samples::options(&args.rates.how, loaded)?;
    let row = options.row;
    let ticks = match steps {
        Some(steps) => Some(steps.saturating_mul(row)),
        None => samples::ticks(&args.rates.length, &loaded.spec, row)?,
    };
    let showing = Showing { ticks, multiple: samples::multiple(&args.rates.how), ..Showing::default() };
    Ok((source.clone().read(&options)?, (showing, ticks.map(|ticks| ticks.div_ceil(row)))))
}

fn of(error: CalibrateError, path: &Path) -> HostError {
    let file = path.display().to_string();
    match error {
        CalibrateError::Mapper(error) => not_mapped(path, Vec::new(), error),
        CalibrateError::Session(error) => HostError::Session { file, error: Box::new(error) },
        CalibrateError::Score(error) => error.into(),
        error => HostError::Usage { message: format!("{file}: {error}"), help: None },
    }
}

impl Rates {
    /// Spikes of a layer in the end.
    fn last(layer: &Layer) -> (u64, usize) {
        (layer.calibrated.unwrap_or(layer.mapped), layer.calibrated_silent.unwrap_or(layer.mapped_silent))
    }

    /// Populations that lost all of their spikes.
    fn warnings(&self) -> Warnings {
        let mut warnings = Warnings::default();
        if self.layers.iter().all(|layer| layer.wished == 0) {
            let text = "no population spikes with them, even without the limits of the chip: nothing can be compared";
            warnings.push(Kind::Silent, "samples", text);
        }
        for layer in self.layers.iter().filter(|layer| layer.wished > 0 && Self::last(layer).0 == 0) {
            let causes: Vec<String> = layer.causes.iter().map(ToString::to_string).collect();
            let text = format!(
                "has {} spikes over {} samples without the limits of the chip, and none on it: {}",
                layer.wished,
                self.samples,
                causes.join("; ")
            );
            warnings.push(Kind::Silent, layer.population.as_str(), text);
        }
        warnings
    }

    /// A table of the populations, and the causes.
    pub(super) fn text(&self) -> String {
        let each = |spikes: u64, layer: &Layer| {
            format!("{:.3}", spikes as f64 / layer.neurons.max(1) as f64 / self.samples.max(1) as f64)
        };
        let mut header = vec!["population", "neurons", "wished", "silent", "on chip", "silent"];
        if self.calibrated {
            header.extend(["factor", "calibrated", "silent"]);
        }
        let row = |layer: &Layer| {
            let mut row = vec![
                layer.population.clone(),
                layer.neurons.to_string(),
                each(layer.wished, layer),
                layer.wished_silent.to_string(),
                each(layer.mapped, layer),
                layer.mapped_silent.to_string(),
            ];
            if self.calibrated {
                let (spikes, silent) = Self::last(layer);
                let factor = if layer.factor == Factor::ONE { "-".to_owned() } else { layer.factor.to_string() };
                row.extend([factor, each(spikes, layer), silent.to_string()]);
            }
            row
        };
        let header: Vec<String> = header.into_iter().map(String::from).collect();
        let mut text = format!(
            "spikes of a neuron in a sample, the mean over {} samples, and neurons that are silent in all of them\n",
            self.samples
        );
        text.push_str(&text_table(&header, self.layers.iter().map(row).collect(), &[0]));
        for layer in &self.layers {
            for cause in &layer.causes {
                let _ = writeln!(text, "`{}` has less than half of its spikes: {cause}", layer.population);
            }
        }
        text
    }

    /// The same as JSON.
    pub(super) fn json(&self) -> Value {
        let layers = self.layers.iter().map(|layer| {
            json!({
                "population": layer.population,
                "neurons": layer.neurons,
                "wished": { "spikes": layer.wished, "silent": layer.wished_silent },
                "mapped": { "spikes": layer.mapped, "silent": layer.mapped_silent },
                "calibrated": layer.calibrated.map(|spikes| {
                    json!({ "spikes": spikes, "silent": layer.calibrated_silent })
                }),
                "factor": self.calibrated.then(|| layer.factor.value()),
                "causes": layer.causes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        });
        json!({ "samples": self.samples, "populations": layers.collect::<Vec<_>>() })
    }
}
