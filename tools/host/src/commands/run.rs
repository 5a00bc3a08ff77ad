//! `quenched run`: a network or program on a die, once for each input.

mod account;
mod data;
mod files;
mod inputs;
mod json;
mod record;
mod size;
mod text;

use crate::args::{ForDie, RunArgs, WhichDie};
use crate::commands::die::parameters_of;
use crate::commands::load::{load, refused};
use crate::commands::probe;
use crate::errors::HostError;
use crate::output::{print_json, warn};
use crate::outputs::{Done, Outputs};
use crate::progress::{PERCENT, progress};
use account::Account;
use chip::{ChipSpec, whole_multiple};
use device_models::DieParameters;
use emulator::{EmulatorError, Snapshot};
use files::Files;
use formats::activity::SourceCount;
use formats::container::Kind;
use formats::events::SpikeEvent;
use formats::suggestion;
use indicatif::ProgressBar;
use inputs::Given;
use record::Record;
use score::{Cost, Counted};
use session::{Board, HopMeter, Hops, Latency, LatencyMeter, PopulationActivity, Session, SessionError};
use std::path::PathBuf;
use units::{Tick, Unit};
use warnings::Warnings;

/// The kind of container of a snapshot. Its version rises whenever [`Saved`] changes.
const SNAPSHOT: Kind = Kind { name: "snapshot", version: 6 };

/// What a file of a snapshot holds: the seed and trial that the sources of the program follow, if it has any, and the
/// state.
type Saved = (Option<(u64, u64)>, Snapshot);

/// The state of `session`, to be saved.
fn saved(session: &Session) -> Saved {
    (session.source_trial(), session.snapshot())
}

/// Parts of a run whose activity is shown one by one, and between which progress is shown.
const PARTS: u64 = 20;

/// What a run gave.
struct Outcome {
    /// The input, if the run has one.
    input: Option<PathBuf>,
    /// What became of its events.
    account: Option<Account>,
    session: Session,
    from: Tick,
    activity: Vec<PopulationActivity>,
    /// By population, tick and neuron of each spike, if a picture is asked for.
    drawn: Vec<Vec<(u64, u32)>>,
    /// All spikes, if a file of them is asked for.
    spikes: Vec<SpikeEvent>,
    /// How often each neuron and channel sent, if a file of that is asked for.
    counts: Vec<SourceCount>,
    /// How long its steps take, on a chip that states times.
    latency: Option<Latency>,
    /// How far its events go, on a chip that says where cores lie.
    hops: Option<Hops>,
    /// What is not as it was asked for.
    warnings: Warnings,
    /// Files that were written.
    written: Vec<String>,
}

impl Outcome {
    /// What the run cost.
    fn cost(&self) -> Cost {
        let (counters, populations) = (self.session.counters(), self.activity.iter());
        let spans = populations.flat_map(|population| population.spans.iter().flatten());
        let counted = Counted {
            runs: 1,
            spikes: counters.spikes,
            synaptic_operations: counters.synaptic_operations,
            neuron_updates: counters.neuron_updates,
            events_sent: counters.events_sent,
            active: spans.map(|span| span.ticks).sum(),
            ticks: self.ticks(),
            latencies: self.latency.iter().cloned().collect(),
            hops: self.hops.iter().cloned().collect(),
        };
        score::cost(self.session.board(), &counted)
    }

    /// Ticks of the run.
    fn ticks(&self) -> u64 {
        self.session.now().0 - self.from.0
    }

    /// Length of the run in seconds.
    fn seconds(&self) -> f64 {
        // Whole numbers as long as possible, so that a tenth of a second reads 0.1 s.
        let tick = self.session.board().spec().tick.quantity.value_in(Unit::MICROSECOND).ok();
        let tick: f64 = tick.and_then(|t| t.to_string().parse().ok()).unwrap_or(0.0);
        tick * self.ticks() as f64 / 1e6
    }
}

