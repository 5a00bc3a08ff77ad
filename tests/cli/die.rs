//! `quenched die`.

use crate::Sandbox;
use snapbox::file;

#[test]
fn a_die_is_shown_and_written() {
    let sandbox = Sandbox::new();
    let mut args = vec!["die", "--chip", "dynapse2", "--seed", "1", "--die", "3", "--core", "2"];
    let all = sandbox.prints(&args);
    assert!(all.contains("\n  i_tau_mem ") && all.contains("--parameter c_ahp") && !all.contains("██"), "{all}");
    args.extend(["--csv", "die.csv"]);
    for parameter in ["drive", "gain_ampa", "tau_mem", "v_threshold"] {
        args.extend(["--parameter", parameter]);
    }
    sandbox.quenched(&args).success().stdout_eq(file!["snapshots/die.txt"]);
    let csv = sandbox.read("die.csv");
    assert_eq!(csv.lines().count(), 257, "a line of names and one a neuron");
    let first: Vec<&str> = csv.lines().take(4).collect();
    snapbox::assert_data_eq!(first.join("\n") + "\n", file!["snapshots/die-csv.txt"]);
}

#[test]
fn a_die_is_frozen_and_others_differ() {
    let sandbox = Sandbox::new();
    let values = |args: &[&str]| {
        let all = [&["die", "--chip", "dynapse2", "--core", "0", "--json"], args].concat();
        let die = sandbox.json(&all);
        let tau = die["parameters"].as_array().expect("parameters").iter().find(|p| p["name"] == "tau_mem");
        let values = tau.expect("tau_mem")["values"].as_array().expect("values").clone();
        values.iter().map(|v| v.as_f64().expect("a number")).collect::<Vec<f64>>()
    };
    let die = values(&["--die", "3"]);
    assert_eq!(die.len(), 256);
    assert_eq!(die, values(&["--die", "3", "--seed", "1"]));
    assert_ne!(die, values(&["--die", "4"]));
    assert_ne!(die, values(&["--die", "3", "--seed", "2"]));
    assert!(values(&["--cv", "0"]).iter().all(|v| *v == 20.0), "a CV of 0 is the nominal chip");
    // The same draw, stretched: the order of the neurons stays.
    let wide = values(&["--die", "3", "--cv", "0.2"]);
    let order = |values: &[f64]| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        order
    };
    assert_eq!(order(&die), order(&wide));
    let spread = |values: &[f64]| values.iter().map(|v| (v - 20.0) * (v - 20.0)).sum::<f64>();
    assert!(spread(&wide) > 3.9 * spread(&die) && spread(&wide) < 4.1 * spread(&die));
}

#[test]
fn a_chip_without_mismatch_says_so() {
    let sandbox = Sandbox::new();
    assert!(sandbox.prints(&["die", "--chip", "ideal"]).contains("has no mismatch"));
    assert!(sandbox.fails(1, &["die", "--chip", "ideal", "--cv", "0.2"]).contains("`ideal`"));
}

#[test]
fn what_cannot_be_shown_or_written_is_refused() {
    let sandbox = Sandbox::new();
    let text = sandbox.fails(2, &["die", "--chip", "dynapse2", "--core", "4"]);
    assert!(text.contains("has no core 4") && text.contains("help: "), "{text}");
    for (name, expected) in [
        ("tau_men", "parameter `tau_men` of chip `dynapse2` does not exist\nhelp: did you mean `tau_mem`?"),
        ("i_scale", "parameter `i_scale` of chip `dynapse2` has no mismatch\nhelp: "),
    ] {
        let text = sandbox.fails(2, &["die", "--chip", "dynapse2", "--parameter", name]);
        assert!(text.contains(expected), "{text}");
    }
    let text = sandbox.fails(1, &["die", "--chip", "dynapse2", "--csv", "no/such/dir/die.csv"]);
    assert!(text.contains("die.csv"), "{text}");
    let text = sandbox.fails(1, &["die", "--chip", "dynapse2", "--cv", "1000"]);
    assert!(text.contains("coefficients of variation up to"), "{text}");
}

