//! Which parameters a model reads, for whoever checks a chip file before it is used.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use chip::{CoreModel, Kinetics, SynapseType, dpi_parameters};
use units::Dimension;

/// A parameter that a model reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Its name.
    pub parameter: String,
    /// What it measures; `None`: the unit of the threshold, whichever the chip uses.
    pub dimension: Option<Dimension>,
    /// Whether a chip may lack it; it then counts as 0.
    pub optional: bool,
}

/// The parameters that `model` reads when it uses the given kinds of synapse; kinds that the model does not have add
/// nothing.
pub fn needs(model: CoreModel, synapses: &[SynapseType]) -> Vec<Need> {
    let need = |parameter: &str, dimension, optional| Need { parameter: parameter.to_string(), dimension, optional };
    let mut all = match model {
        CoreModel::Lif | CoreModel::AnalogLif => alloc::vec![
            need("tau_mem", Some(Dimension::Time), false),
            need("v_threshold", None, false),
            need("t_refractory", Some(Dimension::Time), false),
            need("v_reset", None, true),
            need("drive", None, true),
            need("v_initial", None, true),
        ],
        CoreModel::Loihi => {
            let pure = |name, optional| need(name, Some(Dimension::One), optional);
            alloc::vec![
                pure("decay_u", false),
                pure("decay_v", false),
                pure("v_threshold", false),
                pure("bias_mantissa", true),
                pure("bias_exponent", true),
                pure("refractory", true),
                pure("v_min_exponent", true),
                pure("v_max_exponent", true),
            ]
        }
        CoreModel::Rate => {
            alloc::vec![need("leak", Some(Dimension::One), false), need("drive", None, true)]
        }
        CoreModel::Xylo => {
            let pure = |name, optional| need(name, Some(Dimension::One), optional);
            alloc::vec![pure("dash_mem", false), pure("dash_syn", false), pure("threshold", false), pure("bias", true),]
        }
        CoreModel::Dpi => dpi_parameters(synapses.iter().filter_map(|kind| kind.gate))
            .into_iter()
            .map(|(parameter, dimension, _)| need(parameter, Some(dimension), false))
            .collect(),
    };
    if model == CoreModel::AnalogLif {
        all.push(need("adaptation", None, true));
        all.push(need("tau_adaptation", Some(Dimension::Time), true));
    }
    for kind in synapses {
        match (model, &kind.kinetics) {
            (CoreModel::Lif | CoreModel::AnalogLif, Kinetics::Exponential { tau }) => {
                all.push(need(tau, Some(Dimension::Time), false));
            }
            (CoreModel::Xylo, Kinetics::Register { index: 1 }) => {
                all.push(need("dash_syn2", Some(Dimension::One), false));
            }
            (CoreModel::Lif | CoreModel::AnalogLif, Kinetics::Delta)
            | (CoreModel::Rate, Kinetics::Graded)
            | (CoreModel::Loihi | CoreModel::Xylo, Kinetics::Register { .. }) => {}
            _ => continue,
        }
        if let Some(gain) = &kind.gain {
            all.push(need(gain, Some(Dimension::One), false));
        }
    }
    all
}
