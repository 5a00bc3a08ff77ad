//! Networks: read from files and texts, or from graphs of trained nets.

use crate::chip::Chip;
use crate::error::PythonError;
use ::chip::{ChipSpec, InputEvent};
use ::network::Network as Wish;
use budget::Allowance;
use formats::nir::NirGraph;
use graph::{Graph, Like, Options, Steps};
use mapper::{Activity, MapperOptions, Scale};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use score::NamedOutput;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A network as it is wished for, read with the names and units of a chip.
///
/// Made by :meth:`load`, :meth:`from_toml` and :func:`from_nir`.
#[pyclass(frozen, module = "quenched")]
pub(crate) struct Network {
    pub(crate) wish: Arc<Wish>,
    pub(crate) spec: Arc<ChipSpec>,
    /// How it is to be mapped, where [`crate::program::map`] is not told otherwise.
    pub(crate) options: MapperOptions,
    /// The graph that it is of.
    pub(crate) graph: Option<Arc<OfGraph>>,
    /// What was recorded with a golden case.
    recorded: Option<Recorded>,
    /// What the chip does not do as the file says.
    notes: Vec<String>,
}

/// The graph of a trained net, and the network that it became.
pub(crate) struct OfGraph {
    pub(crate) graph: Graph,
    pub(crate) steps: Steps,
}

impl OfGraph {
    /// Its outputs, by which it decides.
    pub(crate) fn outputs(&self) -> Vec<NamedOutput<'_>> {
        let named = |output| self.named(output);
        self.steps.outputs.iter().map(named).collect()
    }

    fn named<'a>(&'a self, output: &'a graph::Output) -> NamedOutput<'a> {
        let population = &self.steps.network.populations[output.population].name;
        NamedOutput { node: &output.name, population, spikes: output.spikes }
    }
}

/// The input of a golden case, and how many steps it goes on.
struct Recorded {
    steps: usize,
    events: Vec<InputEvent>,
}

#[pymethods]
impl Network {
    /// The network of a file.
    ///
    /// Parameters
    /// ----------
    /// path : path
    /// chip : Chip
    ///     Whose names and units it uses.
    ///
    /// Raises
    /// ------
    /// FileError
    ///     Something is wrong with the file; `errors` has every line and column.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf, chip: &Chip) -> Result<Self, PythonError> {
        let text = py.detach(|| formats::text::read_text(&path))?;
        let directory = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::from_toml(py, &text, chip, directory, &path.display().to_string())
    }

    /// The network that a text describes, as a network file does.
    ///
    /// Parameters
    /// ----------
    /// text : str
    /// chip : Chip
    ///     Whose names and units it uses.
    /// directory : path
    ///     Where the files lie that it names.
    /// name : str
    ///     What errors call the text.
    #[staticmethod]
    #[pyo3(signature = (text, chip, *, directory = PathBuf::new(), name = "network"))]
    fn from_toml(py: Python<'_>, text: &str, chip: &Chip, directory: PathBuf, name: &str) -> Result<Self, PythonError> {
        let mut options = MapperOptions::default();
        let mut set = |key: &str, value: &str| {
            options.set(key, value)?;
            // Files that it names lie beside it.
            if let Activity::File(file) = &options.activity
                && key == "activity"
            {
                options.activity = Activity::File(directory.join(file).display().to_string());
            }
            let read = |file: &str| formats::placement::load(&directory.join(file));
            options.read_placement(read).map_err(|error| error.to_string())
        };
        let (spec, usual) = (&chip.spec, Allowance::Usual);
        let wish = py.detach(|| formats::network::read_with(text, name, &directory, spec, usual, &mut set))?;
        Ok(Self::of(wish, chip, options))
    }

    /// The network of a golden case: a recording of another simulator, as `quenched run` takes it.
    ///
    /// Parameters
    /// ----------
    /// path : path
    ///     Its description, ``CASE.json``; the arrays lie beside it.
    /// chip : Chip
    ///
    /// Returns
    /// -------
    /// Network
    ///     `recorded` has what was recorded with it.
    ///
    /// Raises
    /// ------
    /// FileError
    ///     It is no golden case, is damaged, or cannot be a network of this chip.
    #[staticmethod]
    fn from_case(py: Python<'_>, path: PathBuf, chip: &Chip) -> Result<Self, PythonError> {
        let wrong = |message: String| PythonError::File { file: path.display().to_string(), message };
        let made = py.detach(|| {
            let found = conform::case_at(&path).map_err(|error| wrong(error.to_string()))?;
            let description = found.ok_or_else(|| wrong("this is no golden case".into()))?;
            let case = conform::Case::open(&description).map_err(|error| wrong(error.to_string()))?;
            conform::as_network(&case, &chip.spec).map_err(|error| wrong(error.to_string()))
        })?;
        let conform::CaseNetwork { network, steps, events, notes } = made;
        // What was recorded is met by its very weights.
        let options = MapperOptions { max_weight_error: Some(0.0), ..MapperOptions::default() };
        Ok(Self { recorded: Some(Recorded { steps, events }), notes, ..Self::of(network, chip, options) })
    }

    /// What was recorded with a golden case: the number of steps, and its events as an array of tick, channel and
    /// number of spikes, shape (events, 3). None of other networks.
    #[getter]
    fn recorded<'py>(&self, py: Python<'py>) -> PyResult<Option<(usize, Bound<'py, PyArray2<i64>>)>> {
        let Some(Recorded { steps, events }) = &self.recorded else { return Ok(None) };
        let row = |event: &InputEvent| [event.tick.0 as i64, event.channel.0.into(), event.payload.into()];
        let array = PyArray1::from_iter(py, events.iter().flat_map(row)).reshape([events.len(), 3])?;
        Ok(Some((*steps, array)))
    }

    /// Names and sizes of its populations.
    #[getter]
    fn populations(&self) -> Vec<(String, u32)> {
        self.wish.populations.iter().map(|population| (population.name.clone(), population.size)).collect()
    }

    /// Names and channels of its inputs; channels are numbered through all of them.
    #[getter]
    fn inputs(&self) -> Vec<(String, u32)> {
        self.wish.inputs.iter().map(|input| (input.name.clone(), input.channels)).collect()
    }

    /// How many connections it has.
    #[getter]
    fn connections(&self) -> usize {
        self.wish.projections.iter().map(|projection| projection.connections.len()).sum()
    }

    /// The chip that it was read for.
    #[getter]
    fn chip(&self) -> Chip {
        Chip { spec: self.spec.clone() }
    }

    /// What the chip does not do as a graph says, a sentence each.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn __repr__(&self) -> String {
        let neurons: u64 = self.wish.populations.iter().map(|population| u64::from(population.size)).sum();
        format!("Network({neurons} neurons, {} connections, for {:?})", self.connections(), self.spec.name)
    }
}

