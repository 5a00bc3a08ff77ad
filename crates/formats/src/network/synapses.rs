//! Kinds of synapse: those that a projection names, and those that the chip means where it names none.

use super::Reader;
use crate::document::{Table, Value};
use chip::CoreModel;
use network::SynapseChoice;

impl Reader<'_> {
    /// The kinds that the chip means where a projection names none.
    pub(super) fn default_synapses(&self, table: &Table<'_>, model: CoreModel) -> Option<SynapseChoice> {
        let name = |is_inhibitory| {
            let index = self.chip.default_synapse(model, is_inhibitory)?;
            Some(self.chip.synapses[index].name.clone())
        };
        let (excitatory, inhibitory) = (name(false), name(true));
        // Where there is one sign only, the mapper says so if a weight has the other.
        match (excitatory.clone().or_else(|| inhibitory.clone()), inhibitory.or(excitatory)) {
            (Some(excitatory), Some(inhibitory)) => Some(SynapseChoice { excitatory, inhibitory }),
            _ => {
                let message = format!("chip `{}` has no synapse kind for core model `{model}`", self.chip.name);
                table.reject("synapses-exist", message)
            }
        }
    }

    /// A synapse kind for all weights, or one for each sign.
    pub(super) fn synapse(&self, value: &Value<'_>, model: Option<CoreModel>) -> Option<SynapseChoice> {
        let kind = |v: Value<'_>| {
            if v.is_string()
                && let Some(model) = model
                && let Some(name) = self.meant(&v.read::<String>()?, model)
            {
                return Some(name);
            }
            let fits = |s: &&chip::SynapseType| model.is_none_or(|m| s.kinetics.is_graded() == m.is_graded());
            let known: Vec<(&str, ())> =
                self.chip.synapses.iter().filter(fits).map(|s| (s.name.as_str(), ())).collect();
            let of_model = model.map_or(String::new(), |m| format!(" for core model `{m}`"));
            let what = format!("a synapse kind of chip `{}`{of_model}", self.chip.name);
            v.one_of(&what, &known)?;
            v.read::<String>()
        };
        if value.is_string() {
            let name = kind(value.clone())?;
            return Some(SynapseChoice { excitatory: name.clone(), inhibitory: name });
        }
        let table = value.table(&["excitatory", "inhibitory"])?;
        let (excitatory, inhibitory) =
            (table.required_with("excitatory", kind), table.required_with("inhibitory", kind));
        Some(SynapseChoice { excitatory: excitatory?, inhibitory: inhibitory? })
    }

    /// The kind that `excitatory` or `inhibitory` means on this chip, where no kind of its own is called so.
    fn meant(&self, name: &str, model: CoreModel) -> Option<String> {
        let is_inhibitory = match name {
            "excitatory" => false,
            "inhibitory" => true,
            _ => return None,
        };
        if self.chip.synapse_index(name).is_some_and(|index| model.takes(&self.chip.synapses[index])) {
            return None;
        }
        self.chip.default_synapse(model, is_inhibitory).map(|index| self.chip.synapses[index].name.clone())
    }
}
