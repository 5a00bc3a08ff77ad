//! The router: the way of an event through SRAM, hops, tags and CAM; losses; programs that do not fit.

use crate::support::{Random, die, fact, tag_cam, test_chip};
use chip::{
    CamWord, ChipSpec, CoreModel, CoreProgram, HostEvent, IdealRow, IdealSynapse, InputRoute, Program, RouterSpec,
    Routing, Source, SramWord, TagCamCore, Values,
};
use emulator::{Emulator, LossCause};
use router::{Fabric, RouterError};
use units::{ChipId, CoreAddress, InputId, NeuronAddress, NeuronId, Tag, Tick};

/// Change of a program.
type Change = dyn Fn(&mut Program);

fn core(chip: u16, core: u16, neuron_count: u32) -> CoreProgram {
    let address = CoreAddress::new(chip, core);
    let parameters = [("v_threshold".to_owned(), Values::Shared("10 mV".parse().unwrap()))].into();
    CoreProgram {
        address,
        model: CoreModel::Lif,
        neuron_count,
        parameters,
        weight_exponent: 10,
        off: Vec::new(),
        circuits: Vec::new(),
    }
}

fn word(hop_x: i8, hop_y: i8, core_mask: u16, tag: u16) -> SramWord {
    SramWord { hop_x, hop_y, core_mask, tag: Tag(tag) }
}

fn cam(tag: u16, synapse: u8, weight_bits: u8) -> CamWord {
    CamWord { tag: Tag(tag), synapse, weight_bits, delay: 0 }
}

/// Two chips side by side; chip 0 has cores 0 and 1 in use, chip 1 has core 2. One neuron a core, and two in the last.
fn board() -> (ChipSpec, Program) {
    let memories = |cam: Vec<Vec<CamWord>>, sram| TagCamCore {
        weight_currents: vec![1, 20, 300, 4000],
        delays: vec![5, 9],
        cam,
        sram,
        slots: Vec::new(),
    };
    let cores = vec![
        memories(vec![vec![]], vec![vec![word(0, 0, 0b011, 1), word(1, 0, 0b101, 2), word(-1, 0, 0b001, 3)]]),
        memories(vec![vec![cam(1, 4, 0b0101), cam(1, 6, 0b1000)]], vec![vec![]]),
        memories(vec![vec![cam(2, 4, 0b1111)], vec![cam(2, 0, 0b0010), cam(7, 4, 0b0001)]], vec![vec![], vec![]]),
    ];
    let event = |chip, core_mask, tag| HostEvent { chip: ChipId(chip), core_mask, tag: Tag(tag) };
    let inputs = vec![InputRoute { input: InputId(0), events: vec![event(1, 0b100, 7), event(3, 1, 7)] }];
    let positions = vec![(0, 0), (1, 0)];
    let program = Program {
        chip: "test".to_owned(),
        clock: None,
        cores: vec![core(0, 0, 1), core(0, 1, 1), core(1, 2, 2)],
        input_count: 1,
        routing: Routing::TagCam { cores, inputs, positions },
    };
    (test_chip(tag_cam()), program)
}

/// What a source reaches, as text: `core/lane place/weight`.
fn reach(fabric: &Fabric, source: usize) -> String {
    let rows = fabric.routes_of(source).map(|r| {
        let route = fabric.routes()[r];
        let row = fabric.row(route.row);
        let synapses: Vec<String> = row.synapses.iter().map(|s| format!("{}:{}", s.target(), s.weight())).collect();
        format!("+{} core {} [{}]", route.delay_ticks, row.core, synapses.join(" "))
    });
    let t = fabric.traffic(source);
    let lost = format!("sent {} unmatched {} off {} unused {}", t.sent, t.unmatched, t.off_board, t.unused_core);
    rows.chain([lost]).collect::<Vec<_>>().join("; ")
}

#[test]
fn events_follow_sram_hops_tags_and_cam() {
    let (spec, program) = board();
    let fabric = Fabric::build(&spec, &program).unwrap();
    // Lanes are 32 wide. Core 1 uses AMPA and GABA; core 2 uses `step` (lane 0) and AMPA (lane 1).
    let neuron = fabric.neuron_source(0, NeuronId(0));
    assert_eq!(
        reach(&fabric, neuron),
        "+1 core 1 [0:301 32:4000]; +1 core 2 [1:20 32:4321]; sent 3 unmatched 1 off 1 unused 1"
    );
    assert_eq!(reach(&fabric, fabric.input_source(InputId(0))), "+1 core 2 [33:1]; sent 2 unmatched 0 off 1 unused 0");
    assert_eq!(fabric.layout(0).lanes().len(), 0, "a core that nothing reaches has no accumulators");
}