/// `quenched run`.
pub(crate) fn run(args: &RunArgs, quiet: bool) -> Result<(), HostError> {
    let inputs = inputs::files(&args.events.input)?;
    let mut outputs = Outputs::new(args.json);
    outputs.reads(inputs.iter().chain(&args.resume).chain([&args.what.network]))?;
    if let WhichDie::File(file) = &args.which.die {
        outputs.reads([file])?;
    }
    let files = Files::of(args, &inputs, &mut outputs)?;
    outputs.give_up_on_interrupt();
    let dense = inputs::dense(args, &inputs)?;
    let numbers = dense.iter().flatten().any(|input| input.numbers);
    let mut loaded = load(&args.what, numbers, &for_die(args))?;
    outputs.reads_all_so_far()?;
    let of_mapping = loaded.report.as_ref().map(|report| report.warnings.clone()).unwrap_or_default();
    let mut die = parameters_of(&loaded.spec, &args.which)?;
    if args.noise {
        die = die
            .with_noise(&loaded.spec, args.trial)
            .map_err(|error| HostError::Device { chip: loaded.spec.name.clone(), error: Box::new(error) })?;
    }
    if args.trial != 0 && !args.noise && loaded.symbols.inputs.iter().all(|input| input.source.is_none()) {
        return Err(HostError::Usage {
            message: format!(
                "`--trial {}` changes nothing: the run has no noise, and its network no source",
                args.trial
            ),
            help: Some("add `--noise`, or leave it out".into()),
        });
    }
    let (of_origin, origin) = (loaded.origin_text(), loaded.origin_json());
    // Ticks of a row of a dense input: of a step of the graph, or of the chip.
    let row = loaded.graph.as_ref().map_or(loaded.spec.step_ticks(), |graph| u64::from(graph.steps.step_ticks));
    let recorded = loaded.case.take().filter(|_| inputs.is_empty());
    let longest = dense.iter().flatten().map(|input| input.steps as u64).max();
    let longest = longest.or(recorded.as_ref().map(|case| case.steps as u64));
    let ticks = ticks(args, &loaded.spec, row, longest)?;
    let rows: Vec<Option<u64>> = dense.iter().map(|input| input.as_ref().map(|_| row)).collect();
    size::check(args, &loaded.program, &loaded.spec, (inputs.len(), ticks))?;
    let mut session = start(args, &loaded.board(&args.what.network)?, &die)?;
    mute(args, &mut session)?;
    probe::choose(args, &mut session, ticks, inputs.len().max(1))?;
    let mut outcomes = match &inputs[..] {
        [] | [_] => {
            let bar = progress(PARTS.min(ticks), PERCENT, quiet);
            let given = match (inputs.first(), &recorded) {
                (Some(file), _) => Given::File(file, rows[0]),
                (None, Some(case)) => Given::Recorded(case),
                (None, None) => Given::Nothing,
            };
            let outcome = emulate(args, session, (given, 1), ticks, &bar);
            bar.finish_and_clear();
            vec![outcome?]
        }
        several => {
            let bar = progress(several.len() as u64 * PARTS.min(ticks), PERCENT, quiet);
            let several: Vec<(&PathBuf, Option<u64>)> = several.iter().zip(rows.iter().copied()).collect();
            let run = |session, (file, row): &(&PathBuf, Option<u64>)| {
                emulate(args, session, (Given::File(file, *row), several.len()), ticks, &bar)
            };
            let outcomes = session.for_each(&several, None, run).into_iter().collect::<Result<_, _>>();
            bar.finish_and_clear();
            outcomes?
        }
    };
    let mut all = Warnings::default();
    for outcome in &mut outcomes {
        outcome.warnings = of_mapping.clone();
        if let Some(account) = &outcome.account {
            outcome.warnings.extend(account.warnings(args.events.binary));
        }
        outcome.warnings.extend(outcome.session.warnings(&outcome.activity));
        all.extend(outcome.warnings.clone());
    }
    let saturations: u64 = outcomes.iter().map(|outcome| outcome.session.counters().saturations).sum();
    let strict = if args.strict && saturations > 0 { Err(HostError::Strict { count: saturations }) } else { Ok(()) };
    let denied = args.what.deny_warnings && !all.is_empty();
    // What is an error leaves no files; the report tells why.
    let done = if strict.is_err() || denied {
        Done::default()
    } else {
        for (index, outcome) in outcomes.iter_mut().enumerate() {
            files.write(args, index, outcome, &mut outputs)?;
            outcome.written = files.names(index);
        }
        outputs.commit()?
    };
    match (&outcomes[..], args.json) {
        (outcomes, true) => {
            let mut value = if let [one] = outcomes { json::of(args, one) } else { json::of_several(args, outcomes) };
            if let Some((key, origin)) = origin {
                value[key] = origin;
            }
            print_json(&value)?;
        }
        (outcomes, false) => {
            let text = if let [one] = outcomes { text::of(args, one) } else { text::of_several(args, outcomes) };
            done.print(&format!("{of_origin}{text}"))?;
        }
    }
    warn(&all, args.json, args.what.deny_warnings)?;
    strict
}

/// The die that the network is mapped for: the one that it runs on, if that is asked for.
fn for_die(args: &RunArgs) -> ForDie {
    let which = &args.which;
    let die = args.map_for_die.then(|| which.die.clone());
    ForDie { die, seed: which.seed, cv: which.cv, no_faults: which.no_faults }
}

