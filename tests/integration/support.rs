//! A chip with every kind of synapse, random programs for it, and the oracle beside the emulator.

use crate::oracles::core_oracle;
use chip::{
    CamWord, ChipSpec, CoreModel, CoreProgram, Correlation, Evidence, Fact, Geometry, HostEvent, IdealRow,
    IdealSynapse, InputRoute, Kinetics, MismatchSpec, ParameterSpec, Program, RouterSpec, Routing, SharesSpec, Source,
    SramWord, SynapseSign, SynapseType, TagCamCore, TagCamSpec, Values,
};
use conformance::Oracle;
use device_models::{DieParameters, MismatchSetting};
use disorder::{Die, Family};
use emulator::Emulator;
use std::collections::BTreeMap;
use units::{ChipId, CoreAddress, DieId, InputId, NeuronAddress, NeuronId, Quantity, Tag, Tick};

/// A fact from a text such as `20 ms`.
pub(crate) fn fact(text: &str) -> Fact {
    Fact { quantity: quantity(text), source: "test".to_owned(), evidence: Evidence::Assumed }
}

/// A quantity from a text such as `20 ms`.
pub(crate) fn quantity(text: &str) -> Quantity {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn synapse(name: &str, sign: SynapseSign, kinetics: Kinetics, gain: Option<&str>) -> SynapseType {
    SynapseType { name: name.to_owned(), sign, kinetics, gain: gain.map(str::to_owned), gate: None }
}

/// A chip whose parameters all differ from circuit to circuit; 3 cores of 64 neurons, every model, every kind of
/// synapse.
pub(crate) fn test_chip(router: RouterSpec) -> ChipSpec {
    use SynapseSign::{Excitatory, Inhibitory, Signed};
    let exponential = |tau: &str| Kinetics::Exponential { tau: tau.to_owned() };
    let parameter = |nominal: &str, cv: &str| ParameterSpec {
        summary: "for tests".to_owned(),
        nominal: fact(nominal),
        range: None,
        trim_codes: None,
        mismatch: Some(MismatchSpec {
            family: Family::LogNormal,
            cv: fact(cv),
            truncation: Some((fact("0.05 1"), fact("10 1"))),
            shares: Some(SharesSpec { die: fact("0.1 1"), core: fact("0.2 1"), circuit: fact("0.7 1") }),
            correlation: None,
        }),
    };
    let mut parameters: BTreeMap<String, ParameterSpec> = [
        ("tau_mem", "3 ms", "0.3 1"),
        // What counts as 1, so that levels in mV are plain numbers; cores ask for more.
        ("v_threshold", "1 mV", "0.2 1"),
        ("v_reset", "-1 mV", "0.2 1"),
        ("t_refractory", "1.6 ms", "0.5 1"),
        ("drive", "2 mV", "0.3 1"),
        ("v_initial", "1 mV", "0.3 1"),
        ("gain_step", "1 1", "0.5 1"),
        ("tau_ampa", "2 ms", "0.3 1"),
        ("gain_ampa", "1 1", "0.3 1"),
        ("tau_nmda", "6 ms", "0.3 1"),
        ("tau_gaba", "3 ms", "0.3 1"),
        ("gain_gaba", "1 1", "0.3 1"),
        ("tau_free", "1 ms", "0.3 1"),
        ("adaptation", "0.5 mV", "0.3 1"),
        ("tau_adaptation", "5 ms", "0.3 1"),
        ("leak", "0.6 1", "0.3 1"),
        ("gain_graded", "1 1", "0.3 1"),
    ]
    .into_iter()
    .map(|(name, nominal, cv)| (name.to_owned(), parameter(nominal, cv)))
    .collect();
    let rule = ParameterSpec { mismatch: None, ..parameter("0 1", "0 1") };
    parameters.insert("activation_rule".to_owned(), rule);
    let ampa = parameters.get_mut("tau_ampa").and_then(|p| p.mismatch.as_mut()).unwrap();
    ampa.correlation = Some(Correlation { with: "tau_mem".to_owned(), rho: fact("0.5 1") });
    ChipSpec {
        name: "test".to_owned(),
        family: "test".to_owned(),
        revision: "1".to_owned(),
        summary: "for tests".to_owned(),
        sources: [("test".to_owned(), "chosen here".to_owned())].into(),
        tick: fact("1 ms"),
        step: None,
        geometry: Geometry { chips: fact("4 1"), cores_per_chip: fact("3 1"), neurons_per_core: fact("64 1") },
        models: CoreModel::ALL.to_vec(),
        synapses: vec![
            synapse("step", Signed, Kinetics::Delta, None),
            synapse("stop", Inhibitory, Kinetics::Delta, None),
            synapse("scaled", Excitatory, Kinetics::Delta, Some("gain_step")),
            synapse("scaled-stop", Inhibitory, Kinetics::Delta, Some("gain_step")),
            synapse("AMPA", Excitatory, exponential("tau_ampa"), Some("gain_ampa")),
            synapse("NMDA", Excitatory, exponential("tau_nmda"), None),
            synapse("GABA", Inhibitory, exponential("tau_gaba"), Some("gain_gaba")),
            synapse("free", Signed, exponential("tau_free"), None),
            synapse("graded", Signed, Kinetics::Graded, None),
            synapse("graded-up", Excitatory, Kinetics::Graded, Some("gain_graded")),
            synapse("graded-down", Inhibitory, Kinetics::Graded, None),
            synapse("linear", Signed, Kinetics::Linear, None),
            synapse("linear-down", Inhibitory, Kinetics::Linear, Some("gain_graded")),
        ],
        parameters_per_neuron: true,
        free_clock: false,
        router,
        rules: None,
        parameters,
        energy: BTreeMap::new(),
        mesh: None,
        latency: None,
        mismatch_reference: Some("tau_mem".to_owned()),
        weight_mismatch: None,
        faults: None,
        noise: None,
    }
}

/// Kinds of [`test_chip`] that `lif` and `analog-lif` have.
pub(crate) const LIF_KINDS: u32 = 8;
/// Kinds of [`test_chip`] that `rate` has, after those: graded ones, then linear ones.
const RATE_KINDS: u32 = 5;
const GRADED_KINDS: u32 = 3;

/// A small tag and CAM router.
pub(crate) fn tag_cam() -> RouterSpec {
    RouterSpec::TagCam(TagCamSpec {
        cam_words_per_neuron: fact("8 1"),
        sram_words_per_neuron: fact("4 1"),
        sram_words_for_monitor: fact("1 1"),
        tag_bits: fact("4 1"),
        weight_bits: fact("4 1"),
        delay_bits: Some(fact("2 1")),
        delay_max: Some(fact("9 1")),
        hop_max: fact("3 1"),
    })
}

/// Die `id` of [`test_chip`].
pub(crate) fn die(spec: &ChipSpec, id: u32) -> DieParameters {
    DieParameters::new(spec, Die { root_seed: 7, id: DieId(id) }, MismatchSetting::default()).unwrap()
}

/// The stream from which random programs are made.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        // xorshift64* (Marsaglia 2003; Vigna 2016)
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((u128::from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)) * u128::from(end)) >> 64) as u32
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize].clone()
    }
}

