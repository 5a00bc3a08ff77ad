//! Nets of lava-dl: read from files that the tests write, mapped onto a Loihi chip, and run beside their definition.

use conformance::loihi::{LoihiNeuron, Simulator};
use device_models::DieParameters;
use emulator::{Each, Spike};
use formats::netx::NetxFile;
use graph::Netx;
use hdf5_pure::{EnumTypeBuilder, FileBuilder, GroupBuilder};
use mapper::MapperOptions;
use session::Board;
use units::{InputId, Tick};

const STEPS: usize = 60;

/// A dataset of whole numbers.
fn numbers(group: &mut GroupBuilder, name: &str, values: &[i64], shape: &[u64]) {
    group.create_dataset(name).with_i64_data(values).with_shape(shape);
}

/// A layer as SLAYER writes it, and what else `fill` puts into it.
fn layer(layers: &mut GroupBuilder, index: usize, kind: &str, shape: &[i64], fill: impl FnOnce(&mut GroupBuilder)) {
    let mut group = layers.create_group(&index.to_string());
    group.create_dataset("type").with_ascii_strings(&[kind]).unwrap();
    numbers(&mut group, "shape", shape, &[shape.len() as u64]);
    fill(&mut group);
    layers.add_group(group.finish());
}

/// Neurons with these decays and this threshold.
fn neuron(group: &mut GroupBuilder, kind: &str, [current, voltage, threshold]: [i64; 3]) {
    let mut neuron = group.create_group("neuron");
    neuron.create_dataset("type").with_vlen_strings(&[kind]).with_shape(&[]);
    for (name, value) in [("iDecay", current), ("vDecay", voltage), ("vThMant", threshold), ("refDelay", 1)] {
        numbers(&mut neuron, name, &[value], &[]);
    }
    // A truth value, as h5py stores it.
    let truth = EnumTypeBuilder::u8_based().u8_value("FALSE", 0).u8_value("TRUE", 1).build().unwrap();
    neuron.create_dataset("gradedSpike").with_enum_u8_data(truth, &[0]).with_shape(&[]);
    group.add_group(neuron.finish());
}

fn net(fill: impl FnOnce(&mut GroupBuilder)) -> Vec<u8> {
    let mut file = FileBuilder::new();
    let mut layers = file.create_group("layer");
    fill(&mut layers);
    file.add_group(layers.finish());
    file.finish().unwrap()
}

/// Weights that are neither regular nor large.
fn weights(count: usize, most: i64) -> Vec<i64> {
    (0..count as i64).map(|at| (at * at * 31 + at * 17) % (2 * most + 1) - most).map(|weight| weight * 2).collect()
}

/// Input, convolution with delays, pool, flatten, dense: with `change` in place of what a layer would have.
fn deep() -> Vec<u8> {
    net(|layers| {
        layer(layers, 0, "input", &[2, 6, 6], |_| {});
        layer(layers, 1, "conv", &[3, 4, 3], |group| {
            let values: Vec<f32> = weights(3 * 2 * 3 * 2, 20).into_iter().map(|weight| weight as f32).collect();
            group.create_dataset("weight").with_f32_data(&values).with_shape(&[3, 2, 3, 2, 1]);
            numbers(group, "stride", &[1, 2], &[2]);
            numbers(group, "padding", &[0, 0], &[2]);
            numbers(group, "dilation", &[1, 1], &[2]);
            numbers(group, "groups", &[1], &[]);
            numbers(group, "bias", &[-2, 0, 5], &[3]);
            group.create_dataset("delay").with_f32_data(&[0.0, 3.0, 1.0]).with_shape(&[3]);
            neuron(group, "CUBA", [1024, 128, 40]);
        });
        layer(layers, 2, "pool", &[3, 2, 3], |group| {
            numbers(group, "weight", &[60, 44], &[1, 1, 2, 1, 1]);
            numbers(group, "stride", &[2, 1], &[2]);
            numbers(group, "padding", &[0], &[]);
            neuron(group, "CUBA", [4096, 512, 30]);
        });
        layer(layers, 3, "flatten", &[18, 1, 1], |_| {});
        layer(layers, 4, "dense", &[4, 1, 1], |group| {
            numbers(group, "weight", &weights(4 * 18, 60), &[4, 18]);
            neuron(group, "LOIHI", [900, 200, 25]);
        });
    })
}

