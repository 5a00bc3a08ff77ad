//! Network files: a [`Network`] as TOML, for a chip. The file is specified in `docs/formats/network.md`.
//!
//! Owns the way from text to a network, including lists of connections in CSV or npz. Names of core models, parameters
//! and synapse kinds, units and delays are compared with the chip here, where line and column are known. Whether the
//! network fits the chip is the business of `mapper`; connections are drawn by `network`.

mod connections;
mod weights;

use crate::document::{Document, Entry, Format, Value};
use crate::error::{FormatErrors, Problem};
use crate::text::read_text;
use chip::{ChipSpec, CoreModel, Values};
use connections::Connect;
use network::{
    Endpoint, InputGroup, Network, Population, Projection, ProjectionSpec, Recurrence, SynapseChoice, WeightFormat,
};
use std::cell::Cell;
use std::path::Path;
use units::{Dimension, Quantity, Unit};

/// Format and version of network files.
pub const FORMAT: Format = Format { name: "quenched-network", version: 1 };

/// Most neurons of a population and most channels of an input.
pub const MEMBERS_MAX: u32 = 1 << 26;

/// Most connections of a network: those that fit the memory which is taken unasked.
pub const CONNECTIONS_MAX: u64 = 1 << 27;

/// Takes an option of the table `[mapping]`, by its key and value; or says what is wrong with it.
pub type SetOption<'a> = &'a mut dyn FnMut(&str, &str) -> Result<(), String>;

/// Reads the network file at `path` for `chip`. Lists of connections are looked for in its directory.
///
/// # Errors
/// A file cannot be read, breaks its format, or names something that the chip does not have. A file with a table
/// `[mapping]` is refused, since nobody would obey it: it is for [`load_with`].
pub fn load(path: &Path, chip: &ChipSpec) -> Result<Network, FormatErrors> {
    load_with(path, chip, &mut not_asked)
}

/// As [`load`]; the options of the table `[mapping]` go to `set`.
///
/// # Errors
/// As [`load`], and what `set` refuses.
pub fn load_with(path: &Path, chip: &ChipSpec, set: SetOption<'_>) -> Result<Network, FormatErrors> {
    let directory = path.parent().unwrap_or(Path::new(""));
    read_with(&read_text(path)?, &path.display().to_string(), directory, chip, set)
}

/// Reads the network file `text` for `chip`; `name` stands for the file in errors, and lists of connections are looked
/// for in `directory`.
///
/// # Errors
/// As [`load`].
pub fn read(text: &str, name: &str, directory: &Path, chip: &ChipSpec) -> Result<Network, FormatErrors> {
    read_with(text, name, directory, chip, &mut not_asked)
}

/// As [`read`]; the options of the table `[mapping]` go to `set`.
///
/// # Errors
/// As [`load_with`].
pub fn read_with(
    text: &str,
    name: &str,
    directory: &Path,
    chip: &ChipSpec,
    set: SetOption<'_>,
) -> Result<Network, FormatErrors> {
    let document = Document::parse(text, name, FORMAT)?;
    let network = Reader { directory, chip, seed: 0, drawn: Cell::new(0) }.network(&document, set);
    document.finish(network)
}

/// Refuses options that nobody would obey.
fn not_asked(_: &str, _: &str) -> Result<(), String> {
    Err("this reader takes the network alone, and not how it is to be mapped: read the file with `load_with`".into())
}

/// What reading a network depends on.
struct Reader<'a> {
    directory: &'a Path,
    chip: &'a ChipSpec,
    seed: u64,
    /// Pairs that were joined so far.
    drawn: Cell<u64>,
}

/// The elements of `[[key]]`, each read by `read`; none if the key is not there.
fn each<T>(value: Option<Value<'_>>, read: impl FnMut(&Value<'_>) -> Option<T>) -> Option<Vec<T>> {
    let Some(value) = value else { return Some(Vec::new()) };
    let all: Vec<Option<T>> = value.array()?.iter().map(read).collect();
    all.into_iter().collect()
}