/// Refractory periods of 2 ms and CV 10 % are 2 steps of 1 ms on nearly every neuron; in ticks of 1 us the CV is left.
#[test]
fn mismatch_that_the_grid_swallows_is_shown_and_warned_about() {
    let sandbox = Sandbox::new();
    let of = |model: &str, name: &str, more: &[&str]| {
        let args = ["die", "--chip", "dynapse2", "--core", "0", "--effective", "--model", model, "--json"];
        let die = sandbox.json(&[&args[..], more].concat());
        assert_eq!(die["effective"]["model"], model);
        let all = die["effective"]["parameters"].as_array().expect("parameters").clone();
        all.into_iter().find(|parameter| parameter["name"] == name).expect(name)
    };
    let cv = |row: &serde_json::Value, key: &str| row[key].as_f64().expect(key);
    let clocked = of("lif", "t_refractory", &[]);
    assert_eq!(clocked["kept_on"], "steps of 1 ms");
    assert!((0.08..0.12).contains(&cv(&clocked, "cv_drawn")) && cv(&clocked, "cv_left") < 0.05, "{clocked}");
    let values = clocked["values"].as_array().expect("values");
    assert!(values.iter().all(|value| value.as_f64().is_some_and(|ms| ms.fract() == 0.0)), "{clocked}");
    let exact = of("analog-lif", "t_refractory", &[]);
    assert!((cv(&exact, "cv_left") / cv(&exact, "cv_drawn") - 1.0).abs() < 0.01, "{exact}");
    // Time constants and thresholds of a clocked core keep their spread.
    for name in ["tau_mem", "v_threshold"] {
        let kept = of("lif", name, &[]);
        assert!((cv(&kept, "cv_left") / cv(&kept, "cv_drawn") - 1.0).abs() < 0.01, "{kept}");
    }
    assert_eq!(cv(&of("lif", "t_refractory", &["--cv", "0"]), "cv_left"), 0.0);
    let text =
        sandbox.prints(&["die", "--chip", "dynapse2", "--core", "0", "--effective", "--parameter", "t_refractory"]);
    assert!(text.contains("CV left") && text.contains("steps of 1 ms"), "{text}");
    assert!(
        sandbox.fails(2, &["die", "--chip", "dynapse2", "--effective", "--model", "rate"]).contains("no core model")
    );

    sandbox.file("net.toml", include_str!("network.toml"));
    sandbox.file("events.csv", "tick,channel\n0,0\n");
    let run = |more: &[&str]| {
        let args = ["run", "net.toml", "--chip", "dynapse2", "--input", "events.csv", "--time", "5ms", "--json"];
        sandbox.json(&[&args[..], more].concat())["warnings"].to_string()
    };
    let warned = run(&[]);
    assert!(warned.contains("\"mismatch\"") && warned.contains("t_refractory"), "{warned}");
    assert!(warned.contains("after rounding to steps of 1 ms"), "{warned}");
    // Each way out that the text names is one; without a spike the population is warned about, and no matter here.
    assert!(warned.contains("a larger value") && warned.contains("a finer `step`, or no mismatch of it"), "{warned}");
    let chip = sandbox.prints(&["chip", "dynapse2", "--toml"]);
    let (head, mismatch) = chip.split_once("[parameters.t_refractory.mismatch]").expect("it has mismatch");
    let after = mismatch.split_once("\n[").expect("more parameters").1;
    let own = [chip.replacen("step = { value = 1,", "step = { value = 0.1,", 1), format!("{head}[{after}")];
    for own in own {
        assert_ne!(own, chip);
        sandbox.file("own.toml", own);
        let args = ["run", "net.toml", "--chip", "./own.toml", "--input", "events.csv", "--time", "5ms", "--json"];
        assert!(!sandbox.json(&args)["warnings"].to_string().contains("\"mismatch\""));
    }
    assert!(!run(&["--cv", "0"]).contains("\"mismatch\""), "nothing is swallowed on a nominal die");
}

