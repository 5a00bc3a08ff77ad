//! Mapping: a network on a chip, as a program with its report.

use crate::chip::Chip;
use crate::die::Die;
use crate::error::PythonError;
use crate::network::{Network, OfGraph};
use ::chip::{ChipSpec, Endpoint, SynapseSign};
use ::network::Network as Wish;
use fx::Weight;
use mapper::{DieChoice, KnownDie, Mapping, MappingReport, Placement};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use session::Board;
use std::path::PathBuf;
use std::sync::Arc;

/// What a chip holds of a network, ready to run.
///
/// Made by :func:`map` and :meth:`load`.
#[pyclass(frozen, module = "quenched")]
pub(crate) struct Program {
    pub(crate) board: Board,
    /// The chip that it was mapped for, without the clock of its network.
    pub(crate) spec: Arc<ChipSpec>,
    /// The same with the clock that the network brings.
    clocked: Arc<ChipSpec>,
    /// None of a program that was read from a file.
    mapped: Option<Mapped>,
}

/// What is known of a program that was mapped here.
struct Mapped {
    report: MappingReport,
    /// The network that is on the chip, with the copies of neurons that the mapping made.
    wish: Arc<Wish>,
    placement: Placement,
    graph: Option<Arc<OfGraph>>,
}

impl Program {
    fn of(board: Board, spec: Arc<ChipSpec>, mapped: Option<Mapped>) -> Self {
        let clocked = if *board.spec() == *spec { spec.clone() } else { Arc::new(board.spec().clone()) };
        Self { board, spec, clocked, mapped }
    }

    /// The graph of a trained net that it was made of.
    pub(crate) fn graph(&self) -> Option<&OfGraph> {
        self.mapped.as_ref()?.graph.as_deref()
    }

    /// What was mapped.
    fn mapped(&self) -> Result<&Mapped, PythonError> {
        let none =
            || PythonError::Value("the program was read from a file, which does not say what it was made of".into());
        self.mapped.as_ref().ok_or_else(none)
    }
}

/// Connections by column: sender, receiver, weight.
type Connections<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<f64>>);

fn columns<'py>(py: Python<'py>, all: &[(u32, u32, f64)]) -> Connections<'py> {
    (
        PyArray1::from_iter(py, all.iter().map(|(pre, ..)| *pre)),
        PyArray1::from_iter(py, all.iter().map(|(_, post, _)| *post)),
        PyArray1::from_iter(py, all.iter().map(|(.., weight)| *weight)),
    )
}

/// What one value of an option is called in a file of a network.
fn option(value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.extract::<bool>() {
        Ok(on) if value.get_type().name()? == "bool" => Ok(if on { "on" } else { "off" }.into()),
        _ => Ok(value.str()?.to_string()),
    }
}

/// Maps a network onto the chip that it was read for, for any die or for one, with options as pairs.
#[pyfunction]
#[pyo3(signature = (network, options, die = None))]
pub(crate) fn map(
    py: Python<'_>,
    network: &Network,
    options: Option<&Bound<'_, PyDict>>,
    die: Option<&Die>,
) -> PyResult<Program> {
    let mut asked = network.options.clone();
    for (key, value) in options.into_iter().flatten() {
        let key: String = key.extract()?;
        asked.set(&key, &option(&value)?).map_err(PythonError::Value)?;
    }
    if let Some(die) = die {
        asked.die = DieChoice::Known(KnownDie { name: die.name(), parameters: die.parameters.clone() });
    }
    let (wish, spec) = (&network.wish, &network.spec);
    let chip = Chip { spec: spec.clone() };
    asked.find_die(|choice| {
        let die = match choice {
            DieChoice::File(file) => chip.load_die(py, file.into(), 1)?,
            DieChoice::Number(number) => chip.die(*number, 1, None, true)?,
            DieChoice::None | DieChoice::Known(_) => chip.nominal(),
        };
        Ok::<_, PythonError>(KnownDie { name: die.name(), parameters: die.parameters })
    })?;
    let made = py.detach(|| {
        asked.read_placement(|file| formats::placement::load(file.as_ref()))?;
        asked.read_activity(|file| {
            let (neurons, channels) = formats::activity::load(file.as_ref(), wish)?;
            Ok::<_, PythonError>(mapper::SpikeCounts { neurons, channels })
        })?;
        let refused =
            |error| PythonError::Mapping { ways: mapper::ways_out(wish, spec, &asked, &error), error: Box::new(error) };
        let Mapping { program, symbols, report, placement, split } =
            mapper::map(wish, spec, &asked).map_err(refused)?;
        let board = Board::new(ChipSpec::clone(spec), program, symbols)?;
        let wish = split.map_or_else(|| wish.clone(), |split| Arc::new(*split));
        let mapped = Mapped { report, wish, placement, graph: network.graph.clone() };
        Ok::<_, PythonError>(Program::of(board, spec.clone(), Some(mapped)))
    })?;
    Ok(made)
}

/// The bytes of a NIR file, by which arguments it is to be read, and what it does not say.
type Graph<'py> = (Bound<'py, PyBytes>, Vec<String>, Vec<String>);

