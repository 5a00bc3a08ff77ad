//! What the runs of a command take of memory and time, refused before any of their states is made.

use crate::args::RunArgs;
use crate::errors::HostError;
use budget::{Estimate, NEURON_BYTES, UPDATES_PER_SECOND};
use chip::{ChipSpec, Program};

/// Refuses runs of `program` (one for each of `inputs`, at least one, of `ticks` ticks) that take more than is taken
/// unasked. What the network takes was looked at when it was read.
///
/// Time is that of neurons which never sleep, in the steps of the chip: an upper end, because the length of a run alone
/// does not say how much will happen in it.
pub(super) fn check(
    args: &RunArgs,
    program: &Program,
    spec: &ChipSpec,
    (inputs, ticks): (usize, u64),
) -> Result<(), HostError> {
    let lower = if args.length.time.is_some() { "--time" } else { "--ticks" };
    let neurons: u128 = program.cores.iter().map(|core| u128::from(core.neuron_count)).sum();
    Ok(args.what.allowance().check(&estimate(neurons, inputs, ticks.div_ceil(spec.step_ticks()), lower))?)
}

fn estimate(neurons: u128, inputs: usize, steps: u64, lower: &str) -> Estimate {
    let mut estimate = Estimate::default();
    let runs = inputs.max(1) as u128;
    let what = format!("{runs} runs of {neurons} neurons");
    estimate.memory(&what, runs * neurons, NEURON_BYTES, "--input");
    let updates = (runs * neurons).saturating_mul(steps.into());
    estimate.time(format!("{what} for {steps} steps"), updates, UPDATES_PER_SECOND, lower);
    estimate
}
