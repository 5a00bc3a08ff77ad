//! Network files: a [`Network`] as TOML, for a chip. The file is specified in `docs/formats/network.md`.
//!
//! Owns the way from text to a network, including lists of connections in CSV or npz. Names of core models, parameters
//! and synapse kinds, units and delays are compared with the chip here, where line and column are known. Whether the
//! network fits the chip is the business of `mapper`; connections are drawn by `network`.

mod connections;
mod delays;
mod ends;
mod laws;
mod patterns;
mod places;
mod size;
mod sources;
mod synapses;
mod weights;

use crate::document::{Document, Entry, Format, Table, Value};
use crate::error::{FormatErrors, Problem};
use crate::names::read_name;
use crate::text::read_text;
use budget::Allowance;
use chip::{Bound, ChipSpec, CoreModel, Values};
use connections::{Connect, ListUnits, Stored};
use delays::DelayEntry;
use fx::Weight;
use network::{
    Connections, Endpoint, InputGroup, Network, Population, Projection, ProjectionSpec, Recurrence, WeightFormat,
};
use patterns::{KernelWeights, Misfit};
use size::Size;
use sources::SourceReader;
use std::path::Path;
use units::{Decimal, Dimension, Quantity, Unit};
use weights::Level;

pub use places::place_of;
pub use size::estimate;

/// Format and version of network files.
pub const FORMAT: Format = Format { name: "quenched-network", version: 1 };

/// Most neurons of a population and most channels of an input.
pub const MEMBERS_MAX: u32 = 1 << 26;

/// Digits of a parameter that is drawn.
const LAW_DIGITS: i16 = 12;

/// Takes an option of the table `[mapping]`, by its key and value; or says what is wrong with it.
pub type SetOption<'a> = &'a mut dyn FnMut(&str, &str) -> Result<(), String>;

/// Reads the network file at `path` for `chip`. Lists of connections are looked for in its directory.
///
/// # Errors
/// A file cannot be read, breaks its format, or names something that the chip does not have. A file with a table
/// `[mapping]` is refused, since nobody would obey it: it is for [`load_with`].
pub fn load(path: &Path, chip: &ChipSpec) -> Result<Network, FormatErrors> {
    load_with(path, chip, Allowance::Usual, &mut not_asked)
}

/// As [`load`]; a network may be as large as `allowance` says, and the options of the table `[mapping]` go to `set`.
///
/// # Errors
/// As [`load`], and what `set` refuses.
pub fn load_with(
    path: &Path,
    chip: &ChipSpec,
    allowance: Allowance,
    set: SetOption<'_>,
) -> Result<Network, FormatErrors> {
    let directory = path.parent().unwrap_or(Path::new(""));
    read_with(&read_text(path)?, &path.display().to_string(), directory, chip, allowance, set)
}

/// Reads the network file `text` for `chip`; `name` stands for the file in errors, and lists of connections are looked
/// for in `directory`.
///
/// # Errors
/// As [`load`].
pub fn read(text: &str, name: &str, directory: &Path, chip: &ChipSpec) -> Result<Network, FormatErrors> {
    read_with(text, name, directory, chip, Allowance::Usual, &mut not_asked)
}

