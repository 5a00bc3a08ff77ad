//! `quenched run --probe` and `quenched plot`.

use crate::Sandbox;
use snapbox::{assert_data_eq, file};

const NETWORK: &str = include_str!("network.toml");

/// Two rate units that drive nothing.
const UNITS: &str = "format = \"quenched-network\"\nversion = 1\nseed = 1\n\n[[population]]\nname = \"units\"\n\
                     size = 2\n\
                     model = \"rate\"\nparameters = { leak = \"0.5 1\", drive = \"0.5 mV\" }\n";

/// Neurons that spike every fourth step.
const DIGITAL: &str = "format = \"quenched-network\"\nversion = 1\nseed = 1\n\n[[population]]\nname = \"box\"\n\
                       size = 70\n\
                       model = \"loihi\"\nparameters = { v_threshold = \"1 1\", bias_mantissa = \"20 1\", \
                       decay_u = \"0 1\", decay_v = \"0 1\" }\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("net.toml", NETWORK);
    let events: String = (0..200u32).map(|i| format!("{},{}\n", i / 2 * 1000, (i * 7 / 3) % 4)).collect();
    sandbox.file("events.csv", format!("tick,channel\n{events}"));
    sandbox
}

/// Steps of 1 ms, which are 1000 ticks.
const RUN: [&str; 7] = ["run", "net.toml", "--chip", "dynapse2", "--input", "events.csv", "--time"];

fn run<'a>(time: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
    [&RUN[..], &[time], extra].concat()
}

/// The samples of a file of traces, line by line.
fn samples(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).map(String::from).collect()
}

#[test]
fn probes_without_a_file_are_a_table() {
    let sandbox = sandbox();
    let args = run("100ms", &["--die", "2", "--probe", "reservoir[0..3]:v", "--probe", "reservoir[1]:i_AMPA"]);
    sandbox.quenched(&args).success().stdout_eq(file!["snapshots/run-probe.txt"]);
    let json = sandbox.json(&[&args[..], &["--json", "--every", "20ms"]].concat());
    let probes = json["probes"].as_array().expect("probes");
    assert_eq!((probes.len(), &probes[3]["trace"]), (4, &"reservoir[1]:i_AMPA".into()));
    assert_eq!(probes[0]["samples"], 5);
    let many = sandbox.prints(&run("10ms", &["--probe", "reservoir:v", "--probe", "reservoir:refractory"]));
    assert!(many.contains("and 24 more traces; `--traces FILE` writes all of them"), "{many}");
}

#[test]
fn probes_change_nothing_and_show_every_digit() {
    let sandbox = sandbox();
    let plain = sandbox.json(&run("100ms", &["--json"]));
    let mut all = Vec::new();
    for every in ["1000", "7 ms", "50 ms"] {
        let probes = ["--probe", "reservoir:v", "--probe", "reservoir[23]:i_GABA", "--every", every];
        let probed = sandbox.json(&run("100ms", &[&probes[..], &["--traces", "t.csv", "--json"]].concat()));
        assert_eq!(plain["digest"], probed["digest"], "sampled at every {every}");
        assert_eq!(plain["counters"], probed["counters"]);
        all.push(sandbox.read("t.csv"));
    }
    assert!(all[0].starts_with("# quenched-traces 1, 100 entries\ntick,reservoir[0]:v (1),"), "{}", &all[0][..80]);
    assert_eq!([samples(&all[0]).len(), samples(&all[1]).len(), samples(&all[2]).len()], [100, 15, 2]);
    let every_7th: Vec<String> = samples(&all[0]).into_iter().step_by(7).collect();
    assert_eq!(samples(&all[1]), every_7th, "fewer samples are some of all samples");
    // A state has 20 fraction bits: times 2^20 every value is whole.
    for value in samples(&all[0]).iter().flat_map(|line| line.split(',').skip(1)) {
        let bits = value.parse::<f64>().expect("a number") * f64::from(1 << 20);
        assert!(bits.fract() == 0.0 && value.len() <= 27, "{value}");
    }
}

