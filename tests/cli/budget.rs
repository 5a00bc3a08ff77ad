//! What a command takes of memory and time unasked: refusals, their way out, and the estimates against what is taken.

use crate::Sandbox;
#[cfg(target_os = "linux")]
use crate::study::STUDY;
#[cfg(target_os = "linux")]
use budget::Estimate;

/// A network of `neurons` neurons of `fan_in` connections each that do nothing without input.
fn network(neurons: u32, fan_in: u32) -> String {
    format!(
        "format = \"quenched-network\"\nversion = 1\n[[input]]\nname = \"in\"\nchannels = 1\n[[population]]\nname = \
         \"p\"\nsize = {neurons}\nmodel = \"lif\"\nparameters = {{ t_refractory = \"0 ms\" }}\n[[projection]]\nname = \
         \"drive\"\npre = \"in\"\npost = \"p\"\nsynapse = \"delta\"\nconnect = \"all-to-all\"\nweight = \"40 \
         mV\"\n[[projection]]\nname = \"among\"\npre = \"p\"\npost = \"p\"\nsynapse = \"delta\"\nconnect = {{ \
         fixed-fan-in = {fan_in} }}\nweight = \"0.001 mV\"\n"
    )
}

#[test]
fn networks_too_large_to_be_taken_unasked_are_refused_with_the_estimate() {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", network(200_000, 700));
    for command in [&["map"][..], &["run", "--ticks", "1"]] {
        let text = sandbox.fails(1, &[command, &["net.toml", "--chip", "ideal"]].concat());
        let words =
            ["net.toml:23:11", "about 4.5 GB of memory would be needed", "140200000 connections", "--allow-large"];
        words.iter().for_each(|word| assert!(text.contains(word), "{word} is not in\n{text}"));
        assert!(text.contains("lower `fixed-fan-in`"), "{text}");
    }
    sandbox.file("net.toml", network(40_000_000, 1));
    let text = sandbox.fails(1, &["map", "net.toml", "--chip", "ideal"]);
    assert!(text.contains("6 GB for 40000000 neurons") && text.contains("lower `size`"), "{text}");
    // Who goes on meets the next mistake; one in the options is found before anything is drawn.
    sandbox.file("net.toml", network(40_000_000, 1) + "[mapping]\nnonsense = 1\n");
    let text = sandbox.fails(1, &["map", "net.toml", "--chip", "ideal"]);
    assert!(text.contains("would be needed") && text.contains("nonsense"), "{text}");
    let text = sandbox.fails(1, &["map", "net.toml", "--chip", "ideal", "--allow-large"]);
    assert!(!text.contains("would be needed") && text.contains("nonsense"), "{text}");
}

#[test]
fn runs_too_long_to_be_made_unasked_are_refused_with_the_estimate() {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", network(50, 1));
    sandbox.file("none.csv", "tick,channel\n");
    let run = ["run", "net.toml", "--chip", "ideal", "--quiet"];
    let text = sandbox.fails(1, &[&run[..], &["--ticks", "9000000000000000"]].concat());
    assert!(text.contains("one processor's time would be needed") && text.contains("lower `--ticks`"), "{text}");
    let text = sandbox.fails(1, &[&run[..], &["--time", "9e12 s"]].concat());
    assert!(text.contains("lower `--time`, or go on with `--allow-large`"), "{text}");
    // It is an upper end: what sleeps takes no time.
    let text = sandbox.prints(&[&run[..], &["--ticks", "9000000000000000", "--allow-large"]].concat());
    assert!(text.contains("ticks 0 to 9000000000000000"), "{text}");
}

