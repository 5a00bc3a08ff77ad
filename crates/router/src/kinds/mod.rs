//! The kinds of router, one module each, and the one place that picks which of them reads a program.

pub(crate) mod axon;
mod crossbar;
mod ideal;
mod rows;
pub(crate) mod tag_cam;
mod xylo;

use crate::RouterError;
use crate::draft::Draft;
use crate::weights::Scales;
use alloc::boxed::Box;
use chip::{ChipSpec, Program, RouterSpec, Routing};

/// The memories of a program, as the router of its chip reads them.
pub(crate) trait Kind<'a> {
    /// Checks the memories of `program` against the limits of the chip, and follows every source through them to the
    /// synapses that it reaches. With `scales`, weights are those of a die.
    fn follow(
        &self,
        spec: &'a ChipSpec,
        program: &'a Program,
        scales: Option<&mut Scales<'_>>,
    ) -> Result<Draft<'a>, RouterError>;
}

/// The memories of `program`, if they are of the kind that the chip has.
pub(crate) fn of<'a>(spec: &ChipSpec, program: &'a Program) -> Result<Box<dyn Kind<'a> + 'a>, RouterError> {
    Ok(match (&spec.router, &program.routing) {
        (RouterSpec::Ideal, Routing::Ideal(rows)) => Box::new(ideal::Rows { rows }),
        (RouterSpec::Axon(router), Routing::Axon { cores, inputs, input_latency }) => {
            Box::new(axon::Axons { limits: router.limits(), cores, inputs, input_latency: *input_latency })
        }
        (RouterSpec::TagCam(router), Routing::TagCam { cores, inputs, positions }) => {
            Box::new(tag_cam::Memories { limits: router.limits(), cores, inputs, positions })
        }
        (RouterSpec::Xylo(router), Routing::Xylo { rows, shifts, .. }) => {
            Box::new(xylo::Matrices { limits: router.limits(), rows, shifts: *shifts })
        }
        (RouterSpec::Crossbar(router), Routing::Crossbar { cores, inputs }) => {
            Box::new(crossbar::Arrays { limits: router.limits(), cores, inputs })
        }
        (router, routing) => {
            return Err(RouterError::WrongRouter {
                chip: spec.name.clone(),
                found: match router {
                    RouterSpec::Ideal => "an ideal router",
                    RouterSpec::Axon(_) => "axons",
                    RouterSpec::TagCam(_) => "a tag and CAM router",
                    RouterSpec::Xylo(_) => "the matrices of Xylo",
                    RouterSpec::Crossbar(_) => "a crossbar",
                },
                program: match routing {
                    Routing::Ideal(_) => "rows of synapses",
                    Routing::Axon { .. } => "axons",
                    Routing::TagCam { .. } => "a tag and CAM router",
                    Routing::Xylo { .. } => "the matrices of Xylo",
                    Routing::Crossbar { .. } => "a crossbar",
                },
            });
        }
    })
}
