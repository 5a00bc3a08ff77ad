//! The points in which the public simulators differ, as named options, and the profiles that choose them.

/// How a decay parameter becomes the share of a register that is kept, in units of 1/4096.
///
/// A register `x` decays to `sign(x) * ((|x| * kept) >> 12)` with `kept = unity - offset - decay`: it loses magnitude
/// whatever its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecayRule {
    /// What a decay of 0 would keep without the offset.
    pub unity: u16,
    /// What the circuit adds to every decay; the chip adds 1 on the current.
    pub offset: u16,
    /// Largest decay that the parameter can hold.
    pub largest: u16,
}

impl DecayRule {
    /// The share kept, in units of 1/4096; None if the decay is outside 0 to [`DecayRule::largest`].
    pub fn kept(self, decay: i32) -> Option<u16> {
        let decay = u16::try_from(decay).ok().filter(|&decay| decay <= self.largest)?;
        self.unity.checked_sub(self.offset)?.checked_sub(decay)
    }
}

/// What happens to a sum that its register cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterRule {
    /// Nothing: the register is as wide as the 32-bit word that holds it.
    Unlimited,
    /// One turn: above `2^(bits-1)` it loses `2^bits`, at or below `-2^(bits-1)` it gains `2^bits`. The range is
    /// `(-2^(bits-1), 2^(bits-1)]`, unlike two's complement, and a sum that is off by more than a turn stays outside.
    WrapOnce {
        /// Width with sign, from 2 to 31.
        bits: u8,
    },
    /// Two's complement of this width, whatever the number of turns.
    Modulo {
        /// Width with sign, from 2 to 31.
        bits: u8,
    },
}

/// What happens to a voltage that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoltageRule {
    /// Nothing: the register is as wide as the 32-bit word that holds it.
    Unlimited,
    /// It saturates at `-(2^(bits-1) - 1)` and `2^(bits-1) - 1`.
    Symmetric {
        /// Width with sign, from 2 to 31.
        bits: u8,
    },
    /// It is clipped to the `vmin` and `vmax` of the core.
    CoreLimits,
}

/// How a constant input is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BiasRule {
    /// As mantissa and exponent; a negative exponent shifts right and rounds down.
    MantissaExponent,
    /// As the number that is added in each step.
    Scaled,
}

/// What follows a spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefractoryRule {
    /// Nothing but the reset; refractory periods are ignored.
    None,
    /// With a period of r steps the voltage is held at 0 for r - 1 steps, while the current goes on.
    HoldVoltage,
}

/// How a weight is fitted to its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightRule {
    /// Clip to the range of the sign mode, then clear the low bits (rounds down; inhibitory weights towards 0).
    ClipAndFloor,
    /// Divide, round half to even, clip symmetrically, multiply.
    RoundSymmetric,
    /// Refuse what is outside the range of the sign mode, then round towards 0.
    TowardsZero,
}

/// Where a weight exponent is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExponentRule {
    /// To the sum of all spikes of a step that share a delay, rounding down once.
    Sum,
    /// To each weight when it is written.
    EachSynapse,
}

/// How a voltage is compared with its threshold. A lower threshold is compared the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThresholdRule {
    /// A neuron spikes if its voltage is above.
    Above,
    /// It spikes also if its voltage is equal, as SLAYER has it.
    AtOrAbove,
}

/// What a spike leaves of the voltage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetRule {
    /// Nothing.
    Zero,
    /// What is beyond the threshold that was crossed.
    Subtract,
}

/// Which parameters a neuron can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterRule {
    /// Those of the chip, in the bits that it has for them: thresholds are mantissas, limits of the voltage exponents.
    Chip,
    /// Those of the simulator, in words of 32 bits: thresholds and scaled biases in the simulator's own units, limits
    /// of the voltage as numbers. For recorded networks, which need not fit a chip.
    Words,
}

/// What a probe of the voltage shows in the step of a spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeRule {
    /// The voltage after the reset.
    Voltage,
    /// The voltage that crossed the threshold.
    BeforeReset,
    /// The refractory counter of the chip, which shares the register: the period times 128.
    RefractoryCounter,
}

