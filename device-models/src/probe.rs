//! What a core lets an observer see of its neurons: named quantities, read between two ticks.
//!
//! This module owns the description of a quantity ([`ProbeKind`]). Which quantities there are, and how they are read,
//! is a matter of each core model: its `probes` lists them and its `probe` reads one, by its place in that list. A
//! reading is the integer that the core computes with; it changes nothing, and no number becomes a float on the way.

use crate::parameters;
use alloc::string::{String, ToString};
use chip::{ChipSpec, CoreModel, canonical_unit};
use units::Decimal;

/// A quantity of every neuron of a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeKind {
    /// Its name (`v`, `i_AMPA`).
    pub name: String,
    /// Its unit as chip files spell it; `1` for a pure number.
    pub unit: String,
    /// A reading is an integer in units of two to the minus this, times `scale`.
    pub fraction_bits: u32,
    /// What counts as 1, in `unit`.
    pub scale: Decimal,
}

impl ProbeKind {
    /// The quantity `name` in `unit`.
    pub(crate) fn new(name: impl Into<String>, unit: impl Into<String>, fraction_bits: u32) -> Self {
        Self { name: name.into(), unit: unit.into(), fraction_bits, scale: Decimal::integer(1) }
    }

    /// The quantity `name`, a level of membranes of a core of `model` with this scale, in the canonical unit of the
    /// threshold. In the core it has this many fraction bits.
    pub(crate) fn level(
        spec: &ChipSpec,
        model: CoreModel,
        core_scale: i8,
        name: impl Into<String>,
        fraction_bits: u32,
    ) -> Self {
        let fraction_bits = parameters::fraction_bits(core_scale, fraction_bits);
        let level = spec.level(model);
        let unit = canonical_unit(level.unit.dimension());
        let scale = level.value_in(unit).expect("a canonical unit has the dimension");
        Self { name: name.into(), unit: unit.to_string(), fraction_bits, scale }
    }
}

