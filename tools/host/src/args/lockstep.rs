//! The command line of `quenched lockstep`.
//!
//! Owns its flags. The language of the lines is in docs/formats/lockstep.md.

use super::values::count;
use super::{DieChoice, MapChoice};
use clap::Args as ClapArgs;

#[derive(ClapArgs, Debug)]
#[command(after_help = "Examples:
  printf 'inject 3\\nstep 1000\\ndigest\\n' | quenched lockstep net.toml --chip dynapse2 --quiet
  quenched lockstep net.program --chip dynapse2 --die 3      for a test bench that writes and reads

Every line that is read is answered by lines of results, and then by `ok`, or by `error` and why:
  inject CHANNEL [PAYLOAD [TICK]]    an event, by default of one spike in the next tick
  step TICKS                         lines `spike TICK POPULATION NEURON VALUE`
  state POPULATION QUANTITY          a line `state UNIT VALUE ...`, one value a neuron, exact
  now | digest | reset | quit        the next tick; the state as 16 digits; back to tick 0; the end

The same steps and events give the same digest as a run of `quenched run`.")]
pub(crate) struct LockstepArgs {
    #[command(flatten)]
    pub(crate) which: DieChoice,

    /// Number of the run, for the sources of its network
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = count::<u64>, allow_negative_numbers = true)]
    pub(crate) trial: u64,

    #[command(flatten)]
    pub(crate) what: MapChoice,
}