/// As [`read`]; a network may be as large as `allowance` says, and the options of the table `[mapping]` go to `set`.
///
/// # Errors
/// As [`load_with`].
pub fn read_with(
    text: &str,
    name: &str,
    directory: &Path,
    chip: &ChipSpec,
    allowance: Allowance,
    set: SetOption<'_>,
) -> Result<Network, FormatErrors> {
    let document = Document::parse(text, name, FORMAT)?;
    let network = Reader { directory, chip, seed: 0, size: Size::new(allowance) }.network(&document, set);
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
    size: Size,
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
        self.seed = seed.unwrap_or(0);
        let mapping = root.optional_with("mapping", |v| v.options(&mut *set));
        let mut names = Vec::new();
        let inputs = each(root.optional("input")?, |v| self.input(v, &mut names));
        let populations = each(root.optional("population")?, |v| self.population(v, &mut names));
        let mut network = Network { clock: None, inputs: inputs?, populations: populations?, projections: Vec::new() };
        if network.populations.is_empty() {
            return root.reject("population-exists", "a network needs at least one `[[population]]`");
        }
        // Before anything of their size is drawn.
        if !self.check_board(document, &network.populations) {
            return None;
        }
        mapping?;
        let mut names = Vec::new();
        let levels: Vec<Level> = network.populations.iter().map(|p| self.level(p)).collect();
        let projections = each(root.optional("projection")?, |v| self.projection(v, (&network, &levels), &mut names));
        (network.projections, _) = (projections?, seed?);
        // Everything that it checks was checked above, in its place; this is the safety net.
        match network.validate() {
            Ok(()) => Some(network),
            Err(error) => root.reject("network-is-consistent", error.to_string()),
        }
    }

    fn input(&self, value: &Value<'_>, names: &mut Vec<String>) -> Option<InputGroup> {
        let table = value.table(&["name", "channels", "source"])?;
        let name = table.required_with("name", |v| new_name(&v, names));
        let channels = table.required_with("channels", |v| members(&v));
        let (name, channels) = (name?, channels?);
        let reader = SourceReader { chip: self.chip, seed: self.seed, group: &name, channels };
        let source = table.optional_with("source", |v| reader.read(&v))?;
        Some(InputGroup { name, channels, source })
    }

    fn population(&self, value: &Value<'_>, names: &mut Vec<String>) -> Option<Population> {
        let table = value.table(&["name", "size", "model", "parameters"])?;
        let name = table.required_with("name", |v| new_name(&v, names));
        let size = table.required_with("size", |v| members(&v));
        let model = table.optional_with("model", |v| self.model(&v));
        let (name, size, model) = (name?, size?, model?.unwrap_or(self.chip.models[0]));
        let parameters = table.optional_with("parameters", |v| {
            let entries = v.open_table()?.entries();
            let read = |e: &Entry<'_>| Some((e.name.clone(), self.parameter(e, (&name, size), model)?));
            let all: Vec<_> = entries.iter().map(read).collect();
            all.into_iter().collect()
        });
        let parameters = parameters?.unwrap_or_default();
        Some(Population { name, size, model, parameters })
    }

    fn model(&self, value: &Value<'_>) -> Option<CoreModel> {
        let offered: Vec<(&str, CoreModel)> = self.chip.models.iter().map(|m| (m.name(), *m)).collect();
        value.one_of(&format!("a core model of chip `{}`", self.chip.name), &offered)
    }

    /// A parameter of a population, of which name and size are given: one quantity, one a neuron, or a law.
    fn parameter(&self, entry: &Entry<'_>, (owner, size): (&str, u32), model: CoreModel) -> Option<Values> {
        let Entry { name, value } = entry;
        let Some(parameter) = self.chip.parameters.get(name) else {
            let known = self.chip.parameters.keys().cloned().collect();
            let what = format!("a parameter of chip `{}`", self.chip.name);
            value.report(Problem::UnknownName { what, name: name.clone(), known });
            return None;
        };
        let unit = parameter.nominal.quantity.unit;
        let is_law = laws::is_law(value);
        if !value.is_array() && !is_law {
            return Some(Values::Shared(quantity_in(value, unit.dimension())?));
        }
        if !self.chip.parameters_per_neuron {
            let message = format!("the neurons of a core of chip `{}` share `{name}`: give one value", self.chip.name);
            return value.reject("cores-share-parameters", message);
        }
        if is_law {
            let circuits = self.circuits();
            if u64::from(size) > circuits {
                let message = format!("nothing is drawn for {size} neurons: the board has at most {circuits}");
                return value.reject("neurons-fit-the-board", message);
            }
            let number = |v: &Value<'_>| quantity_in(v, unit.dimension())?.value_in(unit).ok();
            // Registers hold whole numbers.
            let whole =
                model.facts().parameters.iter().any(|p| p.name == *name && matches!(p.bound, Bound::Whole { .. }));
            let Some((law, place)) = laws::in_places(&laws::read_law(value, number)?, LAW_DIGITS, whole) else {
                return value.reject("laws-are-possible", "these numbers are too large, or too far apart, to be drawn");
            };
            let drawn = |index| Decimal::new(law.draw_for(self.seed, owner, name, u64::from(index)), place);
            return Some(Values::PerNeuron((0..size).map(|index| Quantity::new(drawn(index), unit)).collect()));
        }
        let elements = value.array()?;
        let all: Vec<Option<Quantity>> = elements.iter().map(|v| quantity_in(v, unit.dimension())).collect();
        let all: Vec<Quantity> = all.into_iter().collect::<Option<_>>()?;
        if all.len() != size as usize {
            let message =
                format!("there are {} values for {size} neurons: give one for each, or one for all", all.len());
            return value.reject("one-value-a-neuron", message);
        }
        Some(Values::PerNeuron(all))
    }

    fn projection(
        &self,
        value: &Value<'_>,
        (network, levels): (&Network, &[Level]),
        names: &mut Vec<String>,
    ) -> Option<Projection> {
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
        let pre = table.required_with("pre", |v| ends::senders(&v, network));
        let post = table.required_with("post", |v| ends::receivers(&v, network));
        let receivers = post.as_ref().map(|end| match end.endpoint {
            Endpoint::Population(index) => index,
            Endpoint::Input(_) => unreachable!("receivers are populations"),
        });
        let model = receivers.map(|index| network.populations[index].model);
        let synapse = table.optional_with("synapse", |v| self.synapse(&v, model));
        let connect = table.required_with("connect", |v| connections::read_connect(&v));
        let self_connections = table.or("self_connections", false);
        let weights = table.required_with("weight", |v| weights::read_weights(&v, &levels[receivers?]));
        let signs = table.optional_with("inhibitory", |v| weights::read_inhibition(&v));
        let delay = table.optional_with("delay", |v| delays::read_delays(&v, self.chip));
        let keep = table.optional_with("keep", |v| weights::read_fraction(&v));
        let removed = table.or("removed", false);
        let weight_format = table.optional_with("weight_format", |v| weights::read_format(&v));

        let (name, from, to, post, model) = (name?, pre?, post?, receivers?, model?);
        let (connect, delay, weights, signs) = (connect?, delay?, weights?, signs?);
        let synapse = match synapse? {
            Some(synapse) => synapse,
            None => self.default_synapses(&table, model)?,
        };
        self.check_source(&table, &from, network, model)?;
        let pre = from.endpoint;
        let delay_ticks = match &delay {
            Some(DelayEntry::Constant(ticks)) => *ticks,
            Some(DelayEntry::Law(_)) | None => 1,
        };
        let unit =
            weights.constant().map(|unit| ListUnits { weight: unit, level: levels[post].one, delay: delay_ticks });
        if let (Connect::Balanced(..) | Connect::Convolved(_), Some(key)) =
            (&connect, ["inhibitory"].into_iter().find(|key| table.has(key)))
        {
            let message = "this pattern says itself which weights are negative: remove this key";
            return table.reject_at(key, "patterns-are-possible", message);
        }
        let (connect, signs) = match connect {
            Connect::Balanced(pattern, signs) => (Connect::Drawn(pattern), Some(signs)),
            Connect::Near(entry) => (Connect::Drawn(entry.pattern(from.count(), to.count())), signs),
            other => (other, signs),
        };
        let mut projection = match connect {
            Connect::Drawn(pattern) => {
                let spec = ProjectionSpec {
                    name,
                    pre,
                    pre_part: from.part.clone(),
                    post,
                    post_part: to.part.clone(),
                    pattern,
                    weights: weights.law(),
                    signs: signs.unwrap_or(network::Signs::AsDrawn),
                    self_connections: self_connections?,
                    synapse,
                    delay_ticks,
                };
                if let Err(error) = self.size.add_connections(&spec, (from.count(), to.count())) {
                    table.report_at("connect", Problem::Budget(error));
                    return None;
                }
                match spec.generate(network, self.seed) {
                    Ok(projection) => projection,
                    Err(error) => return table.reject_at("connect", "connections-exist", error.to_string()),
                }
            }
            Connect::Convolved(entry) => {
                let of = KernelWeights {
                    directory: self.directory,
                    units: unit,
                    law: weights.law(),
                    seed: self.seed,
                    name: &name,
                };
                let rule = "patterns-are-possible";
                let (convolution, kernel, most) = match entry.fitted([&from, &to], &of) {
                    Ok(kernel) => kernel,
                    Err(Misfit::Files(errors)) => {
                        table.add(&errors);
                        return None;
                    }
                    Err(Misfit::Rule(message)) => return table.reject_at("connect", rule, message),
                    Err(Misfit::Weight(message)) => return table.reject_at("weight", rule, message),
                };
                if let Err(error) = self.size.add_links(most, "convolution") {
                    table.report_at("connect", Problem::Budget(error));
                    return None;
                }
                let [first_pre, first_post] = [&from, &to].map(|end| end.members().start);
                let moved = |(pre, post, weight)| (pre + first_pre, post + first_post, weight);
                let weights = kernel.unwrap_or_else(|| of.drawn(&convolution));
                let links = convolution.unroll(&weights).into_iter().map(moved).collect();
                let connections = Connections::from_list(from.size, links);
                let mask = network::Mask::all(connections.len());
                let weight_format = WeightFormat::default();
                Projection { name, pre, post, synapse, connections, mask, delay_ticks, weight_format }
            }
            Connect::Balanced(..) | Connect::Near(_) => unreachable!("these were made patterns"),
            Connect::Listed(file) => {
                let Some(units) = unit else {
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
                let list = connections::read_list(&self.directory.join(file), [&from, &to], units);
                let connections::List { connections, stored } = list.map_err(|errors| table.add(&errors)).ok()?;
                if connections.delays().is_some() && matches!(delay, Some(DelayEntry::Law(_))) {
                    let message = "the list has delays: `delay` is then the one that a 1 in the list stands for";
                    return table.reject_at("delay", "delay-is-a-unit", message);
                }
                let mask = network::Mask::all(connections.len());
                let mut weight_format = WeightFormat::default();
                if let Some(Stored { exponent, scale }) = stored {
                    let rule = "weights-are-stored-so";
                    if table.has("weight_format") {
                        let message = "the list says itself how its weights are stored: remove this key";
                        return table.reject_at("weight_format", rule, message);
                    }
                    if Weight::from_quotient(units.weight, units.level) != Ok(Weight::ONE) {
                        let message = "a list of mantissas has the weights themselves: a 1 in it stands for 1";
                        return table.reject_at("weight", rule, message);
                    }
                    weight_format = WeightFormat { exponent, scale, exact: true, ..weight_format };
                }
                Projection { name, pre, post, synapse, connections, mask, delay_ticks, weight_format }
            }
        };
        if let Some(DelayEntry::Law(law)) = &delay
            && let Err(count) = projection.draw_delays(law, self.seed)
        {
            let (all, most) = (projection.connections.len(), u16::MAX);
            let message = format!("of {all} delays drawn, {count} are above {most} ticks, the longest there are");
            return table.reject_at("delay", "delays-are-whole-ticks", message);
        }
        if let Some(format) = weight_format? {
            projection.weight_format = format;
        }
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

    /// What the weights onto neurons of `population` are measured in.
    fn level(&self, population: &Population) -> Level {
        let one = self.chip.level(population.model);
        Level { one, threshold: self.threshold(population, one.unit) }
    }

    /// The threshold of `population`, of the dimension of its weights, or why it has none.
    fn threshold(&self, population: &Population, unit: Unit) -> Result<Quantity, String> {
        let (name, model) = (&population.name, population.model);
        // Of the models that have a threshold which weights compare with, each calls it one of these.
        let reads = |key: &&str| model.facts().parameters.iter().any(|p| p.name == *key);
        let Some(key) = ["v_threshold", "threshold"].into_iter().find(reads) else {
            return Err(format!(
                "core model `{model}` of `{name}` has no threshold in the unit of weights: give the weight in {unit}"
            ));
        };
        let quantity = match population.parameters.get(key) {
            Some(Values::Shared(quantity)) => *quantity,
            Some(Values::PerNeuron(_)) => {
                return Err(format!("the neurons of `{name}` have thresholds of their own: give the weight in {unit}"));
            }
            None => match self.chip.parameters.get(key) {
                Some(parameter) => parameter.nominal.quantity,
                None => return Err(format!("chip `{}` states no `{key}`", self.chip.name)),
            },
        };
        quantity.value_in(unit).map(|_| quantity).map_err(|error| error.to_string())
    }

    /// Refuses events of a source, which are spikes, where levels are needed.
    fn check_source(&self, table: &Table<'_>, from: &ends::End, network: &Network, model: CoreModel) -> Option<()> {
        if let Endpoint::Input(index) = from.endpoint
            && network.inputs[index].source.is_some()
            && model.is_graded()
        {
            let name = &network.inputs[index].name;
            let message = format!("the source of `{name}` sends spikes, and core model `{model}` takes levels");
            return table.reject_at("pre", "sources-send-spikes", message);
        }
        Some(())
    }
}

/// A name that no other member of `names` has.
fn new_name(value: &Value<'_>, names: &mut Vec<String>) -> Option<String> {
    let name = read_name(value)?;
    if names.contains(&name) {
        return value.reject("names-differ", format!("the name `{name}` is taken"));
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

#[cfg(test)]
mod tests;
