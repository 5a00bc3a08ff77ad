//! What is wrong with parameters or synapses of a core. Every variant is fatal for that core or die.
#![allow(missing_docs, reason = "a field whose name says it all has no more to say; the message has")]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use chip::{CoreModel, Refusal};
use disorder::DisorderError;
use fx::{FxError, Real};
use thiserror::Error;
use units::{CoreAddress, NeuronAddress, Quantity};

/// Why a core cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceModelError {
    /// A kind of synapse has a time course that the core's equations do not have.
    #[error("{core} runs the model `{model}`, which has no synapse with the kinetics of `{kind}`")]
    Kinetics {
        core: CoreAddress,
        /// Name of the kind.
        kind: String,
        /// The core's model.
        model: CoreModel,
    },
    /// More exponential currents in use than a neuron has.
    #[error("{core} uses {currents} exponential currents; a neuron has at most {}", chip::CURRENTS_MAX)]
    TooManyCurrents {
        core: CoreAddress,
        /// Currents in use.
        currents: usize,
    },
    /// More accumulators than a packed synapse can name.
    #[error(
        "{core}: {neuron_count} neurons with {lanes} separate inputs each exceed the {} places that a synapse can \
         name; use fewer neurons or fewer kinds of synapse on this core",
        chip::PLACES_MAX
    )]
    TooManyAccumulators {
        core: CoreAddress,
        /// Neurons in use.
        neuron_count: usize,
        /// Inputs of each neuron.
        lanes: usize,
    },
    /// The weight exponent of a core is outside its range.
    #[error("{core}: the weight exponent {exponent} is not between 0 and {}", chip::WEIGHT_EXPONENT_MAX)]
    WeightExponent { core: CoreAddress, exponent: u8 },
    /// The weight exponent of a Loihi core is outside its range.
    #[error("{core}: the weight exponent {exponent} is not between 12 and 27, which are powers of two from -8 to 7")]
    LoihiExponent { core: CoreAddress, exponent: u8 },
    /// A digital core on a chip that does not say by which rules it works.
    #[error("the chip has no table `[rules]`, which a digital core needs; add it with a `profile` to the chip file")]
    NoRules,
    /// The digital rules of the chip do not exist.
    #[error(transparent)]
    Rules(crate::rules::RulesError),
    /// The rules of a core refuse its parameters.
    #[error("{core}: {error}")]
    Loihi {
        core: CoreAddress,
        /// What is wrong.
        error: crate::loihi::LoihiError,
    },
    /// A parameter of a digital core is not a whole number of its register.
    #[error("{target}: `{parameter}` = {value}; it must be a whole number from {low} to {high}")]
    NotWhole {
        /// The neuron.
        target: NeuronAddress,
        parameter: String,
        /// The value asked for.
        value: Real,
        /// Lowest value.
        low: i32,
        /// Highest value.
        high: i32,
    },
    /// The chip lacks a parameter that the equations need.
    #[error("the chip has no parameter `{parameter}`, which the model `{model}` needs; add it to the chip file")]
    MissingParameter { parameter: String, model: CoreModel },
    /// A program sets a parameter that the chip does not have.
    #[error("{core} sets the parameter `{parameter}`, which this chip does not have")]
    UnknownParameter { core: CoreAddress, parameter: String },
    /// A program gives each neuron its own value on a chip that has one value a core.
    #[error("{core}: `{parameter}` is set neuron by neuron, but this chip has one value for the whole core")]
    SharedParameter { core: CoreAddress, parameter: String },
    /// A list of values does not have one entry a neuron.
    #[error("{core}: `{parameter}` has {found} values for {expected} neurons")]
    ParameterLength {
        core: CoreAddress,
        parameter: String,
        /// Values given.
        found: usize,
        /// Neurons in use.
        expected: usize,
    },
    /// A value, asked for or nominal, that the core or the chip does not allow.
    #[error("{target}: `{parameter}` = {value}: {refusal}")]
    Refused {
        /// The neuron; the first of the core if all share the value.
        target: NeuronAddress,
        parameter: String,
        value: Quantity,
        /// What is wrong with it, and what it must be.
        refusal: Refusal,
    },
    /// A value that must be positive is not, after mismatch.
    #[error(
        "{target}: `{parameter}` = {value} must be positive; if mismatch made it so, cut its distribution with a \
         truncation above 0"
    )]
    NotPositive {
        /// The neuron.
        target: NeuronAddress,
        parameter: String,
        /// The value with mismatch.
        value: Real,
    },
    /// A value does not fit the numbers of the core, after mismatch.
    #[error("{target}: `{parameter}` = {value} is beyond what the core can hold, which is {limit}")]
    TooLarge {
        /// The neuron.
        target: NeuronAddress,
        parameter: String,
        /// The value with mismatch.
        value: Real,
        /// Largest magnitude.
        limit: Real,
    },
    /// A number of the chip or the program has the wrong dimension or does not fit.
    #[error("`{parameter}`: {error}")]
    Number {
        parameter: String,
        /// What is wrong with it.
        error: FxError,
    },
    /// The mismatch of a parameter is impossible.
    #[error("mismatch of `{parameter}`: {error}")]
    Mismatch {
        parameter: String,
        /// What is wrong with it.
        error: DisorderError,
    },
    /// A correlation names a parameter that the chip does not have.
    #[error("mismatch of `{parameter}`: it is to be correlated with `{with}`, which this chip does not have")]
    CorrelatedWithNothing {
        parameter: String,
        /// The other one.
        with: String,
    },
    /// The rules of the chip are not those of a Xylo core.
    #[error("there are no rules `{profile}` for the model `xylo`; there are {}", crate::xylo::PROFILES.join(", "))]
    XyloProfile {
        /// The profile asked for.
        profile: String,
    },
    /// Biases under rules that do not have them.
    #[error("{core}: rules V1 have no biases; use rules V2, or leave out `bias`")]
    XyloBias { core: CoreAddress },
    /// There is not one list of aliases for each hidden neuron.
    #[error("{core}: there are aliases of {found} hidden neurons; give a list for each of the {count}, or none at all")]
    XyloAliasLists {
        /// The hidden layer.
        core: CoreAddress,
        /// Lists given.
        found: usize,
        /// Hidden neurons.
        count: usize,
    },
    /// An alias names a neuron that is not there.
    #[error(
        "{core}: hidden neuron {neuron} has the alias {alias}; there are {count} hidden neurons, so that an alias is \
         below {count}"
    )]
    XyloAlias {
        /// The hidden layer.
        core: CoreAddress,
        /// The neuron whose alias it is.
        neuron: usize,
        alias: u16,
        /// Hidden neurons.
        count: usize,
    },
    /// Mismatch is to be scaled on a chip that has none, or none at its reference parameter.
    #[error("mismatch cannot be scaled to a CV: chip `{chip}` has no mismatch at its reference parameter")]
    NothingToScale {
        /// Name of the chip.
        chip: String,
    },
    /// A setting of the mismatch names a parameter that has none.
    #[error("{}; {}", no_mismatch_of(chip, parameter, *exists), list_of_mismatch(known))]
    NoMismatchOf {
        /// Name of the chip.
        chip: String,
        parameter: String,
        /// Whether the chip has such a parameter, without mismatch.
        exists: bool,
        /// The parameters with mismatch.
        known: Vec<String>,
    },
    /// The mismatch of a weight turned its sign around.
    #[error(
        "{target}: the mismatch factor of a weight is {factor}, and must not be negative; cut its distribution with a \
         truncation above 0, or use the family `log-normal` or `gamma`"
    )]
    NegativeWeightFactor {
        /// The neuron with the synapse.
        target: NeuronAddress,
        factor: Real,
    },
    /// A measured die has factors of a parameter that its chip does not have.
    #[error(
        "the die has factors of `{parameter}`, and chip `{chip}` has no such parameter: is it a die of another chip?"
    )]
    MeasuredParameter {
        parameter: String,
        /// Name of the chip.
        chip: String,
    },
    /// Noise is asked for on a chip that has no budget of it.
    #[error("chip `{chip}` has no noise: add a table `[noise]` to its file, or run it without")]
    NoNoise {
        /// Name of the chip.
        chip: String,
    },
    /// A saved state belongs to another core.
    #[error("the saved state of core {core} does not fit: it is for another model or another number of neurons")]
    State {
        /// Index of the core in the program.
        core: usize,
    },
}

fn no_mismatch_of(chip: &str, parameter: &str, exists: bool) -> String {
    let what = if exists { "mismatch of" } else { "parameter" };
    format!("chip `{chip}` has no {what} `{parameter}`")
}

fn list_of_mismatch(known: &[String]) -> String {
    match known {
        [] => "nothing of it has mismatch".to_string(),
        _ => format!("those with mismatch are {}", known.join(", ")),
    }
}
