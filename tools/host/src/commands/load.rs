//! What `quenched map` and `quenched run` are given: a network, graph or golden case, which is mapped, or a program,
//! which was.

mod case;
mod graph;
mod netx;

use crate::args::{self, ForDie, MapChoice, WhichDie};
use crate::commands::die::{name_of, parameters_of};
use crate::errors::HostError;
use calibrate::Factor;
use chip::{ChipSpec, Program, Symbols};
use conform::Case;
use formats::runnable::{Runnable, load as read};
use mapper::{
    Activity, DieChoice, KnownDie, Limit, MapperError, MapperOptions, Mapping, MappingReport, Placement, SpikeCounts,
    Subject, XyloMisfit,
};
use network::Network;
use serde_json::Value;
use session::{Board, SessionError};
use std::path::Path;
use std::sync::Arc;
use warnings::{Kind, Warning, Warnings};

pub(crate) use case::LoadedCase;
pub(crate) use graph::{LoadedGraph, is_graph, is_net};
pub(crate) use netx::LoadedNet;

/// A program, the chip it was read for, and what its parts are called.
pub(crate) struct Loaded {
    pub(crate) spec: ChipSpec,
    pub(crate) program: Program,
    pub(crate) symbols: Symbols,
    /// What was kept and lost; none of a program that was mapped before.
    pub(crate) report: Option<MappingReport>,
    /// The graph that the network came from, if it did.
    pub(crate) graph: Option<LoadedGraph>,
    /// The golden case that the network came from, if it did.
    pub(crate) case: Option<LoadedCase>,
    /// The net of lava-dl that the network came from, if it did.
    pub(crate) net: Option<LoadedNet>,
    /// The network that was mapped, if it came from anything but a graph.
    pub(crate) network: Option<Network>,
    /// The network with the copies of neurons that were mapped, if there are copies.
    pub(crate) split: Option<Box<Network>>,
    /// Where its neurons sit; none of a program that was mapped before.
    pub(crate) placement: Option<Placement>,
    /// How it was mapped.
    pub(crate) options: MapperOptions,
}

impl Loaded {
    /// The network that was mapped, whatever it came from; none of a program that was mapped before.
    pub(crate) fn mapped(&self) -> Option<&Network> {
        self.network.as_ref().or(self.graph.as_ref().map(|graph| &graph.steps.network))
    }

    /// What a graph or a golden case is shown as before anything else; nothing of other files.
    pub(crate) fn origin_text(&self) -> String {
        let graph = self.graph.as_ref().map(LoadedGraph::text).or_else(|| self.net.as_ref().map(LoadedNet::text));
        graph.or_else(|| self.case.as_ref().map(LoadedCase::text)).map_or_else(String::new, |text| format!("{text}\n"))
    }

    /// The same as JSON, with the key that it has in a report.
    pub(crate) fn origin_json(&self) -> Option<(&'static str, Value)> {
        let graph = self.graph.as_ref().map(|graph| ("graph", graph.json()));
        let net = || self.net.as_ref().map(|net| ("net", net.json()));
        graph.or_else(net).or_else(|| self.case.as_ref().map(|case| ("case", case.json())))
    }

    /// Takes `network` for the one that was mapped, as `mapping`.
    pub(crate) fn replace(&mut self, network: Network, mapping: Mapping) {
        let Mapping { program, placement, report, symbols, split } = mapping;
        self.split = split;
        let warnings = self.report.take().map(|report| report.warnings);
        (self.program, self.symbols, self.placement) = (program, symbols, Some(placement));
        let of_mapping = report.warnings.clone();
        // What was said of the graph stays true.
        let of_graph = warnings
            .into_iter()
            .flat_map(|all| all.iter().filter(|warning| warning.kind == Kind::Graph).cloned().collect::<Vec<_>>());
        let mut all = Warnings::default();
        of_graph.for_each(|Warning { kind, place, text }| all.push(kind, place, text));
        all.extend(of_mapping);
        self.report = Some(MappingReport { warnings: all, ..report });
        match &mut self.graph {
            Some(graph) => graph.steps.network = network,
            None => self.network = Some(network),
        }
    }

