//! A core that runs: deliveries, updates, spikes, aliases, hibernation.

use super::layer::{BLOCK, Layer, Neuron};
use super::matrix::Rows;
use super::{HIDDEN_CAP, INPUT_CAP, OUTPUT_CAP, XyloError, XyloParameters, XyloRules, XyloSpikes, XyloState};
use alloc::vec;
use alloc::vec::Vec;

/// A Xylo core.
#[derive(Clone, Debug)]
pub struct XyloCore {
    rules: XyloRules,
    has_bias: bool,
    hidden: Layer,
    output: Layer,
    input_rows: Rows,
    recurrent_rows: Rows,
    output_rows: Rows,
    aliases: Aliases,
    /// Spikes of the last step by hidden neuron.
    counts: Vec<u8>,
    /// The hidden neurons whose count is not 0, in order, with their counts.
    hidden_spikes: Vec<XyloSpikes>,
    output_spikes: Vec<XyloSpikes>,
    /// Whether nothing was delivered and nothing changed in the last step.
    quiet: bool,
}

/// What came out of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XyloStep<'a> {
    /// Spikes of hidden neurons, by neuron. They reach their targets in the next step.
    pub hidden: &'a [XyloSpikes],
    /// Spikes of output neurons, by neuron.
    pub output: &'a [XyloSpikes],
    /// The hibernation flag; `None` under rules V1, which have none. The module documentation says what it means.
    pub hibernating: Option<bool>,
}

/// The aliases of all hidden neurons, and which neurons of a block must have their turn because of one.
#[derive(Clone, Debug)]
struct Aliases {
    /// Where the list of each neuron starts, and the end of the last.
    starts: Vec<u32>,
    targets: Vec<u32>,
    /// By block: neurons whose count an alias has raised in this step before their turn, one bit each.
    due: Vec<u32>,
}

const _: () = assert!(BLOCK == u32::BITS as usize, "a block's neurons are the bits of a u32");

impl Aliases {
    fn new(parameters: &XyloParameters) -> Self {
        let mut starts = vec![0];
        let mut targets = Vec::new();
        for neuron in &parameters.hidden {
            targets.extend_from_slice(&neuron.aliases);
            starts.push(targets.len() as u32);
        }
        Self { starts, targets, due: vec![0; parameters.hidden.len().div_ceil(BLOCK)] }
    }

    fn range(&self, neuron: usize) -> core::ops::Range<usize> {
        self.starts[neuron] as usize..self.starts[neuron + 1] as usize
    }
}

impl XyloCore {
    /// A core in its initial state, all zero.
    ///
    /// # Errors
    /// See [`XyloParameters::validate`].
    pub fn new(parameters: &XyloParameters) -> Result<Self, XyloError> {
        parameters.validate()?;
        let p = parameters;
        let hidden = p.hidden.iter().map(|n| Neuron {
            dash_mem: n.dash_mem,
            dash_syn: &n.dash_syn,
            threshold: n.threshold,
            bias: n.bias,
        });
        let output = p.output.iter().map(|n| Neuron {
            dash_mem: n.dash_mem,
            dash_syn: core::slice::from_ref(&n.dash_syn),
            threshold: n.threshold,
            bias: n.bias,
        });
        let hidden = Layer::new(p.hidden.len(), p.currents, hidden);
        let output = Layer::new(p.output.len(), 1, output);
        Ok(Self {
            rules: p.rules,
            has_bias: p.has_bias,
            input_rows: Rows::new(&p.input_weights, p.input_count, &hidden),
            recurrent_rows: Rows::new(&p.recurrent_weights, p.hidden.len(), &hidden),
            output_rows: Rows::new(&p.output_weights, p.hidden.len(), &output),
            aliases: Aliases::new(p),
            counts: vec![0; p.hidden.len()],
            hidden_spikes: Vec::new(),
            output_spikes: Vec::new(),
            quiet: false,
            hidden,
            output,
        })
    }

