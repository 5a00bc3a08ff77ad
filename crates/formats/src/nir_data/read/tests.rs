//! Files that the tests write themselves.

use super::*;
use hdf5_pure::{FileBuilder, GroupBuilder};

/// A file of one node `input` with one observable `spikes`.
fn file(kind: &str, write: impl FnOnce(&mut GroupBuilder)) -> Vec<u8> {
    let mut builder = FileBuilder::new();
    builder.set_attr(TYPE, AttrValue::String("NIRGraphData".into()));
    let mut nodes = builder.create_group("nodes");
    let mut node = nodes.create_group("input");
    node.set_attr(TYPE, AttrValue::String("NIRNodeData".into()));
    let mut observables = node.create_group("observables");
    let mut group = observables.create_group("spikes");
    group.set_attr(TYPE, AttrValue::String(kind.into()));
    write(&mut group);
    observables.add_group(group.finish());
    node.add_group(observables.finish());
    nodes.add_group(node.finish());
    builder.add_group(nodes.finish());
    builder.finish().unwrap()
}

fn grid_of(values: &[f64], shape: &[u64], dt: f64) -> Vec<u8> {
    file("TimeGriddedData", |group| {
        group.set_attr("dt", AttrValue::F64(dt));
        group.create_dataset("data").with_f64_data(values).with_shape(shape);
    })
}

fn events_of(neurons: &[i64], times: &[f64], shape: &[u64]) -> Vec<u8> {
    file("EventData", |group| {
        group.set_attr("n_neurons", AttrValue::I64(3));
        group.set_attr("t_max", AttrValue::F64(0.3));
        group.create_dataset("idx").with_i64_data(neurons).with_shape(shape);
        group.create_dataset("time").with_f64_data(times).with_shape(shape);
    })
}

fn read(bytes: Vec<u8>) -> Result<Observable, FormatError> {
    Ok(NirData::from_bytes(bytes, "data.h5")?.nodes["input"]["spikes"].clone())
}

#[test]
fn grids_and_events_are_read() {
    let found = read(grid_of(&[1.0, 0.0, 0.0, 2.0], &[2, 1, 2], 1e-3)).unwrap();
    let samples = vec![vec![1.0, 0.0], vec![0.0, 2.0]];
    assert_eq!(found, Observable::Grid { steps: 1, neurons: 2, dt: 1e-3, samples, whole: false });
    let found = read(events_of(&[2, 0, 1, -1], &[0.1, 0.2, 0.05, f64::INFINITY], &[2, 2])).unwrap();
    let samples = vec![vec![(0.1, 2), (0.2, 0)], vec![(0.05, 1)]];
    assert_eq!(found, Observable::Events { neurons: 3, t_max: 0.3, samples });
}

#[test]
fn what_is_wrong_is_said_with_its_object() {
    let refused = |bytes: Vec<u8>, expected: &str| {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}\nnot in\n{error}");
    };
    let place = "object `/nodes/input/observables/spikes";
    refused(b"no file".to_vec(), "it is no HDF5 file");
    refused(FileBuilder::new().finish().unwrap(), "object `/`: it has no attribute `__type__`");
    refused(file("Movie", |_| ()), &format!("{place}`: its `__type__` is `Movie`"));
    refused(file("ValuedEventData", |_| ()), "`EventData` without values");
    refused(file("TimeGriddedData", |_| ()), "it has no attribute `dt` that is a number");
    refused(grid_of(&[1.0, 0.0], &[1, 2], 1e-3), &format!("{place}/data`: its shape is [1, 2]"));
    refused(grid_of(&[f64::NAN, 0.0], &[1, 1, 2], 1e-3), "element 0 is NaN");
    refused(grid_of(&[1.0, 0.0], &[1, 1, 2], 0.0), "its `dt` is 0");
    refused(events_of(&[3, 0], &[0.1, 0.1], &[1, 2]), "event 0 of sample 0 is of neuron 3, and there are 3");
    refused(events_of(&[0, -1], &[0.1, 0.1], &[1, 2]), "event 1 of sample 0 is of neuron -1");
    refused(events_of(&[0, 1], &[0.1, -0.1], &[1, 2]), "event 1 of sample 0 is at -0.1 s");
    refused(events_of(&[0, 1], &[0.1, 0.1], &[2]), "[samples, events] is needed");
}

#[test]
fn every_cut_is_noticed() {
    let bytes = grid_of(&[1.0, 0.0], &[1, 1, 2], 1e-3);
    for end in 0..bytes.len() - 1 {
        // Nothing may panic; what is read of a file that was cut is what was whole.
        let _ = read(bytes[..end].to_vec());
    }
}
