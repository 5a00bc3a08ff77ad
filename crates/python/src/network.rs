//! Networks: read from files and texts, or from graphs of trained nets.

use crate::chip::Chip;
use crate::error::PythonError;
use ::chip::ChipSpec;
use ::network::Network as Wish;
use budget::Allowance;
use formats::nir::NirGraph;
use graph::{Graph, Like, Options};
use mapper::{Activity, MapperOptions, Scale};
use pyo3::prelude::*;
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
    /// Assumptions that were made of a graph.
    notes: Vec<String>,
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
        Ok(Self { wish: Arc::new(wish), spec: spec.clone(), options, notes: Vec::new() })
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

/// A network of a trained net in a file of the Neuromorphic Intermediate Representation.
///
/// Parameters
/// ----------
/// path : path
/// chip : Chip
/// like : str
///     The simulator whose rules the graph is run by: "snntorch", "norse", "sinabs", "spikingjelly", "rockpool",
///     "spyx", "lava", "xylo", "euler" or "exact".
/// dt : float, optional
///     Length of a step, as the file counts time; that of the simulator if not given.
/// rules : sequence of str
///     Fields of the rules for all nodes, or for one: ``"reset=zero"``, ``"lif1.reset-when=next"``.
/// step_time : float, optional
///     Seconds of a step on a chip with a clock of its own.
///
/// Returns
/// -------
/// Network
///     Its `notes` say what the chip does not do as the graph says.
///
/// Raises
/// ------
/// FileError
///     The file is damaged, or the graph cannot be what is asked of it.
/// UnknownNameError
///     There is no such simulator.
#[pyfunction]
#[pyo3(signature = (path, chip, *, like = "euler", dt = None, rules = Vec::new(), step_time = None))]
pub(crate) fn from_nir(
    py: Python<'_>,
    path: PathBuf,
    chip: &Chip,
    like: &str,
    dt: Option<f64>,
    rules: Vec<String>,
    step_time: Option<f64>,
) -> Result<Network, PythonError> {
    let known = || Like::ALL.iter().map(|like| like.name().to_owned()).collect();
    let simulator = Like::ALL.into_iter().find(|known| known.name() == like);
    let simulator = simulator.ok_or_else(|| PythonError::unknown("simulator", like, known()))?;
    let wrong = |error| PythonError::Graph { file: path.display().to_string(), error };
    let mut options = Options::of(simulator);
    options.step = dt;
    rules.iter().try_for_each(|rule| options.set(rule)).map_err(wrong)?;
    let steps = py.detach(|| {
        let file = NirGraph::open(&path)?;
        let graph = Graph::new(&file, &options).map_err(wrong)?;
        graph.on(&chip.spec, step_time).map_err(wrong)
    })?;
    // Its weights are real numbers, which a chip of whole numbers takes by a factor for each layer.
    let options = MapperOptions { scale: Scale::Auto, ..MapperOptions::default() };
    Ok(Network { wish: Arc::new(steps.network), spec: chip.spec.clone(), options, notes: steps.notes })
}
