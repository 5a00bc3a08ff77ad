//! Moving the level at which each readout neuron of a mapped program rests.
//!
//! Mismatch moves the rates of readout neurons apart, and a chip that can move single neurons can bring them together
//! again. What it can move with is the chip's: a parameter of which every circuit has its own, whose chip file says how
//! finely it is set ([`chip::ParameterSpec::trim_codes`]), or else the synapses of the bias channel that
//! a CAM has room for. Everything else of the program stays as it is, the weights of the core above all.
//!
//! This module deliberately measures nothing: how far a neuron is to be moved is for the caller to find out on a die.

use crate::gains::{Factors, at};
use crate::kinds::tag_cam::trim as cam;
use crate::{MapperError, Mapping, ReadoutMisfit, ReadoutPlaces};
use chip::{ChipSpec, CoreProgram, ParameterSpec, Program, RouterSpec, Routing, Values};
use network::{Network, SynapseChoice};
use units::{Decimal, InputId, NeuronAddress, NeuronId, Quantity};

/// Parameters that move the level at which a neuron rests, against its threshold, and by which sign; the first that a
/// chip can trim is used.
const PARAMETERS: [(&str, f64); 2] = [("drive", 1.0), ("v_threshold", -1.0)];

/// What a readout is trimmed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrimMeans {
    /// CAM words of the bias channel, as many as a neuron has free.
    Words,
    /// The parameter of this name, of which every circuit has its own.
    Parameter(String),
}

/// What became of one neuron that was to be moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trimmed {
    /// By how much it was moved, in what counts as 1 on a membrane.
    pub by: f64,
    /// Whether it could not be moved as far as asked, because no word was free or the range of the parameter ended.
    pub short: bool,
}

/// Trims the neurons of a readout that is mapped.
#[derive(Clone, Debug)]
pub struct Trim {
    means: TrimMeans,
    /// Index of the core in the program, and neuron there, of every readout neuron.
    neurons: Vec<(usize, NeuronId)>,
    /// For each of them the factors on weights of the two kinds of synapse; of words alone.
    factors: Vec<[f64; 2]>,
    /// The two kinds of synapse.
    kinds: [u8; 2],
    channel: Option<InputId>,
    /// The level at which a weight of 1 on the bias channel holds a membrane.
    level_of_weight: f64,
}

impl Trim {
    /// What there is to trim the readout of `mapping` with. `network` and `places` are what was mapped, `synapse` the
    /// kinds of synapse of the readout; an event of weight 1 in every step of the bias channel holds a membrane at
    /// `level_of_weight`.
    ///
    /// # Errors
    /// [`ReadoutMisfit::NoTrim`] for a chip without such a parameter whose bias channel has no words either.
    pub fn find(
        mapping: &Mapping,
        network: &Network,
        places: &ReadoutPlaces,
        synapse: &SynapseChoice,
        level_of_weight: f64,
        spec: &ChipSpec,
    ) -> Result<Self, MapperError> {
        let readout = &network.populations[places.population];
        let cores = &mapping.program.cores;
        let place = |index| {
            let address = mapping.placement.address(places.population, index)?;
            let core = cores.iter().position(|core| core.address == address.core)?;
            Some((core, address.neuron))
        };
        let neurons: Vec<_> = (0..readout.size)
            .map(|index| {
                place(index)
                    .ok_or_else(|| MapperError::Foreign { what: format!("neuron {index} of `{}`", readout.name) })
            })
            .collect::<Result<_, _>>()?;
        let kinds =
            [&synapse.excitatory, &synapse.inhibitory].map(|name| spec.synapse_index(name).unwrap_or_default() as u8);
        let parameter = PARAMETERS.iter().find(|(name, _)| {
            spec.parameters.get(*name).is_some_and(|parameter| parameter.trim_codes.is_some())
                && spec.parameters_per_neuron
        });
        let mut trim = Self {
            means: TrimMeans::Words,
            factors: vec![[1.0; 2]; neurons.len()],
            neurons,
            kinds,
            channel: places.bias_channel.map(InputId),
            level_of_weight,
        };
        if let Some((name, _)) = parameter {
            trim.means = TrimMeans::Parameter((*name).into());
            return Ok(trim);
        }
        let refused = |why: &str| {
            ReadoutMisfit::NoTrim { readout: readout.name.clone(), chip: spec.name.clone(), why: why.into() }.into()
        };
        let Routing::TagCam { cores: memories, inputs, .. } = &mapping.program.routing else {
            return Err(refused("its circuits have no parameter of their own that the chip file says how to set"));
        };
        if memories.iter().any(|memory| !memory.slots.is_empty()) {
            return Err(refused("the program is for a die in mind, whose slots are chosen"));
        }
        let heard = |(core, _): &(usize, _)| cam::bias_tag(inputs, trim.channel?, cores[*core].address);
        if trim.neurons.iter().any(|neuron| heard(neuron).is_none()) {
            return Err(refused("no synapse of its bias channel is left, so that the channel reaches no core"));
        }
        let asked = |core: &CoreProgram, neuron: u32, parameter: &str| {
            let address = NeuronAddress { core: core.address, neuron: NeuronId(neuron as u16) };
            let (population, index) = mapping.placement.neuron(address)?;
            at(network.populations.get(population)?.parameters.get(parameter)?, index)
        };
        let gains = Factors::of(spec, cores, asked)?;
        trim.factors = trim
            .neurons
            .iter()
            .map(|(core, neuron)| kinds.map(|kind| gains.get(*core, kind, neuron.index()).real()))
            .collect();
        Ok(trim)
    }