#[test]
fn a_resumed_run_takes_the_same_samples() {
    let sandbox = sandbox();
    let probes = ["--probe", "reservoir[0..2]:v", "--every", "3ms"];
    let traces = |time, extra: &[&str], name| {
        sandbox.prints(&run(time, &[&probes[..], extra, &["--traces", name]].concat()));
        samples(&sandbox.read(name))
    };
    let straight = traces("100ms", &[], "straight.csv");
    let first = traces("40ms", &["--save-snapshot", "state"], "first.csv");
    let second = traces("60ms", &["--resume", "state"], "second.csv");
    assert_eq!(straight, [first, second].concat());
}

#[test]
fn every_core_model_has_probes() {
    let sandbox = Sandbox::new();
    sandbox.file("units.toml", UNITS);
    let run = ["run", "units.toml", "--chip", "ideal", "--ticks", "3", "--cv", "0", "--traces", "t.csv"];
    sandbox.prints(&[&run[..], &["--probe", "units[1]:x", "--probe", "units[1]:y"]].concat());
    let text = sandbox.read("t.csv");
    assert!(text.contains("tick,units[1]:x (1),units[1]:y (1)\n"), "{text}");
    // x <- x + leak (tanh(drive) - x)
    let target = 0.462_117_157;
    for (line, expected) in samples(&text).iter().zip([0.5, 0.75, 0.875]) {
        for value in line.split(',').skip(1) {
            let value: f64 = value.parse().expect("a number");
            assert!((value - expected * target).abs() < 1e-4, "{line}");
        }
    }
    sandbox.file("box.toml", DIGITAL);
    let run = ["run", "box.toml", "--chip", "loihi-lava", "--ticks", "8", "--traces", "t.csv"];
    let text = sandbox.prints(&[&run[..], &["--probe", "box[69]:v", "--probe", "box[69]:u"]].concat());
    // 70 neurons spike in two of eight steps, send nothing, and wait 0.6 us each time: 8 x 70 x 9.7 ns + 140 x 30 ns.
    let latency = "latency, by the times of sana-fe, sana-fe-barrier: 14.432 us, of which 4.800 us barriers; longest step \
                   3.379 us";
    assert!(text.contains(latency), "{text}");
    let hops = "hops between tiles, by the prices of davies-2018 (vendor-simulated): 0 east-west at 3 pJ, 0 north-south at \
                4 pJ: 0.000000 uJ\n";
    assert!(text.contains(hops), "{text}");
    // The threshold is 64 and must be exceeded.
    assert_eq!(
        samples(&sandbox.read("t.csv")),
        ["0,20,0", "1,40,0", "2,60,0", "3,0,0", "4,20,0", "5,40,0", "6,60,0", "7,0,0"]
    );
}

#[test]
fn wrong_probes_are_told_the_right_ones() {
    let sandbox = sandbox();
    let mut text = String::new();
    let mut fails = |extra: &[&str]| {
        let error = sandbox.fails(2, &run("10ms", &[extra, &["--spikes", "never"]].concat()));
        text.push_str(&format!("$ {}\n{error}\n", extra.join(" ")));
    };
    for probe in [
        "reservior:v",
        "stimulus:v",
        "reservoir:V",
        "reservoir:i_NMDA",
        "reservoir",
        "reservoir[24]:v",
        "reservoir[0..25]:v",
        "reservoir[4..4]:v",
        "reservoir[1..]:v",
        "reservoir[]:v",
    ] {
        fails(&["--probe", probe]);
    }
    fails(&["--probe", "reservoir[0..2]:v", "--probe", "reservoir[1]:v"]);
    fails(&["--probe", "reservoir:v", "--every", "0"]);
    fails(&["--probe", "reservoir:v", "--every", "0.5us"]);
    fails(&["--probe", "reservoir:v", "--every", "5 mV"]);
    fails(&["--every", "5"]);
    fails(&["--plot", "figure.png"]);
    assert_data_eq!(text, file!["snapshots/errors-probe.txt"]);
    assert!(!sandbox.exists("never"), "nothing is written by a run that failed");
}

#[test]
fn more_traces_than_a_run_records_are_refused() {
    let sandbox = sandbox();
    sandbox.file("large.toml", NETWORK.replacen("size = 24", "size = 1025", 1));
    let probe = ["run", "large.toml", "--chip", "dynapse2", "--ticks", "1", "--probe", "reservoir:v"];
    let text = sandbox.fails(2, &probe);
    assert!(text.contains("at most 1024 traces") && text.contains("`reservoir[0..16]`"), "{text}");
    let text = sandbox.fails(2, &run("10000s", &["--probe", "reservoir[0..2]:v"]));
    assert!(text.contains("2 traces of 10000000 samples") && text.contains("--every"), "{text}");
}

