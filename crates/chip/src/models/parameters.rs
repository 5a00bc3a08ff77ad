//! The parameters of each core model: name, what it measures, which values can be used, what it is.

use crate::demand::{Bound, Joined, Measure, Parameter};
use registers::{
    BIAS_EXPONENT_MAX, BIAS_MANTISSA_MAX, DASH_MAX, LATE_STEPS_MAX, MORE_SPIKES_MAX, PHASE_MAX, REFRACTORY_MAX,
    SCALE_MAX, THRESHOLD_MANTISSA_MAX,
};

/// Largest numbers of the registers of digital neurons.
pub mod registers {
    /// Threshold mantissa of Loihi; a threshold is the mantissa times 64.
    pub const THRESHOLD_MANTISSA_MAX: i32 = (1 << 17) - 1;
    /// Magnitude of a bias mantissa of Loihi; a bias is the mantissa times a power of two.
    pub const BIAS_MANTISSA_MAX: i32 = 4095;
    /// That power of two.
    pub const BIAS_EXPONENT_MAX: i32 = 7;
    /// Refractory period of Loihi in steps.
    pub const REFRACTORY_MAX: i32 = 63;
    /// Steps by which the bias of a neuron of a trained net can be late.
    pub const LATE_STEPS_MAX: i32 = 65_535;
    /// Spikes of such a neuron in a step besides the first.
    pub const MORE_SPIKES_MAX: i32 = 32_766;
    /// Power of two, or of one half, by which the levels of a core of such neurons differ from those of their net.
    pub const SCALE_MAX: i32 = 31;
    /// Ticks by which the steps of a core can be later than those of the chip.
    pub const PHASE_MAX: i32 = 65_535;
    /// Shift by which a state of Xylo decays.
    pub const DASH_MAX: i32 = 15;
}

const fn parameter(name: &'static str, measure: Measure, bound: Bound, summary: &'static str) -> Parameter {
    Parameter {
        name,
        measure,
        bound,
        optional: false,
        core_wide: false,
        with_weights: false,
        joined: Joined::Sender,
        summary,
    }
}

/// A parameter that a chip may lack; it then counts as 0.
const fn optional(name: &'static str, measure: Measure, bound: Bound, summary: &'static str) -> Parameter {
    Parameter { optional: true, ..parameter(name, measure, bound, summary) }
}

/// A register of a digital core.
const fn register(name: &'static str, least: i32, most: i32, summary: &'static str) -> Parameter {
    parameter(name, Measure::Pure, Bound::Whole { least, most }, summary)
}

const fn optional_register(name: &'static str, least: i32, most: i32, summary: &'static str) -> Parameter {
    optional(name, Measure::Pure, Bound::Whole { least, most }, summary)
}

/// A parameter in units of the weights.
const fn with_weights(parameter: Parameter) -> Parameter {
    Parameter { with_weights: true, ..parameter }
}

/// A parameter of which each of the circuits that are joined brings its share.
const fn shared_out(parameter: Parameter) -> Parameter {
    Parameter { joined: Joined::Mean, ..parameter }
}

/// A register that all neurons of a core share.
const fn core_register(name: &'static str, least: i32, most: i32, summary: &'static str) -> Parameter {
    Parameter { core_wide: true, ..optional_register(name, least, most, summary) }
}

const TAU_MEM: Parameter = Parameter {
    joined: Joined::HarmonicMean,
    ..parameter("tau_mem", Measure::Time, Bound::Positive, "membrane time constant")
};
const V_THRESHOLD: Parameter =
    parameter("v_threshold", Measure::Level, Bound::Threshold, "firing threshold above rest");
const T_REFRACTORY: Parameter =
    parameter("t_refractory", Measure::Time, Bound::NotNegative, "how long the membrane stays at reset");
const V_RESET: Parameter = optional("v_reset", Measure::Level, Bound::Membrane, "level after a spike");
const V_INITIAL: Parameter = optional("v_initial", Measure::Level, Bound::Membrane, "level at the start");