/// What a random program is like; proptest chooses and shrinks it.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) seed: u64,
    /// Tag and CAM instead of the ideal router.
    pub(crate) tag_cam: bool,
    pub(crate) cores: u32,
    pub(crate) neurons: u32,
    /// Connections a neuron.
    pub(crate) fan_out: u32,
    pub(crate) inputs: u32,
    /// Host events.
    pub(crate) events: u32,
    /// Weights that drive states to the end of their range.
    pub(crate) extreme: bool,
    /// The first spiking core, and every second one after it, has no time step.
    pub(crate) asynchronous: bool,
}

/// A program, the die it runs on and what the host sends.
pub(crate) struct Case {
    pub(crate) spec: ChipSpec,
    pub(crate) die: DieParameters,
    pub(crate) program: Program,
    /// Channel, tick, payload.
    pub(crate) events: Vec<(InputId, Tick, i32)>,
}

/// Ticks that a random case is meant to run for.
pub(crate) const TICKS: u64 = 260;

impl Recipe {
    pub(crate) fn build(&self) -> Case {
        let mut random = Random::new(self.seed);
        let spec = test_chip(if self.tag_cam { tag_cam() } else { RouterSpec::Ideal });
        let cores = self.cores(&mut random);
        let routing = if self.tag_cam { self.tag_cam(&mut random, &cores) } else { self.ideal(&mut random, &cores) };
        let program = Program { chip: spec.name.clone(), clock: None, cores, input_count: self.inputs, routing };
        let mut events = Vec::new();
        for _ in 0..self.events {
            let input = random.below(self.inputs);
            // Half of the events at the start, the others after a silence, in bursts.
            let tick = if random.below(2) == 0 { random.below(30) } else { 180 + random.below(4) };
            let payload = if self.drives_rate(input) {
                random.below(3 << 16) as i32 - (3 << 15)
            } else {
                random.pick(&[1, 1, 1, 2, 40])
            };
            events.push((InputId(input), Tick(tick.into()), payload));
        }
        let die = die(&spec, self.seed as u32 % 100);
        Case { spec, die, program, events }
    }

