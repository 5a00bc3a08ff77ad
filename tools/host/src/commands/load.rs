//! What `quenched map` and `quenched run` are given: a network or graph, which is mapped, or a program, which was.

mod graph;

use crate::args::MapChoice;
use crate::errors::HostError;
use calibrate::Factor;
use chip::{ChipSpec, Program, Symbols};
use formats::runnable::{Runnable, load as read};
use mapper::{Activity, Limit, MapperError, MapperOptions, Mapping, MappingReport, Placement, SpikeCounts, XyloMisfit};
use network::Network;
use session::{Board, SessionError};
use std::path::Path;
use warnings::{Kind, Warning, Warnings};

pub(crate) use graph::{LoadedGraph, is_graph};

/// A program, the chip it was read for, and what its parts are called.
pub(crate) struct Loaded {
    pub(crate) spec: ChipSpec,
    pub(crate) program: Program,
    pub(crate) symbols: Symbols,
    /// What was kept and lost; none of a program that was mapped before.
    pub(crate) report: Option<MappingReport>,
    /// The graph that the network came from, if it did.
    pub(crate) graph: Option<LoadedGraph>,
    /// The network that was mapped, if it came from a network file.
    pub(crate) network: Option<Network>,
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

    /// Takes `network` for the one that was mapped, as `mapping`.
    pub(crate) fn replace(&mut self, network: Network, mapping: Mapping) {
        let Mapping { program, placement, report, symbols } = mapping;
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

/// Reads what the command line names, and maps it if it is a network.
/// `numbers` says that the input of a graph is known to be numbers.
pub(crate) fn load(what: &MapChoice, numbers: bool) -> Result<Loaded, HostError> {
    load_on(what, formats::chip::resolve(&chip(what)?)?, numbers)
}

/// The same for the chip `spec`, whatever the command line says.
pub(crate) fn load_on(what: &MapChoice, spec: ChipSpec, numbers: bool) -> Result<Loaded, HostError> {
    let mut options = MapperOptions::default();
    if is_graph(&what.network)? {
        let loaded = graph::load(what, &spec, numbers)?;
        // Its weights are real numbers, which a chip of whole numbers takes by a factor for each layer.
        options.scale = mapper::Scale::Auto;
        what.mapping.apply(&mut options);
        options.read_placement(|file| formats::placement::load(Path::new(file)))?;
        read_activity(&mut options, &loaded.steps.network)?;
        let clock = loaded.steps.network.clock;
        let mut mapped = map(what, spec, &loaded.steps.network, &options)?;
        mapped.spec = mapped.spec.at_clock(clock.as_ref()).map_err(|error| refused(&what.network, error.into()))?;
        if let Some(report) = &mut mapped.report {
            let of_mapping = std::mem::take(&mut report.warnings);
            report.warnings = loaded.warnings();
            report.warnings.extend(of_mapping);
        }
        return Ok(Loaded { graph: Some(loaded), ..mapped });
    }
    if let Some(flag) = what.graph.first() {
        return Err(HostError::Usage {
            message: format!("{}: `{flag}` says how a graph is read, and this is none", what.network.display()),
            help: Some("leave it out, or give a NIR file".into()),
        });
    }
    let beside = what.network.parent().unwrap_or(Path::new(""));
    let mut set = |key: &str, value: &str| {
        options.set(key, value)?;
        // The counts are read when the network is known.
        if let Activity::File(file) = &options.activity {
            options.activity = Activity::File(beside.join(file).display().to_string());
        }
        let read = |file: &str| formats::placement::load(&beside.join(file));
        options.read_placement(read).map_err(|error| error.to_string())
    };
    match read(&what.network, &spec, what.allowance(), &mut set)? {
        Runnable::Network(network) => {
            what.mapping.apply(&mut options);
            // A flag names a file as every flag does, and not beside the network.
            options.read_placement(|file| formats::placement::load(Path::new(file)))?;
            read_activity(&mut options, &network)?;
            let mapped = map(what, spec, &network, &options)?;
            Ok(Loaded { network: Some(network), ..mapped })
        }
        Runnable::Program(program, symbols) => match what.mapping.first() {
            None => {
                let spec =
                    spec.at_clock(program.clock.as_ref()).map_err(|error| refused(&what.network, error.into()))?;
                Ok(Loaded {
                    spec,
                    program,
                    symbols,
                    report: None,
                    graph: None,
                    network: None,
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
        },
    }
}

/// The chip that is asked for, or else the one that a program was made for.
fn chip(what: &MapChoice) -> Result<String, HostError> {
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
    let mapping = mapper::map(network, &spec, options).map_err(|error| HostError::Mapper {
        file: what.network.display().to_string(),
        ways: mapper::ways_out(network, &spec, options, &error),
        error: Box::new(error),
    })?;
    let (program, symbols, report) = (mapping.program, mapping.symbols, Some(mapping.report));
    let placement = Some(mapping.placement);
    let options = options.clone();
    Ok(Loaded { spec, program, symbols, report, graph: None, network: None, placement, options })
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
