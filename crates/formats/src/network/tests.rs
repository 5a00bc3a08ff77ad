//! A good network file, what it gives, and the errors that one changed line gives, to the letter.

use super::*;
use fx::Weight;
use network::SynapseChoice;
use proptest::prelude::*;
use std::collections::BTreeSet;

const GOOD: &str = include_str!("../../testdata/small_network.toml");
const LIST: &str = "pre,post,weight\n0,1,2\n11,0,-0.5\n0,1,1e-1\n";

fn ideal() -> ChipSpec {
    crate::chip::shipped("ideal").unwrap()
}

/// A directory with the files that the good network refers to.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("list.csv"), LIST).unwrap();
    directory
}

fn good() -> Network {
    read(GOOD, "f", directory().path(), &ideal()).unwrap()
}

/// What reading `text` says, with the directory's name replaced.
fn outcome_on(text: &str, chip: &ChipSpec) -> String {
    let directory = directory();
    match read(text, "", directory.path(), chip) {
        Ok(_) => "good".into(),
        Err(errors) => {
            let errors = errors.iter().map(|e| e.to_string().trim_start_matches(':').to_string());
            errors.collect::<Vec<_>>().join("\n").replace(&*directory.path().to_string_lossy(), "DIR")
        }
    }
}

fn edited(old: &str, new: &str) -> String {
    assert_eq!(GOOD.matches(old).count(), 1, "`{old}` must be there once");
    GOOD.replace(old, new)
}

#[test]
fn a_network_is_what_the_file_says() {
    let network = good();
    assert_eq!(network.inputs, [InputGroup::of_host("stimulus", 12)]);
    let [reservoir, pair, units] = &network.populations[..] else { panic!("three populations") };
    assert_eq!((reservoir.size, reservoir.model, units.model), (40, CoreModel::Lif, CoreModel::Rate));
    assert_eq!(reservoir.parameters["tau_mem"], Values::Shared("30 ms".parse().unwrap()));
    let thresholds = ["20 mV", "0.021 V"].map(|q| q.parse().unwrap()).to_vec();
    assert_eq!(pair.parameters["v_threshold"], Values::PerNeuron(thresholds));
    let [input, recurrent, echo, listed] = &network.projections[..] else { panic!("four projections") };
    assert_eq!((input.pre, input.post, input.delay_ticks), (Endpoint::Input(0), 0, 1));
    assert_eq!((input.connections.len(), input.mask.kept_count()), (160, 160));
    // 1 and 2 mV, where the threshold is 20 mV.
    let (low, high) = (Weight::from_ratio(1, 20), Weight::from_ratio(2, 20));
    assert!(input.connections.iter().all(|c| (low..=high).contains(&c.weight)));
    assert_eq!((recurrent.connections.len(), recurrent.mask.kept_count(), recurrent.delay_ticks), (320, 160, 2));
    let weights: BTreeSet<i32> = recurrent.connections.iter().map(|c| c.weight.to_bits()).collect();
    // 0.25 mV of 20 mV, and four times what that became.
    assert_eq!(weights, [-4 * 13107, 13107].into());
    let inhibitory: BTreeSet<u32> =
        recurrent.connections.iter().filter(|c| c.weight < Weight::ZERO).map(|c| c.pre).collect();
    assert!(inhibitory.len() <= 10 && recurrent.connections.iter().all(|c| c.pre != c.post));
    assert_eq!(recurrent.synapse, SynapseChoice { excitatory: "fast".into(), inhibitory: "slow".into() });
    // 1600 pairs at one half: within 5 standard deviations, self-connections among them.
    assert!((700..900).contains(&echo.connections.len()) && echo.connections.iter().any(|c| c.pre == c.post));
    assert_eq!(listed.delay_ticks, 3);
    let links: Vec<_> = listed.connections.iter().map(|c| (c.pre, c.post, c.weight.to_bits())).collect();
    // 0.1, 2 and -0.5 times 0.5 mV, to the nearest 2^-20 of 20 mV.
    assert_eq!(links, [(0, 1, 2621), (0, 1, 52429), (11, 0, -13107)]);
}

#[test]
fn the_seed_selects_the_connections() {
    let of_seed = |seed: &str| {
        read(&edited("seed = 7", seed), "f", directory().path(), &ideal()).unwrap().projections[1].connections.clone()
    };
    assert_eq!(of_seed("seed = 7"), good().projections[1].connections);
    assert_ne!(of_seed("seed = 8"), good().projections[1].connections);
    assert_eq!(of_seed(""), of_seed("seed = 0"));
}