#[test]
fn a_run_is_drawn_at_once_or_from_its_files() {
    let sandbox = sandbox();
    let extra = ["--probe", "reservoir[0..2]:v", "--spikes", "s.csv", "--traces", "t.csv", "--plot", "run.svg"];
    let printed = sandbox.prints(&run("100ms", &extra));
    assert!(printed.contains("Written:\n  s.csv\n  t.csv\n  run.svg\n") && !printed.contains("lowest  highest  last"));
    let direct = sandbox.read("run.svg");
    assert!(direct.contains("net.toml on die 0 of dynapse2, seed 1") && direct.contains(">reservoir</text>"));
    let args = ["plot", "--spikes", "s.csv", "--traces", "t.csv", "--chip", "dynapse2"];
    let printed = sandbox.prints(&[&args[..], &["--out", "files.svg"]].concat());
    assert_eq!(printed, "Written:\n  files.svg\n");
    let drawn = sandbox.read("files.svg");
    assert!(drawn.contains(">chip 0 core 0</text>") && drawn.contains(">time (ms)</text>"), "{drawn}");
    assert!(drawn.contains("s.csv, t.csv") && drawn.contains(">reservoir: v</text>"));
    sandbox.prints(&["plot", "--traces", "t.csv", "--title", "R&D", "--out", "page.html"]);
    let page = sandbox.read("page.html");
    assert!(page.contains("<title>R&amp;D</title>") && page.contains(">time (ticks)</text>"), "{page}");
    assert!(!page.contains("spikes (neuron)"));
}

#[test]
fn a_list_without_spikes_is_drawn_as_one() {
    let sandbox = Sandbox::new();
    sandbox.file("none.csv", "# quenched-spikes 1, 0 entries\ntick,chip,core,neuron,value\n");
    sandbox.prints(&["plot", "--spikes", "none.csv", "--out", "none.svg"]);
    assert!(sandbox.read("none.svg").contains(">no spikes</text>"));
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.file("spikes.csv", "tick,chip,core,neuron,value\n3,0,0,1,1\n");
    let whole = "# quenched-traces 1, 2 entries\ntick,a[0]:v (mV)\n0,0.5\n1,0.25\n";
    sandbox.file("cut.csv", &whole[..whole.len() - 3]);
    sandbox.file("short.csv", &whole[..whole.len() - 7]);
    sandbox.file("column.csv", "tick,a[0]:v\n0,0.5\n");
    sandbox.file("nan.csv", "tick,a[0]:v (mV)\n0,nan\n");
    sandbox.file("empty.csv", "");
    let mut text = String::new();
    let mut fails = |code: i32, args: &[&str]| {
        let out = if args.contains(&"--out") { &[][..] } else { &["--out", "never.svg"] };
        let error = sandbox.fails(code, &[&["plot"], args, out].concat());
        text.push_str(&format!("$ quenched plot {}\n{error}\n", args.join(" ")));
    };
    fails(2, &["--tick", "1ms"]);
    fails(2, &["--spikes", "spikes.csv", "--out", "figure.png"]);
    fails(2, &["--spikes", "spikes.csv", "--tick", "1"]);
    fails(2, &["--spikes", "spikes.csv", "--tick", "1ms", "--chip", "ideal"]);
    fails(1, &["--spikes", "spikes.csv", "--chip", "dynapse3"]);
    fails(1, &["--spikes", "spikes.csv", "--out", "no-such-directory/figure.svg"]);
    fails(1, &["--spikes", "absent.csv"]);
    fails(1, &["--spikes", "empty.csv"]);
    fails(1, &["--traces", "cut.csv"]);
    fails(1, &["--traces", "short.csv"]);
    fails(1, &["--traces", "column.csv"]);
    fails(1, &["--traces", "nan.csv"]);
    fails(1, &["--traces", "spikes.csv"]);
    assert_data_eq!(text, file!["snapshots/errors-plot.txt"]);
    assert!(!sandbox.exists("never.svg"));
}