pub(super) const LIF: &[Parameter] = &[
    TAU_MEM,
    V_THRESHOLD,
    T_REFRACTORY,
    V_RESET,
    shared_out(optional(
        "drive",
        Measure::Level,
        Bound::Any,
        "level at which the membrane would settle without spikes",
    )),
    V_INITIAL,
];

pub(super) const ANALOG_LIF: &[Parameter] = &[
    TAU_MEM,
    V_THRESHOLD,
    T_REFRACTORY,
    V_RESET,
    shared_out(optional(
        "drive",
        Measure::Level,
        Bound::Membrane,
        "level at which the membrane would settle without spikes",
    )),
    V_INITIAL,
    optional(
        "adaptation",
        Measure::Level,
        Bound::Membrane,
        "what a spike adds to the adaptation current of its own neuron",
    ),
    optional(
        "tau_adaptation",
        Measure::Time,
        Bound::Positive,
        "time constant of the adaptation current; needed if `adaptation` is not 0",
    ),
];

pub(super) const RATE: &[Parameter] = &[
    optional(
        "leak",
        Measure::Pure,
        Bound::Fraction,
        "share of its state that a unit replaces in a step; a chip has it or `tau_unit`",
    ),
    optional(
        "tau_unit",
        Measure::Time,
        Bound::Positive,
        "time constant of a unit, in place of `leak`: the share is 1 - exp(-step/tau_unit)",
    ),
    optional("drive", Measure::Level, Bound::Any, "part of the argument of tanh; the number is taken as it stands"),
    optional_register("activation_rule", 0, 1, "what a unit sends: 0: its state; 1: the tanh of its state"),
];

/// A share of a state that is left after a step.
const fn keep(name: &'static str, summary: &'static str) -> Parameter {
    parameter(name, Measure::Pure, Bound::Share, summary)
}

pub(super) const CUBA_LIF: &[Parameter] = &[
    keep("keep_current", "what is left of the current after a step: 1 - dt/tau_syn in Euler steps"),
    parameter("gain_current", Measure::Pure, Bound::Any, "factor of what arrives: w_in dt/tau_syn in Euler steps"),
    keep("keep_voltage", "what is left of the voltage after a step: 1 - dt/tau_mem in Euler steps"),
    parameter("gain_voltage", Measure::Pure, Bound::Any, "factor of the current: r dt/tau_mem in Euler steps"),
    level("v_threshold", false, "firing threshold"),
    optional("bias", Measure::Pure, Bound::Any, "what arrives in every step besides"),
    optional("bias_late", Measure::Pure, Bound::Any, "the same, but not in the first `late_steps` steps"),
    optional_register("late_steps", 0, LATE_STEPS_MAX, "steps without `bias_late`"),
    optional("rest_current", Measure::Pure, Bound::Any, "what the current gets in every step, whatever arrives"),
    optional("rest_voltage", Measure::Pure, Bound::Any, "what the voltage gets in every step, whatever the current is"),
    level("v_reset", true, "voltage after a spike, if `reset_rule` is 0"),
    level("v_initial", true, "voltage before the first step"),
    optional("i_initial", Measure::Pure, Bound::Any, "current before the first step"),
    optional_register("fires_at", 0, 1, "0: a voltage above the threshold is a spike; 1: one at the threshold too"),
    optional_register("more_spikes", 0, MORE_SPIKES_MAX, "spikes that a step can have besides the first"),
    optional_register("reset_rule", 0, 1, "0: a spike sets the voltage to `v_reset`; 1: each subtracts the threshold"),
    optional_register(
        "reset_time",
        0,
        3,
        "when: 0: in the step of the spike; 1: in the next, after its input; 2: in the next, before it; 3: in the step \
         of the spike, and a voltage that is a spike still loses the threshold ahead of the next",
    ),
    optional_register("floor_rule", 0, 1, "1: no voltage is below minus the threshold after its reset"),
    optional_register("current_rule", 0, 1, "what drives the voltage: 0: the current of this step; 1: of the last"),
    optional_register(
        "leak_rule",
        0,
        1,
        "0: the voltage leaks by `keep_voltage` and `gain_voltage`; 1: by d = step/tau_leak, 1 - d of it and of the \
         spikes that arrive are left, and d of the current and of numbers is added",
    ),
    optional("tau_leak", Measure::Time, Bound::Positive, "time constant of the voltage, if `leak_rule` is 1"),
    optional_register("output_rule", 0, 2, "what is sent: 0: spikes; 1: the voltage, as a number; 2: nothing"),
    core_register("scale", -SCALE_MAX, SCALE_MAX, "levels of a core are those of its net times 2 to this"),
    core_register("phase", 0, PHASE_MAX, "ticks by which the steps of a core are later than those of the chip"),
];