/// The current that synapses of kind `kind` (index into the chip spec) feed: `i_AMPA`.
pub(crate) fn current_name(spec: &ChipSpec, kind: u8) -> String {
    let name = spec.synapses.get(usize::from(kind)).map_or("", |synapse| synapse.name.as_str());
    ["i_", name].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{core, parameter, spec};
    use crate::{Core, CoreState, DieParameters, Emission, InputLayout, LifState, MismatchSetting};
    use alloc::borrow::ToOwned;
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;
    use chip::{CoreModel, Kinetics, RulesSpec, SynapseSign, SynapseType};
    use disorder::Die;
    use std::format;
    use units::{DieId, NeuronId, Tick};

    fn build(spec: &ChipSpec, model: CoreModel, used: &[bool], parameters: &[(&str, &str)]) -> Core {
        let program = core(model, 40, parameters);
        let die = Die { root_seed: 1, id: DieId(0) };
        let die = DieParameters::new(spec, die, MismatchSetting::default()).unwrap();
        let program =
            if model == CoreModel::Loihi { chip::CoreProgram { weight_exponent: 20, ..program } } else { program };
        Core::new(spec, &program, InputLayout::new(spec, &program, used).unwrap(), &die).unwrap()
    }

    /// A chip of Loihi neurons that spike every `refractory` steps, with `probe` as its rule.
    fn loihi(probe: &str, refractory: &str) -> Core {
        let names = ["decay_u", "decay_v", "v_threshold", "bias_mantissa", "refractory"];
        let chip = ChipSpec {
            models: [CoreModel::Loihi].into(),
            synapses: [SynapseType {
                name: "box".to_owned(),
                sign: SynapseSign::Signed,
                kinetics: Kinetics::Register { index: 0 },
                gain: None,
                gate: None,
            }]
            .into(),
            parameters: names.map(|name| (name.to_owned(), parameter("0 1"))).into(),
            rules: Some(RulesSpec {
                profile: "loihi-brian2".to_owned(),
                options: BTreeMap::from([("probe".to_owned(), probe.to_owned())]),
            }),
            mismatch_reference: None,
            ..spec()
        };
        let parameters = [("v_threshold", "1 1"), ("bias_mantissa", "100 1"), ("refractory", refractory)];
        build(&chip, CoreModel::Loihi, &[true], &parameters)
    }

    fn listed(kinds: &[ProbeKind]) -> Vec<String> {
        kinds.iter().map(|k| format!("{} {} {}", k.name, k.unit, k.fraction_bits)).collect()
    }

    #[test]
    fn every_model_lists_what_it_computes() {
        let spec = spec();
        let lif = build(&spec, CoreModel::Lif, &[true, true, true, true, false], &[]);
        assert_eq!(listed(&lif.probes(&spec)), ["v mV 20", "refractory step 0", "i_up mV 20", "i_down mV 20"]);
        let lif = build(&spec, CoreModel::Lif, &[true, false, false, true, false], &[]);
        assert_eq!(listed(&lif.probes(&spec)), ["v mV 20", "refractory step 0", "i_down mV 20"], "only what is in use");
        let rate = build(&spec, CoreModel::Rate, &[false, false, false, false, true], &[]);
        assert_eq!(listed(&rate.probes(&spec)), ["x 1 28", "y 1 16"]);
        assert_eq!(
            listed(&loihi("voltage", "1 1").probes(&spec)),
            ["u 1 0", "v 1 0", "refractory step 0", "overflows 1 0"]
        );
    }

    #[test]
    fn a_reading_is_the_state_and_changes_nothing() {
        let spec = spec();
        let mut lif = build(&spec, CoreModel::Lif, &[false, false, true, false, false], &[("drive", "30 mV")]);
        let mut unread = lif.clone();
        let mut spikes = 0;
        for t in 0..60 {
            spikes += lif.advance(Tick(t)).len();
            unread.advance(Tick(t));
            for n in [0u16, 17, 39].map(NeuronId) {
                let readings: Vec<i64> = (0..3).map(|index| lif.probe(index, n, Tick(t))).collect();
                let CoreState::Lif(state) = lif.save() else { panic!("a lif core") };
                let LifState { v, refractory, currents, .. } = state.neurons;
                let state = [v[n.index()], refractory[n.index()], currents[0][n.index()]].map(i64::from);
                assert_eq!(readings, state);
            }
            assert_eq!(lif.save(), unread.save());
        }
        assert!(spikes > 0, "the test is of neurons that move");
    }

    #[test]
    fn the_output_of_a_unit_is_its_state_rounded() {
        let spec = spec();
        let mut rate = build(&spec, CoreModel::Rate, &[false, false, false, false, true], &[("drive", "0.7 mV")]);
        for t in 0..10 {
            rate.advance(Tick(t));
            let (x, y) = (rate.probe(0, NeuronId(5), Tick(t)), rate.probe(1, NeuronId(5), Tick(t)));
            assert_eq!(y, (x + (1 << 11)) >> 12);
            assert!(x > 0);
        }
    }

    /// v reaches the threshold of 64 in the first step and is reset; then it is held for r - 1 steps.
    #[test]
    fn the_probe_rule_of_the_chip_shows_the_refractory_counter_at_a_spike() {
        let voltages = |probe: &str| {
            let mut core = loihi(probe, "3 1");
            let mut shown = Vec::new();
            for t in 0..7 {
                let spiked = core.advance(Tick(t)).contains(&Emission { neuron: NeuronId(7), value: 1, payload: 1 });
                shown.push((spiked, core.probe(1, NeuronId(7), Tick(t)), core.probe(2, NeuronId(7), Tick(t))));
            }
            core.reset();
            shown.push((false, core.probe(1, NeuronId(7), Tick(0)), 0));
            shown
        };
        let (spike, held, last) = ((true, 384, 2), (false, 0, 1), (false, 0, 0));
        assert_eq!(voltages("refractory-counter"), [spike, held, last, spike, held, last, spike, last]);
        assert!(voltages("voltage").iter().all(|(_, v, _)| *v == 0));
    }

    #[test]
    #[should_panic(expected = "neuron 40 of a core with 40")]
    fn a_neuron_that_is_not_in_use_cannot_be_read() {
        let spec = spec();
        build(&spec, CoreModel::Lif, &[true, false, false, false, false], &[]).probe(0, NeuronId(40), Tick(0));
    }
}
