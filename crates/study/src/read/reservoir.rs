//! The reservoir of a study file.
//!
//! Owns `[reservoir]`: which keys the neurons of a core model have, and what they mean. It deliberately makes no
//! network; that is done where a program is prepared.

use super::Reader;
use crate::reservoir::bias_of;
use crate::spec::{EchoRecurrence, EchoWiring, ReservoirSettings, SpikingWiring, Wiring};
use crate::values::{at_least, fraction, not_negative};
use chip::{CoreModel, Values};
use formats::document::{Table, Value};
use network::SynapseChoice;
use std::collections::BTreeMap;
use units::Decimal;

const SPIKING: &[&str] = &[
    "input_fan_in",
    "recurrent_fan_in",
    "input_inhibitory",
    "recurrent_inhibitory",
    "input_weight",
    "recurrent_weight",
    "synapse",
];
const ECHO: &[&str] = &[
    "connectivity",
    "recurrent_weights",
    "spectral_radius",
    "recurrent_gain",
    "input_scale",
    "input_weights",
    "bias",
    "bias_mean",
    "synapse",
    "recurrent_synapse",
];

/// Whether neurons take analog values as they are, and not as spikes of an encoder.
const fn takes_values(model: CoreModel) -> bool {
    model.is_graded() || matches!(model, CoreModel::CubaLif)
}

