//! Writing graphs, as the package `nir` reads them.

use super::{NirGraph, NirNode};
use hdf5_pure::{FileBuilder, GroupBuilder};

/// The version of the format that is written.
const VERSION: &str = "1.0.8";

impl NirGraph {
    /// The bytes of a file with this graph.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut file = FileBuilder::new();
        text(file.create_dataset("version"), VERSION);
        let mut root = file.create_group("node");
        self.fill(&mut root);
        file.add_group(root.finish());
        file.finish().expect("what was read, or made of it, fits a file")
    }

    fn fill(&self, group: &mut GroupBuilder) {
        text(group.create_dataset("type"), "NIRGraph");
        let ends: Vec<&str> = self.edges.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
        group.create_dataset("edges").with_vlen_strings(&ends).with_shape(&[self.edges.len() as u64, 2]);
        let mut nodes = group.create_group("nodes");
        for (name, node) in &self.nodes {
            let mut group = nodes.create_group(name);
            node.fill(&mut group);
            nodes.add_group(group.finish());
        }
        group.add_group(nodes.finish());
    }
}

impl NirNode {
    fn fill(&self, group: &mut GroupBuilder) {
        if let Some(graph) = &self.graph {
            graph.fill(group);
            return;
        }
        text(group.create_dataset("type"), &self.kind);
        for (name, array) in &self.numbers {
            let dataset = group.create_dataset(name);
            // Lengths of axes are whole numbers, and the package insists on that.
            if name == "shape" {
                let lengths: Vec<i64> = array.values.iter().map(|length| *length as i64).collect();
                dataset.with_i64_data(&lengths).with_shape(&array.shape);
            } else {
                dataset.with_f64_data(&array.values).with_shape(&array.shape);
            }
        }
        for (name, value) in &self.texts {
            text(group.create_dataset(name), value);
        }
    }
}

fn text(dataset: &mut hdf5_pure::DatasetBuilder, value: &str) {
    dataset.with_vlen_strings(&[value]).with_shape(&[]);
}

#[cfg(test)]
mod tests {
    use super::super::NirArray;
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_written_is_read() {
        let array = |shape: &[u64], values: &[f64]| NirArray { shape: shape.into(), values: values.into() };
        let mut graph = NirGraph::default();
        let lengths = BTreeMap::from([("shape".to_owned(), array(&[1], &[2.0]))]);
        graph.nodes.insert("in".into(), NirNode { kind: "Input".into(), numbers: lengths, ..NirNode::default() });
        let numbers = BTreeMap::from([("weight".to_owned(), array(&[1, 2], &[0.5, -1.0 / 3.0]))]);
        let texts = BTreeMap::from([("padding".to_owned(), "same".to_owned())]);
        let weights = NirNode { kind: "Linear".into(), numbers, texts, graph: None };
        let inner = NirGraph { nodes: [("w".to_owned(), weights)].into(), edges: vec![("w".into(), "w".into())] };
        graph.nodes.insert("g".into(), NirNode { kind: "NIRGraph".into(), graph: Some(inner), ..NirNode::default() });
        graph.edges = vec![("in".into(), "g".into()), ("g".into(), "g".into())];
        assert_eq!(NirGraph::from_bytes(graph.to_bytes(), "net.nir").unwrap(), graph);
    }
}