#[test]
fn removed_connections_stay_in_the_wish() {
    let removed = edited("keep = 0.5", "removed = true");
    let network = read(&removed, "f", directory().path(), &ideal()).unwrap();
    assert_eq!(network.projections[1].connections, good().projections[1].connections);
    assert_eq!(network.projections[1].mask.kept_count(), 0);
}

/// All members of a group.
fn whole(size: u32) -> ends::End {
    ends::End { endpoint: Endpoint::Input(0), size, part: None }
}

/// A list whose 1 stands for this weight and one tick.
fn of(weight: &str) -> ListUnits {
    let number = |text: &str| Quantity::number(text.parse().unwrap());
    ListUnits { weight: number(weight), level: number("1"), delay: 1 }
}

#[test]
fn lists_of_numpy_are_read() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let links = |file: &str, unit: &str| match connections::read_list(
        &testdata.join(file),
        [&whole(12), &whole(2)],
        of(unit),
    ) {
        Ok(all) => Ok(all.connections.iter().map(|c| (c.pre, c.post, c.weight.to_bits())).collect::<Vec<_>>()),
        Err(error) => Err(error.to_string().split(".npz: ").nth(1).unwrap().to_string()),
    };
    let expected = vec![(0, 0, -(1 << 19)), (0, 1, 1 << 20), (11, 1, 1 << 12)];
    assert_eq!(links("connections_whole.npz", "0.00390625"), Ok(expected.clone()));
    let ties = vec![expected[0], expected[1], (11, 1, 0)];
    assert_eq!(links("connections_float.npz", "1"), Ok(ties));
    let check = |file, unit, expected: &str| assert_eq!(links(file, unit), Err(expected.into()));
    check(
        "connections_float.npz",
        "0.5",
        "array `weight`: its elements are floats, and a 1 stands for 0.5: floats are taken only where a 1 \
         stands for 1\n\
         help: multiply the weights before saving, or save whole numbers",
    );
    check("connections_short.npz", "1", "array `weight`: its shape is [1], but [3] is needed");
    check(
        "connections_huge.npz",
        "1",
        "array `weight`: element 1 stands for a weight of 2048, but weights are below 2048 in size",
    );
    check(
        "connections_whole.npz",
        "1000",
        "array `weight`: element 0 stands for a weight of 256 times 1000, but weights are below 2048 in size",
    );
    let error = connections::read_list(&testdata.join("connections_whole.npz"), [&whole(12), &whole(1)], of("1"));
    let error = error.err().expect("it is refused").to_string();
    assert!(error.ends_with("array `post`: element 0 is 1, outside the range from 0 to 0"), "{error}");
}

