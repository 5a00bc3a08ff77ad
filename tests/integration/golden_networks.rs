//! Golden cases as networks: mapped onto the chip whose rules they follow, they do what was recorded.
//!
//! The way goes through the mapper, as that of any network, and not through the program that a replay makes. A case
//! that cannot go it is refused by the name of the field that stands in its way; these are listed here one by one.

use crate::golden::workspace;
use conform::{Case, CaseNetwork, Found, find};
use device_models::DieParameters;
use emulator::{Each, Spike};
use mapper::MapperOptions;
use session::{Board, Multiple};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use units::Tick;

/// Cases that no chip holds as a network: words of the refusal.
const REFUSED: [(&str, &str); 9] = [
    ("loihi2_lif", "the field 'format' cannot be held as a network: cases of `hw-trace/1`"),
    ("l19_ternary", "the field 'populations[0].model' cannot be held as a network: its spikes have a sign"),
    ("l23_delay_graded_neg_exp", "the field 'connections[0].num_message_bits' cannot be held as a network"),
    ("n13_noise_current", "the field 'blocks[0].params.enable_noise' cannot be held as a network"),
    ("net_08", "the field 'aliases[10]' cannot be held as a network"),
    ("net_16", "the field 'aliases[0]' cannot be held as a network"),
    ("net_18", "400 hidden neurons receive input, but 128 can"),
    ("details", "the field 'aliases[1]' cannot be held as a network"),
    ("details_v1", "the field 'format' cannot be held as a network: it follows the rules `xylo-v1`"),
];

/// What was recorded beside what the network does; how many values were compared, or why there is none.
fn compare(path: &Path) -> Result<usize, String> {
    let case = Case::open(path).unwrap();
    let spec = formats::chip::shipped(conform::chip_of(&case).map_err(|e| e.to_string())?).unwrap();
    let CaseNetwork { network, steps, events, .. } = conform::as_network(&case, &spec).map_err(|e| e.to_string())?;
    let options = MapperOptions { max_weight_error: Some(0.0), ..MapperOptions::default() };
    let mapping = mapper::map(&network, &spec, &options).map_err(|error| error.to_string())?;
    assert!(mapping.report.losses.is_empty(), "{}", mapping.report);
    let ticks = spec.step_ticks();
    let board = Board::new(spec, mapping.program, mapping.symbols).unwrap();
    let mut session = board.on(&DieParameters::nominal()).unwrap();
    for population in &network.populations {
        for kind in session.quantities(&population.name).unwrap() {
            if ["u", "v", "i_syn", "i_syn2", "v_mem"].contains(&kind.name.as_str()) {
                session.probe_population(&population.name, None, &kind.name).unwrap();
            }
        }
    }
    let end = Tick(steps as u64 * ticks);
    session.take_all(events, Tick(0)..end, Multiple::Count).unwrap();
    let mut spikes: Vec<Vec<i32>> = network.populations.iter().map(|p| vec![0; steps * p.size as usize]).collect();
    let observed = board.clone();
    let observer = |spike: Spike| {
        let (population, neuron) = observed.member(spike.core, spike.neuron).unwrap();
        let width = network.populations[population].size as usize;
        spikes[population][(spike.tick.0 / ticks) as usize * width + neuron as usize] += spike.value;
    };
    session.run_until(end, &mut Each(observer));
    let mut states: BTreeMap<(usize, &str), Vec<&[i64]>> = BTreeMap::new();
    for recording in session.recordings() {
        let (population, _) = recording.probe.member.unwrap();
        states.entry((population, &recording.probe.kind.name)).or_default().push(&recording.bits);
    }
    let mut compared = 0;
    for trace in conform::replay(&case).unwrap().traces {
        let Some(population) = network.population(&trace.population) else { continue };
        let quantity = trace.quantity.trim_end_matches("_out");
        let got: Vec<i32> = match states.get(&(population, quantity)) {
            Some(columns) => (0..steps).flat_map(|row| columns.iter().map(move |bits| bits[row] as i32)).collect(),
            None if ["s", "spikes"].contains(&quantity) => spikes[population].clone(),
            // A second current that nothing feeds is 0, and no register of the program.
            None => {
                assert_eq!(quantity, "i_syn2", "{}", path.display());
                vec![0; trace.expected.len()]
            }
        };
        let at = trace.expected.iter().zip(&got).position(|(expected, got)| expected != got);
        if let Some(at) = at {
            let (row, neuron) = (at / trace.columns, at % trace.columns);
            let (expected, got) = (trace.expected[at], got[at]);
            return Err(format!("different: {} of {neuron} in row {row} is {got}, not {expected}", trace.key));
        }
        compared += got.len();
    }
    Ok(compared)
}

/// Compares all cases of some folders; how many are held.
fn check(folders: &[PathBuf]) -> usize {
    let (mut held, mut wrong) = (0, Vec::new());
    for Found { path, .. } in folders.iter().flat_map(|folder| find(folder).unwrap()) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let refused = REFUSED.iter().find(|(case, _)| *case == name);
        match (compare(&path), refused) {
            (Ok(values), None) => {
                assert!(values > 0, "{name}");
                held += 1;
            }
            (Err(error), Some((_, words))) if error.contains(words) => {}
            (Err(error), Some((_, words))) => wrong.push(format!("{name}: {error}\n is not: {words}")),
            (Err(error), None) => wrong.push(format!("{name} is refused: {error}")),
            (Ok(_), Some(_)) => wrong.push(format!("{name} is held: take it from the list")),
        }
    }
    assert!(wrong.is_empty(), "{held} are held\n{}", wrong.join("\n"));
    held
}

#[test]
fn recorded_networks_do_what_was_recorded() {
    let golden = workspace().join("tests/golden");
    assert_eq!(check(&[golden.join("loihi"), golden.join("xylo")]), 6);
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn recorded_networks_of_the_shared_folder_do_what_was_recorded() {
    let all = ["lava", "nengo-loihi", "brian2loihi", "xylo", "loihi2-chip"];
    let folders = all.map(|folder| workspace().join("../shared/golden").join(folder));
    let (there, absent): (Vec<PathBuf>, Vec<PathBuf>) = folders.into_iter().partition(|folder| folder.is_dir());
    absent.iter().for_each(|folder| eprintln!("skipped: there is no {}", folder.display()));
    check(&there);
}
