//! A program beyond a limit of its chip is refused: for each limit of each kind of router one number pushed beyond it.

use crate::judge::shipped;
use crate::support::Random;
use chip::{
    AxonCore, BusEvent, ChipSpec, CrossbarCore, IdealRow, IdealSynapse, Kinetics, Program, Routing, SynapseSign,
    TagCamCore, WeightSigns,
};
use fx::Weight;
use mapper::{CoreSharing, MapperOptions, Scale, map};
use network::{Endpoint, InputGroup, Network, Pattern, Population, ProjectionSpec, Signs, SynapseChoice, Weights};
use router::Fabric;
use std::collections::BTreeMap;
use units::{NeuronAddress, NeuronId, Tag};

/// A program that fits, and what is pushed beyond a limit of its chip.
struct Beyond {
    chip: &'static str,
    push: fn(&mut Program),
    /// What the refusal names: what, where, how much is needed, how much there is.
    named: [&'static str; 4],
}

/// Two populations of 12 neurons, 4 input channels, and on Xylo chips an output layer.
fn base(spec: &ChipSpec) -> Program {
    let mut random = Random::new(3);
    let model = spec.models[0];
    let population = |name: &str| Population { name: name.into(), size: 12, model, parameters: BTreeMap::new() };
    let output = Population { size: 4, ..population("output") };
    let mut network = Network {
        clock: None,
        populations: vec![population("a"), population("b"), output],
        inputs: vec![InputGroup::of_host("in", 4)],
        projections: Vec::new(),
    };
    let ends = [(Endpoint::Input(0), 0), (Endpoint::Population(0), 1), (Endpoint::Population(1), 2)];
    for (index, (pre, post)) in ends.into_iter().enumerate() {
        let choice = |negative: bool| {
            let fixed = if negative { SynapseSign::Inhibitory } else { SynapseSign::Excitatory };
            let kind = spec
                .synapses
                .iter()
                .find(|kind| kind.kinetics != Kinetics::Graded && [fixed, SynapseSign::Signed].contains(&kind.sign));
            kind.expect("every chip has both signs").name.clone()
        };
        let wish = ProjectionSpec {
            name: format!("x{index}"),
            pre,
            pre_part: None,
            post,
            post_part: None,
            pattern: Pattern::FanIn(3),
            weights: Weights::Uniform { mean: Weight::from_bits(8 << 20), spread: Weight::from_bits(4 << 20) },
            signs: Signs::AsDrawn,
            self_connections: true,
            synapse: SynapseChoice { excitatory: choice(false), inhibitory: choice(true) },
            delay_ticks: 1,
        };
        let projection = wish.generate(&network, random.below(100).into()).unwrap();
        network.projections.push(projection);
    }
    // A core a population where there are enough.
    let few = spec.chip_count() * spec.cores_per_chip() < network.populations.len();
    let (core_sharing, scale) = (if few { CoreSharing::On } else { CoreSharing::Off }, Scale::Auto);
    let options = MapperOptions { core_sharing, scale, ..MapperOptions::default() };
    map(&network, spec, &options).unwrap_or_else(|e| panic!("{}: {e}", spec.name)).program
}

fn words(program: &mut Program) -> &mut Vec<TagCamCore> {
    let Routing::TagCam { cores, .. } = &mut program.routing else { panic!("a tag and CAM program") };
    cores
}

fn axons(program: &mut Program) -> &mut Vec<AxonCore> {
    let Routing::Axon { cores, .. } = &mut program.routing else { panic!("an axon program") };
    cores
}

fn arrays(program: &mut Program) -> &mut Vec<CrossbarCore> {
    let Routing::Crossbar { cores, .. } = &mut program.routing else { panic!("a crossbar program") };
    cores
}

fn synapse(program: &mut Program) -> &mut IdealSynapse {
    match &mut program.routing {
        Routing::Ideal(rows) | Routing::Xylo { rows, .. } => &mut rows[0].synapses[0],
        Routing::Axon { cores, .. } => &mut cores[0].input_axons[0].synapses[0],
        _ => panic!("a program whose weights are numbers"),
    }
}

/// Row 0 of a Xylo program gets `count` synapses onto hidden neurons 0, 1, 2, ...; the layer grows with them.
fn widen(program: &mut Program, row: usize, count: u16) {
    program.cores[0].neuron_count = program.cores[0].neuron_count.max(count.into());
    let Routing::Xylo { rows, .. } = &mut program.routing else { panic!("a Xylo program") };
    let synapse = rows[row].synapses[0];
    rows[row].synapses = (0..count).map(|n| IdealSynapse { neuron: NeuronId(n), ..synapse }).collect();
}

/// The first row of a Xylo program that goes from a hidden neuron to the hidden layer.
fn recurrent(program: &Program) -> usize {
    let Routing::Xylo { rows, .. } = &program.routing else { panic!("a Xylo program") };
    let hidden = rows
        .iter()
        .position(|row| matches!(row.source, chip::Source::Neuron(_)) && row.destination.core == chip::XYLO_HIDDEN);
    hidden.expect("some hidden neuron reaches another")
}

const BEYOND: &[Beyond] = &[
    // Whatever the router.
    Beyond {
        chip: "ideal",
        push: |p| p.cores[0].neuron_count = 70_000,
        named: ["neurons", "chip 0 core 0", "70000", "16384"],
    },
    Beyond {
        chip: "ideal",
        push: |p| {
            let Routing::Ideal(rows) = &mut p.routing else { panic!("rows") };
            rows.truncate(1);
            let synapse = IdealSynapse { weight: i16::MAX, ..rows[0].synapses[0] };
            rows[0].synapses = vec![synapse; 258];
        },
        named: ["weights of its inputs", "chip 0 core 0 neuron", "2155740930", "2147483647"],
    },
    // Tags and CAM.
    Beyond {
        chip: "dynapse2",
        push: |p| {
            let word = words(p)[0].cam[0][0];
            words(p)[0].cam[0] = vec![word; 65];
        },
        named: ["CAM words", "chip 0 core 0 neuron 0", "65", "64"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| {
            let word = words(p)[0].sram.iter().flatten().next().copied().unwrap();
            words(p)[0].sram[3] = vec![word; 5];
        },
        named: ["SRAM words", "chip 0 core 0 neuron 3", "5", "3"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].cam[0][0].tag = Tag(2048),
        named: ["tag", "chip 0 core 0 neuron 0", "2048", "2047"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].cam[0][0].weight_bits = 16,
        named: ["weight bits", "chip 0 core 0 neuron 0", "16", "15"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].weight_currents.push(1),
        named: ["weight currents", "chip 0 core 0", "5", "4"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].sram.iter_mut().flatten().next().unwrap().hop_x = 8,
        named: ["hop", "chip 0 core 0 neuron", "8", "7"],
    },
    Beyond {
        chip: "dynapse2",
        push: |p| words(p)[0].sram.iter_mut().flatten().next().unwrap().core_mask = 16,
        named: ["core mask", "chip 0 core 0 neuron", "16", "15"],
    },
    // Axons.
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            let axon = axons(p)[0].input_axons[0].clone();
            axons(p)[0].input_axons.resize(4097, axon);
        },
        named: ["input axons", "chip 0 core 0", "4097", "4096"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            let axon = axons(p)[0].output_axons[0];
            axons(p)[0].output_axons = vec![axon; 4097];
        },
        named: ["output axons", "chip 0 core 0", "4097", "4096"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            // A list of 100 synapses takes 64 x 14 + 10 and 36 x 14 + 10 bits, in words of 64.
            let mut axon = axons(p)[0].input_axons[0].clone();
            axon.synapses = vec![axon.synapses[0]; 100];
            axons(p)[0].input_axons = vec![axon; 703];
            axons(p)[0].groups.iter_mut().for_each(|group| group.dense = false);
        },
        named: ["synapse bits", "chip 0 core 0", "1079808", "1048576"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| axons(p)[0].groups[0].delay = 64,
        named: ["delay", "synapse group 0 of chip 0 core 0", "64", "63"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| p.cores[0].weight_exponent = 28,
        named: ["weight exponent", "chip 0 core 0", "8", "-8 to 7"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| p.cores[0].weight_exponent = 11,
        named: ["weight exponent", "chip 0 core 0", "-9", "-8 to 7"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            axons(p)[0].groups[0].signs = WeightSigns::Excitatory;
            synapse(p).weight = 256;
        },
        named: ["mantissa", "chip 0 core 0 neuron", "256", "0 to 255"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            axons(p)[0].groups[0].signs = WeightSigns::Excitatory;
            synapse(p).weight = -1;
        },
        named: ["mantissa", "chip 0 core 0 neuron", "-1", "0 to 255"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            axons(p)[0].groups[0].signs = WeightSigns::Mixed;
            synapse(p).weight = 3;
        },
        named: ["mantissa", "chip 0 core 0 neuron", "3", "multiples of 2"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| axons(p)[0].input_axons[0].group = 9,
        named: ["synapse group", "input axon 0 of chip 0 core 0", "9", "0"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            axons(p)[0].groups[0].dense = true;
            let synapse = *synapse(p);
            axons(p)[0].input_axons[0].synapses = vec![synapse; 2];
        },
        named: ["dense list", "input axon 0 of chip 0 core 0", "twice", "once"],
    },
    Beyond {
        chip: "loihi-lava",
        push: |p| {
            let axon = axons(p)[0].output_axons[0];
            axons(p)[0].output_axons[0].target.axon = axon.target.axon + 4096;
        },
        named: ["input axon", "chip 0 core 1", "40", "has"],
    },
    // Matrices of Xylo.
    Beyond { chip: "xylo-audio2", push: |p| p.input_count = 17, named: ["input channels", "the chip", "17", "16"] },
    Beyond {
        chip: "xylo-audio2",
        push: |p| p.cores[1].neuron_count = 9,
        named: ["output neurons", "the chip", "9", "8"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| synapse(p).weight = 128,
        named: ["weight", "chip 0 core 0 neuron", "128", "127"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| synapse(p).weight = -129,
        named: ["weight", "chip 0 core 0 neuron", "-129", "-128"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| {
            let Routing::Xylo { rows, .. } = &mut p.routing else { panic!("matrices") };
            rows[0].delay_ticks = 2;
        },
        named: ["delay", "chip 0 core 0", "2", "1 tick only"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| widen(p, recurrent(p), 65),
        named: ["recurrent synapses", "hidden neuron", "65", "64"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| {
            // 64 hidden neurons, each with one synapse onto neuron 0.
            widen(p, recurrent(p), 64);
            let row = recurrent(p);
            let Routing::Xylo { rows, .. } = &mut p.routing else { panic!("matrices") };
            let (first, core) = (rows[row].clone(), rows[row].destination);
            rows.clear();
            for n in 0..64 {
                let source = chip::Source::Neuron(NeuronAddress { core, neuron: NeuronId(n) });
                rows.push(IdealRow { source, synapses: first.synapses[..1].to_vec(), ..first });
            }
        },
        named: ["incoming synapses", "hidden neuron 0", "64", "63"],
    },
    Beyond {
        chip: "xylo-audio2",
        push: |p| {
            let Routing::Xylo { shifts, .. } = &mut p.routing else { panic!("matrices") };
            shifts.output = 8;
        },
        named: ["weight shift", "the output matrix", "8", "7"],
    },
    Beyond {
        chip: "xylo-imu",
        push: |p| widen(p, 0, 129),
        named: ["neurons with input synapses", "the hidden layer", "129", "128"],
    },
    // Buses and arrays.
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].bus = 4,
        named: ["bus", "chip 0 core 0", "4", "3"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].index = 32,
        named: ["driver", "chip 0 core 0", "32", "31"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].select_mask = 32,
        named: ["select mask", "chip 0 core 0", "32", "31"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].rows[0].row = 2,
        named: ["row", "chip 0 core 0, bus", "2", "1"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].rows[0].cells[0].label = 64,
        named: ["label", "chip 0 core 0, bus", "64", "63"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].drivers[0].rows[0].cells[0].weight = 64,
        named: ["weight code", "chip 0 core 0, bus", "64", "63"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].events[0] = Some(BusEvent { bus: 0, row_select: 32, label: 0 }),
        named: ["row select", "chip 0 core 0 neuron 0", "32", "31"],
    },
    Beyond {
        chip: "brainscales2",
        push: |p| arrays(p)[0].events[0] = Some(BusEvent { bus: 1, row_select: 0, label: 0 }),
        named: ["event output", "chip 0 core 0 neuron 0", "bus 1", "bus 0"],
    },
];

#[test]
fn a_number_beyond_a_limit_is_refused_with_place_need_and_limit() {
    let mut wrong = Vec::new();
    for Beyond { chip, push, named } in BEYOND {
        let spec = shipped(chip);
        let mut program = base(&spec);
        assert!(Fabric::build(&spec, &program).is_ok() && router::check(&spec, &program).is_ok(), "{chip}");
        push(&mut program);
        match (Fabric::build(&spec, &program), router::check(&spec, &program)) {
            (Err(error), Err(same)) if error == same => {
                let text = error.to_string();
                if !named.iter().all(|part| text.contains(part)) {
                    wrong.push(format!("{chip}: {named:?} in: {text}"));
                }
            }
            (built, checked) => {
                let (built, checked) = (built.map(|_| ()), checked.map(|_| ()));
                wrong.push(format!("{chip}: {named:?}: built {built:?}, checked {checked:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