#[test]
fn one_wrong_line_gives_one_clear_error() {
    let mut failed = String::new();
    for (index, (old, new, expected)) in CASES.iter().enumerate() {
        let found = outcome_on(&edited(old, new), &ideal());
        if found != *expected {
            failed += &format!("{index} {old} -> {new}: {found:?}\n");
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

/// (what to replace, by what, the errors)
const CASES: &[(&str, &str, &str)] = &[
    ("seed = 7", "seed = -7", "3:8: `seed`: -7 is outside the range from 0 to 18446744073709551615"),
    (
        "seed = 7",
        "sed = 7",
        "3:1: unknown key `sed`\n\
         help: did you mean `seed`?",
    ),
    ("name = \"stimulus\"", "name = \"\"", "6:8: `input[0].name`: a name is not empty [names-differ]"),
    ("channels = 12", "channels = 0", "7:12: `input[0].channels`: 0 is outside the range from 1 to 67108864"),
    (
        "channels = 12",
        "channels = 100000000",
        "7:12: `input[0].channels`: 100000000 is outside the range from 1 to 67108864",
    ),
    (
        "name = \"pair\"",
        "name = \"stimulus\"",
        "16:8: `population[1].name`: the name `stimulus` is taken [names-differ]",
    ),
    ("size = 2\n", "", "15:1: `population[1]` needs the key `size`"),
    (
        "size = 2\n",
        "size = 3\n",
        "19:30: `population[1].parameters.v_threshold`: there are 2 values for 3 neurons: give one for each, or one \
         for all [one-value-a-neuron]",
    ),
    ("size = 2\n", "size = 2.0\n", "17:8: `population[1].size`: expected a whole number, found a decimal number"),
    (
        "model = \"rate\"",
        "model = \"lif\"",
        "49:11: `projection[2].synapse`: `graded` is not a synapse kind of chip `ideal` for core model `lif`\n\
         help: there are: `delta`, `fast`, `slow`, `weight`, `weight_high`, `number`, `number_high`\n\
         51:19: `projection[2].weight.mean`: this is a pure number, but a voltage is needed here\n\
         51:38: `projection[2].weight.deviation`: this is a pure number, but a voltage is needed here",
    ),
    (
        "model = \"rate\"",
        "model = \"rates\"",
        "24:9: `population[2].model`: `rates` is not a core model of chip `ideal`\n\
         help: did you mean `rate`?",
    ),
    (
        "tau_mem = \"30 ms\"",
        "tau_men = \"30 ms\"",
        "13:26: `population[0].parameters.tau_men`: `tau_men` is not a parameter of chip `ideal`\n\
         help: did you mean `tau_mem`?",
    ),
    (
        "tau_mem = \"30 ms\"",
        "tau_mem = 30",
        "13:26: `population[0].parameters.tau_mem`: a quantity is a number, a space and a unit, such as `20 \
         ms`; a pure \
         number has the unit `1`",
    ),
    (
        "tau_mem = \"30 ms\"",
        "tau_mem = \"30 mV\"",
        "13:26: `population[0].parameters.tau_mem`: this is a voltage, but a time is needed here",
    ),
    (
        "\"0.021 V\"]",
        "\"0.021\"]",
        "19:40: `population[1].parameters.v_threshold[1]`: a quantity is a number, a space and a unit, such as \
         `20 ms`; \
         a pure number has the unit `1`",
    ),
    (
        "pre = \"stimulus\"\npost = \"pair\"",
        "pre = \"stimulis\"\npost = \"pair\"",
        "56:7: `projection[3].pre`: `stimulis` is not a population or an input of this network\n\
         help: did you mean `stimulus`?",
    ),
    (
        "post = \"pair\"",
        "post = \"stimulus\"",
        "57:8: `projection[3].post`: `stimulus` is not a population of this network\n\
         help: there are: `reservoir`, `pair`, `units`",
    ),
    ("name = \"echo\"", "name = \"in\"", "46:8: `projection[2].name`: the name `in` is taken [names-differ]"),
    (
        "synapse = \"graded\"",
        "synapse = \"delta\"",
        "49:11: `projection[2].synapse`: `delta` is not a synapse kind of chip `ideal` for core model `rate`\n\
         help: there are: `graded`",
    ),
    (
        "excitatory = \"fast\"",
        "excitatory = \"fats\"",
        "38:26: `projection[1].synapse.excitatory`: `fats` is not a synapse kind of chip `ideal` for core model \
         `lif`\n\
         help: did you mean `fast`?",
    ),
    (
        "inhibitory = \"slow\" }",
        "inhib = \"slow\" }",
        "38:34: unknown key `inhib` in `projection[1].synapse`\n\
         help: did you mean `inhibitory`?",
    ),
    (
        "connect = { fixed-fan-in = 4 }",
        "connect = { fixed-fan-in = 13 }",
        "31:11: `projection[0].connect`: in: fan-in 13 asked for, but there are only 12 sources [connections-exist]",
    ),
    (
        "connect = { fixed-fan-in = 4 }",
        "connect = \"one-to-one\"",
        "31:11: `projection[0].connect`: in: one to one, but there are 12 senders and 40 receivers \
         [connections-exist]",
    ),
    (
        "connect = { fixed-fan-in = 4 }",
        "connect = \"all-to-al\"",
        "31:11: `projection[0].connect`: `all-to-al` is not a pattern of connections without a number\n\
         help: did you mean `all-to-all`?",
    ),
    (
        "connect = { fixed-fan-in = 4 }",
        "connect = \"fixed-fan-in\"",
        "31:11: `projection[0].connect`: `fixed-fan-in` is not a pattern of connections without a number\n\
         help: there are: `all-to-all`, `one-to-one`",
    ),
    (
        "connect = { fixed-fan-in = 4 }",
        "connect = {}",
        "31:11: `projection[0].connect`: say exactly one of `fixed-fan-in`, `probability`, `list`, `ring`, `distance`, `balanced`, `convolution` [one-pattern]",
    ),
    (
        "connect = { fixed-fan-in = 4 }",
        "connect = { fixed-fan-in = 4, list = \"list.csv\" }",
        "31:11: `projection[0].connect`: say exactly one of `fixed-fan-in`, `probability`, `list`, `ring`, `distance`, `balanced`, `convolution` [one-pattern]",
    ),
    (
        "connect = { probability = 0.5 }",
        "connect = { probability = 1.5 }",
        "50:27: `projection[2].connect.probability`: 1.5 is outside the range from 0 to 1",
    ),
    (
        "connect = { probability = 0.5 }",
        "connect = { probability = nan }",
        "50:27: `projection[2].connect.probability`: `nan` and `inf` are not numbers that a chip can have",
    ),
    ("low = \"1 mV\"", "low = \"3 mV\"", "32:10: `projection[0].weight`: `low` is above `high` [laws-are-possible]"),
    (
        "low = \"1 mV\"",
        "low = \"1 1\"",
        "32:18: `projection[0].weight.low`: this is a pure number, but a voltage is needed here",
    ),
    (
        "low = \"1 mV\"",
        "low = 1",
        "32:18: `projection[0].weight.low`: a quantity is a number, a space and a unit, such as `20 ms`; a pure \
         number \
         has the unit `1`",
    ),
    (
        "weight = \"0.25 mV\"",
        "weight = \"41 V\"",
        "40:10: `projection[1].weight`: a weight of 41 V does not fit: it is below 2048 times the nominal threshold of 20 mV in size \
         [weights-are-possible]",
    ),
    (
        "deviation = \"0.1 1\"",
        "deviation = \"-0.1 1\"",
        "51:38: `projection[2].weight.deviation`: a standard deviation is not negative [laws-are-possible]",
    ),
    (
        "deviation = \"0.1 1\"",
        "sd = \"0.1 1\"",
        "51:10: `projection[2].weight` needs the key `deviation`\n\
         51:26: unknown key `sd` in `projection[2].weight`\n\
         help: the keys here are: `mean`, `deviation`",
    ),
    (
        "fraction = 0.25",
        "fraction = -0.25",
        "41:27: `projection[1].inhibitory.fraction`: -0.25 is outside the range from 0 to 1",
    ),
    (
        "per = \"sender\"",
        "per = \"neuron\"",
        "41:39: `projection[1].inhibitory.per`: `neuron` is not a way to choose signs\n\
         help: there are: `sender`, `connection`",
    ),
    (
        "strength = 4",
        "strength = -4",
        "41:60: `projection[1].inhibitory.strength`: a strength is from 0 to below 2048 [weights-are-possible]",
    ),
    (
        "delay = \"2 ms\"",
        "delay = \"2.5 ms\"",
        "42:9: `projection[1].delay`: a delay is from 1 to 65535 whole ticks of 1 ms, this is 2.5 ms \
         [delays-are-whole-ticks]",
    ),
    (
        "delay = \"2 ms\"",
        "delay = \"0 ms\"",
        "42:9: `projection[1].delay`: a delay is from 1 to 65535 whole ticks of 1 ms, this is 0 ms \
         [delays-are-whole-ticks]",
    ),
    ("delay = \"2 ms\"", "delay = \"2 s\"", "good"),
    (
        "delay = \"2 ms\"",
        "delay = \"200 s\"",
        "42:9: `projection[1].delay`: a delay is from 1 to 65535 whole ticks of 1 ms, this is 200 s \
         [delays-are-whole-ticks]",
    ),
    ("delay = 3", "delay = 0", "61:9: `projection[3].delay`: a delay is at least 1 tick [delays-are-whole-ticks]"),
    ("delay = 3", "delay = 3.5", "61:9: `projection[3].delay`: expected a whole number, found a decimal number"),
    ("keep = 0.5", "keep = 1.01", "43:8: `projection[1].keep`: 1.01 is outside the range from 0 to 1"),
    (
        "keep = 0.5",
        "keep = 0.5\nremoved = true",
        "44:11: `projection[1].removed`: `removed` takes all connections: remove `keep` or `removed` \
         [removed-or-kept]",
    ),
    ("list = \"list.csv\"", "list = \"lost.csv\"", "DIR/lost.csv: cannot be read: there is no such file or directory"),
    ("list = \"list.csv\"", "list = \"lost.npz\"", "DIR/lost.npz: cannot be read: there is no such file or directory"),
    (
        "weight = \"0.5 mV\"",
        "weight = { low = \"0.5 mV\", high = \"1 mV\" }",
        "60:10: `projection[3].weight`: with a list, `weight` is the one quantity that a 1 in the list stands \
         for [weight-is-a-unit]",
    ),
    (
        "weight = \"0.5 mV\"",
        "weight = \"0.5 mV\"\ninhibitory = 0.5",
        "61:14: `projection[3].inhibitory`: a list says itself which weights are negative and who hears itself: \
         remove \
         this key [lists-are-taken-as-they-are]",
    ),
    (
        "weight = \"0.5 mV\"",
        "weight = \"40000 mV\"",
        "DIR/list.csv:2:5: the value does not fit a signed 32-bit number with 20 fraction bits",
    ),
];

#[test]
fn sizes_are_checked_before_anything_is_drawn() {
    let huge = GOOD
        .replace("size = 40\nmodel = \"rate\"", "size = 20000000\nmodel = \"rate\"")
        .replace("connect = { probability = 0.5 }", "connect = \"all-to-all\"");
    assert_eq!(
        outcome_on(&huge, &ideal()),
        "50:11: `projection[2].connect`: about 12.8 PB of memory would be needed, and 4.3 GB are the most that is taken \
         unasked: 12.8 PB for 400000000000480 connections\nhelp: lower `size`, or go on with `--allow-large`"
    );
    // Many projections of which each alone is small enough.
    let projection = |i: usize| {
        format!(
            "[[projection]]\nname = \"p{i}\"\npre = \"a\"\npost = \"a\"\nsynapse = \"delta\"\nweight = \"1 mV\"\n\
             connect = {{ probability = 0 }}\n"
        )
    };
    let many: String = (0..10).map(projection).collect();
    let many = format!(
        "format = \"quenched-network\"\nversion = 1\n[[population]]\nname = \"a\"\nsize = 4000\nmodel = \"lif\"\n{many}"
    );
    let text = outcome_on(&many, &ideal());
    assert!(text.contains("GB for 144000000 connections"), "{text}");
    let dynapse2 = crate::chip::shipped("dynapse2").unwrap();
    let large =
        "format = \"quenched-network\"\nversion = 1\n[[population]]\nname = \"a\"\nsize = 5000\nmodel = \"lif\"\n";
    assert_eq!(
        outcome_on(large, &dynapse2),
        "5:8: `population[0].size`: with these 5000 neurons the network has 5000, but a board of chip `dynapse2` has \
         at most 4096 [neurons-fit-the-board]"
    );
    let per_neuron = large.replace("5000", "2") + "parameters = { tau_mem = [\"20 ms\", \"30 ms\"] }";
    assert_eq!(
        outcome_on(&per_neuron, &dynapse2),
        "7:26: `population[0].parameters.tau_mem`: the neurons of a core of chip `dynapse2` share `tau_mem`: give one \
         value [cores-share-parameters]"
    );
    assert_eq!(
        outcome_on("format = \"quenched-network\"\nversion = 1\n", &dynapse2),
        "1:1: a network needs at least one `[[population]]` [population-exists]"
    );
}

#[test]
fn wrong_lists_name_their_own_line() {
    let csv = |text: &str| connections::from_csv(text, "l.csv", [12, 2], of("1")).unwrap_err().to_string();
    assert_eq!(csv("pre,post,weight\n12,0,1\n"), "l.csv:2:1: 12 is outside the range from 0 to 11");
    assert_eq!(csv("pre,post,weight\n0,2,1\n"), "l.csv:2:3: 2 is outside the range from 0 to 1");
    assert_eq!(csv("pre,post,weight\n0,1,nan\n"), "l.csv:2:5: `nan` and `inf` are not numbers that a chip can have");
    assert_eq!(
        csv("pre,post,weight\n0,1,2048\n"),
        "l.csv:2:5: the value does not fit a signed 32-bit number with 20 fraction bits"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_never_panics(at: prop::sample::Index, new in "[ -~\n]{0,2}") {
        let mut text = GOOD.to_string();
        let at = at.index(text.len());
        text.replace_range(at..at + 1, &new);
        let _ = outcome_on(&text, &ideal());
    }
}