    /// Notes that what the population called `name` hears counts `factor` times as much, relative to its threshold. Of
    /// a graph, weights are read back so; where weights were multiplied, they are so already.
    pub(crate) fn calibrate(&mut self, name: &str, factor: Factor) {
        let Some(graph) = &mut self.graph else { return };
        let populations = &graph.steps.network.populations;
        let Some(index) = populations.iter().position(|population| population.name == name) else { return };
        if calibrate::lowered(populations[index].model, &self.options).is_some() {
            graph.steps.built[index].gain_in.iter_mut().for_each(|gain| *gain /= factor.value());
        }
    }

    /// The program on its chip, whose file is `file`.
    pub(crate) fn board(self, file: &Path) -> Result<Board, HostError> {
        Board::new(self.spec, self.program, self.symbols).map_err(|error| refused(file, error))
    }
}

/// An error of what `file` asks for.
pub(crate) fn refused(file: &Path, error: SessionError) -> HostError {
    HostError::Session { file: file.display().to_string(), error: Box::new(error) }
}

/// That the network of `file` cannot be mapped, with the place in the file of what has to change.
pub(crate) fn not_mapped(file: &Path, ways: Vec<mapper::WayOut>, error: mapper::MapperError) -> HostError {
    let (path, name) = (file, file.display().to_string());
    let place = error.subject().and_then(|subject| {
        let (list, part) = match subject {
            Subject::Input(part) => ("input", part),
            Subject::Population(part) => ("population", part),
            Subject::Projection(part) => ("projection", part),
        };
        // Standard input was read, and is gone.
        let text = if path == Path::new("-") { None } else { formats::text::read_text(path).ok() };
        formats::network::place_of(&text?, &name, list, part)
    });
    HostError::Mapper { file: name, place: place.map(Box::new), ways, error: Box::new(error) }
}

/// Reads what the command line names, and maps it if it is a network.
/// `numbers` says that the input of a graph is known to be numbers. `die` is the one that the mapping is for, and how
/// dies are drawn if the network names one itself.
pub(crate) fn load(what: &MapChoice, numbers: bool, die: &ForDie) -> Result<Loaded, HostError> {
    let case = case::open(&what.network)?;
    let spec = formats::chip::resolve(&chip(what, case.as_ref())?)?;
    load_opened(what, spec, case, numbers, die)
}

/// Sets in `options` what the command line says, and reads the files that they name. A flag names a file as every flag
/// does, and not beside the network.
fn settle(options: &mut MapperOptions, what: &MapChoice, spec: &ChipSpec, die: &ForDie) -> Result<(), HostError> {
    what.mapping.apply(options);
    options.read_placement(|file| formats::placement::load(Path::new(file)))?;
    find_die(options, spec, die)
}

/// Finds the die that `options` name, on the chip `spec`.
fn find_die(options: &mut MapperOptions, spec: &ChipSpec, die: &ForDie) -> Result<(), HostError> {
    match &die.die {
        Some(WhichDie::Number(number)) => options.die = DieChoice::Number(*number),
        Some(WhichDie::File(file)) => options.die = DieChoice::File(file.display().to_string()),
        None => {}
    }
    options.find_die(|choice| {
        let number = match choice {
            DieChoice::File(file) => WhichDie::File(file.into()),
            DieChoice::Number(number) => WhichDie::Number(*number),
            DieChoice::None | DieChoice::Known(_) => WhichDie::Number(0),
        };
        let which = args::DieChoice { seed: die.seed, die: number, cv: die.cv, no_faults: die.no_faults };
        let parameters = Arc::new(parameters_of(spec, &which)?);
        Ok(KnownDie { name: name_of(&which), parameters })
    })
}

/// The same for the chip `spec`, whatever the command line says.
pub(crate) fn load_on(what: &MapChoice, spec: ChipSpec, numbers: bool, die: &ForDie) -> Result<Loaded, HostError> {
    load_opened(what, spec, case::open(&what.network)?, numbers, die)
}

