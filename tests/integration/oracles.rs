//! The oracle with the parameters of an emulator's cores, and the comparison of the two.

use chip::ChipSpec;
use conformance::{
    AnalogCurrent, AnalogNeuron, CoreOracle, Current, Factor, LifNeuron, Oracle, OracleSpike, Rate, RateUnit,
};
use device_models::analog_lif::{AnalogLifParameters, Decay, LaneUse, Transfer};
use device_models::{AnalogLifCore, Core, CoreParameters, EventCore, Factors, Lane, LifParameters, RateParameters};
use emulator::{Emulator, LossCause, Spike};
use std::collections::BTreeMap;
use units::{NeuronId, Tick};

fn factor(factors: &Factors, n: usize) -> Factor {
    Factor { mantissa: factors.mantissas()[n].into(), shift: factors.shift() }
}

/// The oracle of a core, with its parameters, in its initial state.
pub(crate) fn core_oracle(core: &Core) -> CoreOracle {
    match core {
        Core::Lif(core) => lif_oracle(core.parameters()),
        Core::AnalogLif(core) => analog_oracle(core.parameters()),
        Core::Rate(core) => rate_oracle(core.parameters()),
        _ => panic!("random cases have cores of `lif` and `rate` only"),
    }
}

fn lif_oracle(p: &LifParameters) -> CoreOracle {
    let scaled = p.layout().lanes().iter().filter_map(|lane| match lane {
        Lane::ScaledDelta { kind } => Some(usize::from(*kind)),
        _ => None,
    });
    let gains: Vec<_> = scaled.zip(p.gains()).collect();
    let neurons = (0..p.layout().neuron_count()).map(|n| LifNeuron {
        leak: factor(p.leak(), n),
        drive: p.drive()[n].into(),
        threshold: p.threshold()[n].into(),
        intervals: None,
        reset: p.reset()[n].into(),
        refractory_steps: p.refractory_steps()[n].into(),
        gains: gains.iter().map(|(kind, gain)| (*kind, factor(gain, n))).collect(),
        currents: p
            .couplings()
            .map(|c| Current { kind: c.kind.into(), leak: factor(&c.leak, n), coupling: factor(&c.coupling, n), i: 0 })
            .collect(),
        v: p.initial()[n].into(),
        r: 0,
    });
    let weight_exponent = p.weight_exponent().into();
    CoreOracle::Lif { neurons: neurons.collect(), weight_exponent, received: BTreeMap::new() }
}

fn analog_oracle(p: &AnalogLifParameters) -> CoreOracle {
    let weight_exponent = u32::from(p.weight_exponent()) + 12;
    CoreOracle::Analog { neurons: analog_neurons(p), weight_exponent, received: BTreeMap::new() }
}

/// The neurons of an asynchronous core for the oracle.
pub(crate) fn analog_neurons(p: &AnalogLifParameters) -> Vec<AnalogNeuron> {
    let rate = |decay: Decay| Rate { mantissa: decay.mantissa.into(), shift: decay.shift };
    let kinds = p.layout().lanes().iter().filter_map(|lane| match lane {
        Lane::Current { kind, .. } => Some(usize::from(*kind)),
        _ => None,
    });
    let kinds: Vec<usize> = kinds.collect();
    let gains = |n: usize| {
        let lanes = p.layout().lanes().iter().zip(p.lanes());
        let scaled = lanes.filter_map(|(lane, use_)| match (lane, use_) {
            (Lane::ScaledDelta { kind }, LaneUse::ScaledDelta(gains)) => Some((usize::from(*kind), gains[n].into())),
            _ => None,
        });
        scaled.collect()
    };
    let neuron = |n: usize| {
        let m = p.membranes()[n];
        let currents = p.currents(n).iter().enumerate().map(|(k, c)| AnalogCurrent {
            kind: kinds.get(k).copied(),
            rate: rate(c.decay),
            coefficient: c.coefficient().into(),
            near: match c.coupling {
                Transfer::Apart { .. } => None,
                Transfer::Near { difference, .. } => Some(difference.into()),
            },
            slower: c.slower,
            inhibitory: c.inhibitory,
            i: 0,
        });
        AnalogNeuron {
            rate: rate(m.decay),
            rest: m.rest.into(),
            threshold: m.threshold.into(),
            intervals: None,
            reset: m.reset.into(),
            refractory: m.refractory,
            adaptation: p.adaptation().get(n).copied().unwrap_or(0).into(),
            gains: gains(n),
            currents: currents.collect(),
            v: p.initial()[n].into(),
            base: 0,
            free: 0,
        }
    };
    (0..p.layout().neuron_count()).map(neuron).collect()
}

