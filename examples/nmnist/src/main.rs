//! `nmnist`: classifies the samples of a list on the nominal chip, then on dies with disorder, and prints a table.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command reports on the terminal")]

use clap::Parser;
use device_models::DieParameters;
use indicatif::{ProgressBar, ProgressStyle};
use nmnist::{Classifier, NmnistError, STEPS, Score};
use std::path::PathBuf;
use std::process::ExitCode;
use units::Decimal;

/// Classify N-MNIST recordings with a trained network on Loihi cores, on the nominal chip and on dies with disorder.
#[derive(Parser, Debug)]
#[command(
    name = "nmnist",
    max_term_width = 100,
    after_help = "Example, with the network and the recordings in the folder data:
  cargo run --release -p nmnist -- data/trained_loihi_net.npz data/test.csv --dies 20

The README beside this program says where the data come from."
)]
struct Args {
    /// Archive of the trained network: w1, w2, vth_mant, decay_u, decay_v
    network: PathBuf,

    /// List of samples with the columns sample,label; recordings are samples/N.bs2 beside it
    samples: PathBuf,

    /// Chip: loihi-lava, loihi-nengo, loihi-brian2, or the path of a chip file of that family
    #[arg(long, value_name = "NAME|FILE", default_value = "loihi-lava")]
    chip: String,

    /// Dies with disorder for each spread; 0: the nominal chip only
    #[arg(long, value_name = "N", default_value_t = 5)]
    dies: u32,

    /// Spreads of the weights (Gaussian factors) and thresholds (log-normal factors)
    #[arg(long, value_name = "CV", value_delimiter = ',', default_values = ["0.1", "0.2", "0.3", "0.5"])]
    spread: Vec<Decimal>,

    /// Seed of the dies
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Print the mapping report first
    #[arg(long)]
    report: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), NmnistError> {
    let spec = formats::chip::resolve(&args.chip)?;
    let network = nmnist::network(&args.network)?;
    let samples = nmnist::samples(&args.samples)?;
    let classifier = Classifier::new(spec, &network)?;
    let report = &classifier.report;
    if args.report {
        println!("{report}");
    }
    println!(
        "{} on {} cores of `{}`, {} samples of {STEPS} steps",
        args.network.display(),
        report.cores.len(),
        report.chip,
        samples.len()
    );
    let runs = 1 + args.dies as usize * args.spread.len();
    let bar = ProgressBar::new((runs * samples.len()) as u64);
    let style = ProgressStyle::with_template("{elapsed:>4} {wide_bar} {pos}/{len} samples, {eta} left");
    bar.set_style(style.expect("the template is valid"));
    let nominal = classifier.classify(&samples, classifier.spec(), &DieParameters::nominal(), || bar.inc(1))?;
    bar.suspend(|| print_nominal(&classifier, &nominal));
    if args.dies > 0 && !args.spread.is_empty() {
        bar.suspend(|| println!("\n  spread   dies   mean    worst   best"));
    }
    for &spread in &args.spread {
        let chip = nmnist::with_disorder(classifier.spec(), spread);
        let scores = (0..args.dies).map(|die| {
            let die = nmnist::die(&chip, args.seed, die)?;
            classifier.classify(&samples, &chip, &die, || bar.inc(1)).map(|score| score.accuracy())
        });
        let scores = scores.collect::<Result<Vec<f64>, _>>()?;
        if !scores.is_empty() {
            let mean = scores.iter().sum::<f64>() / scores.len() as f64;
            let (worst, best) =
                (scores.iter().fold(1.0, |a: f64, b| a.min(*b)), scores.iter().fold(0.0, |a: f64, b| a.max(*b)));
            bar.suspend(|| println!("  {spread:<6} {:>6} {mean:>6.3} {worst:>8.3} {best:>6.3}", scores.len()));
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// Accuracy, counts and energy on the nominal chip.
fn print_nominal(classifier: &Classifier, score: &Score) {
    let c = &score.counters;
    let each = |count: u64| count as f64 / score.samples as f64;
    println!("\n  correct                {:>12} of {}", score.correct, score.samples);
    for (what, count) in [
        ("input events", c.inputs),
        ("spikes", c.spikes),
        ("synaptic operations", c.synaptic_operations),
        ("neuron updates", c.neuron_updates),
    ] {
        println!("  {what:<22} {:>12.0} a sample", each(count));
    }
    let counts = [
        ("synaptic_operation", c.synaptic_operations),
        ("neuron_update", c.neuron_updates),
        ("spike", c.spikes),
        ("event_sent", c.events_sent),
    ];
    let items = mapper::energy(classifier.spec(), &counts);
    if let Some(first) = items.first() {
        let total: f64 = items.iter().map(|item| item.total_j).sum();
        println!("  {:<22} {:>12.2} uJ a sample, without idle power", "energy", total * 1e6 / score.samples as f64);
        let prices = items.iter().map(|i| format!("{} {:.1} pJ", i.operation.replace('_', " "), i.each_j * 1e12));
        println!("    prices: {}", prices.collect::<Vec<_>>().join(", "));
        if let Some(source) = classifier.spec().sources.get(&first.source) {
            println!("    source: {source}");
        }
    }
}