#[test]
fn a_delay_code_selects_one_of_the_core() {
    let (spec, mut program) = board();
    let Routing::TagCam { cores, .. } = &mut program.routing else { unreachable!() };
    cores[2].cam[0] = vec![CamWord { delay: 2, ..cam(2, 4, 0b1111) }, CamWord { delay: 1, ..cam(2, 4, 0b0001) }];
    let fabric = Fabric::build(&spec, &program).unwrap();
    assert_eq!(
        reach(&fabric, fabric.neuron_source(0, NeuronId(0))),
        "+1 core 1 [0:301 32:4000]; +1 core 2 [1:20]; +5 core 2 [32:1]; +9 core 2 [32:4321]; sent 3 unmatched 1 off 1 \
         unused 1"
    );
}

#[test]
fn losses_are_counted_by_cause_and_core() {
    let (spec, program) = board();
    let mut emulator = Emulator::new(&spec, &program, &die(&spec, 1)).unwrap();
    for tick in 0..10 {
        emulator.send(InputId(0), Tick(tick), 3).unwrap();
    }
    emulator.run_until(Tick(11), &mut ());
    let c = emulator.counters();
    assert_eq!((c.inputs, c.events_sent, c.events_delivered, c.synaptic_operations), (30, 60, 30, 30));
    assert_eq!(c.losses.of(None, LossCause::OffBoard), 30);
    assert_eq!((c.losses.of(Some(0), LossCause::OffBoard), c.losses.total()), (0, 30));
}

#[test]
fn one_row_serves_every_source_with_its_tag() {
    let (spec, mut program) = board();
    let Routing::TagCam { cores, .. } = &mut program.routing else { unreachable!() };
    cores[1].sram[0] = vec![word(1, 0, 0b100, 2)];
    cores[2].sram = vec![vec![word(0, 0, 0b100, 2)]; 2];
    let fabric = Fabric::build(&spec, &program).unwrap();
    let row = |core| fabric.routes()[fabric.routes_of(fabric.neuron_source(core, NeuronId(0))).start].row;
    assert_eq!(row(1), row(2));
    assert_eq!(fabric.row_count(), 3);
}

