//! The arguments of every command.

mod die;
mod explain;
mod graph;
mod input;
mod lockstep;
mod mapping;
mod report;
mod samples;
mod score;
mod setup;
mod study;
mod tasks;
mod values;

use budget::Allowance;
use clap::{Args as ClapArgs, Parser, Subcommand};
use std::path::PathBuf;
use units::Quantity;
use values::{count, parse_tick, time};

pub(crate) use die::{DieArgs, DieChoice, DieSetting, ForDie};
pub(crate) use explain::{ExplainArgs, NeuronName};
pub(crate) use graph::GraphFlags;
pub(crate) use input::InputArgs;
pub(crate) use lockstep::LockstepArgs;
pub(crate) use mapping::MappingFlags;
pub(crate) use report::ReportArgs;
pub(crate) use samples::{RateArgs, SampleArgs};
pub(crate) use score::ScoreArgs;
pub(crate) use setup::{CheckArgs, CompletionsArgs, ManualArgs, NewArgs, Template};
pub(crate) use study::{BegunArgs, StatusArgs, StudyAction, StudyArgs, StudyHow};
pub(crate) use tasks::TasksArgs;
pub(crate) use values::{Beginning, FigureFile, FigureKind, Interval, WhichDie};

/// Emulate mixed-signal neuromorphic chips whose device mismatch is drawn once per die and then frozen.
#[derive(Parser, Debug)]
#[command(
    name = "quenched",
    version = concat!(env!("CARGO_PKG_VERSION"), env!("QUENCHED_BUILD")),
    max_term_width = 100,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Examples:
  quenched study --quick                      a small study, a table and a page in quenched-out/
  quenched chip dynapse2                      what is known about a chip, and how well
  quenched die --chip dynapse2 --seed 1       the frozen mismatch of one die
  quenched conform tests/golden               what public simulators recorded, value for value

`quenched help COMMAND` says more about a command.
QUENCHED_SIMD=none|avx2|avx512 keeps to narrower vectors than the processor has; results are the same bytes.
Exit status: 0 success, 1 failure, 2 wrong command line, 130 interrupted."
)]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Show no progress
    // Behind what a command has of its own, however many commands there are.
    #[arg(long, short, global = true, display_order = 900)]
    pub(crate) quiet: bool,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Score tasks on many dies: a table, results.csv, manifest.json and report.html
    Study(Box<StudyArgs>),
    /// Make the page of a study anew from what the study left behind
    Report(ReportArgs),
    /// List the chips that are shipped
    Chips(ChipsArgs),
    /// Show a chip: limits, parameters, mismatch, and where each number comes from
    Chip(ChipArgs),
    /// Show the frozen mismatch of one die
    Die(DieArgs),
    /// Map a network onto a chip and report what was used, kept and lost
    Map(Box<MapArgs>),
    /// Explain a program: a neuron, a core, the whole floor, or the difference to another
    Explain(Box<ExplainArgs>),
    /// Run a network on a die and report its spikes
    Run(Box<RunArgs>),
    /// Step a network on a die by lines on standard input, for test benches and closed loops
    Lockstep(Box<LockstepArgs>),
    /// Show a labelled set to dies and count what each decides rightly
    Score(Box<ScoreArgs>),
    /// Draw spikes and traces that a run has written
    Plot(PlotArgs),
    /// Replay recordings of public simulators and chips, and compare every value
    Conform(ConformArgs),
    /// List the temporal tasks, and show, draw or write one
    Tasks(TasksArgs),
    /// Begin a chip, a network or a study from a template with comments
    New(NewArgs),
    /// Read files and say what is wrong with them
    Check(CheckArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print or write manual pages
    Manual(ManualArgs),
}

impl Command {
    /// Whether the result is printed as JSON.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Study(args) => args.json(),
            Self::Report(args) => args.json,
            Self::Chips(args) => args.json,
            Self::Chip(args) => args.json,
            Self::Die(args) => args.json,
            Self::Map(args) => args.json,
            Self::Explain(args) => args.json,
            Self::Run(args) => args.json,
            Self::Score(args) => args.json,
            Self::Plot(_) => false,
            Self::Conform(args) => args.json,
            Self::Tasks(args) => args.json,
            Self::New(args) => args.json,
            Self::Check(args) => args.json,
            Self::Completions(_) | Self::Manual(_) | Self::Lockstep(_) => false,
        }
    }
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Example:
  quenched chips --json")]
pub(crate) struct ChipsArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched chip dynapse2
  quenched chip ./my-chip.toml --json
  quenched chip dynapse2 --toml > my-chip.toml      a start for a chip of your own")]
pub(crate) struct ChipArgs {
    /// Name of a shipped chip, or path of a chip file
    #[arg(value_name = "NAME|FILE")]
    pub(crate) chip: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the chip file itself, with its comments
    #[arg(long, conflicts_with = "json")]
    pub(crate) toml: bool,
}