/// A factor of a parameter whose nominal value is 0 is none of no spread.
#[test]
fn factors_of_a_nominal_0_are_shown_as_factors() {
    let sandbox = Sandbox::new();
    let die = sandbox.json(&["die", "--chip", "dynapse2", "--core", "0", "--parameter", "drive", "--json"]);
    let drive = &die["parameters"][0];
    assert_eq!((drive["unit"].as_str(), drive["factors"].as_bool()), (Some("factor"), Some(true)), "{drive}");
    assert!(drive["sd"].as_f64().is_some_and(|sd| (0.08..0.12).contains(&sd)), "{drive}");
    let text = sandbox.prints(&["die", "--chip", "dynapse2", "--core", "0", "--parameter", "drive"]);
    assert!(
        text.contains("The nominal value of `drive` is 0: these are factors, which act once a network sets it."),
        "{text}"
    );
}

/// A die that is written is the same die when it is read: to map for, and to run on.
#[test]
fn a_die_goes_through_its_file() {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", include_str!("network.toml"));
    sandbox.file("events.csv", "tick,channel\n0,0\n1000,0\n2000,1\n");
    for file in ["die.csv", "die.npz"] {
        sandbox.prints(&["die", "--chip", "dynapse2", "--die", "3", "--core", "0", "--out", file]);
        let run = |die: &str, more: &[&str]| {
            let args = ["run", "net.toml", "--chip", "dynapse2", "--input", "events.csv", "--time", "20ms", "--json"];
            sandbox.json(&[&args[..], &["--die", die], more].concat())
        };
        assert_eq!(run("3", &[])["digest"], run(file, &[])["digest"], "{file}");
        assert_eq!(run("3", &["--map-for-die"])["digest"], run(file, &["--map-for-die"])["digest"], "{file}");
        assert_ne!(run("3", &[])["digest"], run("3", &["--map-for-die"])["digest"]);
        let refused =
            sandbox.fails(2, &["run", "net.toml", "--chip", "dynapse2", "--time", "1ms", "--die", file, "--cv", "0.2"]);
        assert!(refused.contains("`--cv` changes how a die is drawn"), "{refused}");
    }
    sandbox.file("wrong.csv", "core,neuron,tau_men\n0,0,1\n");
    let error = sandbox.fails(1, &["map", "net.toml", "--chip", "dynapse2", "--die", "wrong.csv"]);
    assert!(error.contains("wrong.csv:1:13") && error.contains("did you mean `tau_mem`"), "{error}");
}

/// A program says which die it was made for, and a run on another one warns.
#[test]
fn a_mapping_for_a_die_tells_what_it_gained() {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", include_str!("network.toml"));
    let args = ["map", "net.toml", "--chip", "dynapse2", "--die", "3", "--out", "net.program"];
    sandbox.quenched(&args).success().stdout_eq(file!["snapshots/map-for-die.txt"]);
    assert!(sandbox.prints(&["map", "net.program"]).contains("made for die 3 of seed 1"));
    let on = |die: &str| sandbox.prints(&["run", "net.program", "--time", "5ms", "--die", die]);
    assert!(!on("3").contains("was made for") && on("4").contains("was made for die 3 of seed 1"));
    let explained = ["explain", "net.program", "--neuron", "reservoir[0]", "--die", "4"];
    let population = sandbox.json(&["map", "net.program", "--json"])["contents"]["populations"][0]["name"].clone();
    let neuron = format!("{}[0]", population.as_str().expect("a name"));
    let explained: Vec<&str> =
        explained.iter().map(|arg| if *arg == "reservoir[0]" { &neuron } else { *arg }).collect();
    assert!(sandbox.prints(&explained).contains("this is another die"));
    let refused = sandbox.fails(2, &["map", "net.program", "--die", "3"]);
    assert!(refused.contains("`--die` says how a network is mapped"), "{refused}");
    let json = sandbox.json(&["map", "net.toml", "--chip", "dynapse2", "--die", "3", "--json"]);
    let die = &json["report"]["die"];
    assert!(die["projections"][0]["in_mind"].as_f64() <= die["projections"][0]["blind"].as_f64(), "{die}");
}
