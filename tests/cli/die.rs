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