/// The same, with the golden case that was named.
fn load_opened(
    what: &MapChoice,
    spec: ChipSpec,
    case: Option<Case>,
    numbers: bool,
    die: &ForDie,
) -> Result<Loaded, HostError> {
    let mut options = MapperOptions::default();
    if let Some(case) = case {
        refuse_graph_flags(what)?;
        let (network, loaded) = case::load(&case, &spec)?;
        // What was recorded is met by its very weights.
        options.max_weight_error = Some(0.0);
        settle(&mut options, what, &spec, die)?;
        let mapped = map(what, spec, &network, &options)?;
        return Ok(Loaded { case: Some(loaded), network: Some(network), ..mapped });
    }
    if graph::is_net(&what.network)? {
        refuse_graph_flags(what)?;
        let (network, loaded) = netx::load(&what.network, &spec)?;
        // Trained for the integers of the chip, it has them, unless the command line allows others.
        options.max_weight_error = Some(0.0);
        settle(&mut options, what, &spec, die)?;
        let mut mapped = map(what, spec, &network, &options)?;
        warn_first(&mut mapped, loaded.warnings());
        return Ok(Loaded { net: Some(loaded), network: Some(network), ..mapped });
    }
    if is_graph(&what.network)? {
        let loaded = graph::load(what, &spec, numbers)?;
        // Its weights are real numbers, which a chip of whole numbers takes by a factor for each layer.
        options.scale = mapper::Scale::Auto;
        settle(&mut options, what, &spec, die)?;
        read_activity(&mut options, &loaded.steps.network)?;
        let clock = loaded.steps.network.clock;
        let mut mapped = map(what, spec, &loaded.steps.network, &options)?;
        mapped.spec = mapped.spec.at_clock(clock.as_ref()).map_err(|error| refused(&what.network, error.into()))?;
        warn_first(&mut mapped, loaded.warnings());
        return Ok(Loaded { graph: Some(loaded), ..mapped });
    }
    refuse_graph_flags(what)?;
    let beside = what.network.parent().unwrap_or(Path::new(""));
    let mut set = |key: &str, value: &str| {
        options.set(key, value)?;
        if let DieChoice::File(file) = &mut options.die
            && key == "die"
        {
            *file = beside.join(&*file).display().to_string();
        }
        // The counts are read when the network is known.
        if let Activity::File(file) = &options.activity
            && key == "activity"
        {
            options.activity = Activity::File(beside.join(file).display().to_string());
        }
        let read = |file: &str| formats::placement::load(&beside.join(file));
        options.read_placement(read).map_err(|error| error.to_string())
    };
    let found = read(&what.network, &spec, what.allowance(), &mut set);
    let is_for_die = die.die.is_some() || options.die != DieChoice::None;
    let found = match found {
        // On a die, cores that share a parameter come near to a value of each neuron: the mapper sees to it.
        Err(refused) if is_for_die && !spec.parameters_per_neuron => {
            let each = ChipSpec { parameters_per_neuron: true, ..spec.clone() };
            read(&what.network, &each, what.allowance(), &mut |_, _| Ok(())).map_err(|_| refused)
        }
        found => found,
    };
    match found? {
        Runnable::Network(network) => {
            settle(&mut options, what, &spec, die)?;
            read_activity(&mut options, &network)?;
            let mapped = map(what, spec, &network, &options)?;
            Ok(Loaded { network: Some(network), ..mapped })
        }
        Runnable::Program(program, symbols) => {
            match what.mapping.first().or(die.die.as_ref().map(|_| "--die".into())) {
                None => {
                    let spec =
                        spec.at_clock(program.clock.as_ref()).map_err(|error| refused(&what.network, error.into()))?;
                    Ok(Loaded {
                        spec,
                        program,
                        symbols,
                        report: None,
                        graph: None,
                        case: None,
                        net: None,
                        network: None,
                        split: None,
                        placement: None,
                        options,
                    })
                }
                Some(flag) => Err(HostError::Usage {
                    message: format!(
                        "{}: `{flag}` says how a network is mapped, and this is a program",
                        what.network.display()
                    ),
                    help: Some("leave it out, or give the network that the program was made of".into()),
                }),
            }
        }
    }
}

/// Puts what was noticed of a file before what the mapping noticed.
fn warn_first(mapped: &mut Loaded, of_file: Warnings) {
    if let Some(report) = &mut mapped.report {
        let of_mapping = std::mem::replace(&mut report.warnings, of_file);
        report.warnings.extend(of_mapping);
    }
}

/// Refuses flags that say how a graph is read.
fn refuse_graph_flags(what: &MapChoice) -> Result<(), HostError> {
    match what.graph.first() {
        None => Ok(()),
        Some(flag) => Err(HostError::Usage {
            message: format!("{}: `{flag}` says how a graph is read, and this is none", what.network.display()),
            help: Some("leave it out, or give a NIR file".into()),
        }),
    }
}