impl Reader<'_> {
    fn network(mut self, document: &Document<'_>, set: SetOption<'_>) -> Option<Network> {
        let root = document.root(&["seed", "input", "population", "projection", "mapping"]);
        let seed = root.or("seed", 0);
        let mapping = root.optional_with("mapping", |v| v.options(&mut *set));
        let mut names = Vec::new();
        let inputs = each(root.optional("input")?, |v| self.input(v, &mut names));
        let populations = each(root.optional("population")?, |v| self.population(v, &mut names));
        let mut network = Network { inputs: inputs?, populations: populations?, projections: Vec::new() };
        if network.populations.is_empty() {
            return root.reject("population-exists", "a network needs at least one `[[population]]`");
        }
        // Before anything of their size is drawn.
        if !self.check_board(document, &network.populations) {
            return None;
        }
        (self.seed, _) = (seed?, mapping?);
        let mut names = Vec::new();
        let projections = each(root.optional("projection")?, |v| self.projection(v, &network, &mut names));
        network.projections = projections?;
        // Everything that it checks was checked above, in its place; this is the safety net.
        match network.validate() {
            Ok(()) => Some(network),
            Err(error) => root.reject("network-is-consistent", error.to_string()),
        }
    }

    /// Refuses what no mapping could place. That all fits is still for the mapper to find out.
    fn check_board(&self, document: &Document<'_>, populations: &[Population]) -> bool {
        let circuits = [self.chip.chip_count(), self.chip.cores_per_chip(), self.chip.neurons_per_core()];
        let circuits: u64 = circuits.iter().map(|n| *n as u64).product();
        let mut sum = 0;
        for (index, population) in populations.iter().enumerate() {
            sum += u64::from(population.size);
            if sum > circuits {
                let message = format!(
                    "with these {} neurons the network has {sum}, but a board of chip `{}` has at most {circuits}",
                    population.size, self.chip.name
                );
                let problem = Problem::Rule { rule: "neurons-fit-the-board", message };
                document.report(&format!("population[{index}].size"), problem);
                return false;
            }
        }
        true
    }

    fn input(&self, value: &Value<'_>, names: &mut Vec<String>) -> Option<InputGroup> {
        let table = value.table(&["name", "channels"])?;
        let name = table.required_with("name", |v| new_name(&v, names));
        let channels = table.required_with("channels", |v| members(&v));
        Some(InputGroup { name: name?, channels: channels? })
    }

    fn population(&self, value: &Value<'_>, names: &mut Vec<String>) -> Option<Population> {
        let table = value.table(&["name", "size", "model", "parameters"])?;
        let name = table.required_with("name", |v| new_name(&v, names));
        let size = table.required_with("size", |v| members(&v));
        let model = table.required_with("model", |v| self.model(&v));
        let parameters = table.optional_with("parameters", |v| {
            let entries = v.open_table()?.entries();
            let all: Vec<_> = entries.iter().map(|e| Some((e.name.clone(), self.parameter(e, size)?))).collect();
            all.into_iter().collect()
        });
        Some(Population { name: name?, size: size?, model: model?, parameters: parameters?.unwrap_or_default() })
    }

    fn model(&self, value: &Value<'_>) -> Option<CoreModel> {
        let offered: Vec<(&str, CoreModel)> = self.chip.models.iter().map(|m| (m.name(), *m)).collect();
        value.one_of(&format!("a core model of chip `{}`", self.chip.name), &offered)
    }

    /// A parameter of a population of `size` neurons: one quantity, or one a neuron.
    fn parameter(&self, entry: &Entry<'_>, size: Option<u32>) -> Option<Values> {
        let Entry { name, value } = entry;
        let Some(parameter) = self.chip.parameters.get(name) else {
            let known = self.chip.parameters.keys().cloned().collect();
            let what = format!("a parameter of chip `{}`", self.chip.name);
            value.report(Problem::UnknownName { what, name: name.clone(), known });
            return None;
        };
        let unit = parameter.nominal.quantity.unit;
        if !value.is_array() {
            return Some(Values::Shared(quantity_in(value, unit.dimension())?));
        }
        if !self.chip.parameters_per_neuron {
            let message = format!("the neurons of a core of chip `{}` share `{name}`: give one value", self.chip.name);
            return value.reject("cores-share-parameters", message);
        }
        let elements = value.array()?;
        let all: Vec<Option<Quantity>> = elements.iter().map(|v| quantity_in(v, unit.dimension())).collect();
        let all: Vec<Quantity> = all.into_iter().collect::<Option<_>>()?;
        let size = size?;
        if all.len() != size as usize {
            let message =
                format!("there are {} values for {size} neurons: give one for each, or one for all", all.len());
            return value.reject("one-value-a-neuron", message);
        }
        Some(Values::PerNeuron(all))
    }

    fn projection(&self, value: &Value<'_>, network: &Network, names: &mut Vec<String>) -> Option<Projection> {
        let table = value.table(&[
            "name",
            "pre",
            "post",
            "synapse",
            "connect",
            "self_connections",
            "weight",
            "inhibitory",
            "delay",
            "keep",
            "removed",
            "weight_format",
        ])?;
        let name = table.required_with("name", |v| new_name(&v, names));
        let pre = table.required_with("pre", |v| end(&v, network));
        let post = table.required_with("post", |v| population(&v, network));
        let model = post.map(|post| network.populations[post].model);
        let synapse = table.required_with("synapse", |v| self.synapse(&v, model));
        let connect = table.required_with("connect", |v| connections::read_connect(&v));
        let self_connections = table.or("self_connections", false);
        let level = model.map(|model| self.chip.level(model));
        let weights = table.required_with("weight", |v| weights::read_weights(&v, level?));
        let signs = table.optional_with("inhibitory", |v| weights::read_inhibition(&v));
        let delay_ticks = table.optional_with("delay", |v| self.delay(&v));
        let keep = table.optional_with("keep", |v| weights::read_fraction(&v));
        let removed = table.or("removed", false);
        let weight_format = table.optional_with("weight_format", |v| weights::read_format(&v));

        let (name, pre, post, connect, delay_ticks) = (name?, pre?, post?, connect?, delay_ticks?.unwrap_or(1));
        let (synapse, weights, signs) = (synapse?, weights?, signs?);
        let mut projection = match connect {
            Connect::Drawn(pattern) => {
                let signs = signs.unwrap_or(network::Signs::AsDrawn);
                let weights = weights.law();
                let self_connections = self_connections?;
                let spec =
                    ProjectionSpec { name, pre, post, pattern, weights, signs, self_connections, synapse, delay_ticks };
                connections::check_size(&spec, network, &table, &self.drawn)?;
                match spec.generate(network, self.seed) {
                    Ok(projection) => projection,
                    Err(error) => return table.reject_at("connect", "connections-exist", error.to_string()),
                }
            }
            Connect::Listed(file) => {
                let Some((weight, level)) = weights.constant().zip(level) else {
                    return table.reject_at(
                        "weight",
                        "weight-is-a-unit",
                        "with a list, `weight` is the one quantity that a 1 in the list stands for",
                    );
                };
                if let Some(key) = ["inhibitory", "self_connections"].into_iter().find(|key| table.has(key)) {
                    let message = "a list says itself which weights are negative and who hears itself: remove this key";
                    return table.reject_at(key, "lists-are-taken-as-they-are", message);
                }
                let sizes = [pre, Endpoint::Population(post)].map(|e| network.size_of(e).expect("the end exists"));
                let list =
                    connections::read_list(&self.directory.join(file), sizes, connections::Unit { weight, level });
                let connections = list.map_err(|errors| table.add(&errors)).ok()?;
                let mask = network::Mask::all(connections.len());
                let weight_format = WeightFormat::default();
                Projection { name, pre, post, synapse, connections, mask, delay_ticks, weight_format }
            }
        };
        projection.weight_format = weight_format?.unwrap_or_default();
        let recurrence = match (removed?, keep?) {
            (true, None) => Recurrence::Removed,
            (true, Some(_)) => {
                return table.reject_at(
                    "removed",
                    "removed-or-kept",
                    "`removed` takes all connections: remove `keep` or `removed`",
                );
            }
            (false, Some(kept_per_65536)) => Recurrence::Pruned { kept_per_65536 },
            (false, None) => Recurrence::Full,
        };
        recurrence.apply(&mut projection, self.seed);
        Some(projection)
    }

    /// A synapse kind for all weights, or one for each sign.
    fn synapse(&self, value: &Value<'_>, model: Option<CoreModel>) -> Option<SynapseChoice> {
        let kind = |v: Value<'_>| {
            let is_graded = |k: &chip::Kinetics| *k == chip::Kinetics::Graded;
            let fits = |s: &&chip::SynapseType| model.is_none_or(|m| is_graded(&s.kinetics) == m.is_graded());
            let known: Vec<(&str, ())> =
                self.chip.synapses.iter().filter(fits).map(|s| (s.name.as_str(), ())).collect();
            let of_model = model.map_or(String::new(), |m| format!(" for core model `{m}`"));
            let what = format!("a synapse kind of chip `{}`{of_model}", self.chip.name);
            v.one_of(&what, &known)?;
            v.read::<String>()
        };
        if value.is_string() {
            let name = kind(value.clone())?;
            return Some(SynapseChoice { excitatory: name.clone(), inhibitory: name });
        }
        let table = value.table(&["excitatory", "inhibitory"])?;
        let (excitatory, inhibitory) =
            (table.required_with("excitatory", kind), table.required_with("inhibitory", kind));
        Some(SynapseChoice { excitatory: excitatory?, inhibitory: inhibitory? })
    }

    /// A delay in ticks: a whole number of them, or a time that is one.
    fn delay(&self, value: &Value<'_>) -> Option<u16> {
        const RULE: &str = "delays-are-whole-ticks";
        if !value.is_string() && !value.is_table() {
            let ticks: u16 = value.read()?;
            return if ticks > 0 { Some(ticks) } else { value.reject(RULE, "a delay is at least 1 tick") };
        }
        let time = quantity_in(value, Dimension::Time)?;
        let tick = self.chip.tick.quantity;
        // In the finest unit that both are whole numbers of.
        let exponents = [time, tick].map(|q| q.value_in(Unit::SECOND).expect("both are times"));
        let finest = exponents[0].exponent().min(exponents[1].exponent());
        let parts = exponents.map(|q| q.scaled(-finest).to_bits(0).ok());
        match parts {
            [Some(time), Some(tick)] if time > 0 && time % tick == 0 && time / tick <= i64::from(u16::MAX) => {
                u16::try_from(time / tick).ok()
            }
            _ => {
                let most = u16::MAX;
                value.reject(RULE, format!("a delay is from 1 to {most} whole ticks of {tick}, this is {time}"))
            }
        }
    }
}

