//! Networks whose thresholds, weights and drives are all multiplied by one factor: their cores keep levels relative to
//! their own thresholds.

use chip::{ChipSpec, CoreProgram};
use device_models::DieParameters;
use emulator::Spike;
use mapper::MapperOptions;
use network::Network;
use session::{Board, Session};
use std::path::Path;
use units::Tick;
use warnings::Kind;

const END: Tick = Tick(3000);
const NEURONS: u32 = 12;

fn shipped(name: &str) -> ChipSpec {
    formats::chip::shipped(name).unwrap()
}

fn read(text: &str, chip: &ChipSpec) -> Network {
    formats::network::read(text, "n.toml", Path::new("."), chip).unwrap_or_else(|e| panic!("{e}"))
}

/// Twelve neurons of `ideal` with every sort of level and kinds of synapse, `factor` times as large as thresholds of
/// 20 mV. Weights are whole multiples of 2^-10 thresholds, and so are the others.
fn network(model: &str, factor: f64) -> String {
    let mv = |thresholds: f64| format!("\"{} mV\"", 20.0 * thresholds * factor);
    let projection = |name: &str, pre: &str, synapse: &str, weight: f64, rest: &str| {
        format!(
            "[[projection]]\nname = \"{name}\"\npre = \"{pre}\"\npost = \"P\"\nsynapse = \"{synapse}\"\nweight = {}\n\
             {rest}\n",
            mv(weight)
        )
    };
    let thresholds: Vec<String> = (0..NEURONS).map(|n| mv(0.875 + f64::from(n % 3) / 16.0)).collect();
    let adaptation = if model == "lif" { String::new() } else { format!(", adaptation = {}", mv(0.125)) };
    format!(
        "format = \"quenched-network\"\nversion = 1\nseed = 3\n[[input]]\nname = \"in\"\nchannels = 8\n[[population]]\n\
         name = \"P\"\nsize = {NEURONS}\nmodel = \"{model}\"\n\
         parameters = {{ v_threshold = [{}], drive = {}{adaptation} }}\n{}{}{}{}",
        thresholds.join(", "),
        mv(0.75),
        projection("a", "in", "fast", 0.625, "connect = { fixed-fan-in = 3 }"),
        projection("b", "P", "slow", -0.25, "connect = { fixed-fan-in = 4 }\ndelay = 3"),
        projection("c", "P", "delta", 0.1875, "connect = { probability = 0.4 }"),
        projection("d", "in", "delta", 0.0625, "connect = \"all-to-all\""),
    )
}

fn board(model: &str, factor: f64) -> Board {
    let spec = shipped("ideal");
    let network = read(&network(model, factor), &spec);
    Board::map(spec, &network, &MapperOptions::default()).unwrap()
}

fn send(session: &mut Session, board: &Board) {
    for i in 0..900 {
        session.send(board.channel("in", i * 5 % 8).unwrap(), Tick(u64::from(i) * 3), 1).unwrap();
    }
}

/// Spikes of a run, and the membrane of neuron 0 in mV at the end of every step.
fn run(board: &Board) -> (Vec<Spike>, Vec<f64>) {
    let mut session = board.on(&DieParameters::nominal()).unwrap();
    send(&mut session, board);
    session.probe_population("P", Some(0..1), "v").unwrap();
    let mut spikes = Vec::new();
    session.run_until(END, &mut spikes);
    assert_eq!(session.counters().saturations, 0);
    let read = &session.recordings()[0];
    assert_eq!(read.probe.kind.unit, "mV");
    let one: f64 = read.probe.kind.scale.to_string().parse().unwrap();
    let unit = one / 2f64.powi(read.probe.kind.fraction_bits as i32);
    (spikes, read.bits.iter().map(|bits| *bits as f64 * unit).collect())
}

/// The scale of the one core.
fn scale(board: &Board) -> i8 {
    board.spec().core_scale(&board.program().cores[0])
}

/// With a power of two the integers of the core are the same, but where its scale stays 0: there all is as it was
/// before cores had scales, and rounding may move a spike.
#[test]
fn powers_of_two_change_no_bit() {
    for model in ["lif", "analog-lif"] {
        let (spikes, membrane) = run(&board(model, 1.0));
        assert!(spikes.len() > 300, "{model}: {} spikes", spikes.len());
        for (factor, expected) in [(1.0 / 64.0, -6), (1.0 / 16.0, -4), (64.0, 6), (128.0, 7), (256.0, 8)] {
            let board = board(model, factor);
            assert_eq!(scale(&board), expected, "{factor}");
            let (others, scaled) = run(&board);
            assert!(others == spikes, "{model}, {factor}: {} spikes and not {}", others.len(), spikes.len());
            let scaled: Vec<f64> = scaled.iter().map(|v| v / factor).collect();
            assert_eq!(scaled, membrane, "{model}, {factor}");
        }
    }
}