/// Spikes of every population by step, as the chip has them.
fn mapped(bytes: Vec<u8>, events: &[Vec<bool>]) -> Vec<Vec<Vec<bool>>> {
    let spec = formats::chip::shipped("loihi-lava").unwrap();
    let net = Netx::new(&NetxFile::from_bytes(bytes, "net.net").unwrap(), &spec).unwrap();
    let options = MapperOptions { max_weight_error: Some(0.0), ..MapperOptions::default() };
    let board = Board::map(spec, &net.network, &options).unwrap();
    let mut session = board.on(&DieParameters::nominal()).unwrap();
    for (tick, row) in events.iter().enumerate() {
        for (channel, _) in row.iter().enumerate().filter(|(_, sent)| **sent) {
            session.send(InputId(channel as u32), Tick(tick as u64), 1).unwrap();
        }
    }
    let sizes = net.network.populations.iter().map(|p| vec![vec![false; p.size as usize]; STEPS]);
    let mut spikes: Vec<Vec<Vec<bool>>> = sizes.collect();
    let place = board.clone();
    let observer = |spike: Spike| {
        let (population, neuron) = place.member(spike.core, spike.neuron).unwrap();
        spikes[population][spike.tick.0 as usize][neuron as usize] = true;
    };
    session.run_until(Tick(STEPS as u64), &mut Each(observer));
    spikes
}

/// A layer of neurons by its definition: `sum` is what a neuron gets in a step.
fn defined(
    neurons: usize,
    [current, voltage, threshold]: [i128; 3],
    bias: impl Fn(usize) -> i128,
    sum: impl Fn(usize, usize) -> i64,
) -> Vec<Vec<bool>> {
    let of = |neuron| LoihiNeuron {
        decay_u: current - 1,
        decay_v: voltage,
        threshold,
        bias: bias(neuron) << 6,
        refractory: 0,
        u: 0,
        v: 0,
        held: 0,
    };
    let mut all: Vec<LoihiNeuron> = (0..neurons).map(of).collect();
    let step = |step: usize| -> Vec<bool> {
        let arrived = |neuron: usize| i128::from(sum(step, neuron)) << 20;
        all.iter_mut().enumerate().map(|(neuron, state)| state.step(Simulator::Lava, arrived(neuron))).collect()
    };
    (0..STEPS).map(step).collect()
}

#[test]
fn a_deep_net_spikes_as_it_is_defined() {
    let events: Vec<Vec<bool>> = (0..STEPS).map(|t| (0..72).map(|c| (t * 7 + c * c * 5) % 11 < 3).collect()).collect();
    let spikes = mapped(deep(), &events);
    let before = |rows: &[Vec<bool>], step: usize, late: usize, at: usize| {
        step.checked_sub(1 + late).is_some_and(|step| rows[step][at])
    };
    let kernel = weights(36, 20);
    let convolved = defined(
        36,
        [1024, 128, 40],
        |n| [-2, 0, 5][n / 12],
        |step, n| {
            let (channel, row, column) = (n / 12, n / 3 % 4, n % 3);
            let mut sum = 0;
            for inner in 0..2 {
                for y in 0..3 {
                    for x in 0..2 {
                        let from = (inner * 6 + row + y) * 6 + 2 * column + x;
                        sum +=
                            i64::from(before(&events, step, 0, from)) * kernel[((channel * 2 + inner) * 3 + y) * 2 + x];
                    }
                }
            }
            sum
        },
    );
    let late = |n: usize| [0, 3, 1][n / 12];
    let pooled = defined(
        18,
        [4096, 512, 30],
        |_| 0,
        |step, n| {
            let (channel, row, column) = (n / 6, n / 3 % 2, n % 3);
            let from = |y: usize| (channel * 4 + 2 * row + y) * 3 + column;
            let heard = |y: usize| i64::from(before(&convolved, step, late(from(y)), from(y)));
            60 * heard(0) + 44 * heard(1)
        },
    );
    let matrix = weights(72, 60);
    let dense = defined(
        4,
        [900, 200, 25],
        |_| 0,
        |step, n| (0..18).map(|from| i64::from(before(&pooled, step, 0, from)) * matrix[n * 18 + from]).sum(),
    );
    for (layer, (found, expected)) in spikes.iter().zip([&convolved, &pooled, &dense]).enumerate() {
        let count = expected.iter().flatten().filter(|spiked| **spiked).count();
        assert!(count > 20, "layer {layer}: {count} spikes tell nothing");
        assert_eq!(found, expected, "layer {layer}");
    }
}

