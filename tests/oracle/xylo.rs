//! The Xylo rules as they are written down: every neuron in every step, every spike by itself, in 64-bit integers.
//!
//! It shares nothing with the core in `device-models`, not even the description of a network. There is no block, no
//! packed row, no multiplied weight, no list of what is awake.

/// A hidden or output neuron.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XyloNeuron {
    /// Decay shift of the membrane.
    pub dash_mem: u32,
    /// Decay shift of each synaptic current.
    pub dash_syn: Vec<u32>,
    /// Threshold.
    pub threshold: i64,
    /// Constant input.
    pub bias: i64,
    /// Hidden neurons that get its spikes added to theirs.
    pub aliases: Vec<usize>,
}

/// A weight matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XyloWeights {
    /// Left shift of every weight.
    pub shift: u32,
    /// (pre, post, current, weight) in the order of delivery.
    pub synapses: Vec<(usize, usize, usize, i64)>,
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XyloNetwork {
    /// Version 2 of the rules, not version 1.
    pub version_2: bool,
    /// Whether biases exist, be they 0.
    pub has_bias: bool,
    /// Hidden neurons.
    pub hidden: Vec<XyloNeuron>,
    /// Output neurons.
    pub output: Vec<XyloNeuron>,
    /// From input channels to hidden neurons.
    pub input_weights: XyloWeights,
    /// From hidden to hidden neurons.
    pub recurrent_weights: XyloWeights,
    /// From hidden to output neurons.
    pub output_weights: XyloWeights,
}

/// The states of one group of neurons after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XyloGroupState {
    /// Synaptic currents by neuron.
    pub i_syn: Vec<Vec<i64>>,
    /// Membranes.
    pub v_mem: Vec<i64>,
    /// Spikes in the step.
    pub counts: Vec<i64>,
    /// Times that a number was cut at the end of its range; equal spikes through one synapse in a step count once.
    pub saturations: u64,
}

/// A network and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XyloOracle {
    network: XyloNetwork,
    /// Hidden neurons.
    pub hidden: XyloGroupState,
    /// Output neurons.
    pub output: XyloGroupState,
    /// The hibernation flag; means nothing in version 1.
    pub hibernating: bool,
    quiet_before: bool,
}

/// Within 16 bits; counts if that changes it.
fn sat(x: i64, saturations: &mut u64) -> i64 {
    let cut = x.clamp(-32768, 32767);
    *saturations += u64::from(cut != x);
    cut
}

/// The 16 lowest bits, with sign.
fn wrap(x: i64) -> i64 {
    (x + 32768).rem_euclid(65536) - 32768
}

fn decay(x: i64, dash: u32) -> i64 {
    match x.div_euclid(1 << dash) {
        0 => x.signum(),
        shifted => shifted,
    }
}

impl XyloGroupState {
    fn new(neurons: &[XyloNeuron]) -> Self {
        Self {
            i_syn: neurons.iter().map(|n| vec![0; n.dash_syn.len()]).collect(),
            v_mem: vec![0; neurons.len()],
            counts: vec![0; neurons.len()],
            saturations: 0,
        }
    }

    /// Every spike of every source on each of its synapses, in the order of sources and of their lists.
    fn deliver(&mut self, weights: &XyloWeights, counts: &[i64]) {
        for (source, &count) in counts.iter().enumerate() {
            for &(_, post, current, weight) in weights.synapses.iter().filter(|(pre, ..)| *pre == source) {
                let mut cuts = 0;
                for _ in 0..count {
                    let i_syn = &mut self.i_syn[post][current];
                    *i_syn = sat(*i_syn + wrap(weight * (1 << weights.shift)), &mut cuts);
                }
                self.saturations += cuts.min(1);
            }
        }
    }

    /// A step after the deliveries; whether any current decayed or any membrane was to change, spikes aside.
    fn advance(&mut self, neurons: &[XyloNeuron], version_2: bool, cap: i64) -> bool {
        let mut changed = false;
        for (n, neuron) in neurons.iter().enumerate() {
            let mut total = 0;
            for (i_syn, &dash) in self.i_syn[n].iter_mut().zip(&neuron.dash_syn) {
                let lost = decay(*i_syn, dash);
                changed |= lost != 0;
                *i_syn -= lost;
                total += *i_syn;
            }
            let v = self.v_mem[n];
            let lost = decay(v, neuron.dash_mem);
            let cuts = &mut self.saturations;
            self.v_mem[n] = if version_2 {
                let step = sat(wrap(-lost) + total, cuts);
                let step = sat(step + neuron.bias, cuts);
                changed |= step != 0;
                sat(v + step, cuts)
            } else {
                sat(v - lost + total, cuts)
            };
            while self.v_mem[n] >= neuron.threshold && self.counts[n] < cap {
                self.counts[n] += 1;
                self.v_mem[n] = wrap(self.v_mem[n] - neuron.threshold);
            }
            let count = self.counts[n];
            for &alias in &neuron.aliases {
                let sum = self.counts[alias] + count;
                self.saturations += u64::from(sum > cap);
                self.counts[alias] = sum.min(cap);
            }
        }
        changed
    }
}

impl XyloOracle {
    /// A core, all zero.
    pub fn new(network: &XyloNetwork) -> Self {
        Self {
            hidden: XyloGroupState::new(&network.hidden),
            output: XyloGroupState::new(&network.output),
            network: network.clone(),
            hibernating: false,
            quiet_before: false,
        }
    }

    /// One step; `input` has a count for every channel.
    pub fn step(&mut self, input: &[i64]) {
        let network = &self.network;
        let cut: Vec<i64> = input.iter().map(|&count| count.min(15)).collect();
        let spiked = self.hidden.counts.clone();
        self.hidden.deliver(&network.input_weights, &cut);
        self.hidden.deliver(&network.recurrent_weights, &spiked);
        self.output.deliver(&network.output_weights, &spiked);
        let delivered = cut.iter().chain(&spiked).any(|&count| count > 0);

        self.hidden.counts.fill(0);
        self.output.counts.fill(0);
        let hidden_changed = self.hidden.advance(&network.hidden, network.version_2, 31);
        let output_changed = self.output.advance(&network.output, network.version_2, 1);

        let quiet = !delivered && !hidden_changed && !output_changed;
        self.hibernating = if network.has_bias { self.quiet_before && !delivered } else { quiet };
        self.quiet_before = quiet;
    }
}
