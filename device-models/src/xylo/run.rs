//! A core that runs by itself: deliveries, both layers, hibernation.

use super::firing::{Hidden, Output};
use super::layer::{Layer, Neuron};
use super::matrix::Rows;
use super::{INPUT_CAP, XyloError, XyloParameters, XyloRules, XyloSpikes, XyloState};

/// A Xylo core.
#[derive(Clone, Debug)]
pub struct XyloCore {
    rules: XyloRules,
    has_bias: bool,
    hidden: Hidden,
    output: Output,
    input_rows: Rows,
    recurrent_rows: Rows,
    output_rows: Rows,
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
            quiet: false,
            hidden: Hidden::new(hidden, p.hidden.iter().map(|n| &n.aliases[..])),
            output: Output::new(output),
        })
    }

    /// Advances by one step with the spikes of `input`, sorted by channel, each channel at most once. A count of 0 is
    /// as good as no entry; one above [`INPUT_CAP`] is cut to it.
    ///
    /// # Errors
    /// [`XyloError::Channel`] or [`XyloError::InputOrder`]; the core is then as it was.
    pub fn step(&mut self, input: &[XyloSpikes]) -> Result<XyloStep<'_>, XyloError> {
        self.check_input(input)?;
        let Hidden { layer, spikes: hidden_spikes, .. } = &mut self.hidden;
        let mut delivered = !hidden_spikes.is_empty();
        for spikes in input.iter().filter(|s| s.count > 0) {
            delivered = true;
            let count = spikes.count.min(INPUT_CAP);
            self.input_rows.deliver(spikes.source as usize, count, layer);
        }
        for spikes in &*hidden_spikes {
            self.recurrent_rows.deliver(spikes.source as usize, spikes.count, layer);
        }
        for spikes in &*hidden_spikes {
            self.output_rows.deliver(spikes.source as usize, spikes.count, &mut self.output.layer);
        }
        self.hidden.clear_spikes();
        let hidden_changed = self.hidden.advance(self.rules);
        let output_changed = self.output.advance(self.rules);
        let changed = hidden_changed || output_changed;
        let quiet = !delivered && !changed;
        let hibernating = match (self.rules, self.has_bias) {
            (XyloRules::V1, _) => None,
            (XyloRules::V2, false) => Some(quiet),
            (XyloRules::V2, true) => Some(self.quiet && !delivered),
        };
        self.quiet = quiet;
        Ok(XyloStep { hidden: &self.hidden.spikes, output: &self.output.spikes, hibernating })
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
        self.hidden.spikes.is_empty() && self.hidden.layer.is_at_rest() && self.output.layer.is_at_rest()
    }

    /// Makes `steps` steps without input at once, if the core is asleep; else `false`, with nothing changed. Each of
    /// them would have returned no spike.
    #[must_use]
    pub fn skip(&mut self, steps: u64) -> bool {
        let asleep = self.is_asleep();
        if asleep && steps > 0 {
            self.output.spikes.clear();
            self.quiet = true;
        }
        asleep
    }

    /// Back to the initial state, all zero.
    pub fn reset(&mut self) {
        self.hidden.reset();
        self.output.reset();
        self.quiet = false;
    }

    /// The state between two steps.
    pub fn save(&self) -> XyloState {
        XyloState {
            i_syn: self.hidden.layer.save_i_syn(),
            v_mem: self.hidden.layer.save_v_mem(),
            counts: self.hidden.counts.clone(),
            i_syn_out: self.output.layer.save_i_syn(),
            v_mem_out: self.output.layer.save_v_mem(),
            quiet: self.quiet,
        }
    }

    /// Takes over a saved state.
    ///
    /// # Errors
    /// [`XyloError::StateLength`] or [`XyloError::StateCount`] if it is not one of such a core, which is then as it
    /// was.
    pub fn restore(&mut self, state: &XyloState) -> Result<(), XyloError> {
        state.check(self.hidden.layer.count(), self.hidden.layer.currents(), self.output.layer.count())?;
        self.hidden.layer.load(&state.i_syn, &state.v_mem);
        self.output.layer.load(&state.i_syn_out, &state.v_mem_out);
        self.hidden.load_counts(&state.counts);
        self.output.spikes.clear();
        self.quiet = state.quiet;
        Ok(())
    }

    /// Times since the last call that a current, a membrane, its change or the count of an alias was cut at the end of
    /// its range. Equal inputs of one source through one synapse in a step are cut at once and count once.
    pub fn take_saturations(&mut self) -> u64 {
        self.hidden.layer.take_saturations() + self.output.layer.take_saturations()
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
        self.hidden.layer.count()
    }

    /// Output neurons.
    pub const fn output_count(&self) -> usize {
        self.output.layer.count()
    }

    /// A synaptic current of a hidden neuron after the last step; 0 if the neuron does not have it.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn i_syn(&self, neuron: usize, current: usize) -> i16 {
        self.hidden.layer.i_syn(neuron, current)
    }

    /// The membrane of a hidden neuron after the last step.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn v_mem(&self, neuron: usize) -> i16 {
        self.hidden.layer.v_mem(neuron)
    }

    /// The synaptic current of an output neuron after the last step.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn i_syn_out(&self, neuron: usize) -> i16 {
        self.output.layer.i_syn(neuron, 0)
    }

    /// The membrane of an output neuron after the last step.
    ///
    /// # Panics
    /// If there is no such neuron.
    pub fn v_mem_out(&self, neuron: usize) -> i16 {
        self.output.layer.v_mem(neuron)
    }
}
