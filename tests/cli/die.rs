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

/// Mean, CV and skew of the values that are shown.
fn moments(sandbox: &Sandbox, args: &[&str], parameter: &str) -> [f64; 3] {
    let all = [&["die", "--chip", "ideal-mismatched", "--core", "0", "--json"], args].concat();
    let die = sandbox.json(&all);
    let found = die["parameters"].as_array().expect("parameters").iter().find(|p| p["name"] == parameter);
    let number = |key: &str| found.expect("the parameter")[key].as_f64().expect("a number");
    [number("mean") / number("nominal"), number("cv"), number("skew")]
}

/// 1024 circuits: the standard errors of mean and CV are c / 32 and, for a log-normal of CV c = 0.5, about 0.02.
#[test]
fn each_parameter_has_what_it_is_given() {
    let sandbox = Sandbox::new();
    let of = |args: &[&str], parameter: &str| moments(&sandbox, args, parameter);
    for (args, [mean, cv]) in [
        (&["--cv", "0.5", "--realised", "mean"][..], [1.0, 0.5]),
        (&["--cv", "0.5", "--realised", "median"], [1.118, 0.5]),
        (&["--cv", "tau_unit=0.5", "--family", "tau_unit=uniform"], [1.0, 0.5]),
        (&["--only", "tau_unit,gain"], [1.0, 0.2]),
        (&["--only", "gain", "--cv", "tau_unit=0.4"], [1.0, 0.4]),
        (&["--only", "gain"], [1.0, 0.0]),
    ] {
        let [found_mean, found_cv, _] = of(args, "tau_unit");
        assert!((found_mean - mean).abs() < 0.05 && (found_cv - cv).abs() < 0.05, "{args:?}: {found_mean} {found_cv}");
    }
    let skewed = of(&["--cv", "0.4", "--realised", "mean"], "tau_unit");
    let mirrored = of(&["--cv", "0.4", "--family", "mirrored-log-normal", "--realised", "mean"], "tau_unit");
    assert!(skewed[2] > 0.7 && mirrored[2] < -0.1, "{skewed:?} {mirrored:?}");
    // The deviates of another die, in one parameter alone.
    let (one, other) = (of(&["--die", "3"], "tau_unit"), of(&["--die", "4"], "tau_unit"));
    let mixed = ["--die", "3", "--deviates-from", "tau_unit=4"];
    assert_eq!((of(&mixed, "tau_unit"), of(&mixed, "gain")), (other, of(&["--die", "3"], "gain")));
    assert_ne!(one, other);
    let args = ["die", "--chip", "ideal-mismatched", "--core", "0", "--cv", "0.5", "--realised", "mean"];
    let text = sandbox.prints(&[&args[..], &["--only", "tau_mem", "--cv", "gain=0.1", "--family", "gamma"]].concat());
    assert!(
        text.starts_with(
            "die 0 of chip `ideal-mismatched`, seed 1, mismatch scaled to CV 0.5 with realised mean 1, only tau_mem, gain \
             at CV 0.1, gamma: core 0, 1024 neurons each\n"
        ) && text.contains("CV asked: of the distribution, after it is cut, with mean 1."),
        "{text}"
    );
}

#[test]
fn a_setting_that_cannot_be_is_refused() {
    let sandbox = Sandbox::new();
    for (status, args, expected) in [
        (1, &["--only", "tau_men"][..], "no parameter `tau_men`; those with mismatch are "),
        (1, &["--only", "tau_men"], "\nhelp: did you mean `tau_mem`?"),
        (1, &["--cv", "i_scale=0.1"], "no mismatch of `i_scale`"),
        (1, &["--cv", "1", "--realised", "mean"], "have a CV of at most 0.641, but 1 is asked for"),
        (
            1,
            &["--cv", "tau_mem=0.95", "--family", "two-point", "--realised", "mean"],
            "two-point factors between 0.1 and 3",
        ),
        (2, &["--cv", "0.1", "--cv", "0.2"], "`--cv` is given twice"),
        (2, &["--family", "drive=gamma", "--family", "drive=uniform"], "`--family` is given twice for `drive`"),
        (2, &["--deviates-from", "drive=1", "--deviates-from", "drive=2"], "is given twice for `drive`"),
        (2, &["--deviates-from", "4"], "as in tau_mem=4"),
        (2, &["--cv", "=4"], "as in tau_mem=0.5"),
        (2, &["--cv", "drive=-1"], "cannot be negative"),
        (2, &["--family", "gama"], "did you mean `gamma`?"),
        (2, &["--realised", "mode"], "possible are: `mean`, `median`"),
    ] {
        let text = sandbox.fails(status, &[&["die", "--chip", "dynapse2", "--core", "0"], args].concat());
        assert!(text.contains(expected), "{args:?}: {text}");
    }
    // A measured die is not drawn.
    sandbox.prints(&["die", "--chip", "dynapse2", "--core", "0", "--only", "tau_mem", "--out", "die.csv"]);
    for flag in [&["--only", "tau_mem"][..], &["--realised", "mean"], &["--family", "gamma"], &["--cv", "drive=1"]] {
        let text = sandbox.fails(2, &[&["die", "--chip", "dynapse2", "--die", "die.csv"], flag].concat());
        assert!(text.contains(&format!("`{}` changes how a die is drawn", flag[0])), "{text}");
    }
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
