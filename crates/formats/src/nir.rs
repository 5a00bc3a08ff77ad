//! NIR files: graphs of trained networks, in HDF5.
//!
//! Owns the way from the bytes of a file to its nodes, with the numbers of each, and its edges. Whatever a file holds,
//! the answer is a graph or an error that names the object; sizes are checked before anything of that size is
//! allocated.
//!
//! It deliberately gives no node a meaning: which types of nodes there are, which numbers they need, and how their
//! equations are stepped is the business of who asks. Metadata are neither read nor written. Links to other files are
//! not followed.

mod half;
mod write;

use crate::error::FormatError;
use crate::text::read_bytes;
use hdf5_pure::{DType, Dataset, File, Group};
use std::collections::BTreeMap;
use std::path::Path;

/// Most bytes of a file.
const FILE_BYTES_MAX: u64 = 1 << 28;
/// Most bytes of a dataset of numbers, or of a chunk of one.
const DATASET_BYTES_MAX: u64 = 1 << 27;
/// Most bytes of all datasets of a file: many may lie at the same place.
const TOTAL_BYTES_MAX: u64 = 1 << 28;
/// Most bytes of the texts of a dataset, and of the references to them.
const TEXT_BYTES_MAX: u64 = 1 << 20;
/// Most graphs within each other.
const NESTING_MAX: usize = 16;
/// Most nodes of a file.
const NODES_MAX: usize = 1 << 16;
/// The group of what is of no consequence to a graph.
const METADATA: &str = "metadata";
/// Bytes that a number takes once it is read, however short it is in the file.
const NUMBER_BYTES: u64 = size_of::<f64>() as u64;

/// A graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NirGraph {
    /// Nodes by name.
    pub nodes: BTreeMap<String, NirNode>,
    /// Names of the nodes at both ends of each edge, in the order of the file. They need not exist, and an edge may
    /// occur twice.
    pub edges: Vec<(String, String)>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NirNode {
    /// Its type, such as `CubaLIF`.
    pub kind: String,
    /// Its parameters that are numbers, by name. Times are in seconds.
    pub numbers: BTreeMap<String, NirArray>,
    /// Its parameters that are a text, by name.
    pub texts: BTreeMap<String, String>,
    /// The graph within it, of a node of type `NIRGraph`.
    pub graph: Option<NirGraph>,
}

/// Numbers of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NirArray {
    /// Length of each dimension; none for a single number.
    pub shape: Vec<u64>,
    /// Elements, last dimension fastest. Whole numbers beyond 2^53 are rounded.
    pub values: Vec<f64>,
}