    /// Advances by one step with the spikes of `input`, sorted by channel, each channel at most once. A count of 0 is
    /// as good as no entry; one above [`INPUT_CAP`] is cut to it.
    ///
    /// # Errors
    /// [`XyloError::Channel`] or [`XyloError::InputOrder`]; the core is then as it was.
    pub fn step(&mut self, input: &[XyloSpikes]) -> Result<XyloStep<'_>, XyloError> {
        self.check_input(input)?;
        let mut delivered = !self.hidden_spikes.is_empty();
        for spikes in input.iter().filter(|s| s.count > 0) {
            delivered = true;
            let count = spikes.count.min(INPUT_CAP);
            self.input_rows.deliver(spikes.source as usize, count, &mut self.hidden);
        }
        for spikes in &self.hidden_spikes {
            self.recurrent_rows.deliver(spikes.source as usize, spikes.count, &mut self.hidden);
        }
        for spikes in &self.hidden_spikes {
            self.output_rows.deliver(spikes.source as usize, spikes.count, &mut self.output);
            self.counts[spikes.source as usize] = 0;
        }
        self.hidden_spikes.clear();
        self.output_spikes.clear();

        let mut list = Spiking { counts: &mut self.counts, spikes: &mut self.hidden_spikes, sorted: true };
        let aliases = &mut self.aliases;
        let hidden_changed = self.hidden.advance(self.rules, |hidden, block, firing| {
            // Turns are taken in the order of neurons. A turn can make a later neuron due, of this block or another.
            aliases.due[block] |= firing;
            while aliases.due[block] != 0 {
                let neuron = block * BLOCK + aliases.due[block].trailing_zeros() as usize;
                aliases.due[block] &= aliases.due[block] - 1;
                take_turn(neuron, hidden, aliases, &mut list);
            }
        });
        list.finish();
        let spikes = &mut self.output_spikes;
        let output_changed = self.output.advance(self.rules, |output, block, mut firing| {
            while firing != 0 {
                let neuron = block * BLOCK + firing.trailing_zeros() as usize;
                firing &= firing - 1;
                let (v_mem, threshold) = output.membrane(neuron);
                *v_mem = v_mem.wrapping_sub(threshold);
                spikes.push(XyloSpikes { source: neuron as u32, count: u32::from(OUTPUT_CAP) });
            }
        });
        let changed = hidden_changed || output_changed;
        let quiet = !delivered && !changed;
        let hibernating = match (self.rules, self.has_bias) {
            (XyloRules::V1, _) => None,
            (XyloRules::V2, false) => Some(quiet),
            (XyloRules::V2, true) => Some(self.quiet && !delivered),
        };
        self.quiet = quiet;
        Ok(XyloStep { hidden: &self.hidden_spikes, output: &self.output_spikes, hibernating })
    }

    fn check_input(&self, input: &[XyloSpikes]) -> Result<(), XyloError> {
        let count = self.input_rows.source_count();
        let mut previous = None;
        for (index, spikes) in input.iter().enumerate() {
            let channel = spikes.source;
            if channel as usize >= count {
                return Err(XyloError::Channel { index, channel, count });
            }
            if let Some(previous) = previous.filter(|&p| p >= channel) {
                return Err(XyloError::InputOrder { index, channel, previous });
            }
            previous = Some(channel);
        }
        Ok(())
    }

    /// Whether a step without input would change nothing and emit nothing. Steps are then nearly free, and
    /// [`XyloCore::skip`] makes any number of them at once.
    pub fn is_asleep(&self) -> bool {
        self.hidden_spikes.is_empty() && self.hidden.is_at_rest() && self.output.is_at_rest()
    }

    /// Makes `steps` steps without input at once, if the core is asleep; else `false`, with nothing changed. Each of
    /// them would have returned no spike.
    #[must_use]
    pub fn skip(&mut self, steps: u64) -> bool {
        let asleep = self.is_asleep();
        if asleep && steps > 0 {
            self.output_spikes.clear();
            self.quiet = true;
        }
        asleep
    }

    /// Back to the initial state, all zero.
    pub fn reset(&mut self) {
        self.hidden.clear();
        self.output.clear();
        self.counts.fill(0);
        self.hidden_spikes.clear();
        self.output_spikes.clear();
        self.quiet = false;
    }

    /// The state between two steps.
    pub fn save(&self) -> XyloState {
        XyloState {
            i_syn: self.hidden.save_i_syn(),
            v_mem: self.hidden.save_v_mem(),
            counts: self.counts.clone(),
            i_syn_out: self.output.save_i_syn(),
            v_mem_out: self.output.save_v_mem(),
            quiet: self.quiet,
        }
    }

    /// Takes over a saved state.
    ///
    /// # Errors
    /// [`XyloError::StateLength`] or [`XyloError::StateCount`] if it is not one of such a core, which is then as it
    /// was.
    pub fn restore(&mut self, state: &XyloState) -> Result<(), XyloError> {
        state.check(self.hidden.count(), self.hidden.currents(), self.output.count())?;
        self.hidden.load(&state.i_syn, &state.v_mem);
        self.output.load(&state.i_syn_out, &state.v_mem_out);
        self.counts.copy_from_slice(&state.counts);
        self.hidden_spikes.clear();
        for (neuron, &count) in state.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.hidden_spikes.push(XyloSpikes { source: neuron as u32, count: u32::from(count) });
        }
        self.output_spikes.clear();
        self.quiet = state.quiet;
        Ok(())
    }

    /// The rules.
    pub const fn rules(&self) -> XyloRules {
        self.rules
    }

    /// Input channels.
    pub fn input_count(&self) -> usize {
        self.input_rows.source_count()
    }

    /// Hidden neurons.
    pub const fn hidden_count(&self) -> usize {
        self.hidden.count()
    }

    /// Output neurons.
    pub const fn output_count(&self) -> usize {
        self.output.count()
    }

    /// A synaptic current of a hidden neuron after the last step; 0 if the neuron does not have it.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn i_syn(&self, neuron: usize, current: usize) -> i16 {
        self.hidden.i_syn(neuron, current)
    }

    /// The membrane of a hidden neuron after the last step.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn v_mem(&self, neuron: usize) -> i16 {
        self.hidden.v_mem(neuron)
    }

    /// The synaptic current of an output neuron after the last step.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn i_syn_out(&self, neuron: usize) -> i16 {
        self.output.i_syn(neuron, 0)
    }

    /// The membrane of an output neuron after the last step.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn v_mem_out(&self, neuron: usize) -> i16 {
        self.output.v_mem(neuron)
    }
}

