//! The unit of a chip file: chips that differ in it alone do the same, and what reaches the end of a range is told.

use crate::Sandbox;

/// A chip whose levels are `factor` times as large as those of the first, written in `unit`.
fn chip(model: &str, factor: &Level) -> String {
    let level = |number: f64| factor.of(number);
    let fact = |value: &str, unit: &str| {
        format!("{{ value = {value}, unit = \"{unit}\", source = \"s\", evidence = \"assumed\" }}")
    };
    let parameter = |name: &str, nominal: String, mismatch: &str| {
        format!("[parameters.{name}]\nsummary = \"x\"\nnominal = {nominal}\n{mismatch}\n")
    };
    let cv = |name: &str| format!("[parameters.{name}.mismatch]\nfamily = \"log-normal\"\ncv = {}\n", fact("20", "%"));
    let levels = [
        ("v_threshold", 1.0, true),
        ("v_reset", -0.25, false),
        ("drive", 0.75, true),
        ("v_initial", 0.5, false),
        ("adaptation", 0.125, true),
    ];
    let levels: String = levels
        .iter()
        .map(|(name, value, mismatch)| {
            parameter(name, fact(&level(*value), factor.unit), &if *mismatch { cv(name) } else { String::new() })
        })
        .collect();
    let times =
        [("tau_mem", "20"), ("t_refractory", "2"), ("tau_exc", "5"), ("tau_inh", "8"), ("tau_adaptation", "50")];
    let times: String = times.iter().map(|(name, ms)| parameter(name, fact(ms, "ms"), "")).collect();
    format!(
        "format = \"quenched-chip\"\nversion = 1\nname = \"lab\"\nfamily = \"lab\"\nrevision = \"A\"\nsummary = \
         \"x\"\nmodels = [\"{model}\"]\nparameters_per_neuron = true\nmismatch_reference = \"v_threshold\"\ntick = \
         {}\n[sources]\ns = \"here\"\n[geometry]\nchips = {one}\ncores_per_chip = {one}\nneurons_per_core = {}\n\
         [router]\nkind = \"ideal\"\n\
         [[synapses]]\nname = \"exc\"\nsign = \"excitatory\"\nkinetics = {{ kind = \"exponential\", tau = \"tau_exc\" \
         }}\ngain = \"gain\"\n\
         [[synapses]]\nname = \"inh\"\nsign = \"inhibitory\"\nkinetics = {{ kind = \"exponential\", tau = \"tau_inh\" \
         }}\n\
         [[synapses]]\nname = \"step\"\nsign = \"signed\"\nkinetics = {{ kind = \"delta\" }}\n{levels}{times}{}",
        fact("0.1", "ms"),
        fact("64", "1"),
        parameter("gain", fact("1.5", "1"), &cv("gain")),
        one = fact("1", "1"),
    )
}

/// A network for it: constants, laws, thresholds of single neurons, and a list.
fn network(model: &str, factor: &Level, strength: f64) -> String {
    let level = |number: f64| format!("\"{} {}\"", factor.of(number), factor.unit);
    let thresholds: Vec<String> = (0..12).map(|n| level(0.5 + 0.125 * f64::from(n % 5))).collect();
    let projection = |name: &str, pre: &str, synapse: &str, connect: &str, weight: String, more: &str| {
        format!(
            "[[projection]]\nname = \"{name}\"\npre = \"{pre}\"\npost = \"P\"\nsynapse = {synapse}\nconnect = \
             {connect}\nweight = {weight}\n{more}\n"
        )
    };
    let law = format!("{{ low = {}, high = {} }}", level(0.25 * strength), level(strength));
    let normal = format!("{{ mean = {}, deviation = {} }}", level(0.0), level(0.25));
    format!(
        "format = \"quenched-network\"\nversion = 1\nseed = 3\n[[input]]\nname = \"in\"\nchannels = \
         8\n[[population]]\nname = \"P\"\nsize = 12\nmodel = \"{model}\"\nparameters = {{ v_threshold = [{}], drive = \
         {} }}\n{}{}{}{}",
        thresholds.join(", "),
        level(0.625),
        projection("a", "in", "\"exc\"", "{ fixed-fan-in = 3 }", law, ""),
        projection("b", "P", "\"inh\"", "{ fixed-fan-in = 4 }", level(-0.375), "delay = 3"),
        projection("c", "P", "\"step\"", "{ probability = 0.5 }", normal, ""),
        projection("d", "in", "\"step\"", "{ list = \"list.csv\" }", level(0.0625), ""),
    )
}

/// A unit, and what a threshold is in it.
struct Level {
    unit: &'static str,
    threshold: f64,
}

impl Level {
    /// `number` thresholds; numbers are eighths or so, and their decimals exact.
    fn of(&self, number: f64) -> String {
        format!("{}", number * self.threshold)
    }
}

