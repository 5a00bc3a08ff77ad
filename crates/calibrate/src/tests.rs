use crate::{Cause, Factor, Search, scaled};
use chip::{ChipSpec, InputEvent, Values};
use device_models::DieParameters;
use fx::Weight;
use mapper::{MapperOptions, Scale};
use network::Network;
use score::{LabelledSet, Sample, Showing, activity};
use session::{Board, PopulationActivity};
use units::{InputId, Tick};

fn chip(name: &str) -> ChipSpec {
    formats::chip::shipped(name).unwrap()
}

fn network(text: &str, spec: &ChipSpec) -> Network {
    let text = format!("format = \"quenched-network\"\nversion = 1\n{text}");
    formats::network::read(&text, "network.toml", "".as_ref(), spec).unwrap_or_else(|error| panic!("{error}"))
}

/// Two layers of whole numbers, the first with this threshold.
fn loihi(threshold: u32) -> String {
    format!(
        r#"
input = [{{ name = "in", channels = 4 }}]
population = [
    {{ name = "a", size = 6, model = "loihi", parameters = {{ v_threshold = "{threshold} 1" }} }},
    {{ name = "b", size = 3, model = "loihi", parameters = {{ v_threshold = "40 1" }} }},
]
projection = [
    {{ name = "x", pre = "in", post = "a", synapse = "box", connect = "all-to-all", weight = "60 1" }},
    {{ name = "y", pre = "a", post = "b", synapse = "box", connect = "all-to-all", weight = "30 1" }},
]
"#
    )
}

/// Samples of two hundred steps in which the channels take turns.
fn samples(count: u64, channels: u32) -> LabelledSet {
    let sample = |number: u64| {
        let event =
            |tick| InputEvent { tick: Tick(tick), channel: InputId((tick + number) as u32 % channels), payload: 1 };
        Sample {
            name: format!("sample {number}"),
            label: 0,
            events: (1..200).step_by(1 + number as usize).map(event).collect(),
            ticks: Some(200),
            before: 0,
            skipped: 0,
        }
    };
    LabelledSet { classes: Vec::new(), samples: (0..count).map(sample).collect() }
}

fn on_nominal(network: &Network, spec: &ChipSpec, set: &LabelledSet) -> Vec<PopulationActivity> {
    let board = Board::map(spec.clone(), network, &MapperOptions::default()).unwrap();
    activity(&board, &DieParameters::nominal(), set, &Showing::default()).unwrap()
}