impl Network {
    fn of(wish: Wish, chip: &Chip, options: MapperOptions) -> Self {
        let spec = chip.spec.clone();
        Self { wish: Arc::new(wish), spec, options, graph: None, recorded: None, notes: Vec::new() }
    }
}

/// A network of a trained net, from the bytes of a file of the Neuromorphic Intermediate Representation, which errors
/// call `name`.
#[pyfunction]
#[pyo3(signature = (bytes, name, chip, *, like = "euler", dt = None, rules = Vec::new(), step_time = None,
                    numbers = false, late = None, late_edges = None))]
#[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
pub(crate) fn from_nir(
    py: Python<'_>,
    bytes: Vec<u8>,
    name: &str,
    chip: &Chip,
    like: &str,
    dt: Option<f64>,
    rules: Vec<String>,
    step_time: Option<f64>,
    numbers: bool,
    late: Option<&str>,
    late_edges: Option<Vec<(String, String)>>,
) -> Result<Network, PythonError> {
    let known = || Like::ALL.iter().map(|like| like.name().to_owned()).collect();
    let simulator = Like::ALL.into_iter().find(|known| known.name() == like);
    let simulator = simulator.ok_or_else(|| PythonError::unknown("simulator", like, known()))?;
    let wrong = |error| PythonError::Graph { file: name.into(), error };
    let mut options = Options::of(simulator);
    options.step = dt;
    options.numbers = numbers;
    late.map_or(Ok(()), |late| options.set_late(late)).map_err(wrong)?;
    options.late_edges = late_edges;
    rules.iter().try_for_each(|rule| options.set(rule)).map_err(wrong)?;
    let (graph, steps) = py.detach(|| {
        let file = NirGraph::from_bytes(bytes, name)?;
        let graph = Graph::new(&file, &options).map_err(wrong)?;
        let steps = graph.on(&chip.spec, step_time).map_err(wrong)?;
        Ok::<_, PythonError>((graph, steps))
    })?;
    // Its weights are real numbers, which a chip of whole numbers takes by a factor for each layer.
    let options = MapperOptions { scale: Scale::Auto, ..MapperOptions::default() };
    let (wish, notes) = (steps.network.clone(), steps.notes.clone());
    Ok(Network { graph: Some(Arc::new(OfGraph { graph, steps })), notes, ..Network::of(wish, chip, options) })
}
