//! Networks in no chip's words, on every chip that can hold them.

use chip::ChipSpec;
use device_models::DieParameters;
use emulator::Spike;
use fx::Weight;
use mapper::MapperOptions;
use network::{Endpoint, Network};
use session::{Board, Session};
use std::path::Path;
use units::Tick;

const EXAMPLE: &str = include_str!("../../examples/portable.toml");

fn read(text: &str, chip: &ChipSpec) -> Network {
    formats::network::read(text, "n.toml", Path::new("."), chip).unwrap_or_else(|e| panic!("{}: {e}", chip.name))
}

fn shipped(name: &str) -> ChipSpec {
    formats::chip::shipped(name).unwrap()
}

#[test]
fn the_example_maps_on_every_analog_chip_and_more() {
    let [calibrated, raw] = ["brainscales2", "brainscales2-uncalibrated"];
    for name in ["dynapse2", calibrated, raw, "ideal", "ideal-mismatched", "loihi-lava", "loihi-brian2"] {
        let spec = shipped(name);
        let network = read(EXAMPLE, &spec);
        assert!(network.populations.iter().all(|p| p.model == spec.models[0]), "{name}");
        let mapping = mapper::map(&network, &spec, &MapperOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let kept: u64 = mapping.report.projections.iter().map(|p| p.kept).sum();
        assert_eq!((kept, mapping.report.losses.len()), (40 * 6 + 20 + 20 + 20, 0), "{name}");
    }
}

#[test]
fn weights_in_thresholds_are_multiplied_exactly() {
    let text = |weight: &str, parameters: &str| {
        format!(
            "format = \"quenched-network\"\nversion = 1\n[[input]]\nname = \"i\"\nchannels = 3\n[[population]]\n\
             name = \"p\"\nsize = 3\n{parameters}\n[[projection]]\nname = \"x\"\npre = \"i\"\npost = \"p\"\n\
             connect = \"one-to-one\"\nweight = {weight}\n"
        )
    };
    let weights = |chip: &str, weight: &str, parameters: &str| -> Vec<Weight> {
        read(&text(weight, parameters), &shipped(chip)).projections[0].connections.iter().map(|c| c.weight).collect()
    };
    let decimal = |number: &str| Weight::from_decimal(number.parse().unwrap()).unwrap();
    // Onto `lif` and `analog-lif` the nominal threshold counts as 1, onto others the unit does.
    for (chip, parameters, weight, expected) in [
        ("ideal", "", "\"0.2 threshold\"", "0.2"),
        ("ideal", "parameters = { v_threshold = \"15 mV\" }", "\"0.2 threshold\"", "0.15"),
        ("ideal", "parameters = { v_threshold = \"0.0151 V\" }", "\"-0.3 threshold\"", "-0.2265"),
        ("ideal", "model = \"analog-lif\"", "\"1 threshold\"", "1"),
        ("dynapse2", "", "\"0.2 threshold\"", "0.2"),
        ("brainscales2", "", "\"0.2 threshold\"", "0.2"),
        ("loihi-lava", "", "\"0.33 threshold\"", "33"),
        ("xylo-audio3", "", "\"0.033 threshold\"", "33"),
        ("ideal", "", "{ low = \"0.2 threshold\", high = \"4 mV\" }", "0.2"),
        ("ideal", "", "{ mean = \"0.1 threshold\", deviation = \"0 threshold\" }", "0.1"),
        ("ideal", "", "{ mean = \"0.1 threshold\", cv = 0, family = \"gamma\" }", "0.1"),
    ] {
        assert_eq!(weights(chip, weight, parameters), [decimal(expected); 3], "{chip} {weight}");
    }
    let refused = |chip: &str, weight: &str, parameters: &str, expected: &str| {
        let spec = shipped(chip);
        let error = formats::network::read(&text(weight, parameters), "n", Path::new("."), &spec).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    let own = "parameters = { v_threshold = { low = \"15 mV\", high = \"16 mV\" } }";
    refused(
        "ideal",
        "\"0.2 threshold\"",
        own,
        "the neurons of `p` have thresholds of their own: give the weight in mV",
    );
    refused("ideal", "\"0.2 threshold\"", "model = \"rate\"", "core model `rate` of `p` has no threshold");
    refused("dynapse2", "\"0.2 threshold\"", "model = \"dpi\"", "core model `dpi` of `p` has no threshold");
    refused(
        "ideal",
        "\"4000 threshold\"",
        "",
        "a weight of 4000 threshold does not fit: it is below 2048 times the nominal threshold",
    );
    refused("ideal", "\"x threshold\"", "", "not a decimal number");
    refused("ideal", "\"0.2threshold\"", "", "a quantity is a number, a space and a unit");
}

fn board(text: &str, chip: &str) -> Board {
    let spec = shipped(chip);
    let network = read(text, &spec);
    Board::map(spec, &network, &MapperOptions::default()).unwrap()
}

fn spikes(session: &mut Session, ends: &[u64]) -> Vec<Spike> {
    let mut spikes = Vec::new();
    ends.iter().for_each(|end| session.run_until(Tick(*end), &mut spikes));
    spikes
}

#[test]
fn sources_are_the_same_however_a_run_is_cut() {
    for (chip, end) in [("ideal", 400), ("dynapse2", 400_000), ("brainscales2", 4_000_000)] {
        let board = board(EXAMPLE, chip);
        let die = DieParameters::nominal();
        let straight = spikes(&mut board.on(&die).unwrap(), &[end]);
        let mut first = board.on(&die).unwrap();
        let mut cut = spikes(&mut first, &[end / 7, end / 3]);
        let mut second = board.resume(&die, &first.snapshot()).unwrap();
        cut.extend(spikes(&mut second, &[end / 2 + 1, end]));
        assert_eq!(cut, straight, "{chip}");
        first.reset();
        assert_eq!(spikes(&mut first, &[end]), straight, "{chip}: from the start again");
        let mut other = board.on(&die).unwrap();
        other.set_sources(0, 1);
        assert!(straight.is_empty() || spikes(&mut other, &[end]) != straight, "{chip}: another trial");
    }
}

/// An input, a neuron or a projection more leaves the draws of all others as they are.
#[test]
fn what_is_added_moves_nothing() {
    let spec = shipped("ideal");
    let before = read(EXAMPLE, &spec);
    let more = EXAMPLE.replacen("[[population]]", "[[input]]\nname = \"new\"\nchannels = 3\n\n[[population]]", 1)
        + "[[projection]]\nname = \"more\"\npre = \"layer[3..9]\"\npost = \"layer[0..40]\"\nconnect = { probability = 0.5 }\n\
           weight = \"0.1 threshold\"\ndelay = { low = 1, high = 9 }\n\
           [[projection]]\nname = \"new\"\npre = \"new[1]\"\npost = \"out\"\nconnect = \"all-to-all\"\nweight = \"1 mV\"\n";
    let after = read(&more, &spec);
    assert_eq!(after.inputs[..2], before.inputs);
    assert_eq!(after.projections[..4], before.projections);
    let [.., inside, single] = &after.projections[..] else { panic!("two more") };
    assert!(inside.connections.iter().all(|c| (3..9).contains(&c.pre) && c.pre != c.post));
    assert!(inside.connections.delays().unwrap().iter().all(|delay| (1..=9).contains(delay)));
    assert_eq!((single.pre, single.connections.len()), (Endpoint::Input(2), 2));
}

/// Delays drawn for single connections, run through router and emulator: each spike arrives as late as its connection
/// says.
#[test]
fn every_connection_has_its_delay_when_it_runs() {
    let text = r#"
        format = "quenched-network"
        version = 1
        seed = 9
        input = [{ name = "in", channels = 5 }]
        population = [{ name = "p", size = 30 }]
        [[projection]]
        name = "x"
        pre = "in"
        post = "p"
        connect = "all-to-all"
        weight = "2 threshold"
        delay = { low = 1, high = 40 }
    "#;
    let spec = shipped("ideal");
    let network = read(text, &spec);
    let projection = &network.projections[0];
    let delays: Vec<u16> = projection.connections.delays().unwrap().to_vec();
    assert!(delays.iter().collect::<std::collections::BTreeSet<_>>().len() > 20);
    let board = Board::map(spec, &network, &MapperOptions::default()).unwrap();
    for channel in 0..5 {
        let mut session = board.on(&DieParameters::nominal()).unwrap();
        session.send(board.channel("in", channel).unwrap(), Tick(10), 1).unwrap();
        let found: Vec<(u32, u64)> = spikes(&mut session, &[100])
            .iter()
            .map(|s| (board.member(s.core, s.neuron).unwrap().1, s.tick.0))
            .collect();
        let of_channel = projection.connections.row_range(channel);
        // An event of the host acts in its own tick where the delay is one.
        let mut expected: Vec<(u32, u64)> =
            of_channel.clone().map(|i| ((i - of_channel.start) as u32, 9 + u64::from(delays[i]))).collect();
        expected.sort_unstable_by_key(|(neuron, tick)| (*tick, *neuron));
        assert_eq!(found, expected, "channel {channel}");
    }
}
