//! The last word on a mapping: what would refuse the program when it is loaded refuses it here.

use crate::MapperError;
use crate::decode::channel;
use crate::placement::name_of;
use crate::wish::Wish;
use chip::{Program, Source};
use device_models::{Core, DeviceModelError, DieParameters};
use router::RouterError;

/// Has the router and the cores of a nominal die check `program`.
pub(crate) fn check(wish: &Wish<'_>, program: &Program) -> Result<(), MapperError> {
    let layouts = router::check(wish.spec, program).map_err(|error| named(wish, error))?;
    let die = DieParameters::nominal();
    for (core, layout) in program.cores.iter().zip(layouts) {
        let made = Core::new(wish.spec, core, layout, &die);
        let wired = made.and_then(|mut made| made.wire(core.address, &program.routing));
        wired.map_err(|error| wish.refused(core.address, error))?;
    }
    Ok(())
}

/// The refusal of the router with the names of the network.
fn named(wish: &Wish<'_>, error: RouterError) -> MapperError {
    match error {
        RouterError::AccumulatorOverflow { target, sum, limit } => {
            let (population, index) = wish.placement.neuron(target).expect("programs name placed neurons");
            let population = wish.network.populations[population].name.clone();
            MapperError::Sums { population, index, needed: sum, limit }
        }
        // Neurons of different sorts are told apart with their projections: what is left are channels of the host.
        RouterError::MixedModels { origin: Source::Input(input), from, to } => {
            let (end, index) = channel(wish.network, input).expect("programs name channels of the network");
            MapperError::InputModels { input: name_of(wish.network, end).into(), index, from, to }
        }
        RouterError::Core(error) => match error {
            DeviceModelError::Kinetics { core, .. }
            | DeviceModelError::TooManyCurrents { core, .. }
            | DeviceModelError::TooManyAccumulators { core, .. } => wish.refused(core, error),
            error => MapperError::Program(error.into()),
        },
        error => MapperError::Program(error),
    }
}