/// The list of hidden spikes while a step makes it.
struct Spiking<'a> {
    counts: &'a mut [u8],
    spikes: &'a mut Vec<XyloSpikes>,
    sorted: bool,
}

impl Spiking<'_> {
    /// Raises the count of a neuron to `count`.
    fn set(&mut self, neuron: usize, count: u8) {
        let before = core::mem::replace(&mut self.counts[neuron], count);
        if before == 0 && count > 0 {
            let source = neuron as u32;
            self.sorted &= self.spikes.last().is_none_or(|last| last.source < source);
            self.spikes.push(XyloSpikes { source, count: 0 });
        }
    }

    /// Puts the list in order and fills in the counts. Only an alias to a neuron before its own breaks the order.
    fn finish(self) {
        if !self.sorted {
            self.spikes.sort_unstable_by_key(|s| s.source);
        }
        for spikes in self.spikes {
            spikes.count = u32::from(self.counts[spikes.source as usize]);
        }
    }
}

/// Fires a hidden neuron as often as its membrane and the cap allow, and hands its count to its aliases.
fn take_turn(neuron: usize, hidden: &mut Layer, aliases: &mut Aliases, list: &mut Spiking<'_>) {
    let mut count = list.counts[neuron];
    let (v_mem, threshold) = hidden.membrane(neuron);
    while *v_mem >= threshold && count < HIDDEN_CAP {
        count += 1;
        *v_mem = v_mem.wrapping_sub(threshold);
    }
    list.set(neuron, count);
    for at in aliases.range(neuron) {
        let alias = aliases.targets[at] as usize;
        list.set(alias, (list.counts[alias] + count).min(HIDDEN_CAP));
        if alias > neuron && count > 0 {
            aliases.due[alias / BLOCK] |= 1 << (alias % BLOCK);
            hidden.wake(alias / BLOCK);
        }
    }
}