#[test]
fn a_threshold_that_is_too_high_is_found_and_lowered() {
    let (spec, set) = (chip("loihi-lava"), samples(3, 4));
    let wished = on_nominal(&network(&loihi(100), &spec), &spec, &set);
    for (threshold, settled) in [(300, true), (40, true), (100, false)] {
        let given = network(&loihi(threshold), &spec);
        let options = MapperOptions::default();
        let showing = Showing::default();
        let search =
            Search { network: &given, spec: &spec, options: &options, set: &set, showing: &showing, wished: &wished };
        let found = search.calibrate(|_| ()).unwrap();
        assert_eq!(found.layers[0].factor != Factor::ONE, settled, "threshold {threshold}");
        for layer in &found.layers {
            let calibrated = layer.calibrated.unwrap();
            assert!(calibrated.abs_diff(layer.wished) <= layer.mapped.abs_diff(layer.wished), "{layer:?}");
            assert!(calibrated.abs_diff(layer.wished) * 20 <= layer.wished, "{layer:?}");
        }
        // What is reported is what the mapping that comes with it does.
        let again = on_nominal(&found.network, &spec, &set);
        assert_eq!(
            again.iter().map(|p| Some(p.total())).collect::<Vec<_>>(),
            found.layers.iter().map(|l| l.calibrated).collect::<Vec<_>>()
        );
        assert_eq!(
            search.measure().unwrap().iter().map(|l| l.mapped).collect::<Vec<_>>(),
            found.layers.iter().map(|l| l.mapped).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_factor_is_of_weights_or_of_the_register_that_they_are_compared_with() {
    let options = MapperOptions::default();
    let spec = chip("loihi-lava");
    let given = network(&loihi(100), &spec);
    let threshold = |network: &Network| match &network.populations[0].parameters["v_threshold"] {
        Values::Shared(quantity) => quantity.value.to_string(),
        Values::PerNeuron(_) => unreachable!("all neurons share it"),
    };
    // 100 / 1.5 and 100 / 0.125, to the nearest whole number.
    for (factor, expected) in [(96, "67"), (8, "800"), (64, "100"), (512, "13")] {
        let got = scaled(&given, &spec, &options, 0, Factor(factor)).unwrap();
        assert_eq!(threshold(&got), expected);
        assert_eq!(got.projections, given.projections, "weights stay whole");
    }

    let spec = chip("ideal");
    let analog = |weight: &str| {
        network(
            &format!(
                "input = [{{ name = \"in\", channels = 1 }}]\npopulation = [{{ name = \"a\", size = 1, model = \"lif\" }}]\n\
                 projection = [{{ name = \"x\", pre = \"in\", post = \"a\", synapse = \"delta\", connect = \"all-to-all\", \
                 weight = \"{weight} mV\" }}]"
            ),
            &spec,
        )
    };
    let weight = |network: &Network| network.projections[0].connections.row(0).1[0];
    let got = scaled(&analog("-5"), &spec, &options, 0, Factor(96)).unwrap();
    // A quarter of the threshold of 20 mV, times 1.5.
    assert_eq!(weight(&got), Weight::from_bits(-3 << (Weight::FRACTION_BITS - 3)));
    assert_eq!(scaled(&analog("6000"), &spec, &options, 0, Factor::MAX), None, "2400 thresholds are beyond the format");

    // Registers that the mapper brings to whole numbers are not yet whole.
    let spec = chip("xylo-imu");
    let automatic = MapperOptions { scale: Scale::Auto, ..MapperOptions::default() };
    assert_eq!(crate::lowered(spec.models[0], &automatic), None);
    assert_eq!(crate::lowered(spec.models[0], &options), Some("threshold"));
}

#[test]
fn the_cause_of_silence_is_named() {
    // Beside strong synapses of the same kind, which nothing is sent through, weights onto the second layer are nearer
    // to 0 than to any code.
    let spec = chip("dynapse2");
    let given = network(
        r#"
input = [{ name = "in", channels = 4 }, { name = "quiet", channels = 12 }]
population = [{ name = "a", size = 4, model = "lif" }, { name = "b", size = 4, model = "lif" }, { name = "c", size = 1, model = "lif" }]
projection = [
    { name = "strong", pre = "in", post = "a", synapse = "AMPA", connect = "one-to-one", weight = "30 1" },
    { name = "unused", pre = "quiet", post = "b", synapse = "AMPA", connect = "all-to-all", weight = { low = "20 1", high = "60 1" } },
    { name = "weak", pre = "a", post = "b", synapse = "AMPA", connect = "all-to-all", weight = "0.5 1" },
    { name = "last", pre = "b", post = "c", synapse = "AMPA", connect = "all-to-all", weight = "9 1" },
]
"#,
        &spec,
    );
    let set = samples(2, 4);
    // A millisecond has a thousand ticks.
    let longer = LabelledSet {
        samples: set
            .samples
            .iter()
            .map(|sample| Sample {
                events: sample.events.iter().map(|e| InputEvent { tick: Tick(e.tick.0 * 1000), ..*e }).collect(),
                ticks: Some(200_000),
                ..sample.clone()
            })
            .collect(),
        ..set
    };
    let wished = on_nominal(&given, &spec.with_ideal_router(), &longer);
    let (options, showing) = (MapperOptions::default(), Showing::default());
    let search =
        Search { network: &given, spec: &spec, options: &options, set: &longer, showing: &showing, wished: &wished };
    let layers = search.measure().unwrap();
    assert!(layers.iter().all(|layer| layer.wished > 0), "{layers:?}");
    assert!(layers[0].causes.is_empty() && layers[0].mapped > 0);
    let gone = Cause::Gone { projection: "weak".into(), gone: 16, wanted: 16 };
    assert_eq!((layers[1].mapped, layers[1].causes.first()), (0, Some(&gone)));
    let unheard = Cause::Unheard { projection: "last".into(), sender: "b".into() };
    assert_eq!((layers[2].mapped, layers[2].causes.first()), (0, Some(&unheard)));
}
