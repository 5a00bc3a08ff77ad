//! What of a chip goes wrong or fluctuates besides mismatch: faults of circuits, and budgets of noise.

use crate::spec::section::{Number, Section, Sort, Stated, section};
use crate::spec::{ChipSpec, Fact};
use serde::{Deserialize, Serialize};

section! {
    /// How often circuits are broken. Each is the probability of one circuit, independent of all others; a kind of
    /// fault that is not there does not occur.
    #[derive(Default)]
    struct FaultSpec {
        dead_neuron: Option<Fact>, Share, 0..=1, "",
            "A neuron that never sends anything; a rate unit stays at 0.";
        hot_neuron: Option<Fact>, Share, 0..=1, "",
            "A neuron that spikes in every tick in which it is not refractory, whatever arrives; a rate unit goes to 1 \
             at once and stays there. A neuron that is dead too is dead.";
        dead_synapse: Option<Fact>, Share, 0..=1, "",
            "A synapse whose weight is 0, whatever is stored.";
        stuck_synapse: Option<Fact>, Share, 0..=1, "",
            "A synapse whose weight is the largest that can be stored, whatever is: all currents of a CAM word, or the \
             largest number of `weight_bits`. It still has the factor of its slot. A slot that is dead too is dead.";
        weight_bit_flip: Option<Fact>, Share, 0..=1, "",
            "A stored bit of a weight that reads as the opposite of what was written. With `tag-cam` these are the \
             weight bits of the CAM word; on the ideal router the number itself, in two's complement for a signed kind \
             and without the sign bit for the others.";
        weight_bits: Option<Fact>, Count, 2..=16, "a stored weight has 16 bits",
            "Not a probability: bits of a stored weight, its sign included, on the ideal router, which does not say \
             it; needed there for `weight_bit_flip`, and 16 if absent. A weight that does not fit is an error if bits \
             can flip.";
    }
}

impl FaultSpec {
    /// The bits that a stored weight can have.
    pub(crate) fn weight_bits_number() -> Option<&'static Number> {
        Self::NUMBERS.iter().find(|number| number.key == "weight_bits")
    }

    /// The probabilities that are there.
    pub fn probabilities(&self) -> impl Iterator<Item = Stated<'_>> {
        self.stated().into_iter().filter(|stated| stated.number.sort == Sort::Share)
    }

    /// Whether stored bits of weights can flip.
    pub fn flips_bits(&self) -> bool {
        self.weight_bit_flip.as_ref().is_some_and(|p| p.quantity.value.signum() > 0)
    }
}

/// Bits of a weight where a chip gives no number: all that a program keeps.
pub const PROGRAM_WEIGHT_BITS: u32 = 16;

impl ChipSpec {
    /// Bits of a stored weight, its sign included: those of the router or of `faults`, or else all that a program
    /// keeps. Panics if the spec was not validated.
    pub fn stored_weight_bits(&self) -> u32 {
        let of_faults = || self.faults.as_ref()?.weight_bits.as_ref()?.count();
        let bits =
            self.router.weight_bits().or_else(|| of_faults().map(|bits| bits.min(PROGRAM_WEIGHT_BITS.into()) as u32));
        bits.unwrap_or(PROGRAM_WEIGHT_BITS).clamp(1, PROGRAM_WEIGHT_BITS)
    }
}

section! {
    /// What changes from run to run and from event to event of one die. A budget that is not there is 0, and all of
    /// them are off unless a run asks for noise.
    #[derive(Default)]
    struct NoiseSpec {
        run_threshold_cv: Option<Fact>, Cv, 0..=4, "",
            "CV of the threshold of a neuron between runs; of every model but `rate`, which has none.";
        run_weight_cv: Option<Fact>, Cv, 0..=4, "",
            "CV of the weight of a synapse between runs.";
        event_weight_cv: Option<Fact>, Cv, 0..=4, "",
            "CV of the weight of a synapse between the spikes that go through it; a run of rate units is refused, \
             because the changes of a level add up and would drift, and so is one of `xylo`.";
        event_threshold_cv: Option<Fact>, Cv, 0..=4, "",
            "CV of the threshold of a neuron between the intervals from one of its spikes to the next, on top of that \
             between runs; `lif` and `analog-lif`. A run with cores of another model is refused.";
        event_jitter_ticks: Option<Fact>, Count, 0..=65535, "times of events on their way have 16 bits",
            "Most ticks by which a spike is late on its way, at all of its destinations; each number from 0 to it is \
             as likely, unless one of the two keys below says otherwise: then what would be later comes then. The \
             spikes that a channel sends for one tick stay together. A run of `xylo` is refused, because that chip \
             counts the spikes of a step.";
        event_jitter_median: Option<Fact>, Amount, 0..=65535, "",
            "Median lateness in ticks, with one of the two keys below; needs `event_jitter_ticks`, the most.";
        event_jitter_sd: Option<Fact>, Amount, 0..=65535, "",
            "Lateness is normal: its standard deviation in ticks around the median, rounded to whole ticks, and what \
             would be early is in time.";
        event_jitter_fold: Option<Fact>, Amount, 1..=65535, "",
            "Lateness is log-normal: what one standard deviation multiplies the median with, or divides it by. The \
             CV is sqrt(exp(ln(fold)^2) - 1).";
    }
}