impl NirGraph {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`FormatError::Io`] and [`FormatError::TooLarge`] if it cannot be read; else as [`NirGraph::from_bytes`].
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        Self::from_bytes(read_bytes(path, FILE_BYTES_MAX)?, &path.display().to_string())
    }

    /// Reads the file in `bytes`; `name` stands for it in errors.
    ///
    /// # Errors
    /// [`FormatError::Object`] with the object that is missing, damaged, too large or of another kind.
    pub fn from_bytes(bytes: Vec<u8>, name: &str) -> Result<Self, FormatError> {
        let mut reader = Reader { name, left: TOTAL_BYTES_MAX, most: DATASET_BYTES_MAX, nodes: 0 };
        if !hdf5_pure::is_hdf5_bytes(&bytes) {
            return Err(reader.wrong("/", "it is no HDF5 file, which a NIR graph is"));
        }
        let file = File::from_bytes(bytes).map_err(|e| reader.wrong("/", e))?;
        let root = file.group("/node").map_err(|e| reader.wrong("/node", e))?;
        let kind = reader.text(&root, "/node", "type")?;
        if kind != "NIRGraph" {
            return Err(reader.wrong("/node/type", format_args!("it is `{kind}`, but `NIRGraph` is needed")));
        }
        reader.graph(&root, "/node", 1)
    }

    /// Names of the nodes that the edges of a node lead to, each once, in alphabetical order.
    pub fn successors(&self, name: &str) -> Vec<&str> {
        let mut names: Vec<_> = self.edges.iter().filter(|e| e.0 == name).map(|e| e.1.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What is needed to read one file.
pub(crate) struct Reader<'a> {
    pub(crate) name: &'a str,
    /// Bytes that its datasets may still have.
    pub(crate) left: u64,
    /// Most bytes of a dataset of numbers, or of a chunk of one.
    pub(crate) most: u64,
    /// Nodes so far.
    pub(crate) nodes: usize,
}

impl Reader<'_> {
    pub(crate) fn wrong(&self, object: &str, reason: impl ToString) -> FormatError {
        FormatError::Object { file: self.name.into(), object: object.into(), reason: reason.to_string() }
    }

    /// The graph in `root`, which is the `depth`th within each other.
    fn graph(&mut self, root: &Group, path: &str, depth: usize) -> Result<NirGraph, FormatError> {
        if depth > NESTING_MAX {
            let reason = format_args!("more than {NESTING_MAX} graphs within each other; does one hold itself?");
            return Err(self.wrong(path, reason));
        }
        let place = format!("{path}/edges");
        let ends = self.dataset(root, path, "edges").and_then(|edges| self.texts(&place, &edges))?;
        let edges = match ends.as_chunks() {
            (pairs, []) => pairs.iter().map(|[from, to]| (from.clone(), to.clone())).collect(),
            _ => return Err(self.wrong(&place, format_args!("{} names are no pairs", ends.len()))),
        };
        let place = format!("{path}/nodes");
        let nodes = root.group("nodes").map_err(|e| self.wrong(&place, e))?;
        let names = nodes.groups().map_err(|e| self.wrong(&place, e))?;
        let mut graph = NirGraph { nodes: BTreeMap::new(), edges };
        for name in names {
            let path = format!("{place}/{name}");
            self.nodes += 1;
            if self.nodes > NODES_MAX {
                return Err(self.wrong(&path, format_args!("more than the {NODES_MAX} nodes that are read")));
            }
            let group = nodes.group(&name).map_err(|e| self.wrong(&path, e))?;
            graph.nodes.insert(name, self.node(&group, &path, depth)?);
        }
        Ok(graph)
    }

    fn node(&mut self, group: &Group, path: &str, depth: usize) -> Result<NirNode, FormatError> {
        let kind = self.text(group, path, "type")?;
        if kind == "NIRGraph" {
            let graph = Some(self.graph(group, path, depth + 1)?);
            return Ok(NirNode { kind, graph, ..NirNode::default() });
        }
        let mut node = NirNode { kind, ..NirNode::default() };
        let datasets = group.datasets().map_err(|e| self.wrong(path, e))?;
        for name in datasets.into_iter().filter(|name| name != "type") {
            let dataset = self.dataset(group, path, &name)?;
            let place = format!("{path}/{name}");
            match dataset.dtype().map_err(|e| self.wrong(&place, e))? {
                DType::String | DType::VariableLengthString => {
                    // Several texts are no parameter of any node.
                    if let Ok([text]) = <[String; 1]>::try_from(self.texts(&place, &dataset)?) {
                        node.texts.insert(name, text);
                    }
                }
                kind => {
                    let array = self.numbers(&place, &dataset, kind)?;
                    node.numbers.insert(name, array);
                }
            }
        }
        // A parameter that is a group, or a link to nowhere, would be missed without a word.
        let groups = group.groups().map_err(|e| self.wrong(path, e))?;
        match groups.into_iter().find(|name| name != METADATA) {
            None => Ok(node),
            Some(name) => Err(self.wrong(&format!("{path}/{name}"), "it is a group, where parameters are datasets")),
        }
    }

    pub(crate) fn dataset(&self, group: &Group, path: &str, name: &str) -> Result<Dataset, FormatError> {
        group.dataset(name).map_err(|e| self.wrong(&format!("{path}/{name}"), e))
    }

    /// The single text `name` of a group.
    pub(crate) fn text(&mut self, group: &Group, path: &str, name: &str) -> Result<String, FormatError> {
        let dataset = self.dataset(group, path, name)?;
        let path = format!("{path}/{name}");
        match <[String; 1]>::try_from(self.texts(&path, &dataset)?) {
            Ok([text]) => Ok(text),
            Err(texts) => Err(self.wrong(&path, format_args!("it holds {} texts, but one is needed", texts.len()))),
        }
    }

    fn texts(&mut self, path: &str, dataset: &Dataset) -> Result<Vec<String>, FormatError> {
        self.fits(path, dataset, TEXT_BYTES_MAX)?;
        let texts = match dataset.dtype().map_err(|e| self.wrong(path, e))? {
            DType::VariableLengthString => {
                let limits = hdf5_pure::VlenStringReadOptions::new().with_max_payload_bytes(TEXT_BYTES_MAX as usize);
                dataset.read_vlen_strings(limits)
            }
            DType::String => dataset.read_string(),
            other => return Err(self.wrong(path, format_args!("its elements are {other}, but texts are needed"))),
        };
        texts.map_err(|e| self.wrong(path, e))
    }

    /// The numbers of a dataset of type `kind`.
    pub(crate) fn numbers(&mut self, path: &str, dataset: &Dataset, kind: DType) -> Result<NirArray, FormatError> {
        let shape = self.fits(path, dataset, self.most)?;
        let half = match &kind {
            DType::Other(other) => half::order(other),
            _ => None,
        };
        let values = match kind {
            DType::F32 | DType::F64 => dataset.read_f64(),
            DType::I8 | DType::I16 | DType::I32 | DType::I64 | DType::U8 | DType::U16 | DType::U32 => {
                dataset.read_i64().map(|values| values.into_iter().map(|value| value as f64).collect())
            }
            DType::U64 => dataset.read_u64().map(|values| values.into_iter().map(|value| value as f64).collect()),
            other => match half {
                Some(order) => dataset.read_raw().map(|bytes| half::values(&bytes, order)),
                None => {
                    let reason = format_args!("its elements are {other}, but numbers or texts are needed");
                    return Err(self.wrong(path, reason));
                }
            },
        };
        let values = values.map_err(|e| self.wrong(path, e))?;
        let count = shape.iter().fold(1u64, |count, &n| count.saturating_mul(n));
        if values.len() as u64 != count {
            return Err(self.wrong(path, format_args!("it holds {} numbers, but its shape is {shape:?}", values.len())));
        }
        Ok(NirArray { shape, values })
    }

    /// The shape of a dataset of at most `limit` bytes, and of no more than the file may still have.
    pub(crate) fn fits(&mut self, path: &str, dataset: &Dataset, limit: u64) -> Result<Vec<u64>, FormatError> {
        let shape = dataset.shape().map_err(|e| self.wrong(path, e))?;
        let chunk = dataset.chunk_shape().map_err(|e| self.wrong(path, e))?.unwrap_or_default();
        let size = dataset.element_size().map_err(|e| self.wrong(path, e))?.max(NUMBER_BYTES);
        let bytes = |shape: &[u64]| shape.iter().fold(size, |bytes, &n| bytes.saturating_mul(n));
        let most = bytes(&shape).max(bytes(&chunk));
        let limit = limit.min(self.left);
        if most > limit {
            let parts = format!("shape {shape:?}, chunks {chunk:?}, elements of {size} bytes");
            return Err(self.wrong(path, format_args!("{parts}: more than the {limit} bytes that are read")));
        }
        self.left -= most;
        Ok(shape)
    }
}

#[cfg(test)]
mod tests;