/// How a network is mapped.
#[derive(ClapArgs, Debug)]
pub(crate) struct MapChoice {
    /// Network file, graph of a trained net (NIR), net of lava-dl (.net), golden case of Lava, nengo-loihi, Brian2Loihi
    /// or Xylo (.json), or a program that `quenched map --out` has written
    #[arg(value_name = "NETWORK|GRAPH|CASE|PROGRAM")]
    pub(crate) network: PathBuf,

    /// Name of a shipped chip, or path of a chip file; a program or golden case names its own. `map` compares several
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) chip: Vec<String>,

    #[command(flatten)]
    pub(crate) mapping: MappingFlags,

    /// Fail if anything is not represented as it was asked for: every line of `warnings` is an error then
    #[arg(long)]
    pub(crate) deny_warnings: bool,

    /// Go on although the estimate of memory or time, or what is recorded, is beyond what is taken unasked
    #[arg(long)]
    pub(crate) allow_large: bool,

    #[command(flatten)]
    pub(crate) graph: GraphFlags,
}

impl MapChoice {
    /// How much the command may take.
    pub(crate) const fn allowance(&self) -> Allowance {
        Allowance::large_if(self.allow_large)
    }
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched map net.toml --chip dynapse2
  quenched map net.toml --chip dynapse2 --over-full prune --out net.program
  quenched map net.toml --chip dynapse2 --chip brainscales2 --chip ideal      one table of all
  quenched map net.nir --chip ideal --like sinabs            a graph of a trained net, by the rules of sinabs
  quenched map network.net --chip loihi-lava                 a net of lava-dl
  quenched map tests/golden/xylo/net_06.json                 a golden case, on the chip of its rules
  quenched map net.toml --chip dynapse2 --die 3 --out net-3.program         for die 3, and no other
  quenched map net.nir --chip dynapse2 --like norse --step-time 1ms --calibrate x.npy     rates before and after
  quenched map net.toml --chip dynapse2 --html net.html      floor plan, weights and tables as a page
  quenched map net.program --chip dynapse2       what a program holds, and whether the chip takes it")]
pub(crate) struct MapArgs {
    /// Write the program (the chip's memory image) to this file
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) out: Option<PathBuf>,

    /// Write the graph with the weights that the program has to this file, for the tool that it came from
    #[arg(long, value_name = "GRAPH")]
    pub(crate) nir: Option<PathBuf>,

    /// Draw the floor plan and the errors of the weights, with the tables, as a page of its own
    #[arg(long, value_name = "PAGE")]
    pub(crate) html: Option<PathBuf>,

    /// Print the mapping report as JSON: of lost connections the number, by projection and cause, and the first 20
    #[arg(long)]
    pub(crate) json: bool,

    /// With `--json`: every lost connection
    #[arg(long, requires = "json")]
    pub(crate) all_losses: bool,

    #[command(flatten)]
    pub(crate) what: MapChoice,

    #[command(flatten)]
    pub(crate) for_die: ForDie,

    #[command(flatten)]
    pub(crate) rates: RateArgs,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched run net.toml --chip dynapse2 --time 1s --input events.csv
  quenched run net.toml --chip dynapse2 --time 500ms --save-snapshot half.snapshot
  quenched run net.toml --chip dynapse2 --time 500ms --resume half.snapshot
  quenched run net.toml --chip dynapse2 --time 500ms --probe 'reservoir[0..4]:v' --plot run.svg
  quenched run net.toml --chip loihi-lava --time 300ms --input gesture.bs2 --sensor 34x34
  quenched run net.program --chip loihi-lava --time 300ms --input samples/ --sensor 34x34 --json
  quenched run net.toml --chip loihi-lava --time 300ms --input epoch.aedat4 --from first --binary
  quenched run net.toml --chip loihi-lava --time 1s --input shd_test.h5 --sample 12 --sensor 700
  quenched run net.toml --chip dynapse2 --time 1s --input events.csv --mute recurrent
  quenched run net.nir --chip ideal --like snntorch --input x.npy --probe 'lif1:v' --traces v.csv
  quenched run net.nir --chip dynapse2 --like norse --step-time 1ms --input x.npy
  quenched run network.net --chip loihi-lava --time 300ms --input sample.bs2 --sensor 34x34
  quenched run tests/golden/loihi/l07_one_bit.json         a golden case, with the input that was recorded

With several inputs, each is a run of its own from the same state; what it is alone, it is among others.
A run that is saved and resumed gives the same spikes and the same digest as one that was not interrupted.
Probes read the state at the end of a tick and change nothing: the digest is the same without them.")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) which: DieChoice,

    /// Map the network for the die that it runs on, as `map --die` does; a program is mapped already
    #[arg(long)]
    pub(crate) map_for_die: bool,

    #[command(flatten)]
    pub(crate) length: RunLength,

    /// With the noise of the chip file, between runs and within them; without, a die always does the same
    #[arg(long)]
    pub(crate) noise: bool,