/// Digests hold every state, bit by bit.
#[test]
fn chips_that_differ_in_their_unit_alone_do_the_same() {
    let sandbox = Sandbox::new();
    sandbox.file("list.csv", "pre,post,weight\n0,0,3\n1,5,-7\n7,11,12.5\n");
    let events: String = (0..400u32).map(|i| format!("{},{}\n", i * 7, i * 5 % 8)).collect();
    sandbox.file("events.csv", format!("tick,channel\n{events}"));
    let units =
        [("1", 1.0), ("mV", 1.0), ("mV", 250.0), ("uV", 137.0), ("uV", 3e6), ("V", 1.25), ("V", 0.5), ("1", 45.0)];
    for model in ["lif", "analog-lif"] {
        // Weights of a threshold, and so large that states reach the end of their range.
        for strength in [0.5, 256.0] {
            let run = |(unit, threshold): (&'static str, f64)| {
                let factor = Level { unit, threshold };
                sandbox.file("chip.toml", chip(model, &factor));
                sandbox.file("net.toml", network(model, &factor, strength));
                let args = ["run", "net.toml", "--chip", "./chip.toml", "--input", "events.csv", "--time", "300ms"];
                sandbox.json(&[&args[..], &["--json"]].concat())
            };
            let first = run(units[0]);
            assert!(first["counters"]["spikes"].as_u64() > Some(50), "{}", first["counters"]);
            let cut = first["counters"]["saturations"].as_u64() > Some(0);
            assert_eq!(cut, strength > 100.0, "{}", first["counters"]);
            assert_eq!(cut, first["warnings"].to_string().contains("\"saturation\""), "{}", first["warnings"]);
            if cut {
                let place = &first["counters"]["first_saturation"];
                assert!(place["neuron"].as_str().is_some_and(|name| name.starts_with("P[")), "{place}");
                assert!(["v", "i_exc"].contains(&place["quantity"].as_str().expect("a name")), "{place}");
            }
            for unit in &units[1..] {
                let other = run(*unit);
                for key in ["digest", "counters"] {
                    assert_eq!(other[key], first[key], "{model}, {unit:?}, strength {strength}");
                }
            }
        }
    }
}

/// What the refusal of too large sums advises: of weights and the thresholds that a network states only the ratio
/// counts. A lower threshold in the chip file would change nothing, because levels are kept relative to it.
#[test]
fn weights_and_thresholds_of_a_network_scale_down_together() {
    let sandbox = Sandbox::new();
    let net = |channels: u32, weight: &str, threshold: &str| {
        format!(
            "format = \"quenched-network\"\nversion = 1\n[[input]]\nname = \"in\"\nchannels = \
             {channels}\n[[population]]\nname = \"p\"\nsize = 3\nmodel = \"lif\"\nparameters = {{ v_threshold = \
             \"{threshold} mV\" }}\n[[projection]]\nname = \"w\"\npre = \"in\"\npost = \"p\"\nsynapse = \
             \"delta\"\nconnect = \"all-to-all\"\nweight = \"{weight} mV\"\n"
        )
    };
    let map = ["map", "net.toml", "--chip", "ideal", "--quiet"];
    sandbox.file("net.toml", net(60_000, "35000", "20"));
    let text = sandbox.fails(1, &map);
    assert!(text.contains("scale weights and the thresholds that the network gives"), "{text}");
    sandbox.file("net.toml", net(60_000, "1750", "1"));
    sandbox.prints(&map);
    sandbox.file("events.csv", "tick,channel\n0,0\n0,1\n1,2\n3,1\n5,2\n9,0\n9,1\n9,2\n14,3\n20,3\n");
    let spikes = |weight: &str, threshold: &str| {
        sandbox.file("net.toml", net(4, weight, threshold));
        let args =
            ["run", "net.toml", "--chip", "ideal", "--ticks", "40", "--input", "events.csv", "--spikes", "s.csv"];
        sandbox.prints(&args);
        sandbox.read("s.csv")
    };
    let all = spikes("8", "20");
    assert!(all.lines().count() > 5 && all == spikes("0.8", "2"), "{all}");
}

#[test]
fn neurons_that_fire_always_are_named() {
    let sandbox = Sandbox::new();
    sandbox.file("events.csv", "tick,channel\n5,0\n");
    for (model, drive, fires) in [("lif", 900.0, true), ("analog-lif", 400.0, true), ("lif", 0.5, false)] {
        let level = Level { unit: "1", threshold: 1.0 };
        sandbox.file("chip.toml", chip(model, &level).replace("value = 2, unit = \"ms\"", "value = 0, unit = \"ms\""));
        sandbox.file(
            "net.toml",
            format!(
                "format = \"quenched-network\"\nversion = 1\n[[input]]\nname = \"in\"\nchannels = \
                 1\n[[population]]\nname = \"P\"\nsize = 3\nmodel = \"{model}\"\nparameters = {{ drive = \"{drive} 1\", \
                 tau_mem = \"0.5 ms\" }}\n[[projection]]\nname = \"a\"\npre = \"in\"\npost = \"P\"\nsynapse = \
                 \"step\"\nconnect = \"all-to-all\"\nweight = \"0.1 1\"\n"
            ),
        );
        let args = ["run", "net.toml", "--chip", "./chip.toml", "--cv", "0", "--input", "events.csv", "--time", "10ms"];
        let warnings = sandbox.json(&[&args[..], &["--json"]].concat())["warnings"].to_string();
        assert_eq!(
            warnings.contains("3 of 3 neurons spiked as often as they can"),
            fires,
            "{model} {drive}: {warnings}"
        );
        assert_eq!(warnings.contains("always-firing"), fires, "{warnings}");
    }
}