/// A level that is taken as it stands.
const fn level(name: &'static str, optional: bool, summary: &'static str) -> Parameter {
    Parameter { optional, ..parameter(name, Measure::Level, Bound::Any, summary) }
}

pub(super) const LOIHI: &[Parameter] = &[
    register("decay_u", 0, 4096, "share of the current lost in a step, in units of 1/4096; the rules may allow less"),
    register("decay_v", 0, 4096, "share of the voltage lost in a step, in units of 1/4096; the rules may allow less"),
    register("v_threshold", 0, THRESHOLD_MANTISSA_MAX, "threshold mantissa; a neuron spikes above 64 times this"),
    optional_register(
        "bias_mantissa",
        -BIAS_MANTISSA_MAX,
        BIAS_MANTISSA_MAX,
        "mantissa of the constant input of a step",
    ),
    optional_register(
        "bias_exponent",
        0,
        BIAS_EXPONENT_MAX,
        "power of two that the mantissa of the bias is multiplied by",
    ),
    optional_register("refractory", 0, REFRACTORY_MAX, "steps of the refractory period"),
    core_register("v_min_exponent", 0, 31, "lowest voltage of a core: 1 - 2^e"),
    core_register("v_max_exponent", 0, 7, "highest voltage of a core: 2^(9 + 2 e) - 1"),
    core_register("v_min", i32::MIN, i32::MAX, "lowest voltage of a core, where parameters are words"),
    core_register("v_max", i32::MIN, i32::MAX, "highest voltage of a core, where parameters are words"),
    optional_register(
        "v_threshold_low",
        -THRESHOLD_MANTISSA_MAX,
        THRESHOLD_MANTISSA_MAX,
        "lower threshold mantissa: a neuron that has one also spikes below 64 times this, with the sign -1",
    ),
    optional_register("u_initial", i32::MIN, i32::MAX, "current before the first step"),
    optional_register("v_initial", i32::MIN, i32::MAX, "voltage before the first step"),
    core_register("reset_interval", 0, i32::MAX, "steps of a core between two resets of current and voltage; 0: none"),
    core_register("reset_offset", 0, i32::MAX, "first of these resets: before this step, counted from 1"),
    optional_register("noise", 0, 1, "whether draws of noise act on a neuron"),
    core_register("noise_exponent", 0, 23, "e of the noise of a core, (draw + 64 offset) 2^(e - 7) towards 0"),
    core_register("noise_offset", -256, 256, "offset of the noise of a core"),
    core_register("noise_at_membrane", 0, 1, "whether noise is added to current plus bias, not to the accumulator"),
];

/// What a 16-bit state of Xylo holds.
const WORD: (i32, i32) = (i16::MIN as i32, i16::MAX as i32);

pub(super) const XYLO: &[Parameter] = &[
    register("dash_mem", 0, DASH_MAX, "decay shift of the membrane"),
    register("dash_syn", 0, DASH_MAX, "decay shift of synaptic current 0"),
    with_weights(register("threshold", WORD.0, WORD.1, "firing threshold")),
    with_weights(optional_register("bias", WORD.0, WORD.1, "constant input; must be 0 under the rules `xylo-v1`")),
];