/// A name that no other member of `names` has.
fn new_name(value: &Value<'_>, names: &mut Vec<String>) -> Option<String> {
    let name: String = value.read()?;
    if name.is_empty() || names.contains(&name) {
        let message =
            if name.is_empty() { "a name is not empty".into() } else { format!("the name `{name}` is taken") };
        return value.reject("names-differ", message);
    }
    names.push(name.clone());
    Some(name)
}

/// A number of neurons or channels.
fn members(value: &Value<'_>) -> Option<u32> {
    let count: u32 = value.read()?;
    if (1..=MEMBERS_MAX).contains(&count) {
        return Some(count);
    }
    value.report(Problem::OutOfRange { value: count.to_string(), low: "1".into(), high: MEMBERS_MAX.to_string() });
    None
}

/// A quantity of this dimension.
fn quantity_in(value: &Value<'_>, expected: Dimension) -> Option<Quantity> {
    let quantity: Quantity = value.read()?;
    let found = quantity.unit.dimension();
    if found == expected {
        return Some(quantity);
    }
    value.report(Problem::Quantity(units::QuantityError::Dimension { found, expected }));
    None
}

/// The population of this name.
fn population(value: &Value<'_>, network: &Network) -> Option<usize> {
    let all: Vec<(&str, usize)> = network.populations.iter().enumerate().map(|(i, p)| (p.name.as_str(), i)).collect();
    value.one_of("a population of this network", &all)
}

/// The population or input of this name.
fn end(value: &Value<'_>, network: &Network) -> Option<Endpoint> {
    let populations = network.populations.iter().enumerate().map(|(i, p)| (p.name.as_str(), Endpoint::Population(i)));
    let inputs = network.inputs.iter().enumerate().map(|(i, g)| (g.name.as_str(), Endpoint::Input(i)));
    let all: Vec<(&str, Endpoint)> = populations.chain(inputs).collect();
    value.one_of("a population or an input of this network", &all)
}

#[cfg(test)]
mod tests;