/// The chip that is asked for, or else the one that a program was made for, or whose rules a golden case follows.
fn chip(what: &MapChoice, case: Option<&Case>) -> Result<String, HostError> {
    match &what.chip[..] {
        [] => {}
        [chip] => return Ok(chip.clone()),
        several => {
            return Err(HostError::Usage {
                message: format!("a run has one chip, and {} are named", several.len()),
                help: Some("`quenched map` compares a network on several chips".into()),
            });
        }
    }
    if let Some(case) = case {
        return Ok(conform::chip_of(case)?.to_owned());
    }
    let own = formats::runnable::chip_of(&what.network)?;
    let shipped: Vec<&str> = formats::chip::shipped_names().collect();
    let (message, help) = match own {
        Some(chip) if shipped.contains(&chip.as_str()) => return Ok(chip),
        Some(chip) => (
            format!(
                "{}: the program was made for the chip `{chip}`, which is not a shipped one",
                what.network.display()
            ),
            "give the file of that chip with `--chip`".into(),
        ),
        None => (
            format!("{}: a network is mapped onto a chip, and none is named", what.network.display()),
            format!("name one with `--chip`: a chip file, or one of {}", shipped.join(", ")),
        ),
    };
    Err(HostError::Usage { message, help: Some(help) })
}

/// Reads how often the sources of `network` send, if a file says so.
fn read_activity(options: &mut MapperOptions, network: &Network) -> Result<(), HostError> {
    options.read_activity(|file| {
        let (neurons, channels) = formats::activity::load(Path::new(file), network)?;
        Ok::<_, HostError>(SpikeCounts { neurons, channels })
    })
}

fn map(what: &MapChoice, spec: ChipSpec, network: &Network, options: &MapperOptions) -> Result<Loaded, HostError> {
    let refused = |error| not_mapped(&what.network, mapper::ways_out(network, &spec, options, &error), error);
    let mapping = mapper::map(network, &spec, options).map_err(refused)?;
    let (program, symbols, report) = (mapping.program, mapping.symbols, Some(mapping.report));
    let (placement, split) = (Some(mapping.placement), mapping.split);
    let options = options.clone();
    Ok(Loaded {
        spec,
        program,
        symbols,
        report,
        graph: None,
        case: None,
        net: None,
        network: None,
        split,
        placement,
        options,
    })
}

/// The network of `loaded` without the limits of its chip: a graph in the steps of its simulator, and other networks on
/// the neurons of the chip, with an ideal router.
pub(crate) fn unlimited(what: &MapChoice, loaded: &Loaded) -> Result<Loaded, HostError> {
    let options = MapperOptions::default();
    let Some(graph) = &loaded.graph else {
        let network = loaded.mapped().expect("a program has no wish");
        let spec = loaded.spec.with_ideal_router();
        return map(what, spec, network, &options).map_err(|error| HostError::Usage {
            message: format!("the network cannot be run without the limits of `{}`: {error}", loaded.spec.name),
            help: Some("only what it does without them can be compared with what the chip does".into()),
        });
    };
    let ideal = formats::chip::shipped("ideal")?;
    let reference = graph::load_for(what, &ideal, None, graph.takes_numbers())?;
    let clock = reference.steps.network.clock;
    let mut mapped = map(what, ideal, &reference.steps.network, &options)?;
    mapped.spec = mapped.spec.at_clock(clock.as_ref()).map_err(|error| refused(&what.network, error.into()))?;
    Ok(Loaded { graph: Some(reference), ..mapped })
}

/// What a study file can say against an error of its mapping.
pub(crate) fn help_in_study(error: &MapperError) -> Option<String> {
    let (key, value, what) = way_out(error)?;
    Some(format!("`{key} = \"{value}\"` in the table `[mapping]` of the study {what}"))
}

/// The option of a mapping that helps against an error, what to set it to, and what that does.
fn way_out(error: &MapperError) -> Option<(&'static str, &'static str, &'static str)> {
    let helps = |way: &str| Limit::of(error).is_some_and(|limit| limit.info().helpers().contains(&way));
    match error {
        _ if helps("prune") => {
            Some(("over_full", "prune", "takes the connections away that matter least and reports them as lost"))
        }
        MapperError::Xylo(XyloMisfit::NotWhole { .. }) => {
            Some(("scale", "auto", "brings weights, thresholds and biases of a layer to whole numbers"))
        }
        _ => None,
    }
}