#[pymethods]
impl Program {
    /// The program of a file, as `quenched map --out` and :meth:`save` write it.
    ///
    /// Parameters
    /// ----------
    /// path : path
    /// chip : Chip
    ///     The chip that it was made for.
    ///
    /// Raises
    /// ------
    /// FileError
    ///     The file is damaged, or of another version.
    /// RunError
    ///     It was made for another chip.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf, chip: &Chip) -> Result<Self, PythonError> {
        let board = py.detach(|| {
            let (program, symbols) = formats::program::load(&path)?;
            Ok::<_, PythonError>(Board::new(ChipSpec::clone(&chip.spec), program, symbols)?)
        })?;
        Ok(Self::of(board, chip.spec.clone(), None))
    }

    /// Write it to a file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> Result<(), PythonError> {
        py.detach(|| formats::program::save(&path, self.board.program(), self.board.symbols()))?;
        Ok(())
    }

    /// Names and sizes of its populations.
    #[getter]
    fn populations(&self) -> Vec<(String, u32)> {
        self.board.symbols().populations.iter().map(|population| (population.name.clone(), population.size)).collect()
    }

    /// Names and channels of its inputs; channels are numbered through all of them.
    #[getter]
    fn inputs(&self) -> Vec<(String, u32)> {
        self.board.symbols().inputs.iter().map(|input| (input.name.clone(), input.channels)).collect()
    }

    /// Its chip, with the clock that the network brings.
    #[getter]
    fn chip(&self) -> Chip {
        Chip { spec: self.clocked.clone() }
    }

    /// What the chip does not hold as it was asked for.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        crate::run::lines(self.mapped.iter().flat_map(|mapped| mapped.report.warnings.iter()))
    }

    /// The die that it was made for, in words; None: for any die.
    #[getter]
    fn made_for(&self) -> Option<String> {
        self.board.symbols().die.as_ref().map(|die| die.name.clone())
    }

    /// Names of its projections, with the names of their ends.
    #[getter]
    fn projections(&self) -> Vec<(String, String, String)> {
        let symbols = self.board.symbols();
        let pre = |pre| match pre {
            Endpoint::Population(index) => symbols.populations[index].name.clone(),
            Endpoint::Input(index) => symbols.inputs[index].name.clone(),
        };
        let post = |index: usize| symbols.populations[index].name.clone();
        symbols.projections.iter().map(|p| (p.name.clone(), pre(p.pre), post(p.post))).collect()
    }

    /// The report of the mapping as JSON, as `quenched map --json` has it; none of a program that was loaded.
    #[getter]
    fn _report(&self) -> PyResult<Option<String>> {
        let text = self.mapped.as_ref().map(|mapped| serde_json::to_string(&mapped.report)).transpose();
        text.map_err(|error| PythonError::Value(error.to_string()).into())
    }

    /// The report of the mapping as the command prints it.
    #[getter]
    fn _text(&self) -> Option<String> {
        self.mapped.as_ref().map(|mapped| mapped.report.to_string())
    }

    /// All connections from one end to another, those that were wished for and those that the chip holds: sender,
    /// receiver, weight in what counts as 1.
    fn _weights<'py>(&self, py: Python<'py>, pre: &str, post: &str) -> Result<[Connections<'py>; 2], PythonError> {
        let mapped = self.mapped()?;
        let wish = &mapped.wish;
        let known = || -> Vec<String> {
            let populations = wish.populations.iter().map(|population| population.name.clone());
            populations.chain(wish.inputs.iter().map(|input| input.name.clone())).collect()
        };
        let of_input = || wish.inputs.iter().position(|input| input.name == pre).map(Endpoint::Input);
        let from = wish.population(pre).map(Endpoint::Population).or_else(of_input);
        let from = from.ok_or_else(|| PythonError::unknown("population or input", pre, known()))?;
        let to = wish.population(post).ok_or_else(|| PythonError::unknown("population", post, known()))?;
        let unit = 2f64.powi(-(Weight::FRACTION_BITS as i32));
        let mut wished: Vec<(u32, u32, f64)> = Vec::new();
        for projection in wish.projections.iter().filter(|p| (p.pre, p.post) == (from, to)) {
            let scale = 2f64.powi(projection.weight_format.scale.into());
            wished.extend(projection.kept().map(|c| (c.pre, c.post, c.weight.to_bits() as f64 * unit * scale)));
        }
        let spec = self.board.spec();
        let made = py.detach(|| mapper::decode(self.board.program(), &mapped.placement, wish, spec));
        let made = made.map_err(|error| PythonError::Mapping { error: Box::new(error), ways: Vec::new() })?;
        let held = made.iter().filter(|connection| (connection.pre, connection.post) == (from, to)).map(|connection| {
            let inhibits = spec.synapses[usize::from(connection.synapse)].sign == SynapseSign::Inhibitory;
            let sign = if inhibits { -1.0 } else { 1.0 };
            (connection.pre_index, connection.post_index, sign * connection.weight as f64 * unit)
        });
        Ok([columns(py, &wished), columns(py, &held.collect::<Vec<_>>())])
    }

    /// The graph that it was made of, with the weights that the chip holds, as the bytes of a NIR file; by which
    /// arguments that is to be read, and what the chip does that it does not say.
    fn _nir<'py>(&self, py: Python<'py>) -> Result<Graph<'py>, PythonError> {
        let mapped = self.mapped()?;
        let OfGraph { graph, steps } = mapped.graph.as_deref().ok_or_else(|| {
            PythonError::Value("only what was made of a NIR graph (`from_nir`) can be written as one".into())
        })?;
        let made = py.detach(|| {
            let on = (self.board.spec(), self.board.program(), &mapped.placement);
            host::read_back((graph, steps), on)
        });
        let made = made.map_err(|error| match error {
            host::ReadBackError::Graph(error) => PythonError::Graph { file: "NIR".into(), error },
            host::ReadBackError::Mapper(error) => PythonError::Mapping { error: Box::new(error), ways: Vec::new() },
        })?;
        Ok((PyBytes::new(py, &made.bytes), made.options, made.unsaid))
    }

    fn __repr__(&self) -> String {
        let neurons: u64 = self.populations().iter().map(|(_, size)| u64::from(*size)).sum();
        let cores = self.board.program().cores.len();
        format!("Program({neurons} neurons in {cores} cores of {:?})", self.board.spec().name)
    }
}
