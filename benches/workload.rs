//! A workload: one network of leaky integrate-and-fire neurons with delta synapses, and its mapping on the ideal chip.

use chip::{ChipSpec, CoreModel, Evidence, Fact, ParameterSpec, Program, Values};
use device_models::DieParameters;
use emulator::Emulator;
use fx::Weight;
use mapper::MapperOptions;
use network::{Connections, Endpoint, InputGroup, Mask, Network, Population, Projection, SynapseChoice, WeightFormat};
use std::collections::BTreeMap;
use units::{Decimal, InputId, Quantity, Tick, Unit};

/// Weights of a workload are whole numbers of 1/256 mV.
pub const WEIGHT_SHIFT: u32 = Weight::FRACTION_BITS - 8;

/// Sparse rows by sender; weights in 1/256 mV.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Row i is `starts[i]..starts[i + 1]`.
    pub starts: Vec<u64>,
    /// Receivers.
    pub post: Vec<u32>,
    /// Weights.
    pub weight: Vec<i16>,
}

impl Rows {
    /// Rows of `senders` from a list of sender, receiver and weight.
    pub fn from_list(senders: usize, mut list: Vec<(u32, u32, i16)>) -> Self {
        list.sort_unstable();
        let mut starts = vec![0u64; senders + 1];
        for &(pre, ..) in &list {
            starts[pre as usize + 1] += 1;
        }
        for i in 0..senders {
            starts[i + 1] += starts[i];
        }
        Self { starts, post: list.iter().map(|c| c.1).collect(), weight: list.iter().map(|c| c.2).collect() }
    }

    /// Receivers and weights of a sender.
    pub fn row(&self, sender: usize) -> (&[u32], &[i16]) {
        let range = self.starts[sender] as usize..self.starts[sender + 1] as usize;
        (&self.post[range.clone()], &self.weight[range])
    }
}

/// A network with its input, in steps of 1 ms.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// Steps to run.
    pub steps: u64,
    /// Neurons.
    pub neurons: usize,
    /// Input channels.
    pub channels: usize,
    /// Membrane time constant, ms.
    pub tau: Vec<Decimal>,
    /// Threshold, mV.
    pub threshold: Vec<Decimal>,
    /// Level that the membrane would settle at without spikes, mV.
    pub drive: Vec<Decimal>,
    /// Initial membrane, mV.
    pub initial: Vec<Decimal>,
    /// Refractory period in steps.
    pub refractory_steps: u32,
    /// Connections between neurons.
    pub recurrent: Rows,
    /// Connections from channels.
    pub input: Rows,
    /// Input events: the step in which they arrive, and their channel.
    pub events: Vec<(u64, u32)>,
}

impl Workload {
    /// The workload as a network.
    pub fn network(&self) -> Network {
        let values = |unit: Unit, list: &[Decimal]| {
            let mut quantities = list.iter().map(|v| Quantity::new(*v, unit));
            if list.windows(2).all(|pair| pair[0] == pair[1]) {
                Values::Shared(quantities.next().expect("a workload has neurons"))
            } else {
                Values::PerNeuron(quantities.collect())
            }
        };
        let refractory = Decimal::integer(self.refractory_steps.into());
        let parameters: BTreeMap<String, Values> = [
            ("tau_mem", values(Unit::MILLISECOND, &self.tau)),
            ("v_threshold", values(Unit::MILLIVOLT, &self.threshold)),
            ("drive", values(Unit::MILLIVOLT, &self.drive)),
            ("v_initial", values(Unit::MILLIVOLT, &self.initial)),
            ("t_refractory", values(Unit::MILLISECOND, &[refractory])),
        ]
        .map(|(name, values)| (name.to_owned(), values))
        .into();
        let neurons =
            Population { name: "neurons".to_owned(), size: self.neurons as u32, model: CoreModel::Lif, parameters };
        let mut network = Network { populations: vec![neurons], ..Network::default() };
        network.projections.push(projection("recurrent", Endpoint::Population(0), &self.recurrent));
        if self.channels > 0 {
            network.inputs.push(InputGroup::of_host("trains", self.channels as u32));
            network.projections.push(projection("input", Endpoint::Input(0), &self.input));
        }
        network
    }

    /// The chip that workloads run on: the shipped ideal chip, on which neurons can start anywhere below threshold.
    ///
    /// # Panics
    /// If the shipped chip is broken.
    pub fn chip() -> ChipSpec {
        let mut spec = formats::chip::shipped("ideal").unwrap_or_else(|e| panic!("{e}"));
        // What counts as 1, so that weights are whole numbers; the neurons ask for their thresholds.
        if let Some(threshold) = spec.parameters.get_mut("v_threshold") {
            threshold.nominal.quantity = Quantity::new(Decimal::integer(1), Unit::MILLIVOLT);
        }
        spec.parameters.entry("v_initial".to_owned()).or_insert_with(|| ParameterSpec {
            summary: "Membrane at tick 0".to_owned(),
            nominal: Fact {
                quantity: Quantity::new(Decimal::ZERO, Unit::MILLIVOLT),
                source: "idealisation".to_owned(),
                evidence: Evidence::Assumed,
            },
            range: None,
            trim_codes: None,
            mismatch: None,
        });
        spec
    }

    /// The workload as a program for [`Workload::chip`].
    ///
    /// # Panics
    /// If it does not fit the chip.
    pub fn program(&self, spec: &ChipSpec) -> Program {
        let mapping = mapper::map(&self.network(), spec, &MapperOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        mapping.program
    }

    /// An emulator at tick 0 with every input event sent.
    ///
    /// # Panics
    /// If the workload does not fit the chip.
    pub fn emulator(&self) -> Emulator {
        let spec = Self::chip();
        let program = self.program(&spec);
        let emulator = Emulator::new(&spec, &program, &DieParameters::nominal());
        let mut emulator = emulator.unwrap_or_else(|e| panic!("{e}"));
        self.send_events(&mut emulator);
        emulator
    }

    /// Sends every input event.
    ///
    /// # Panics
    /// If the emulator is past the first of them.
    pub fn send_events(&self, emulator: &mut Emulator) {
        for &(step, channel) in &self.events {
            emulator.send(InputId(channel), Tick(step), 1).unwrap_or_else(|e| panic!("{e}"));
        }
    }

    /// Mean rate in Hz of `spikes` spikes in a run of `steps` steps.
    pub fn rate(&self, spikes: u64, steps: u64) -> f64 {
        spikes as f64 / self.neurons as f64 / (steps as f64 * 1e-3)
    }
}

fn projection(name: &str, pre: Endpoint, rows: &Rows) -> Projection {
    let weight = rows.weight.iter().map(|w| Weight::from_bits(i32::from(*w) << WEIGHT_SHIFT)).collect();
    let connections = Connections::from_rows(rows.starts.clone(), rows.post.clone(), weight);
    Projection {
        name: name.to_owned(),
        pre,
        post: 0,
        synapse: SynapseChoice { excitatory: "delta".to_owned(), inhibitory: "delta".to_owned() },
        mask: Mask::all(connections.len()),
        connections,
        delay_ticks: 1,
        weight_format: WeightFormat::default(),
    }
}