    /// Number of the run, for its noise and the sources of its network: the same trial has the same noise on a die, and
    /// the same events of sources on all dies of a seed
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) trial: u64,

    #[command(flatten)]
    pub(crate) events: InputArgs,

    /// Switch the connections of a projection off; may be given several times
    #[arg(long, value_name = "PROJECTION")]
    pub(crate) mute: Vec<String>,

    /// Write every spike to this file: a list, or NIRData with what the probes read if its name ends in .h5 or
    /// .nirdata. With several inputs, this file and the others below are one for each input: OUT
    /// becomes OUT-INPUT, before its extension
    #[arg(long, value_name = "OUT")]
    pub(crate) spikes: Option<PathBuf>,

    /// Count how often each neuron and input channel sends, and write that to this file: what `--activity` of a
    /// later mapping reads
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) counts: Option<PathBuf>,

    /// Record a quantity of the neurons of a population: `pools:v` of all, `pools[3]:v` of one, `pools[0..4]:v` of
    /// four. May be given several times. A name that does not exist is answered with those that do
    #[arg(long, value_name = "POPULATION[RANGE]:QUANTITY")]
    pub(crate) probe: Vec<String>,

    /// Sample the probes at every N-th tick, or at a time such as 5ms; every step if not given
    #[arg(long, value_name = "N|TIME", requires = "probe", allow_hyphen_values = true)]
    pub(crate) every: Option<Interval>,

    /// Write what the probes read to this file; without it and `--plot` it is shown as a table
    #[arg(long, value_name = "FILE.csv", requires = "probe")]
    pub(crate) traces: Option<PathBuf>,

    /// Draw the spikes, and what the probes read, as a picture (.svg) or page (.html)
    #[arg(long, value_name = "FIGURE")]
    pub(crate) plot: Option<FigureFile>,

    /// Save the state after the last tick to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) save_snapshot: Option<PathBuf>,

    /// Continue from a state that was saved; the network, chip, die and noise must be the same
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,

    /// Fail if a state was cut at the end of its format or a register overflowed
    #[arg(long)]
    pub(crate) strict: bool,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) what: MapChoice,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched conform tests/golden                      every recording in a folder and its folders
  quenched conform mine.json --strict-overflows      a register that overflows is an error
  quenched conform golden --quiet --junit junit.xml  for continuous integration

A recording is NAME.json beside NAME.npz; docs/formats/golden.md tells how to write one. The first
difference of each is shown in full: row, population, neuron and quantity, both values, the events
that arrived, and the rows before.
Exit status: 0 if every recorded value was met, 1 if any differs, a recording is damaged, or a PATH
holds none that can be replayed.")]
pub(crate) struct ConformArgs {
    /// Recordings (NAME.json or NAME.npz), and folders of them
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Treat a register that overflows as an error, even where the recording has the same overflow
    #[arg(long)]
    pub(crate) strict_overflows: bool,

    /// Also write the result as JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How long to run.
#[derive(ClapArgs, Debug)]
#[group(multiple = false)]
pub(crate) struct RunLength {
    /// Ticks to run
    #[arg(long, value_name = "N", value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) ticks: Option<u64>,

    /// Time to run, such as 200ms; a whole number of the chip's ticks
    #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    pub(crate) time: Option<Quantity>,

    /// Steps to run: of the chip, or of a graph. An input that is an array with a row a step says it by itself
    #[arg(long, value_name = "N", value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) steps: Option<u64>,
}

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  quenched plot --spikes spikes.csv --chip dynapse2 --out run.svg
  quenched plot --spikes spikes.csv --traces traces.csv --tick 1ms --out run.html

A list of spikes names circuits: there is one colour a core, and each core has as many rows as the
highest neuron that spiked needs. `quenched run --plot` knows the populations and shows those.")]
pub(crate) struct PlotArgs {
    /// Spikes, as `quenched run --spikes` writes them
    #[arg(long, value_name = "SPIKES.csv", required_unless_present = "traces")]
    pub(crate) spikes: Option<PathBuf>,

    /// Traces, as `quenched run --traces` writes them
    #[arg(long, value_name = "TRACES.csv")]
    pub(crate) traces: Option<PathBuf>,

    /// The picture (.svg) or page (.html) to write
    #[arg(long, value_name = "FIGURE")]
    pub(crate) out: FigureFile,

    /// Length of a tick, such as 1ms. Without it and `--chip` the axis counts ticks
    #[arg(long, value_name = "TIME", value_parser = parse_tick, allow_hyphen_values = true)]
    pub(crate) tick: Option<Quantity>,

    /// The chip that says how long a tick is: name of a shipped chip, or path of a chip file
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "tick")]
    pub(crate) chip: Option<String>,

    /// Title of the figure; the names of the files if not given
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_summary_and_an_example() {
        for command in Args::command().get_subcommands() {
            let name = command.get_name();
            let summary = command.get_about().expect(name).to_string();
            assert!(!summary.contains('\n') && !summary.ends_with('.'), "{name}: {summary}");
            let help = command.get_after_help().expect(name).to_string();
            assert!(help.contains(&format!("quenched {name}")), "{name}: {help}");
        }
    }
}
