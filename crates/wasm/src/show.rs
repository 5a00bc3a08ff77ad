//! A run: what goes in, what comes out, how good that is, and the files that reproduce it anywhere.

use crate::curve::{first, place};
use crate::die::{number, real};
use crate::setting::{MAPPING, STUDY_FILE};
use crate::{PlaygroundError, Setting};
use budget::Allowance;
use device_models::realised_mismatch;
use emulator::{Each, Spike};
use formats::events::write_inputs;
use mapper::MapperOptions;
use serde_json::{Value, json};
use study::{OneRun, Runs};
use units::Unit;

/// What the files are called on the disk of who saves them.
const NETWORK_FILE: &str = "playground-network.toml";
const EVENTS_FILE: &str = "playground-events.csv";

/// The one stimulus of a series.
const STIMULUS: usize = 0;

/// The run of `setting`, the last one of its study.
pub(crate) fn answer(setting: &Setting, runs: &mut Runs) -> Result<Value, PlaygroundError> {
    let run = runs.open(runs.len() - 1)?;
    let (board, die, ticks) = (run.board(), run.die()?, run.ticks(STIMULUS));
    let (mut spike_ticks, mut spike_neurons) = (Vec::new(), Vec::new());
    let mut watch = Each(|spike: Spike| match board.member(spike.core, spike.neuron) {
        Some((population, neuron)) if population == run.reservoir() => {
            spike_ticks.push(spike.tick.0);
            spike_neurons.push(neuron);
        }
        _ => {}
    });
    let session = run.play(STIMULUS, &mut watch)?;
    let row = first(run.rows()?);
    let network = network_file(&run)?;
    let spec = board.spec();
    let circuits: Vec<Value> = (0..run.network().populations[run.reservoir()].size)
        .filter_map(|neuron| board.place(run.reservoir(), neuron))
        .map(|(core, neuron)| json!([board.program().cores[core].address.core.0, neuron.0]))
        .collect();
    let parameters = realised_mismatch(spec, &board.program().cores, &die)?;
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|realised| {
            let parameter = &spec.parameters[&realised.parameter];
            json!({
                "name": realised.parameter,
                "summary": parameter.summary,
                "unit": parameter.nominal.quantity.unit.to_string(),
                "nominal": number(parameter.nominal.quantity.value),
                "evidence": parameter.nominal.evidence.name(),
                "mean": real(realised.drawn.mean),
                "cv": realised.drawn.cv().map(real),
            })
        })
        .collect();
    let events = run.events(STIMULUS);
    let mapping = run.mapping();
    let mut warnings = row.warnings.clone();
    warnings.extend(run.warnings().clone());
    let mut answer = place(run.point());
    let number_of_die = run.point().die();
    let extend = json!({
        "digest": format!("{:016x}", session.digest()),
        "ticks": ticks,
        "tick_ms": spec.tick.quantity.value_in(Unit::MILLISECOND).map_or(f64::NAN, number),
        "metric": row.metric,
        "score": row.score_float,
        "by_target": run.correlations()?,
        "rate_hz": row.rate_hz,
        "features_digest": row.digest,
        "spikes": { "ticks": spike_ticks, "neurons": spike_neurons },
        "input": {
            "channels": run.network().inputs[0].channels,
            "ticks": events.iter().map(|event| event.tick.0).collect::<Vec<_>>(),
            "channel": events.iter().map(|event| event.channel.0).collect::<Vec<_>>(),
            "samples": run.samples(STIMULUS, 0).into_iter().map(real).collect::<Vec<_>>(),
        },
        "circuits": circuits,
        "parameters": parameters,
        "connections": { "wanted": mapping.connections_wanted, "kept": mapping.connections_kept },
        "mapping": mapping.report,
        "warnings": warnings,
        "files": [
            { "name": NETWORK_FILE, "text": network },
            { "name": EVENTS_FILE, "text": write_inputs(events) },
            { "name": STUDY_FILE, "text": setting.study_of_run()? },
        ],
        "commands": [
            format!(
                "quenched run {NETWORK_FILE} --chip {} --seed {} --die {number_of_die} --cv {} --input {EVENTS_FILE} --ticks {ticks}",
                setting.chip,
                setting.seed,
                setting.mismatch()?
            ),
            format!("quenched study {STUDY_FILE} --out playground-results"),
        ],
    });
    for (key, value) in extend.as_object().expect("it was written as one") {
        answer[key] = value.clone();
    }
    Ok(answer)
}

/// The network of `run` as a file, which was read back: it gives the same network, mapped in the same way.
fn network_file(run: &OneRun<'_>) -> Result<String, PlaygroundError> {
    let wrong = |reason: &str| PlaygroundError::NotTheNetwork { reason: reason.into() };
    let text = run.network_file(MAPPING).ok_or_else(|| wrong("no file of a few lines has its weights"))?;
    let mut options = MapperOptions::default();
    let mut set = |key: &str, value: &str| options.set(key, value);
    let network =
        formats::network::read_with(&text, NETWORK_FILE, "".as_ref(), run.board().spec(), Allowance::Usual, &mut set)?;
    if network != *run.network() {
        return Err(wrong("it draws other connections"));
    }
    if options != *run.mapper_options() {
        return Err(wrong("it is mapped in another way"));
    }
    Ok(text)
}