    /// One in four programs has rate units with linear input, every second of which sends the tanh of its state. The
    /// bits of the others are those of releases without.
    const fn has_linear(&self) -> bool {
        self.seed % 4 == 2
    }

    /// Odd channels and cores are of the rate model.
    fn drives_rate(&self, input: u32) -> bool {
        self.cores > 1 && input % 2 == 1
    }

    fn cores(&self, random: &mut Random) -> Vec<CoreProgram> {
        (0..self.cores)
            .map(|index| {
                let model = match index % 4 {
                    1 | 3 => CoreModel::Rate,
                    0 if self.asynchronous => CoreModel::AnalogLif,
                    _ => CoreModel::Lif,
                };
                let neuron_count = 1 + random.below(self.neurons);
                let mut parameters = BTreeMap::new();
                if !model.is_graded() {
                    parameters.insert("v_threshold".to_owned(), Values::Shared(quantity("10 mV")));
                    let taus = (0..neuron_count).map(|_| quantity(random.pick(&["0.3 ms", "1 ms", "2 ms", "8 ms"])));
                    parameters.insert("tau_mem".to_owned(), Values::PerNeuron(taus.collect()));
                    let refractory = random.pick(&["0 ms", "1 ms", "3 ms"]);
                    parameters.insert("t_refractory".to_owned(), Values::Shared(quantity(refractory)));
                    let drive = random.pick(&["0 mV", "-3 mV", "8 mV", "14 mV"]);
                    parameters.insert("drive".to_owned(), Values::Shared(quantity(drive)));
                } else {
                    if random.below(3) == 0 {
                        parameters.insert("leak".to_owned(), Values::Shared(quantity("1 1")));
                    }
                    if self.has_linear() {
                        let rules = (0..neuron_count).map(|n| quantity(if n % 2 == 0 { "0 1" } else { "1 1" }));
                        parameters.insert("activation_rule".to_owned(), Values::PerNeuron(rules.collect()));
                    }
                }
                let weight_exponent = match (self.extreme, model) {
                    (true, CoreModel::Lif | CoreModel::AnalogLif) => 14 + random.below(7),
                    (_, CoreModel::Lif | CoreModel::AnalogLif) => 10 + random.below(5),
                    _ => random.below(21),
                };
                let address = CoreAddress::new((index / 2) as u16, (index % 2) as u16);
                CoreProgram {
                    address,
                    model,
                    neuron_count,
                    parameters,
                    weight_exponent: weight_exponent as u8,
                    off: Vec::new(),
                    circuits: Vec::new(),
                }
            })
            .collect()
    }

    /// Every source: channels, then neurons with the index of their core.
    fn sources(&self, cores: &[CoreProgram]) -> Vec<(Source, Option<usize>)> {
        let inputs = (0..self.inputs).map(|i| (Source::Input(InputId(i)), None));
        let neurons = cores.iter().enumerate().flat_map(|(index, core)| {
            (0..core.neuron_count).map(move |n| {
                let address = NeuronAddress { core: core.address, neuron: NeuronId(n as u16) };
                (Source::Neuron(address), Some(index))
            })
        });
        inputs.chain(neurons).collect()
    }

    /// Whether events of a source make sense to a core.
    fn reaches(&self, source: Source, from: Option<usize>, to: usize) -> bool {
        let rate = |core: usize| core % 2 == 1;
        match (source, from) {
            (Source::Input(input), _) => self.drives_rate(input.0) == rate(to),
            (_, Some(from)) => rate(from) == rate(to),
            _ => false,
        }
    }