impl Reader<'_> {
    /// The reservoir of a study whose neurons are of `model`.
    pub(super) fn reservoir(&self, value: &Value<'_>, model: CoreModel) -> Option<ReservoirSettings> {
        let wiring = if takes_values(model) { ECHO } else { SPIKING };
        let keys: Vec<&str> = ["neurons", "parameters"].iter().chain(wiring).copied().collect();
        let table = &value.table(&keys)?;
        let neurons = table.required_with("neurons", |v| at_least(&v, 1));
        let parameters = table.optional_with("parameters", |v| self.parameters(&v));
        let wiring = if takes_values(model) {
            let connectivity = table.required_with("connectivity", |v| fraction(&v));
            let recurrent = self.recurrent(table);
            let input_scale = table.required_with("input_scale", |v| not_negative(&v));
            let synapse = table.required_with("synapse", |v| self.synapse_name(&v));
            let kinds = [("sign", false), ("normal", true)];
            let input_normal = table.optional_with("input_weights", |v| v.one_of("a kind of input weights", &kinds));
            let recurrent_synapse = table.optional_with("recurrent_synapse", |v| self.synapse_name(&v));
            let own = |key: &'static str, read: fn(&Value<'_>) -> Option<Decimal>| {
                table.optional_with(key, |v| {
                    let (bias, name) = (read(&v)?, bias_of(model));
                    if bias.signum() != 0
                        && !(self.spec().parameters.contains_key(name) && self.spec().parameters_per_neuron)
                    {
                        let what = format!("has no parameter `{name}` of each unit, which biases would be");
                        return v.reject("bias", format!("the chip `{}` {what}; leave `{key}` out", self.spec().name));
                    }
                    Some(bias)
                })
            };
            let (bias, bias_mean) = (own("bias", not_negative), own("bias_mean", |v| v.read()));
            Wiring::Echo(EchoWiring {
                input_normal: input_normal?.unwrap_or(false),
                bias: bias?.unwrap_or(Decimal::ZERO),
                bias_mean: bias_mean?.unwrap_or(Decimal::ZERO),
                connectivity: connectivity?,
                recurrent: recurrent?,
                input_scale: input_scale?,
                recurrent_synapse: recurrent_synapse?.or_else(|| synapse.clone())?,
                synapse: synapse?,
            })
        } else {
            let input_fan_in = table.required_with("input_fan_in", |v| at_least(&v, 1));
            let recurrent_fan_in = table.required("recurrent_fan_in");
            let input_inhibitory = table.required_with("input_inhibitory", |v| fraction(&v));
            let recurrent_inhibitory = table.required_with("recurrent_inhibitory", |v| fraction(&v));
            let input_weight = table.required_with("input_weight", |v| not_negative(&v));
            let recurrent_weight = table.required_with("recurrent_weight", |v| not_negative(&v));
            let synapse = table.required_with("synapse", |v| self.synapse(&v));
            Wiring::Spiking(SpikingWiring {
                input_fan_in: input_fan_in?,
                recurrent_fan_in: recurrent_fan_in?,
                input_inhibitory: input_inhibitory?,
                recurrent_inhibitory: recurrent_inhibitory?,
                input_weight: input_weight?,
                recurrent_weight: recurrent_weight?,
                synapse: synapse?,
            })
        };
        Some(ReservoirSettings { neurons: neurons?, wiring, parameters: parameters?.unwrap_or_default() })
    }

    /// What becomes of the recurrent weights of an echo state network: one of the two keys that say how large they are
    /// is needed, and the other has no effect and is refused.
    fn recurrent(&self, table: &Table<'_>) -> Option<EchoRecurrence> {
        let kinds = [("spectral-radius", false), ("balanced", true)];
        let kind = table.optional_with("recurrent_weights", |v| v.one_of("a kind of recurrent weights", &kinds));
        let (own, other) = match kind? {
            Some(true) => ("recurrent_gain", "spectral_radius"),
            _ => ("spectral_radius", "recurrent_gain"),
        };
        let unused = |v: Value<'_>| -> Option<()> {
            v.reject("recurrent-weights", format!("`{other}` has no effect here; `{own}` says how large weights are"))
        };
        let (value, refused) = (table.required_with(own, |v| not_negative(&v)), table.optional_with(other, unused));
        refused?;
        value.map(if own == "recurrent_gain" { EchoRecurrence::Balanced } else { EchoRecurrence::Radius })
    }

    pub(super) fn synapse(&self, value: &Value<'_>) -> Option<SynapseChoice> {
        let table = value.table(&["excitatory", "inhibitory"])?;
        let excitatory = table.required_with("excitatory", |v| self.synapse_name(&v));
        let inhibitory = table.required_with("inhibitory", |v| self.synapse_name(&v));
        Some(SynapseChoice { excitatory: excitatory?, inhibitory: inhibitory? })
    }

    pub(super) fn synapse_name(&self, value: &Value<'_>) -> Option<String> {
        let known: Vec<(&str, ())> = self.spec().synapses.iter().map(|s| (s.name.as_str(), ())).collect();
        value.one_of(&format!("a synapse of `{}`", self.spec().name), &known)?;
        value.read()
    }

    pub(super) fn parameters(&self, value: &Value<'_>) -> Option<BTreeMap<String, Values>> {
        let names: Vec<&str> = self.spec().parameters.keys().map(String::as_str).collect();
        let table = value.table(&names)?;
        let all: Vec<_> =
            table.entries().into_iter().map(|e| Some((e.name, Values::Shared(e.value.read()?)))).collect();
        all.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{EchoRecurrence, Wiring};
    use std::path::Path;

    fn study(model: &str, keys: &str) -> Result<crate::StudySpec, String> {
        let text = format!(
            "format = \"quenched-study\"\nversion = 1\nchip = \"ideal-mismatched\"\nmodel = \"{model}\"\ndies = 1\n\
             [reservoir]\nneurons = 4\nconnectivity = 0.5\ninput_scale = 1\n{keys}\n[readout]\non_chip = false\n\
             filter = \"10 ms\"\n[[task]]\nid = \"narma10\"\nsample = \"1 ms\"\nwashout = 40\ntrain = 20\ntest = 20\n"
        );
        crate::read(&text, "test.toml", Path::new("")).map_err(|error| error.to_string())
    }

    /// Each kind of recurrent weights has its own key for their size; that of the other is refused, not ignored.
    #[test]
    fn recurrent_weights_have_one_key_for_their_size() {
        let recurrent = |model: &str, keys: &str| match &study(model, keys)?.first().reservoir.wiring {
            Wiring::Echo(wiring) => Ok((wiring.recurrent, wiring.recurrent_synapse.clone())),
            Wiring::Spiking(_) => Err("spiking".to_owned()),
        };
        let one = units::Decimal::integer(1);
        let plain = recurrent("rate", "spectral_radius = 1\nsynapse = \"graded\"");
        assert_eq!(plain, Ok((EchoRecurrence::Radius(one), "graded".into())));
        let balanced = "recurrent_weights = \"balanced\"\nrecurrent_gain = 1\nsynapse = \"number\"\n\
                        recurrent_synapse = \"weight\"";
        assert_eq!(recurrent("cuba-lif", balanced), Ok((EchoRecurrence::Balanced(one), "weight".into())));
        for (keys, expected) in [
            ("recurrent_gain = 1\nspectral_radius = 1", "`recurrent_gain` has no effect here; `spectral_radius` says"),
            (
                "recurrent_weights = \"balanced\"\nrecurrent_gain = 1\nspectral_radius = 1",
                "`spectral_radius` has no effect",
            ),
            ("recurrent_weights = \"balanced\"", "recurrent_gain"),
            ("", "spectral_radius"),
            ("recurrent_weights = \"dense\"\nspectral_radius = 1", "a kind of recurrent weights"),
        ] {
            let error = study("rate", &format!("{keys}\nsynapse = \"graded\"")).unwrap_err();
            assert!(error.contains(expected), "{keys}: {error}");
        }
        let error = study("lif", "recurrent_gain = 1").unwrap_err();
        assert!(error.contains("recurrent_gain"), "{error}");
    }

    #[test]
    fn the_washout_of_a_task_can_be_chosen() {
        let keys = "spectral_radius = 1\nsynapse = \"number\"\nrecurrent_synapse = \"weight\"";
        let study = study("cuba-lif", keys).unwrap();
        assert_eq!(study.tasks()[0].counts.get("washout"), Some(&40));
    }
}