    /// What it trims with.
    pub const fn means(&self) -> &TrimMeans {
        &self.means
    }

    /// Moves the level at which each neuron rests by what `by` says, as near as the chip can and no further than its
    /// room allows, and says what became of it. Neurons with 0 stay untouched.
    ///
    /// # Panics
    /// If `by` does not have one entry a neuron of the readout, or `program` and `spec` are not those it was made for.
    pub fn shift(&self, program: &mut Program, spec: &ChipSpec, by: &[f64]) -> Vec<Trimmed> {
        assert_eq!(by.len(), self.neurons.len(), "one level a neuron");
        let neurons = (0..by.len()).map(|n| match by[n] {
            0.0 => Trimmed { by: 0.0, short: false },
            by => match &self.means {
                TrimMeans::Words => self.shift_words(program, spec, n, by),
                TrimMeans::Parameter(name) => self.shift_parameter(program, spec, name, n, by),
            },
        });
        neurons.collect()
    }

    fn shift_words(&self, program: &mut Program, spec: &ChipSpec, n: usize, by: f64) -> Trimmed {
        let (core, neuron) = self.neurons[n];
        let (Routing::TagCam { cores, inputs, .. }, RouterSpec::TagCam(router)) = (&mut program.routing, &spec.router)
        else {
            unreachable!("words are those of a tag and CAM chip");
        };
        let channel = self.channel.expect("a bias channel was found");
        let tag = cam::bias_tag(inputs, channel, program.cores[core].address).expect("it reaches the core");
        let one = self.level_of_weight * f64::from(1u32 << program.cores[core].weight_exponent)
            / f64::from(1u32 << fx::Weight::FRACTION_BITS);
        let steps = [self.factors[n][0] * one, self.factors[n][1] * one];
        let limit = router.limits().cam_words_per_neuron;
        let (by, short) = cam::shift(&mut cores[core], neuron.index(), tag, (self.kinds, steps), limit, by);
        Trimmed { by, short }
    }

    fn shift_parameter(&self, program: &mut Program, spec: &ChipSpec, name: &str, n: usize, by: f64) -> Trimmed {
        let (core, neuron) = self.neurons[n];
        let core = &mut program.cores[core];
        let sign = PARAMETERS.iter().find(|(known, _)| *known == name).map_or(1.0, |(_, sign)| *sign);
        let parameter = &spec.parameters[name];
        let nominal = parameter.nominal.quantity;
        let count = core.neuron_count as usize;
        let own = core.parameters.remove(name);
        let mut own: Vec<Quantity> = match own {
            Some(Values::PerNeuron(own)) => own,
            Some(Values::Shared(shared)) => vec![shared; count],
            None => vec![nominal; count],
        };
        let level = spec.level(core.model);
        let in_levels = |value: Quantity| value.over_to_bits(level, LEVEL_BITS).map_or(0.0, |bits| bits as f64 / ONE);
        let before = in_levels(own[neuron.index()]);
        let per_level = in_levels(Quantity::new(Decimal::integer(1), nominal.unit));
        let (value, short) = nearest(parameter, (before + sign * by) / per_level);
        own[neuron.index()] = value;
        core.parameters.insert(name.into(), Values::PerNeuron(own));
        Trimmed { by: sign * (in_levels(value) - before), short }
    }
}

/// Fraction bits of levels as numbers.
const LEVEL_BITS: u32 = 32;
const ONE: f64 = (1u64 << LEVEL_BITS) as f64;

/// The value nearest to `wanted`, in the unit of the nominal one, that a cell of the chip can hold, and whether the
/// range ended before it. Codes are spread evenly over the range, values kept to [`PLACES`] decimal places.
fn nearest(parameter: &ParameterSpec, wanted: f64) -> (Quantity, bool) {
    let unit = parameter.nominal.quantity.unit;
    let number = |value: Quantity| {
        value.value_in(unit).ok().and_then(|value| value.to_bits(LEVEL_BITS).ok()).map_or(0.0, |bits| bits as f64 / ONE)
    };
    let (low, high) = parameter.range.as_ref().expect("what can be trimmed has a range");
    let (low, high) = (number(low.quantity), number(high.quantity));
    let codes = parameter.trim_codes.as_ref().and_then(chip::Fact::count).unwrap_or(2).max(2) - 1;
    let step = (high - low) / codes as f64;
    let code = ((wanted - low) / step).round().clamp(0.0, codes as f64);
    let value = low + code * step;
    let short = (wanted - value).abs() > step;
    let places = f64::from(10u32.pow(PLACES));
    // Towards the middle, so that the ends stay in the range.
    let mantissa = if code == 0.0 { (value * places).ceil() } else { (value * places).floor() };
    (Quantity::new(Decimal::new(mantissa as i64, -(PLACES as i16)), unit), short)
}

/// Decimal places of a trimmed value.
const PLACES: u32 = 6;