/// Others are rounded in other places: counts are within 1 %.
#[test]
fn other_factors_change_few_spikes() {
    for model in ["lif", "analog-lif"] {
        let count = run(&board(model, 1.0)).0.len();
        for (factor, expected) in
            [(0.01, -7), (0.1, -4), (0.25, 0), (4.0, 0), (20.0, 0), (33.0, 5), (100.0, 6), (250.0, 7), (400.0, 8)]
        {
            let board = board(model, factor);
            assert_eq!(scale(&board), expected, "{factor}");
            let (spikes, membrane) = run(&board);
            let off = spikes.len().abs_diff(count);
            assert!(100 * off <= count, "{model}, {factor}: {} spikes and not {count}", spikes.len());
            let highest = membrane.iter().copied().fold(0.0, f64::max) / factor;
            assert!((16.0..17.5).contains(&highest), "{model}, {factor}: the membrane reaches {highest} mV");
        }
    }
}

#[test]
fn runs_of_scaled_cores_can_be_cut() {
    for (model, factor) in [("lif", 0.01), ("analog-lif", 0.01), ("lif", 300.0), ("analog-lif", 300.0)] {
        let board = board(model, factor);
        let (straight, _) = run(&board);
        let die = DieParameters::nominal();
        let mut first = board.on(&die).unwrap();
        send(&mut first, &board);
        let mut spikes = Vec::new();
        first.run_until(Tick(1001), &mut spikes);
        let mut second = board.resume(&die, &first.snapshot()).unwrap();
        second.run_until(END, &mut spikes);
        assert_eq!(spikes, straight, "{model}, {factor}");
    }
}

/// Weak synapses onto a large threshold: their steps are no finer than the states of the core, on every analog router.
#[test]
fn weights_are_no_finer_than_states() {
    for (chip, threshold) in [("ideal", "2000 mV"), ("brainscales2", "140 1"), ("dynapse2", "100 1")] {
        let spec = shipped(chip);
        let text = format!(
            "format = \"quenched-network\"\nversion = 1\n[[input]]\nname = \"in\"\nchannels = 2\n[[population]]\n\
             name = \"P\"\nsize = 2\nmodel = \"lif\"\nparameters = {{ v_threshold = \"{threshold}\" }}\n\
             [[projection]]\nname = \"a\"\npre = \"in\"\npost = \"P\"\nconnect = \"all-to-all\"\n\
             weight = \"0.0001 threshold\"\n"
        );
        let network = read(&text, &spec);
        let mapping = mapper::map(&network, &spec, &MapperOptions::default()).unwrap_or_else(|e| panic!("{chip}: {e}"));
        let core = &mapping.program.cores[0];
        let scale = spec.core_scale(core);
        let coarsest = CoreProgram { weight_exponent: chip::WEIGHT_EXPONENT_MAX, ..core.clone() };
        assert_eq!(scale, spec.core_scale(&coarsest), "{chip}: the weights take no room from the states");
        assert!(i32::from(core.weight_exponent) >= i32::from(scale), "{chip}: {} below {scale}", core.weight_exponent);
        assert_eq!(scale > 0, chip != "brainscales2", "{chip}: a level of 45 counts as 1 there");
        assert_eq!(mapping.report.projections[0].kept, 4, "{chip}");
    }
}

/// A grid of 2^-20 nominal thresholds is coarse for weights of some 100 of its units.
#[test]
fn a_coarse_grid_of_weights_is_told() {
    let spec = shipped("ideal");
    let warned = |factor: f64| {
        let mapping = mapper::map(&read(&network("lif", factor), &spec), &spec, &MapperOptions::default()).unwrap();
        let about = mapping.report.warnings.iter().filter(|w| w.kind == Kind::WeightGrid);
        about.map(|w| w.to_string()).collect::<Vec<_>>()
    };
    for factor in [0.02, 1.0, 400.0] {
        assert_eq!(warned(factor), [""; 0], "{factor}");
    }
    let few = warned(0.01);
    assert_eq!(few.len(), 1, "{few:?}");
    assert_eq!(
        few[0],
        "warning: d: its weights have a root mean square of 655 units of 2^-20 of the nominal threshold, and networks \
         hold weights in whole units: what was written may be off by 0.08 % of it; give weights, thresholds and drives \
         that are larger by one factor"
    );
    assert_eq!(warned(0.001).len(), 4);
}
