//! The log-domain core: recorded traces, two independent statements of its step, sleep, and saved states.

use crate::golden::{replay, workspace};
use crate::sliced::{chip, decimal, from_input, from_neuron, kind, program, synapse};
use crate::support::{fact, quantity};
use chip::{ChipSpec, CoreModel, Fact, Program, SynapseGate, SynapseSign};
use conformance::dpi::{DpiSettings, DpiState, Filter};
use device_models::DieParameters;
use emulator::{Each, Emulator, Spike};
use proptest::prelude::*;
use std::collections::BTreeMap;
use units::{InputId, NeuronId, Tick, Unit};

#[test]
fn recorded_traces_are_met() {
    assert_eq!(replay(&workspace().join("tests/golden/dynapsim")), 4);
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn recorded_traces_of_the_shared_folder_are_met() {
    let folder = workspace().join("../shared/golden/dynapsim");
    if folder.is_dir() {
        assert!(replay(&folder) > 0);
    } else {
        eprintln!("skipped: there is no {}", folder.display());
    }
}

/// Shifts of the two kinds of synapse of each gate: that of plain weights, and one of 16 bits more.
const SHIFTS: [u8; 2] = [12, 28];
/// Bytes of an input, which are sent on a channel each.
const BYTES: usize = 4;

/// Neurons on a chip of their own, and the oracle of each. All have the same gates and the same step. Inputs have 20
/// fraction bits.
struct Net {
    emulator: Emulator,
    settings: Vec<DpiSettings>,
    oracles: Vec<DpiState<i128>>,
    /// The weight [from][to] of a spike in the first gate, in units of 2^-20.
    weights: Vec<Vec<i64>>,
}

impl Net {
    fn program(settings: &[DpiSettings], weights: &[Vec<i64>]) -> (ChipSpec, Program) {
        let gates = settings[0].gates.iter().map(|(gate, _)| *gate);
        let kinds = gates.clone().flat_map(|gate| {
            let sign = match gate {
                SynapseGate::Combined => SynapseSign::Signed,
                SynapseGate::Ampa | SynapseGate::Nmda => SynapseSign::Excitatory,
                SynapseGate::Gaba | SynapseGate::Shunt => SynapseSign::Inhibitory,
            };
            SHIFTS.map(|shift| kind(sign, shift, Some(gate)))
        });
        let mut spec = chip(CoreModel::Dpi, kinds.collect());
        spec.tick = Fact { quantity: decimal(settings[0].dt, Unit::MILLISECOND), ..fact("1 ms") };
        let mut parameters = BTreeMap::new();
        let mut add = |name: &str, unit: &str, value: &dyn Fn(&DpiSettings) -> f64| {
            let unit = quantity(&format!("1 {unit}")).unit;
            parameters.insert(name.to_owned(), settings.iter().map(|s| decimal(value(s), unit)).collect());
        };
        for (name, unit, value) in [
            ("i_dark", "pA", (|s| s.dark) as fn(&DpiSettings) -> f64),
            ("kappa_n", "1", |s| s.kappa),
            ("kappa_p", "1", |s| s.kappa),
            ("u_t", "mV", |s| s.u_t),
            ("v_cutoff", "mV", |s| s.v),
            ("i_scale", "pA", |s| s.scale),
            ("i_threshold", "pA", |s| s.threshold),
            ("i_dc", "pA", |s| s.dc),
            ("i_w_ahp", "pA", |s| s.w_ahp),
            ("c_mem", "pF", |s| s.membrane.c),
            ("i_tau_mem", "pA", |s| s.membrane.tau),
            ("i_gain_mem", "pA", |s| s.membrane.gain),
            ("c_ahp", "pF", |s| s.adaptation.c),
            ("i_tau_ahp", "pA", |s| s.adaptation.tau),
            ("i_gain_ahp", "pA", |s| s.adaptation.gain),
            ("c_pulse", "pF", |s| s.pulse.0),
            ("i_pulse", "pA", |s| s.pulse.1),
            ("c_pulse_ahp", "pF", |s| s.pulse_ahp.0),
            ("i_pulse_ahp", "pA", |s| s.pulse_ahp.1),
            // A pulse that ends half a step before the period does, or at once.
            ("c_refractory", "pF", |s| if s.refractory == 0 { 1e-7 } else { f64::from(s.refractory) - 0.5 }),
            ("i_refractory", "pA", |s| s.v / s.dt),
        ] {
            add(name, unit, &value);
        }
        for (k, gate) in gates.enumerate() {
            let [c, tau, gain] = gate.parameters();
            add(c, "pF", &|s| s.gates[k].1.c);
            add(tau, "pA", &|s| s.gates[k].1.tau);
            add(gain, "pA", &|s| s.gates[k].1.gain);
            if gate == SynapseGate::Nmda {
                add("i_nmda_gate", "pA", &|s| s.nmda);
            }
        }
        let (neurons, gates) = (settings.len(), settings[0].gates.len());
        let channels = (0..neurons * gates * BYTES * 2).map(|channel| {
            let (negative, byte) = (channel % 2 == 1, channel / 2 % BYTES);
            let (gate, neuron) = (channel / 2 / BYTES % gates, channel / 2 / BYTES / gates);
            let weight = if byte % 2 == 0 { 1 } else { 256 };
            // Only the combined gate has inputs of either sign.
            let weight = match settings[0].gates[gate].0 {
                SynapseGate::Combined if negative => -weight,
                _ if negative => 0,
                _ => weight,
            };
            from_input(channel, vec![synapse(neuron, 2 * gate + byte / 2, weight)])
        });
        let recurrent = weights.iter().enumerate().map(|(from, weights)| {
            let parts = |(to, weight): (usize, &i64)| {
                [(0, weight & 0x7fff), (0, weight & 0x8000), (1, weight >> 16)].into_iter().flat_map(
                    move |(kind, w)| {
                        // The highest bit of a slice in two halves, because a gate has no negative weights.
                        let halves = if w == 0x8000 { vec![0x4000; 2] } else { vec![w as i16] };
                        halves.into_iter().filter(|w| *w != 0).map(move |w| synapse(to, kind, w))
                    },
                )
            };
            from_neuron(from, weights.iter().enumerate().flat_map(parts).collect())
        });
        let rows = channels.chain(recurrent).collect();
        let program = program(&mut spec, parameters, neurons * gates * BYTES * 2, rows);
        (spec, program)
    }

    fn new(settings: &[DpiSettings], weights: &[Vec<i64>]) -> Self {
        let (spec, program) = Self::program(settings, weights);
        Self {
            emulator: Emulator::new(&spec, &program, &DieParameters::nominal()).unwrap(),
            settings: settings.to_vec(),
            oracles: settings.iter().map(DpiSettings::initial).collect(),
            weights: weights.to_vec(),
        }
    }

    fn single(settings: &DpiSettings) -> Self {
        Self::new(std::slice::from_ref(settings), &[vec![0]])
    }

    /// Sends `inputs`, one list of gates a neuron, and runs their step. Returns the spikes.
    fn run(&mut self, inputs: &[Vec<i64>]) -> Vec<i32> {
        let (now, gates) = (self.emulator.now(), self.settings[0].gates.len());
        for (neuron, inputs) in inputs.iter().enumerate() {
            for (gate, input) in inputs.iter().enumerate() {
                for (byte, payload) in input.unsigned_abs().to_le_bytes().into_iter().enumerate().take(BYTES) {
                    let channel = ((neuron * gates + gate) * BYTES + byte) * 2 + usize::from(*input < 0);
                    self.emulator.send(InputId(channel as u32), now, payload.into()).unwrap();
                }
            }
        }
        let mut spikes = vec![0; self.settings.len()];
        self.emulator.run_until(now.after(1), &mut Each(|s: Spike| spikes[s.neuron.index()] += s.value));
        spikes
    }

    /// The same, and the step of the oracles.
    fn step(&mut self, inputs: &[Vec<i64>]) -> Vec<i32> {
        let spikes = self.run(inputs);
        let before: Vec<i64> = self.oracles.iter().map(|oracle| oracle.spikes.into()).collect();
        for (to, (settings, oracle)) in self.settings.iter().zip(&mut self.oracles).enumerate() {
            // Only the combined gate has inputs of either sign.
            let sent = |(x, (gate, _)): (&i64, &(SynapseGate, Filter))| match gate {
                SynapseGate::Combined => x << 12,
                _ => x.max(&0) << 12,
            };
            let mut all: Vec<i64> = inputs[to].iter().zip(&settings.gates).map(sent).collect();
            let arrived = before.iter().zip(&self.weights).map(|(spikes, weights)| (spikes * weights[to]) << 12);
            all[0] += arrived.sum::<i64>();
            settings.step(oracle, &all);
        }
        spikes
    }

    /// Neuron `n`, as its probes have it.
    fn state(&self, n: usize, spikes: i32) -> DpiState<i128> {
        let (gates, at) = (self.settings[n].gates.len(), Tick(self.emulator.now().0 - 1));
        let read = |index: usize| i128::from(self.emulator.core(0).probe(index, NeuronId(n as u16), at));
        DpiState {
            synapses: (0..gates).map(|gate| read(3 + gate)).collect(),
            ahp: read(1),
            mem: read(0),
            log: read(3 + gates),
            spikes,
            refractory: read(2) as i32,
        }
    }

    fn states(&self, spikes: &[i32]) -> Vec<DpiState<i128>> {
        spikes.iter().enumerate().map(|(n, spikes)| self.state(n, *spikes)).collect()
    }
}

fn in_floats(state: &DpiState<i128>) -> DpiState<f64> {
    let unit = |x: i128| x as f64 / f64::from(1 << 28);
    DpiState {
        synapses: state.synapses.iter().map(|x| unit(*x)).collect(),
        ahp: unit(state.ahp),
        mem: unit(state.mem),
        log: state.log as f64 / (1u64 << 40) as f64 * std::f64::consts::LN_2,
        spikes: state.spikes,
        refractory: state.refractory,
    }
}

/// A multiple of 2^-20 from `low` to `high`.
fn number(low: f64, high: f64) -> impl Strategy<Value = f64> {
    (low..high).prop_map(|x| (x * 1_048_576.0).round() / 1_048_576.0)
}

fn filter(c: f64, tau: f64, gain: f64) -> impl Strategy<Value = Filter> {
    let strategies = (number(c / 2.0, c * 2.0), number(tau / 2.0, tau * 2.0), number(gain / 4.0, gain * 4.0));
    strategies.prop_map(|(c, tau, gain)| Filter { c, tau, gain })
}

/// Circuits around the defaults of DYNAP-SE2, with steps of 0.1 ms to 1 ms.
fn settings() -> impl Strategy<Value = DpiSettings> {
    let combined = filter(24.5, 87.0, 8700.0).prop_map(|f| vec![(SynapseGate::Combined, f)]);
    let four = [SynapseGate::Ampa, SynapseGate::Nmda, SynapseGate::Gaba, SynapseGate::Shunt]
        .map(|gate| filter(25.0, 88.0, 8800.0).prop_map(move |f| (gate, f)));
    let four = Vec::from(four);
    let gates = prop_oneof![combined, four];
    let process = (number(0.1, 1.0), number(0.3, 0.4), number(0.6, 0.8), number(20.0, 30.0), number(500.0, 900.0));
    let parts = (filter(3.0, 5.3, 21.0), filter(40.0, 28.0, 28.0));
    let pulses = ((number(0.3, 0.7), number(2e4, 5e4)), (number(0.3, 0.7), number(2e5, 5e5)));
    let inputs = (number(1e3, 2e5), number(0.0, 300.0), number(0.0, 1e5), number(0.5, 1e3), number(1e3, 2e4));
    (gates, process, parts, pulses, inputs, 0..8).prop_map(
        |(gates, (dt, dark, kappa, u_t, v), (membrane, adaptation), (pulse, pulse_ahp), i, refractory)| {
            let (threshold, dc, w_ahp, nmda, scale) = i;
            DpiSettings {
                dt,
                dark,
                kappa,
                u_t,
                v,
                membrane,
                adaptation,
                pulse,
                pulse_ahp,
                threshold,
                dc,
                w_ahp,
                nmda,
                scale,
                refractory,
                gates,
            }
        },
    )
}

/// Inputs of up to four gates, most of them absent; 20 fraction bits.
fn inputs() -> impl Strategy<Value = Vec<[i64; 4]>> {
    let one = prop_oneof![3 => Just(0i64), 2 => -(1i64 << 21)..1 << 24];
    proptest::collection::vec([one.clone(), one.clone(), one.clone(), one].prop_map(|x| x), 1..80)
}

/// Same, within a part of `b` and a little.
fn close(a: f64, b: f64, what: &str) -> Result<(), TestCaseError> {
    // The documented error of a step: 1e-6 of the current plus 2^-26 dark currents.
    prop_assert!((a - b).abs() <= 1e-6 * b.abs() + 1.0 / f64::from(1 << 26), "{what}: {a} and {b}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two neurons that excite each other.
    #[test]
    fn every_bit_is_that_of_the_oracle_straight_and_resumed(
        (first, second) in (settings(), settings()),
        weights in proptest::collection::vec(0i64..1 << 24, 4),
        rows in inputs(),
        cut in any::<prop::sample::Index>(),
    ) {
        // The gates and the step are those of the chip.
        let second = DpiSettings { dt: first.dt, gates: first.gates.clone(), ..second };
        let (settings, weights) = ([first, second], [weights[..2].to_vec(), weights[2..].to_vec()]);
        let mut net = Net::new(&settings, &weights);
        let gates = settings[0].gates.len();
        let inputs = |row: &[i64; 4]| vec![row[..gates].to_vec(), row[..gates].iter().map(|x| x / 2).collect()];
        let cut = cut.index(rows.len());
        let (mut snapshot, mut seen) = (None, Vec::new());
        for (step, row) in rows.iter().enumerate() {
            if step == cut {
                snapshot = Some(net.emulator.snapshot());
            }
            let spikes = net.step(&inputs(row));
            seen.push(net.states(&spikes));
            prop_assert_eq!(&seen[step], &net.oracles, "step {}", step);
        }
        let (spec, program) = Net::program(&settings, &weights);
        let resumed = Emulator::resume(&spec, &program, &DieParameters::nominal(), &snapshot.unwrap()).unwrap();
        let straight = std::mem::replace(&mut net.emulator, resumed);
        for (row, seen) in rows.iter().zip(&seen).skip(cut) {
            let spikes = net.run(&inputs(row));
            prop_assert_eq!(&net.states(&spikes), seen);
        }
        prop_assert_eq!(net.emulator.digest(), straight.digest());
    }

    #[test]
    fn a_step_is_off_by_less_than_it_says(settings in settings(), rows in inputs()) {
        let mut net = Net::single(&settings);
        let mut float = in_floats(&settings.initial());
        for row in &rows {
            let row = &row[..settings.gates.len()];
            let spikes = net.run(&[row.to_vec()]);
            let in_units: Vec<f64> = row.iter().map(|x| *x as f64 / 1_048_576.0).collect();
            settings.step_in_floats(&mut float, &in_units);
            if net.emulator.counters().saturations > 0 {
                break; // the statement in floats has no largest current
            }
            let raw = net.state(0, spikes[0]);
            let got = in_floats(&raw);
            for (a, b) in got.synapses.iter().zip(&float.synapses) {
                close(*a, *b, "synapse")?;
            }
            close(got.ahp, float.ahp, "adaptation")?;
            close(got.log.exp(), float.log.exp(), "membrane before reset")?;
            // Spikes may differ only where the logarithm is a whole number but for the error.
            let level = float.log - (settings.threshold / settings.dark).ln();
            if (level - level.round()).abs() > 1e-6 {
                prop_assert_eq!(raw.spikes, float.spikes);
                close(got.mem, float.mem, "membrane")?;
            }
            float = got;
        }
    }

    /// The kernel steps no core that sleeps; the oracle steps on and stays where it is.
    #[test]
    fn what_sleeps_stays_as_it_is(settings in settings(), rows in inputs()) {
        let settings = DpiSettings { dc: 0.0, ..settings };
        let mut net = Net::single(&settings);
        for row in &rows {
            net.step(&[row[..settings.gates.len()].to_vec()]);
        }
        let nothing = [vec![0; settings.gates.len()]];
        let asleep = (0..20_000).find(|_| {
            net.step(&nothing);
            net.emulator.core(0).next_wake(net.emulator.now()) == Tick::NEVER
        });
        if asleep.is_some() {
            let updates = net.emulator.counters().neuron_updates;
            for _ in 0..3 {
                let spikes = net.step(&nothing);
                prop_assert_eq!(&net.states(&spikes), &net.oracles);
            }
            prop_assert_eq!(net.emulator.counters().neuron_updates, updates);
        }
    }
}

#[test]
fn a_neuron_at_rest_falls_asleep() {
    // The defaults of DYNAP-SE2 come to rest within a second.
    let filter = |c, tau, gain| Filter { c, tau, gain };
    let settings = DpiSettings {
        dt: 1.0,
        dark: 0.5,
        kappa: 0.705_078_125,
        u_t: 25.0,
        v: 700.0,
        membrane: filter(3.0, 5.3125, 21.25),
        adaptation: filter(40.0, 28.375, 28.375),
        pulse: (0.5, 35_000.0),
        pulse_ahp: (0.5, 350_000.0),
        threshold: 100_000.0,
        dc: 0.5,
        w_ahp: 0.5,
        nmda: 0.5,
        scale: 10_000.0,
        refractory: 1,
        gates: vec![(SynapseGate::Combined, filter(24.5, 86.875, 8_687.5))],
    };
    let mut net = Net::single(&settings);
    net.run(&[vec![300 << 20]]);
    let mut spikes = 0;
    let steps = (0..3000).find(|_| {
        spikes += net.run(&[vec![0]])[0];
        net.emulator.core(0).next_wake(net.emulator.now()) == Tick::NEVER
    });
    assert!(steps.is_some_and(|steps| (50..1000).contains(&steps)), "{steps:?}");
    assert!(spikes > 3, "{spikes}");
    // The combined synapse rests below the dark current: at (1 - exp(-t_pulse/tau)) / (1 - exp(-dt/tau)).
    let rest = net.state(0, 0).synapses[0] as f64 / f64::from(1 << 28);
    assert!((rest - 0.0105).abs() < 0.0002, "{rest}");
}