/// How many ticks to run: what is asked for, else the `longest` of inputs with rows. A step, or a row, takes `row`
/// ticks.
fn ticks(args: &RunArgs, spec: &ChipSpec, row: u64, longest: Option<u64>) -> Result<u64, HostError> {
    let (time, tick) = match (args.length.ticks, args.length.steps.or(longest), args.length.time) {
        (Some(ticks), ..) => return Ok(ticks),
        (None, _, Some(time)) => (time, spec.tick.quantity),
        (None, Some(steps), None) => return Ok(steps.saturating_mul(row)),
        (None, None, None) => {
            return Err(HostError::Usage {
                message: "nothing says how long the run is".into(),
                help: Some("give `--time`, `--ticks` or `--steps`".into()),
            });
        }
    };
    whole_multiple(time, tick).ok_or_else(|| HostError::Usage {
        message: format!("--time {time} is not a whole number of the ticks of chip `{}`, {tick} each", spec.name),
        help: Some("choose a multiple, or give --ticks".into()),
    })
}

/// The state that every run begins with.
fn start(args: &RunArgs, board: &Board, die: &DieParameters) -> Result<Session, HostError> {
    let (seed, trial) = (args.which.seed, args.trial);
    let Some(path) = &args.resume else {
        let mut session = board.on(die).map_err(|error| refused(&args.what.network, error))?;
        session.set_sources(seed, trial);
        return Ok(session);
    };
    let (sources, snapshot): Saved = formats::container::read(path, SNAPSHOT)?;
    let mut session = board.resume(die, &snapshot).map_err(|error| match error {
        SessionError::Emulator(EmulatorError::Snapshot { .. }) => refused(path, error),
        _ => refused(&args.what.network, error),
    })?;
    session.set_sources(seed, trial);
    match (sources, session.source_trial()) {
        (saved, now) if saved == now => Ok(session),
        (Some((saved_seed, saved_trial)), _) => Err(HostError::Usage {
            message: format!(
                "{}: the sources of the run that was saved followed trial {saved_trial} of seed {saved_seed}, and not \
                 trial {trial} of seed {seed}",
                path.display()
            ),
            help: Some(format!("give `--seed {saved_seed} --trial {saved_trial}` to go on with the same trains")),
        }),
        (None, _) => Err(HostError::Usage {
            message: format!("{}: the run that was saved had no sources of its own, and this one has", path.display()),
            help: Some("resume it with the network that it was saved with".into()),
        }),
    }
}

/// Switches off what the command line asks for.
fn mute(args: &RunArgs, session: &mut Session) -> Result<(), HostError> {
    session.mute(&args.mute).map_err(|error| {
        let help = match &error {
            SessionError::UnknownProjection { name, known } => suggestion(name, known, "its projections are"),
            SessionError::SharedRoutes { projection, shared, .. } => {
                let all = std::iter::once(projection).chain(shared);
                let all: Vec<String> = all.map(|name| format!("--mute {name}")).collect();
                Some(format!("`{}` switches them together", all.join(" ")))
            }
            _ => None,
        };
        HostError::Usage { message: format!("`--mute`: {error}"), help }
    })
}

/// One run of so many, from the state of `session` on.
fn emulate(
    args: &RunArgs,
    mut session: Session,
    (given, runs): (Given<'_>, usize),
    ticks: u64,
    bar: &ProgressBar,
) -> Result<Outcome, HostError> {
    let (from, board) = (session.now(), session.board().clone());
    let input = match given {
        Given::Nothing => None,
        Given::File(path, row) => Some((path, inputs::read(args, &board, path, row)?)),
        Given::Recorded(case) => Some((&case.archive, inputs::recorded(case))),
    };
    let send = |(path, input): (&PathBuf, _)| {
        inputs::send(args, &mut session, input, ticks).map_err(|error| refused(path, error))
    };
    let account = input.map(send).transpose()?;
    let (mut record, before) = (Record::new(args, &board, runs), session.counters().spikes);
    let mut watching = (&mut record, (LatencyMeter::new(&board, from), HopMeter::new(&board)));
    let activity =
        session.run_in_parts_while(ticks, PARTS, &mut watching, |_| bar.inc(1), |(record, _)| !record.is_over);
    let (_, (meter, hops)) = watching;
    let latency = meter.map(|meter| meter.finish(session.now()));
    let hops = hops.map(HopMeter::finish);
    let Some(activity) = activity else {
        let spikes = session.counters().spikes - before;
        return Err(record.refusal(&session, spikes, (from, ticks)));
    };
    let counts = record.counts(&activity);
    let Record { drawn, spikes, .. } = record;
    Ok(Outcome {
        input: given.file().cloned(),
        account,
        session,
        from,
        activity,
        drawn,
        spikes,
        counts,
        latency,
        hops,
        warnings: Warnings::default(),
        written: Vec::new(),
    })
}