pub(super) const XYLO_REGISTERS: &[(u8, Parameter)] =
    &[(1, register("dash_syn2", 0, DASH_MAX, "decay shift of synaptic current 1"))];

const fn capacitance(name: &'static str, summary: &'static str) -> Parameter {
    parameter(name, Measure::Capacitance, Bound::Positive, summary)
}

const fn current(name: &'static str, summary: &'static str) -> Parameter {
    parameter(name, Measure::Current, Bound::Positive, summary)
}

/// A current that may be off.
const fn switched(name: &'static str, summary: &'static str) -> Parameter {
    parameter(name, Measure::Current, Bound::NotNegative, summary)
}

pub(super) const DPI: &[Parameter] = &[
    current("i_dark", "dark current: no current of the circuits is smaller"),
    parameter("kappa_n", Measure::Pure, Bound::Positive, "slope factor of n-type transistors"),
    parameter("kappa_p", Measure::Pure, Bound::Positive, "slope factor of p-type transistors"),
    parameter("u_t", Measure::Voltage, Bound::Positive, "thermal voltage"),
    parameter("v_cutoff", Measure::Voltage, Bound::Positive, "cut-off voltage that ends pulses"),
    current("i_scale", "current of a weight of 1"),
    current("i_threshold", "threshold of the membrane current"),
    switched("i_dc", "constant input"),
    capacitance("c_mem", "capacitance of the membrane"),
    current("i_tau_mem", "leak current of the membrane"),
    current("i_gain_mem", "gain current of the membrane"),
    capacitance("c_refractory", "capacitance of the refractory circuit"),
    current("i_refractory", "current that sets the refractory period"),
    capacitance("c_pulse", "capacitance of the pulse extender"),
    current("i_pulse", "current that sets the length of a synaptic pulse"),
    capacitance("c_ahp", "capacitance of the adaptation circuit"),
    current("i_tau_ahp", "leak current of the adaptation circuit"),
    current("i_gain_ahp", "gain current of the adaptation circuit"),
    capacitance("c_pulse_ahp", "capacitance of the pulse extender of the adaptation circuit"),
    current("i_pulse_ahp", "current that sets the length of an adaptation pulse"),
    switched("i_w_ahp", "weight of the adaptation"),
];

/// What the circuits of the gates read, in the order of their declaration: capacitance, leak current, gain current, and
/// what more there is.
pub(crate) mod gates {
    use super::{Parameter, capacitance, current};

    pub(crate) const COMBINED: &[Parameter] = &[
        capacitance("c_syn", "capacitance of the combined synapse circuit"),
        current("i_tau_syn", "leak current of the combined synapse circuit"),
        current("i_gain_syn", "gain current of the combined synapse circuit"),
    ];
    pub(crate) const AMPA: &[Parameter] = &[
        capacitance("c_ampa", "capacitance of the AMPA circuit"),
        current("i_tau_ampa", "leak current of the AMPA circuit"),
        current("i_gain_ampa", "gain current of the AMPA circuit"),
    ];
    pub(crate) const NMDA: &[Parameter] = &[
        capacitance("c_nmda", "capacitance of the NMDA circuit"),
        current("i_tau_nmda", "leak current of the NMDA circuit"),
        current("i_gain_nmda", "gain current of the NMDA circuit"),
        current("i_nmda_gate", "current that sets the NMDA gate"),
    ];
    pub(crate) const GABA: &[Parameter] = &[
        capacitance("c_gaba", "capacitance of the GABA circuit"),
        current("i_tau_gaba", "leak current of the GABA circuit"),
        current("i_gain_gaba", "gain current of the GABA circuit"),
    ];
    pub(crate) const SHUNT: &[Parameter] = &[
        capacitance("c_shunt", "capacitance of the shunt circuit"),
        current("i_tau_shunt", "leak current of the shunt circuit"),
        current("i_gain_shunt", "gain current of the shunt circuit"),
    ];
}