/// What is said of a net.
fn refused(bytes: Vec<u8>, chip: &str) -> String {
    let spec = formats::chip::shipped(chip).unwrap();
    match NetxFile::from_bytes(bytes, "net.net") {
        Err(error) => error.to_string(),
        Ok(file) => Netx::new(&file, &spec).unwrap_err().to_string(),
    }
}

/// A dense layer of two neurons that hear three values, with `change` made to it.
fn dense(change: impl FnOnce(&mut GroupBuilder)) -> Vec<u8> {
    net(|layers| {
        layer(layers, 0, "dense", &[2, 1, 1], |group| {
            numbers(group, "weight", &[1, 2, 3, 4, 5, 6], &[2, 3]);
            change(group);
        });
    })
}

#[test]
fn a_net_without_an_input_layer_hears_as_many_values_as_it_has_weights() {
    let spec = formats::chip::shipped("loihi-lava").unwrap();
    let file = NetxFile::from_bytes(dense(|group| neuron(group, "CUBA", [1, 0, 9])), "net.net").unwrap();
    let Netx { network, layers, notes } = Netx::new(&file, &spec).unwrap();
    assert_eq!((network.inputs[0].channels, network.populations[0].size), (3, 2));
    assert_eq!((layers, notes), (vec!["0 dense: 2, 6 connections".to_owned()], vec![]));
}