    fn kind(&self, random: &mut Random, core: usize) -> u8 {
        let rate_kinds = if self.has_linear() { RATE_KINDS } else { GRADED_KINDS };
        (if core % 2 == 1 { LIF_KINDS + random.below(rate_kinds) } else { random.below(LIF_KINDS) }) as u8
    }

    fn ideal(&self, random: &mut Random, cores: &[CoreProgram]) -> Routing {
        let mut rows = Vec::new();
        for (source, from) in self.sources(cores) {
            for (to, core) in cores.iter().enumerate() {
                if !self.reaches(source, from, to) || random.below(4) == 0 {
                    continue;
                }
                for delay_ticks in [1, 1 + random.below(9) as u16] {
                    let synapses = (0..random.below(self.fan_out + 1)).map(|_| {
                        let synapse = self.kind(random, to);
                        let signed = matches!(synapse, 0 | 7 | 8);
                        let size = if self.extreme { 32767 } else { 2000 };
                        let weight = random.below(size) as i16;
                        let weight = if signed && random.below(2) == 0 { -weight } else { weight };
                        IdealSynapse { neuron: NeuronId(random.below(core.neuron_count) as u16), synapse, weight }
                    });
                    let mut synapses: Vec<_> = synapses.collect();
                    synapses.sort_unstable();
                    rows.push(IdealRow { source, destination: core.address, delay_ticks, synapses });
                }
            }
        }
        Routing::Ideal(rows)
    }

    /// Tags below 8 are for spiking cores, the others for rate cores; few tags, so that they collide, and hops and
    /// masks that miss.
    fn tag_cam(&self, random: &mut Random, cores: &[CoreProgram]) -> Routing {
        let tag = |random: &mut Random, rate: bool| Tag(random.below(8) as u16 + if rate { 8 } else { 0 });
        let memories = cores.iter().enumerate().map(|(index, core)| {
            let rate = index % 2 == 1;
            let size = if self.extreme { 8191 } else { 700 };
            let weight_currents = (0..4).map(|_| random.below(size) as i16).collect();
            let delays: Vec<u16> = (0..random.below(4)).map(|_| 1 + random.below(9) as u16).collect();
            let cam = (0..core.neuron_count).map(|_| {
                let words = (0..random.below(1 + self.fan_out.min(8))).map(|_| CamWord {
                    tag: tag(random, rate),
                    synapse: self.kind(random, index),
                    weight_bits: random.below(16) as u8,
                    delay: random.below(1 + delays.len() as u32) as u8,
                });
                words.collect()
            });
            let cam = cam.collect();
            let sram = (0..core.neuron_count).map(|_| {
                let words = (0..random.below(4)).map(|_| SramWord {
                    hop_x: random.below(4) as i8 - 1,
                    hop_y: random.below(3) as i8 - 1,
                    core_mask: random.below(8) as u16,
                    tag: tag(random, rate),
                });
                words.collect()
            });
            TagCamCore { weight_currents, delays, cam, sram: sram.collect(), slots: Vec::new() }
        });
        let memories = memories.collect();
        let inputs = (0..self.inputs).map(|i| {
            let events = (0..1 + random.below(2)).map(|_| HostEvent {
                chip: ChipId(random.below(3) as u16),
                core_mask: random.below(8) as u16,
                tag: tag(random, self.drives_rate(i)),
            });
            InputRoute { input: InputId(i), events: events.collect() }
        });
        Routing::TagCam { cores: memories, inputs: inputs.collect(), positions: vec![(0, 0), (1, 0)] }
    }
}

impl Case {
    /// The emulator with all events sent; events that a channel cannot take are left out of the case.
    pub(crate) fn emulator(&mut self) -> Emulator {
        let mut emulator = Emulator::new(&self.spec, &self.program, &self.die).unwrap_or_else(|e| panic!("{e}"));
        self.events.retain(|&(input, tick, payload)| emulator.send(input, tick, payload).is_ok());
        emulator
    }

    /// The oracle for `emulator`, with the parameters of its cores and the same events.
    pub(crate) fn oracle(&self, emulator: &Emulator) -> Oracle<'_> {
        let cores = (0..self.program.cores.len()).map(|i| core_oracle(emulator.core(i)));
        let mut oracle = Oracle::new(&self.spec, &self.program, cores.collect());
        for &(input, tick, payload) in &self.events {
            oracle.send(input, tick.0, payload.into());
        }
        oracle
    }
}