/// A run alone may keep 2^24 records; of 1024 runs each may keep 2^14.
#[test]
fn a_run_that_would_keep_too_many_spikes_ends_with_an_error() {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", network(1000, 1));
    std::fs::create_dir(sandbox.path().join("inputs")).expect("a folder");
    for run in 0..1024 {
        let events: String =
            if run == 7 { (0..100).map(|tick| format!("{tick},0\n")).collect() } else { String::new() };
        sandbox.file(&format!("inputs/{run}.csv"), format!("tick,channel\n{events}"));
    }
    let run = ["run", "net.toml", "--chip", "ideal", "--input", "inputs", "--ticks", "100", "--quiet", "--cv", "0"];
    let text = sandbox.fails(1, &[&run[..], &["--spikes", "s.csv"]].concat());
    let words = ["more than 16384 records of spikes", "1024 MiB", "the run ends at tick 100", "--allow-large"];
    words.iter().for_each(|word| assert!(text.contains(word), "{word} is not in\n{text}"));
    assert!(!sandbox.exists("s-7.csv") && !sandbox.exists("s-0.csv"), "what fails leaves nothing");
    let runs = sandbox.json(&[&run[..], &["--json"]].concat());
    let spikes = runs["runs"].as_array().expect("runs").iter().filter_map(|run| run["counters"]["spikes"].as_u64());
    let spikes: u64 = spikes.sum();
    assert!(spikes > 1 << 14, "without a file nothing is kept: {spikes}");
    sandbox.prints(&[&run[..], &["--spikes", "s.csv", "--allow-large"]].concat());
    assert_eq!(sandbox.read("s-7.csv").lines().count() as u64, 2 + spikes);
}

#[test]
fn probes_that_would_read_too_much_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", network(1000, 1));
    let run = ["run", "net.toml", "--chip", "ideal", "--ticks", "20000", "--probe", "p:v", "--quiet"];
    let text = sandbox.fails(2, &run);
    assert!(text.contains("are more than 16777216 readings") && text.contains("--allow-large"), "{text}");
}

/// Estimates are right to within this factor, where anything of size is done.
#[cfg(target_os = "linux")]
const FACTOR: u64 = 3;

/// Asserts that `command` takes about what `estimate` says, beside what `small` takes.
#[cfg(target_os = "linux")]
#[track_caller]
fn takes(sandbox: &Sandbox, command: &[&str], small: &[&str], estimate: &Estimate) {
    let taken = peak(sandbox, command).saturating_sub(peak(sandbox, small));
    let estimate = estimate.bytes();
    assert!(taken <= FACTOR * estimate && estimate <= FACTOR * taken, "{command:?}: {taken} of {estimate}");
}

/// The most bytes of memory that a run of the command had at once. The kernel keeps the peak
/// (`VmHWM`), so that looking now and then is enough, if the command goes on for a moment after it.
#[cfg(target_os = "linux")]
fn peak(sandbox: &Sandbox, args: &[&str]) -> u64 {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_quenched"))
        .args(args)
        .current_dir(sandbox.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("quenched starts");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().expect("a child").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let kb = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
        most = kb.unwrap_or(0u64).max(most);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(child.wait().expect("a child").success(), "{args:?}");
    most * 1024
}

#[cfg(target_os = "linux")]
#[test]
fn a_mapping_takes_the_memory_that_is_estimated() {
    let sandbox = Sandbox::new();
    sandbox.file("small.toml", network(10, 1));
    let small = ["map", "small.toml", "--chip", "ideal", "--quiet"];
    for (neurons, fan_in) in [(3000, 200), (3000, 400), (160_000, 2)] {
        sandbox.file("net.toml", network(neurons, fan_in));
        let estimate = formats::network::estimate(neurons.into(), (neurons * (fan_in + 1)).into());
        takes(&sandbox, &["map", "net.toml", "--chip", "ideal", "--quiet"], &small, &estimate);
        let run = ["run", "net.toml", "--chip", "ideal", "--quiet", "--ticks", "3"];
        takes(&sandbox, &run, &small, &estimate);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_study_takes_the_memory_that_is_estimated() {
    let sandbox = Sandbox::new();
    sandbox.file("small.toml", STUDY);
    let small = ["study", "small.toml", "--threads", "1", "--quiet", "--out", "small"];
    for (neurons, train) in [(256, 2000), (256, 8000)] {
        let text = STUDY
            .replacen("neurons = 16", &format!("neurons = {neurons}"), 1)
            .replacen("train = 100", &format!("train = {train}"), 1)
            .replacen("dies = 2\ncv = [0, 0.3]\nrecurrence = [\"full\", \"removed\"]", "dies = 1\ncv = [0]", 1);
        sandbox.file("study.toml", &text);
        let estimate = study::read(&text, "study.toml", sandbox.path()).expect("a study").estimate(1);
        takes(&sandbox, &["study", "study.toml", "--threads", "1", "--quiet", "--out", "out"], &small, &estimate);
    }
}