#[test]
fn what_is_not_read_is_refused_by_layer_and_field() {
    let with = |name: &'static str, kind: &'static str| {
        net(move |layers| {
            layer(layers, 0, "input", &[1, 4, 4], |_| {});
            layer(layers, 1, name, &[1, 3, 3], |group| {
                numbers(group, "weight", &[2; 4], &[1, 1, 2, 2]);
                neuron(group, kind, [1024, 128, 10]);
            });
        })
    };
    let shaped = |shape: &'static [i64], stride: i64| {
        net(move |layers| {
            layer(layers, 0, "input", &[1, 4, 4], |_| {});
            layer(layers, 1, "conv", shape, |group| {
                numbers(group, "weight", &[2; 4], &[1, 1, 2, 2]);
                numbers(group, "stride", &[stride], &[]);
                neuron(group, "CUBA", [1024, 128, 10]);
            });
        })
    };
    let neurons = |values| dense(move |group| neuron(group, "CUBA", values));
    for (bytes, words) in [
        (
            with("average", "CUBA"),
            "layer 1, field `type`: layers of type `average` are not read: it gives the mean of the spikes of neurons",
        ),
        (with("concat", "CUBA"), "layers of type `concat` are not read: neither SLAYER nor `netx` has such a layer"),
        (with("sum", "CUBA"), "layers of type `sum` are not read: input, flatten, dense, conv and pool are"),
        // As lava-dl exports a recurrent layer.
        (
            net(|layers| {
                layer(layers, 0, "input", &[4], |_| {});
                let empty = layers.create_group("1").finish();
                layers.add_group(empty);
            }),
            "`/layer/1`: it is empty: SLAYER writes nothing of a recurrent layer",
        ),
        (with("conv", "SDNN"), "layer 1, field `neuron/type`: neurons of type `SDNN` are not read; CUBA and LOIHI are"),
        (with("dense", "CUBA"), "layer 1, field `weight`: its shape is [1, 1, 2, 2], but a row for each of 9 neurons"),
        (
            shaped(&[1, 2, 2], 1),
            "layer 1, field `shape`: it says 1 x 2 x 2, but kernel, stride, padding and dilation make 1 x 3 x 3 of 1 x 4 x 4",
        ),
        (
            shaped(&[2, 3, 3], 1),
            "layer 1, field `weight`: its shape is [1, 1, 2, 2], but [2, 1, rows, columns] is needed",
        ),
        (shaped(&[1, 3, 3], 0), "layer 1, field `stride`: its number 0 is 0; whole numbers from 1"),
        (dense(|_| {}), "layer 0, field `neuron`: it is missing"),
        (neurons([0, 0, 9]), "layer 0, field `neuron/iDecay`: its number 0 is 0; whole numbers from 1 to 4096"),
        (neurons([1, 4096, 9]), "layer 0, field `neuron/vDecay`: its number 0 is 4096"),
        (neurons([1, 0, 1 << 17]), "layer 0, field `neuron/vThMant`: its number 0 is 131072"),
        (dense(|group| numbers(group, "bias", &[1, 2, 3], &[3])), "layer 0, field `neuron`"),
        (
            net(|layers| layer(layers, 0, "input", &[4], |group| neuron(group, "CUBA", [1, 0, 9]))),
            "layer 0, field `neuron`: an input layer with neurons takes numbers",
        ),
        (net(|layers| layer(layers, 0, "input", &[4], |_| {})), "no layer with neurons"),
        (net(|layers| layer(layers, 0, "flatten", &[4], |_| {})), "layer 0, field `type`: there is nothing before it"),
        (
            net(|layers| layer(layers, 1, "input", &[4], |_| {})),
            "`/layer/0`: it is missing; layers count from 0, and the file has 1",
        ),
        (net(|_| {}), "it has 0 layers"),
        (
            net(|layers| layer(layers, 0, "input", &[1 << 12, 1 << 12], |_| {})),
            "the number of values of layer 0 is 16777216",
        ),
        (FileBuilder::new().finish().unwrap(), "/layer"),
        (b"no HDF5".to_vec(), "it is no HDF5 file"),
    ] {
        let found = refused(bytes, "loihi-lava");
        assert!(found.contains(words), "{found}\n is not: {words}");
    }
    let half = dense(|group| {
        group.create_dataset("delay").with_f32_data(&[0.5]).with_shape(&[1]);
        neuron(group, "CUBA", [1, 0, 9]);
    });
    assert!(refused(half, "loihi-lava").contains("layer 0, field `delay`: its number 0 is 0.5; whole numbers"));
    let refusal = refused(neurons([1, 0, 9]), "loihi-nengo");
    assert_eq!(
        refusal,
        "chip `loihi-nengo`: a net of lava-dl is for a chip with the rules `loihi-lava`, as the chip `loihi-lava` has"
    );
}

#[test]
fn what_is_read_past_is_noted() {
    let bytes = dense(|group| {
        numbers(group, "colour", &[3], &[]);
        numbers(group, "delay", &[2], &[1]);
        neuron(group, "CUBA", [1, 0, 9]);
    });
    let spec = formats::chip::shipped("loihi-lava").unwrap();
    let net = Netx::new(&NetxFile::from_bytes(bytes, "net.net").unwrap(), &spec).unwrap();
    let notes: Vec<&str> = net.notes.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(notes[0], "its field `colour` is not read");
    assert!(notes[1].starts_with("its delays are of spikes that leave the net"), "{notes:?}");
}