fn rate_oracle(p: &RateParameters) -> CoreOracle {
    let units = (0..p.layout().neuron_count()).map(|n| RateUnit {
        leak: factor(p.leak(), n),
        drive: p.drive()[n].into(),
        gains: p
            .layout()
            .lanes()
            .iter()
            .zip(p.gains())
            .filter_map(|(lane, gain)| match (lane, gain) {
                (Lane::ScaledGraded { kind }, Some(gain)) => Some((usize::from(*kind), gain[n].to_bits().into())),
                _ => None,
            })
            .collect(),
        squashed: p.squashed()[n],
        x: 0,
    });
    let weight_exponent = p.weight_exponent().into();
    CoreOracle::Rate { units: units.collect(), weight_exponent, received: BTreeMap::new() }
}

/// Spikes of the emulator in the oracle's words.
pub(crate) fn in_oracle_words(spikes: &[Spike]) -> Vec<OracleSpike> {
    let word = |s: &Spike| OracleSpike { tick: s.tick.0, core: s.core, neuron: s.neuron.0, value: s.value.into() };
    spikes.iter().map(word).collect()
}

/// Quantity `name` of a neuron, in the units of its model, after the last tick that was processed.
#[track_caller]
pub(crate) fn probe(emulator: &Emulator, spec: &ChipSpec, core: usize, neuron: NeuronId, name: &str) -> i64 {
    let core = emulator.core(core);
    let index = core.probes(spec).iter().position(|quantity| quantity.name == name);
    let last = Tick(emulator.now().0.saturating_sub(1));
    core.probe(index.unwrap_or_else(|| panic!("a neuron without {name}")), neuron, last)
}

/// Every state bit of the emulator equals the oracle's.
#[track_caller]
pub(crate) fn assert_same_state(emulator: &Emulator, oracle: &Oracle<'_>) {
    for (index, core) in oracle.cores.iter().enumerate() {
        match (emulator.core(index), core) {
            (Core::Lif(core), CoreOracle::Lif { neurons, .. }) => {
                for (n, neuron) in neurons.iter().enumerate() {
                    let id = NeuronId(n as u16);
                    let at = format!("core {index} neuron {n} before tick {}", emulator.now());
                    assert_eq!(i128::from(core.threshold(id)), neuron.threshold_now(), "threshold of {at}");
                    let currents = neuron.currents.iter().map(|current| current.i);
                    for (k, expected) in [neuron.v, neuron.r].into_iter().chain(currents).enumerate() {
                        assert_eq!(i128::from(core.probe(k, id, emulator.now())), expected, "quantity {k} of {at}");
                    }
                }
            }
            (Core::AnalogLif(core), CoreOracle::Analog { neurons, .. }) => {
                let at = Tick(emulator.now().0.saturating_sub(1));
                for (n, neuron) in neurons.iter().enumerate() {
                    assert_same_analog(core, NeuronId(n as u16), neuron, at);
                }
            }
            (Core::Rate(core), CoreOracle::Rate { units, .. }) => {
                for (n, unit) in units.iter().enumerate() {
                    assert_eq!(
                        i128::from(core.state().x[n]),
                        unit.x,
                        "unit {n} of core {index} before tick {}",
                        emulator.now()
                    );
                }
            }
            _ => panic!("core {index} runs another model in the oracle"),
        }
    }
}

/// Membrane, currents and refractory period of an asynchronous neuron after a tick equal the oracle's.
#[track_caller]
pub(crate) fn assert_same_analog(core: &AnalogLifCore, id: NeuronId, neuron: &AnalogNeuron, at: Tick) {
    let (v, currents) = neuron.at(at.0);
    assert_eq!(i128::from(core.membrane(id, at)), v, "membrane of neuron {id} after tick {at}");
    for (k, i) in currents.iter().enumerate() {
        assert_eq!(i128::from(core.current(k, id, at)), *i, "current {k} of neuron {id} after tick {at}");
    }
    assert_eq!(i128::from(core.threshold(id)), neuron.threshold_now(), "threshold of neuron {id} after tick {at}");
    assert_eq!(core.refractory_end(id), Tick(neuron.free), "refractory period of neuron {id} after tick {at}");
}

/// Everything counted equals the oracle's count.
#[track_caller]
pub(crate) fn assert_same_counts(emulator: &Emulator, oracle: &Oracle<'_>, in_flight: bool) {
    let (c, o) = (emulator.counters(), oracle.counts);
    assert_eq!(c.spikes, o.spikes, "spikes");
    assert_eq!(c.events_sent, o.sent, "events sent");
    assert_eq!(c.unmatched_broadcasts, o.unmatched, "unmatched broadcasts");
    assert_eq!(c.losses.by_cause(LossCause::OffBoard), o.off_board, "events off the board");
    assert_eq!(c.losses.by_cause(LossCause::UnusedCore), o.unused_core, "events into unused cores");
    assert_eq!(c.synaptic_operations, o.synaptic_operations, "synaptic operations");
    assert_eq!(c.saturations, o.saturations, "saturations");
    if !in_flight {
        assert_eq!(c.events_delivered, o.delivered, "events delivered");
    }
}
