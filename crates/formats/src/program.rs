//! Program files: a [`chip::Program`] and the names of its parts in a [`container`].
//!
//! Specified in `docs/formats/program.md`. What a program may contain on a given chip, and whether the names fit it, is
//! checked by who loads it.

use crate::container::{self, Kind};
use crate::error::FormatError;
use chip::{Program, Symbols};
use std::path::Path;

/// The kind of container of a program. Its version rises whenever a type in [`chip::Program`] or [`chip::Symbols`]
/// changes, or what they mean.
pub const KIND: Kind = Kind { name: "program", version: 6 };

/// Writes `program` and what its parts are called to `path`, whole or not at all. The same program gives the same bytes
/// everywhere.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, program: &Program, symbols: &Symbols) -> Result<(), FormatError> {
    container::write(path, KIND, &(program, symbols))
}

/// The bytes of a file with `program` and what its parts are called.
pub fn encode(program: &Program, symbols: &Symbols) -> Vec<u8> {
    container::encode(KIND, &(program, symbols))
}

/// Reads the program at `path`, and what its parts are called.
///
/// # Errors
/// The file cannot be read, is damaged, or is no program of this version.
pub fn load(path: &Path) -> Result<(Program, Symbols), FormatError> {
    container::read(path, KIND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chip::{
        AxonCore, AxonTarget, BusEvent, BusInput, CamWord, Circuits, CoreModel, CoreProgram, CrossbarCore, DieSymbol,
        Endpoint, HostAxon, HostEvent, IdealRow, IdealSynapse, InputAxon, InputRoute, InputSymbol, Original,
        OutputAxon, PlacementKind, PopulationSymbol, ProjectionSymbol, Routing, Segment, Source, SramWord, SynapseCell,
        SynapseDriver, SynapseGroup, SynapseRow, TagCamCore, Values, WeightSigns, XyloShifts,
    };
    use proptest::prelude::*;
    use units::{ChipId, CoreAddress, InputId, NeuronAddress, NeuronId, Tag};

    fn core(parameters: Values) -> CoreProgram {
        CoreProgram {
            address: CoreAddress::new(0, 2),
            model: CoreModel::Lif,
            neuron_count: 2,
            parameters: [("tau_mem".to_string(), parameters)].into(),
            weight_exponent: 12,
            off: vec![NeuronId(1)],
            circuits: Vec::new(),
        }
    }

    fn ideal() -> Program {
        let from_neuron = NeuronAddress { core: CoreAddress::new(0, 2), neuron: NeuronId(1) };
        let row = |source| IdealRow {
            source,
            destination: CoreAddress::new(0, 2),
            delay_ticks: 300,
            synapses: vec![IdealSynapse { neuron: NeuronId(0), synapse: 1, weight: i16::MIN }],
        };
        let quantities = ["20 ms", "-0.5 s"].map(|q| q.parse().unwrap()).to_vec();
        Program {
            chip: "ideal".into(),
            clock: None,
            cores: vec![core(Values::PerNeuron(quantities))],
            input_count: 1,
            routing: Routing::Ideal(vec![row(Source::Input(InputId(0))), row(Source::Neuron(from_neuron))]),
        }
    }

    fn tag_cam() -> Program {
        let cam = CamWord { tag: Tag(1023), synapse: 3, weight_bits: 0b1010, delay: 2 };
        let sram = SramWord { hop_x: -7, hop_y: 1, core_mask: 0b1001, tag: Tag(5) };
        let currents = TagCamCore {
            weight_currents: vec![1, 2, 4, 8],
            delays: vec![20, 300],
            cam: vec![vec![cam; 3], vec![]],
            sram: vec![vec![], vec![sram]],
            slots: vec![vec![0, 2, 5], vec![]],
        };
        let events = vec![HostEvent { chip: ChipId(1), core_mask: 4, tag: Tag(9) }];
        Program {
            chip: "dynapse2".into(),
            clock: None,
            cores: vec![core(Values::Shared("20 ms".parse().unwrap()))],
            input_count: 1,
            routing: Routing::TagCam {
                cores: vec![currents],
                inputs: vec![InputRoute { input: InputId(0), events }],
                positions: vec![(0, 0), (-1, 0)],
            },
        }
    }

    fn symbols() -> Symbols {
        let population = |name: &str, copy_of| PopulationSymbol { name: name.into(), size: 1, copy_of };
        let (core, count) = (CoreAddress::new(0, 2), 1);
        let segment = |n| Segment { population: n as usize, first_index: 0, count, core, first_circuit: n };
        let train = chip::Train::Regular { offset: 1, period: 1000, parts: 3 };
        let source = chip::EventSource { trains: vec![train], start: 5, stop: Some(900) };
        let projection = |name: &str, pre| ProjectionSymbol { name: name.into(), pre, post: 1, synapses: 300 };
        Symbols {
            populations: vec![population("a", None), population("b", Some(Original { population: 0, index: 0 }))],
            placement: PlacementKind::Optimised,
            segments: vec![segment(0), segment(1)],
            inputs: vec![InputSymbol { name: "in".into(), channels: 1, source: Some(source) }],
            projections: vec![projection("drive", Endpoint::Input(0)), projection("on", Endpoint::Population(0))],
            die: Some(DieSymbol { name: "die 3 of seed 1".into(), fingerprint: 77 }),
        }
    }

    fn xylo() -> Program {
        let Routing::Ideal(rows) = ideal().routing else { unreachable!() };
        let shifts = XyloShifts { input: 1, recurrent: 0, output: 7 };
        Program { routing: Routing::Xylo { rows, shifts, aliases: vec![vec![NeuronId(1); 2], vec![]] }, ..ideal() }
    }

    fn crossbar() -> Program {
        let event = |label| BusEvent { bus: 3, row_select: 17, label };
        let cells = vec![SynapseCell { column: NeuronId(1), label: 63, weight: 62 }];
        let rows = vec![SynapseRow { row: 1, synapse: 1, cells }];
        let array = CrossbarCore {
            weight_current: 520,
            drivers: vec![SynapseDriver { bus: 3, index: 31, select_mask: 4, rows }],
            events: vec![None, Some(event(63))],
        };
        let inputs = vec![BusInput { input: InputId(0), event: event(5) }];
        let circuits = [(0, 1), (2, 2)].map(|(first, count)| Circuits { first: NeuronId(first), count });
        let core = CoreProgram { circuits: circuits.to_vec(), ..core(Values::Shared("20 ms".parse().unwrap())) };
        Program {
            chip: "brainscales2".into(),
            clock: None,
            cores: vec![core],
            routing: Routing::Crossbar { cores: vec![array], inputs },
            ..tag_cam()
        }
    }

    fn axon() -> Program {
        let target = AxonTarget { core: CoreAddress::new(0, 2), axon: 1 };
        let axon = |group, weight| InputAxon {
            group,
            synapses: vec![IdealSynapse { neuron: NeuronId(1), synapse: 0, weight }],
        };
        let memory = AxonCore {
            groups: vec![
                SynapseGroup { signs: WeightSigns::Mixed, bits: 8, exponent: 3, delay: 61, dense: false },
                SynapseGroup { signs: WeightSigns::Inhibitory, bits: 4, exponent: -2, delay: 0, dense: true },
            ],
            input_axons: vec![axon(0, 254), axon(1, -255)],
            output_axons: vec![OutputAxon { neuron: NeuronId(1), target }],
        };
        let inputs = vec![HostAxon { input: InputId(0), target: AxonTarget { axon: 0, ..target } }];
        Program {
            chip: "loihi-lava".into(),
            clock: None,
            routing: Routing::Axon { cores: vec![memory], inputs, input_latency: 1 },
            ..tag_cam()
        }
    }

    #[test]
    fn programs_survive_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.program");
        for program in [ideal(), tag_cam(), xylo(), crossbar(), axon()] {
            save(&path, &program, &symbols()).unwrap();
            assert_eq!(load(&path).unwrap(), (program, symbols()));
        }
    }

    #[test]
    fn a_cut_file_is_refused_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.program");
        let bytes = container::encode(KIND, &(tag_cam(), symbols()));
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let error = load(&path).unwrap_err().to_string();
            assert!(error.contains("a.program: ") && error.contains("cut off"), "{length}: {error}");
        }
    }

    #[test]
    fn a_program_of_another_version_is_refused_with_advice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.program");
        std::fs::write(&path, container::encode(Kind { version: 1, ..KIND }, &tag_cam())).unwrap();
        let error = load(&path).unwrap_err();
        assert!(error.to_string().contains("this program has version 1, but version 6 is needed"), "{error}");
        assert!(error.help().unwrap().contains("make the program again with this release"));
    }

    /// The bytes of version 6: a change here is a new version.
    #[test]
    fn version_6_is_frozen() {
        let digest = |program| blake3::hash(&container::encode(KIND, &(program, symbols()))).to_hex()[..16].to_string();
        let digests = [digest(ideal()), digest(tag_cam()), digest(crossbar()), digest(axon())];
        assert_eq!(digests, ["661b510c85eaf2d5", "f921f0b1d579e7ec", "f8934ab5268370dd", "c5b89d10440d4ef5"]);
    }

    proptest! {
        /// Damage behind a right digest is a program or an error, never a panic or a flood of memory.
        #[test]
        fn damaged_programs_are_refused_or_harmless(at: prop::sample::Index, value: u8) {
            let mut content = postcard::to_allocvec(&(tag_cam(), symbols())).unwrap();
            let at = at.index(content.len());
            content[at] = value;
            let _ = postcard::from_bytes::<(Program, Symbols)>(&content);
        }
    }
}
