//! Refractory periods: both kinds of LIF cores end them at the same instant, and round them by the same rule.
//!
//! Each input lifts the membrane far over its threshold at once, so that a neuron spikes exactly where it is not
//! refractory. The rule is stated here once more: a period of r ticks that begins with a spike in tick t ends in tick
//! t + r, in which an input counts, and a neuron spikes once a tick at most.

use crate::support::{Random, fact, test_chip};
use chip::{ChipSpec, CoreModel, CoreProgram, IdealRow, IdealSynapse, Program, RouterSpec, Routing, Source, Values};
use device_models::DieParameters;
use emulator::{Emulator, Spike};
use units::{CoreAddress, Decimal, InputId, NeuronId, Quantity, Tick, Unit};

const CORE: CoreAddress = CoreAddress::new(0, 0);

/// The ticks in which a neuron with this period spikes, if an input comes in each of `inputs`.
fn spikes(model: CoreModel, tick: &str, period: Quantity, inputs: &[u64], kind: u8) -> Vec<u64> {
    let mut spec: ChipSpec = test_chip(RouterSpec::Ideal);
    spec.parameters.values_mut().for_each(|p| p.mismatch = None);
    spec.mismatch_reference = None;
    spec.tick = fact(tick);
    let value = |(name, text): (&str, &str)| (name.to_owned(), Values::Shared(text.parse().unwrap()));
    let levels = [("v_threshold", "1 mV"), ("drive", "0 mV"), ("v_initial", "0 mV"), ("v_reset", "0 mV")];
    let mut parameters: std::collections::BTreeMap<_, _> = levels.map(value).into();
    parameters.extend([value(("adaptation", "0 mV")), ("t_refractory".to_owned(), Values::Shared(period))]);
    let core = CoreProgram {
        address: CORE,
        model,
        neuron_count: 1,
        parameters,
        weight_exponent: 10,
        off: Vec::new(),
        circuits: Vec::new(),
    };
    let synapse = IdealSynapse { neuron: NeuronId(0), synapse: kind, weight: 2000 };
    let source = Source::Input(InputId(0));
    let row = IdealRow { source, destination: CORE, delay_ticks: 1, synapses: vec![synapse] };
    let routing = Routing::Ideal(vec![row]);
    let program = Program { chip: spec.name.clone(), clock: None, cores: vec![core], input_count: 1, routing };
    let mut emulator = Emulator::new(&spec, &program, &DieParameters::nominal()).unwrap();
    for tick in inputs {
        emulator.send(InputId(0), Tick(*tick), 1).unwrap();
    }
    let mut found: Vec<Spike> = Vec::new();
    emulator.run_until(Tick(400), &mut found);
    found.iter().map(|spike| spike.tick.0).collect()
}

#[test]
fn both_cores_end_refractory_periods_at_the_same_instant() {
    let mut random = Random::new(4);
    let every: Vec<u64> = (3..100).collect();
    for (tick, unit, ten_thousandths) in [("1 ms", Unit::MILLISECOND, 1), ("0.1 ms", Unit::MILLISECOND, -1)] {
        // Periods from 0 to 4 ticks in steps of a tenth of a tick, multiples and halves among them; and long ones.
        for tenths in (0..=40).chain([95, 105, 994, 995]) {
            let places = if ten_thousandths > 0 { -1 } else { -2 };
            let period = Quantity::new(Decimal::new(tenths, places), unit);
            let ticks = (tenths as u64 + 5) / 10;
            let some: Vec<u64> = (0..200).filter(|_| random.below(3) > 0).collect();
            for inputs in [&every, &some] {
                let mut free = 0;
                let mut expected = Vec::new();
                for &input in inputs {
                    if input >= free {
                        expected.push(input);
                        free = input + ticks;
                    }
                }
                for model in [CoreModel::Lif, CoreModel::AnalogLif] {
                    // A synapse that steps the membrane, alone and with a gain.
                    for kind in [0, 2] {
                        let found = spikes(model, tick, period, inputs, kind);
                        assert_eq!(found, expected, "{model}, tick {tick}, {period}, kind {kind}");
                    }
                }
            }
        }
    }
}
