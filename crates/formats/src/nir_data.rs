//! NIRData: what the nodes of a graph did, as the tools of that ecosystem exchange it.
//!
//! Owns the layout of such a file (HDF5; `nir.read_data` of the package `nir`): a group a node, in it a group an
//! observable: events as indices and times, or values on a grid of time. What is written is one sample a file; what is
//! read ([`NirData`]) can be several. It deliberately knows no run.

mod read;

pub use read::{NirData, Observable};

use hdf5_pure::{AttrValue, FileBuilder};

/// What a node did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeData {
    /// The node.
    pub name: String,
    /// Its neurons.
    pub neurons: u32,
    /// Events, in the order of their times: the neuron, and the time in seconds; several of a neuron at one time are
    /// several spikes.
    pub spikes: Vec<(u32, f64)>,
    /// Quantities on the grid of time, each with its name and values: a row a step, a column a neuron.
    pub grids: Vec<(String, Vec<f64>)>,
}

/// The bytes of a file with the data of `nodes` over `t_max` seconds, on a grid of `dt` seconds.
pub fn write(nodes: &[NodeData], dt: f64, t_max: f64) -> Vec<u8> {
    let kind = |name: &str| AttrValue::VarLenString(name.to_owned());
    let mut file = FileBuilder::new();
    file.set_attr("__type__", kind("NIRGraphData"));
    let mut all = file.create_group("nodes");
    for node in nodes {
        let mut group = all.create_group(&node.name);
        group.set_attr("__type__", kind("NIRNodeData"));
        let mut observables = group.create_group("observables");
        let mut spikes = observables.create_group("spikes");
        spikes.set_attr("__type__", kind("EventData"));
        spikes.set_attr("n_neurons", AttrValue::I64(node.neurons.into()));
        spikes.set_attr("t_max", AttrValue::F64(t_max));
        // An event that is none fills what would be an empty array.
        let none = [(-1i64, f64::INFINITY)];
        let events: Vec<(i64, f64)> = if node.spikes.is_empty() {
            none.into()
        } else {
            node.spikes.iter().map(|(neuron, time)| (i64::from(*neuron), *time)).collect()
        };
        let shape = [1, events.len() as u64];
        let idx: Vec<i64> = events.iter().map(|event| event.0).collect();
        let time: Vec<f64> = events.iter().map(|event| event.1).collect();
        spikes.create_dataset("idx").with_i64_data(&idx).with_shape(&shape);
        spikes.create_dataset("time").with_f64_data(&time).with_shape(&shape);
        observables.add_group(spikes.finish());
        for (name, values) in &node.grids {
            let mut grid = observables.create_group(name);
            grid.set_attr("__type__", kind("TimeGriddedData"));
            grid.set_attr("dt", AttrValue::F64(dt));
            let steps = values.len() as u64 / u64::from(node.neurons.max(1));
            let shape = [1, steps, node.neurons.into()];
            grid.create_dataset("data").with_f64_data(values).with_shape(&shape);
            observables.add_group(grid.finish());
        }
        group.add_group(observables.finish());
        all.add_group(group.finish());
    }
    file.add_group(all.finish());
    file.finish().expect("sizes and names of a run fit a file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdf5_pure::File;

    #[test]
    fn events_and_grids_are_written() {
        let nodes = [
            NodeData {
                name: "lif.1".into(),
                neurons: 2,
                spikes: vec![(1, 0.5), (0, 1.0)],
                grids: vec![("v".into(), vec![0.0, 1.0, 2.0, 3.0])],
            },
            NodeData { name: "silent".into(), neurons: 3, ..NodeData::default() },
        ];
        let file = File::from_bytes(write(&nodes, 0.5, 1.0)).unwrap();
        let spikes = file.group("/nodes/lif.1/observables/spikes").unwrap();
        assert_eq!(spikes.dataset("idx").unwrap().read_i64().unwrap(), [1, 0]);
        assert_eq!(spikes.dataset("time").unwrap().read_f64().unwrap(), [0.5, 1.0]);
        let grid = file.group("/nodes/lif.1/observables/v").unwrap().dataset("data").unwrap();
        assert_eq!((grid.shape().unwrap(), grid.read_f64().unwrap()), (vec![1, 2, 2], vec![0.0, 1.0, 2.0, 3.0]));
        let none = file.group("/nodes/silent/observables/spikes").unwrap();
        assert_eq!(none.dataset("idx").unwrap().read_i64().unwrap(), [-1]);
    }

    #[test]
    fn what_is_written_is_read() {
        let spikes = vec![(1, 0.5), (0, 1.0)];
        let grids = vec![("v".into(), vec![0.0, 1.0, 2.0, 3.0])];
        let nodes = [
            NodeData { name: "lif".into(), neurons: 2, spikes, grids },
            NodeData { name: "silent".into(), neurons: 3, ..NodeData::default() },
        ];
        let read = NirData::from_bytes(write(&nodes, 0.5, 1.5), "run.h5").unwrap().nodes;
        let events = |neurons, samples| Observable::Events { neurons, t_max: 1.5, samples };
        assert_eq!(read["lif"]["spikes"], events(2, vec![vec![(0.5, 1), (1.0, 0)]]));
        assert_eq!(read["silent"]["spikes"], events(3, vec![vec![]]));
        let samples = vec![vec![0.0, 1.0, 2.0, 3.0]];
        assert_eq!(read["lif"]["v"], Observable::Grid { steps: 2, neurons: 2, dt: 0.5, samples, whole: false });
    }
}