/// A change that makes a tag and CAM program impossible, and the beginning of the error.
#[track_caller]
fn check_tag_cam(change: &Change, expected: &str) {
    let (spec, mut program) = board();
    change(&mut program);
    let error = Fabric::build(&spec, &program).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

fn memories(program: &mut Program) -> (&mut Vec<TagCamCore>, &mut Vec<InputRoute>, &mut Vec<(i8, i8)>) {
    match &mut program.routing {
        Routing::TagCam { cores, inputs, positions } => (cores, inputs, positions),
        _ => unreachable!(),
    }
}

#[test]
fn tag_cam_programs_that_do_not_fit_are_refused() {
    let check = check_tag_cam;
    check(
        &|p| memories(p).0[1].cam[0] = vec![cam(1, 4, 1); 9],
        "CAM words of chip 0 core 1 neuron 0: 9 needed, 8 available",
    );
    check(
        &|p| memories(p).0[0].sram[0] = vec![word(0, 0, 1, 1); 4],
        "SRAM words of chip 0 core 0 neuron 0: 4 needed, 3 available",
    );
    check(
        &|p| memories(p).0[0].sram[0][0].tag = Tag(16),
        "tag 16 of chip 0 core 0 neuron 0 does not fit: the limit is 15",
    );
    check(&|p| memories(p).0[1].cam[0][0].tag = Tag(16), "tag 16 of chip 0 core 1 neuron 0 does not fit");
    check(&|p| memories(p).0[0].sram[0][0].hop_x = -4, "hop -4 of chip 0 core 0 neuron 0 does not fit: the limit is 3");
    check(&|p| memories(p).0[0].sram[0][0].hop_y = 4, "hop 4 of chip 0 core 0 neuron 0 does not fit: the limit is 3");
    check(
        &|p| memories(p).0[0].sram[0][0].core_mask = 8,
        "core mask 8 of chip 0 core 0 neuron 0 does not fit: the limit is 7",
    );
    check(&|p| memories(p).0[1].cam[0][0].weight_bits = 16, "weight bits 16 of chip 0 core 1 neuron 0 does not fit");
    check(&|p| memories(p).0[1].delays = vec![1; 4], "delays of chip 0 core 1: 4 needed, 3 available");
    check(&|p| memories(p).0[1].delays[1] = 10, "delay 10 of chip 0 core 1 does not fit: the limit is 9");
    check(&|p| memories(p).0[1].delays[1] = 0, "delay below one tick 0 of chip 0 core 1 does not fit");
    check(
        &|p| memories(p).0[1].cam[0][0].delay = 3,
        "delay code 3 of chip 0 core 1 neuron 0 does not fit: the limit is 2",
    );
    check(&|p| memories(p).0[1].weight_currents.push(5), "weight currents of chip 0 core 1: 5 needed, 4 available");
    check(
        &|p| memories(p).0[1].weight_currents[2] = -5,
        "negative weight current -5 of chip 0 core 1 does not fit: the limit is 0",
    );
    check(
        &|p| memories(p).0[1].weight_currents = vec![i16::MAX; 4],
        "chip 0 core 1 neuron 0: weight bits 0b101 add up to 65534, more than 32767; lower the weight currents",
    );
    check(
        &|p| memories(p).0[1].cam[0][0].synapse = 13,
        "chip 0 core 1 neuron 0 has a synapse of kind 13; the chip has 13 kinds",
    );
    check(&|p| memories(p).0[1].cam.clear(), "chip 0 core 1: 0 memories given for 1 users");
    check(&|p| memories(p).0.truncate(2), "the board: 2 memories given for 3 users");
    check(&|p| memories(p).1[0].input = InputId(1), "input channel 1 does not exist: the program has 1");
    check(&|p| memories(p).2[1] = (0, 0), "chip 1 has no place of its own on the board");
    check(&|p| memories(p).2.truncate(1), "chip 1 has no place of its own on the board");
    check(&|p| *memories(p).2 = (0..5).map(|x| (x, 0)).collect(), "chips of the board: 5 needed, 4 available");
    check(&|p| p.routing = Routing::Ideal(vec![]), "the program has routing for rows of synapses, but chip `test` has");
}

fn row(source: Source, destination: CoreAddress, synapses: Vec<(u16, u8, i16)>) -> IdealRow {
    let synapse = |(n, synapse, weight)| IdealSynapse { neuron: NeuronId(n), synapse, weight };
    IdealRow { source, destination, delay_ticks: 1, synapses: synapses.into_iter().map(synapse).collect() }
}

/// Two cores of 4 neurons and one row.
fn pair(source: Source, synapses: Vec<(u16, u8, i16)>) -> Program {
    let mut cores = vec![core(0, 0, 4), core(0, 1, 4)];
    cores[1].model = CoreModel::Rate;
    let rows = vec![row(source, CoreAddress::new(0, 0), synapses)];
    Program { chip: "test".to_owned(), clock: None, cores, input_count: 2, routing: Routing::Ideal(rows) }
}

#[track_caller]
fn check_ideal(source: Source, synapses: Vec<(u16, u8, i16)>, change: &Change, expected: &str) {
    let mut program = pair(source, synapses);
    change(&mut program);
    let error = Fabric::build(&test_chip(RouterSpec::Ideal), &program).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn ideal_programs_that_do_not_fit_are_refused() {
    let input = Source::Input(InputId(0));
    let neuron = |core, n| Source::Neuron(NeuronAddress { core: CoreAddress::new(0, core), neuron: NeuronId(n) });
    let one = || vec![(0, 0, 5)];
    let same: &Change = &|_| {};
    fn rows(program: &mut Program) -> &mut Vec<IdealRow> {
        match &mut program.routing {
            Routing::Ideal(rows) => rows,
            _ => unreachable!(),
        }
    }
    let check = check_ideal;
    check(Source::Input(InputId(2)), one(), same, "input channel 2 does not exist: the program has 2");
    check(neuron(2, 0), one(), same, "a connection names chip 0 core 2, which this program does not use");
    check(neuron(0, 4), one(), same, "chip 0 core 0 neuron 4 is not in use: the program uses neurons 0 to 3");
    check(input, vec![(4, 0, 5)], same, "chip 0 core 0 neuron 4 is not in use");
    check(input, vec![(0, 13, 5)], same, "chip 0 core 0 neuron 0 has a synapse of kind 13; the chip has 13 kinds");
    check(input, vec![(0, 4, -1)], same, "chip 0 core 0 neuron 0 has weight -1 on synapse `AMPA`, whose sign is fixed");
    check(
        input,
        vec![(0, 8, 1)],
        same,
        "chip 0 core 0 runs the model `lif`, which has no synapse with the kinetics of",
    );
    check(input, one(), &|p| rows(p)[0].delay_ticks = 0, "the row from Input(InputId(0)) to chip 0 core 0 has delay 0");
    check(
        input,
        one(),
        &|p| rows(p)[0].destination = CoreAddress::new(1, 0),
        "a connection names chip 1 core 0, which this program does not use",
    );
    check(neuron(1, 0), one(), same, "Neuron(NeuronAddress { core: CoreAddress { chip: ChipId(0), core: CoreId(1) }");
    check(
        input,
        one(),
        &|p| rows(p).push(row(Source::Input(InputId(0)), CoreAddress::new(0, 1), vec![(0, 8, 1)])),
        "Input(InputId(0)) sends what `lif` cores understand, but its events reach a `rate` core",
    );
    check(input, one(), &|p| p.cores.swap(0, 1), "chip 0 core 0: the cores of a program must be sorted by address");
    check(
        input,
        one(),
        &|p| p.cores[1].address = CoreAddress::new(0, 3),
        "chip 0 core 3 does not exist: the board has",
    );
    check(input, one(), &|p| p.cores[1].address = CoreAddress::new(4, 0), "chip 4 core 0 does not exist");
    check(input, one(), &|p| p.cores[0].neuron_count = 65, "chip 0 core 0 uses 65 neurons; it has 64");
    check(input, one(), &|p| p.cores[0].neuron_count = 0, "chip 0 core 0 uses 0 neurons");
    // 255 spikes of one channel through 257 synapses of weight 32767 onto neuron 3 just exceed 2^31 - 1.
    let synapses = |count| vec![(3, 0, i16::MAX); count];
    check(
        input,
        synapses(258),
        same,
        "chip 0 core 0 neuron 3: the weights of its inputs can add up to 2155740930 in one step, but accumulators hold \
         2147483647",
    );
    assert!(Fabric::build(&test_chip(RouterSpec::Ideal), &pair(input, synapses(257))).is_ok());
}

#[test]
fn five_currents_are_one_too_many() {
    let mut spec = test_chip(RouterSpec::Ideal);
    spec.synapses[0].kinetics = chip::Kinetics::Exponential { tau: "tau_free".to_owned() };
    let synapses = [0, 4, 5, 6, 7].map(|kind| (0, kind, 1)).to_vec();
    let program = pair(Source::Input(InputId(0)), synapses);
    let error = Fabric::build(&spec, &program).unwrap_err();
    assert!(matches!(error, RouterError::Core(_)));
    assert!(error.to_string().starts_with("chip 0 core 0 uses 5 exponential currents"), "{error}");
}

#[test]
fn a_synapse_names_one_of_65536_places() {
    let mut spec = test_chip(RouterSpec::Ideal);
    spec.geometry.neurons_per_core = fact("40000 1");
    let mut program = pair(Source::Input(InputId(0)), vec![(39_999, 4, 1), (39_999, 6, 1)]);
    program.cores[0].neuron_count = 40_000;
    let error = Fabric::build(&spec, &program).unwrap_err().to_string();
    assert!(error.starts_with("chip 0 core 0: 40000 neurons with 2 separate inputs each exceed the 65536"), "{error}");
    let Routing::Ideal(rows) = &mut program.routing else { unreachable!() };
    rows[0].synapses.truncate(1);
    assert!(Fabric::build(&spec, &program).is_ok());
}

/// Rows of a program, whatever their order, give the same fabric; and it takes at most 6 bytes a synapse.
#[test]
fn a_fabric_is_small_and_does_not_depend_on_the_order_of_rows() {
    let mut random = Random::new(1);
    let address = CoreAddress::new(0, 0);
    let rows = (0..64).map(|n| {
        let source = Source::Neuron(NeuronAddress { core: address, neuron: NeuronId(n) });
        let synapses = (0..64).map(|_| (random.below(64) as u16, 0, random.below(100) as i16));
        row(source, address, synapses.collect())
    });
    let mut rows: Vec<IdealRow> = rows.collect();
    let program = |rows: &[IdealRow]| Program {
        chip: "test".to_owned(),
        clock: None,
        cores: vec![core(0, 0, 64)],
        input_count: 0,
        routing: Routing::Ideal(rows.to_vec()),
    };
    let spec = test_chip(RouterSpec::Ideal);
    let forward = Fabric::build(&spec, &program(&rows)).unwrap();
    assert!(forward.memory_bytes() < 6 * forward.synapse_count(), "{} bytes", forward.memory_bytes());
    for r in &mut rows {
        r.synapses.reverse();
    }
    assert_eq!(Fabric::build(&spec, &program(&rows)).unwrap().digest(), forward.digest());
    rows[5].synapses[5].weight += 1;
    assert_ne!(Fabric::build(&spec, &program(&rows)).unwrap().digest(), forward.digest());
}