/// A complete choice of rules. The names of the fields are those of the step in the module docs.
///
/// There is no option for the order of current and membrane: Brian2Loihi adds the input, uses the current for the
/// voltage and decays it at the end of the step, the others decay it at the beginning of the next. Every recorded
/// value is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoihiRules {
    /// Decay of the current u.
    pub current_decay: DecayRule,
    /// Decay of the voltage v.
    pub voltage_decay: DecayRule,
    /// Left shift of the synaptic accumulator before it is added to the current; 0 if weights carry it.
    pub accumulator_shift: u8,
    /// Overflow of the synaptic accumulator (`q0`).
    pub accumulator: RegisterRule,
    /// Overflow of the current (`current`).
    pub current: RegisterRule,
    /// Overflow of current plus bias (`u2`), which is not stored.
    pub biased_current: RegisterRule,
    /// Overflow of the voltage.
    pub voltage: VoltageRule,
    /// Form of the bias.
    pub bias: BiasRule,
    /// Left shift of a threshold.
    pub threshold_shift: u8,
    /// How the voltage is compared with it.
    pub threshold: ThresholdRule,
    /// What a spike leaves of the voltage.
    pub reset: ResetRule,
    /// What follows a spike.
    pub refractory: RefractoryRule,
    /// How weights are fitted to their bits.
    pub weights: WeightRule,
    /// Where weight exponents are applied.
    pub exponent: ExponentRule,
    /// Steps from an input event to the current that it changes, without synaptic delay.
    pub input_latency: u8,
    /// Steps from a spike to the current that it changes, without synaptic delay.
    pub spike_latency: u8,
    /// Longest synaptic delay in steps.
    pub delay_max: u8,
    /// What a voltage probe shows in the step of a spike.
    pub probe: ProbeRule,
    /// Which parameters a neuron can have.
    pub parameters: ParameterRule,
}

impl LoihiRules {
    /// The rules of Lava's fixed-point LIF and its Dense and Sparse connections (`loihi-lava`).
    pub const fn lava() -> Self {
        LoihiRules {
            current_decay: DecayRule { unity: 4096, offset: 1, largest: 4095 },
            voltage_decay: DecayRule { unity: 4096, offset: 0, largest: 4095 },
            accumulator_shift: 6,
            accumulator: RegisterRule::Unlimited,
            current: RegisterRule::WrapOnce { bits: 24 },
            biased_current: RegisterRule::Unlimited,
            voltage: VoltageRule::Symmetric { bits: 24 },
            bias: BiasRule::MantissaExponent,
            threshold_shift: 6,
            threshold: ThresholdRule::Above,
            reset: ResetRule::Zero,
            refractory: RefractoryRule::None,
            weights: WeightRule::ClipAndFloor,
            exponent: ExponentRule::Sum,
            input_latency: 1,
            spike_latency: 1,
            delay_max: 63,
            probe: ProbeRule::Voltage,
            parameters: ParameterRule::Chip,
        }
    }

    /// The rules of nengo-loihi's emulator (`loihi-nengo`).
    pub const fn nengo() -> Self {
        LoihiRules {
            current_decay: DecayRule { unity: 4095, offset: 0, largest: 4095 },
            voltage_decay: DecayRule { unity: 4096, offset: 0, largest: 4095 },
            accumulator_shift: 0,
            accumulator: RegisterRule::Modulo { bits: 22 },
            current: RegisterRule::Modulo { bits: 24 },
            biased_current: RegisterRule::Modulo { bits: 24 },
            voltage: VoltageRule::CoreLimits,
            bias: BiasRule::Scaled,
            threshold_shift: 0,
            threshold: ThresholdRule::Above,
            reset: ResetRule::Zero,
            refractory: RefractoryRule::HoldVoltage,
            weights: WeightRule::RoundSymmetric,
            exponent: ExponentRule::EachSynapse,
            input_latency: 1,
            spike_latency: 1,
            delay_max: 0,
            probe: ProbeRule::Voltage,
            parameters: ParameterRule::Chip,
        }
    }

    /// The rules of Brian2Loihi (`loihi-brian2`).
    pub const fn brian() -> Self {
        LoihiRules {
            current_decay: DecayRule { unity: 4096, offset: 0, largest: 4096 },
            voltage_decay: DecayRule { unity: 4096, offset: 0, largest: 4096 },
            accumulator_shift: 0,
            accumulator: RegisterRule::Unlimited,
            current: RegisterRule::Unlimited,
            biased_current: RegisterRule::Unlimited,
            voltage: VoltageRule::Unlimited,
            bias: BiasRule::Scaled,
            threshold_shift: 6,
            threshold: ThresholdRule::Above,
            reset: ResetRule::Zero,
            refractory: RefractoryRule::HoldVoltage,
            weights: WeightRule::TowardsZero,
            exponent: ExponentRule::EachSynapse,
            input_latency: 0,
            spike_latency: 1,
            delay_max: 62,
            probe: ProbeRule::Voltage,
            parameters: ParameterRule::Chip,
        }
    }

    /// The profile of a name: `loihi-lava`, `loihi-nengo` or `loihi-brian2`.
    pub fn profile(name: &str) -> Option<Self> {
        match name {
            "loihi-lava" => Some(Self::lava()),
            "loihi-nengo" => Some(Self::nengo()),
            "loihi-brian2" => Some(Self::brian()),
            _ => None,
        }
    }

    /// What a voltage probe shows after a step: `voltage` is the register, `crossed` the voltage before the reset if
    /// the neuron spiked in this step, `refractory` its period in steps (0 counts as 1).
    pub fn probed_voltage(&self, voltage: i32, crossed: Option<i32>, refractory: u16) -> i32 {
        match (self.probe, crossed) {
            (ProbeRule::RefractoryCounter, Some(_)) => i32::from(refractory.max(1)) * 128,
            (ProbeRule::BeforeReset, Some(crossed)) => crossed,
            _ => voltage,
        }
    }
}
