//! One network at several lengths of a tick, on the asynchronous and on the clocked core, and its exact spike times.
//!
//! Times are given in microseconds and rounded to the tick of the chip, so that a network differs between resolutions
//! only in its time stamps. Delays between neurons are 1 ms.

use crate::Workload;
use chip::{ChipSpec, CoreModel, Values};
use device_models::DieParameters;
use emulator::Emulator;
use mapper::MapperOptions;
use network::Endpoint;
use units::{Decimal, InputId, Quantity, Tick, Unit};

/// A core model with a length of its tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Core model.
    pub model: CoreModel,
    /// Length of a tick in microseconds; divides 1000.
    pub tick_us: u64,
}

impl Resolution {
    /// The ideal chip with this tick.
    pub fn chip(self) -> ChipSpec {
        let mut spec = Workload::chip();
        spec.tick.quantity = Quantity::new(Decimal::new(self.tick_us as i64, -3), Unit::MILLISECOND);
        spec
    }

    /// Ticks in a millisecond.
    pub const fn per_ms(self) -> u64 {
        1000 / self.tick_us
    }

    /// `workload` on this chip, its synapses being of kind `synapse`, with every input event sent.
    ///
    /// # Panics
    /// If the workload does not fit the chip.
    pub fn emulator(self, workload: &Workload, synapse: &str) -> Emulator {
        let spec = self.chip();
        let mut network = workload.network();
        for population in &mut network.populations {
            population.model = self.model;
            let refractory = Quantity::new(Decimal::integer(workload.refractory_steps.into()), Unit::MILLISECOND);
            population.parameters.insert("t_refractory".to_owned(), Values::Shared(refractory));
        }
        for projection in &mut network.projections {
            synapse.clone_into(&mut projection.synapse.excitatory);
            synapse.clone_into(&mut projection.synapse.inhibitory);
            let recurrent = matches!(projection.pre, Endpoint::Population(_));
            projection.delay_ticks = if recurrent { self.per_ms() as u16 } else { 1 };
        }
        let mapping = mapper::map(&network, &spec, &MapperOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        let emulator = Emulator::new(&spec, &mapping.program, &DieParameters::nominal());
        let mut emulator = emulator.unwrap_or_else(|e| panic!("{e}"));
        for (time, channel) in workload.events_in_us() {
            emulator.send(InputId(channel), Tick(time / self.tick_us), 1).unwrap_or_else(|e| panic!("{e}"));
        }
        emulator
    }
}

impl Workload {
    /// Input events in microseconds: somewhere within their step, the same for every resolution.
    pub fn events_in_us(&self) -> impl Iterator<Item = (u64, u32)> {
        self.events.iter().map(|&(step, channel)| {
            let within = (step * 2_654_435_761 + u64::from(channel) * 40_503) >> 7;
            (step * 1000 + within % 1000, channel)
        })
    }

    /// The workload without its recurrent connections: each neuron for itself, so that errors do not travel.
    #[must_use]
    pub fn without_recurrence(mut self) -> Self {
        self.recurrent = crate::workload::Rows::from_list(self.neurons, Vec::new());
        self.name.push_str(" without recurrence");
        self
    }

    /// The exact spike times of every neuron in microseconds, for delta synapses and no recurrence, in double
    /// precision: between events the membrane is monotone, and the time of a crossing has a closed form.
    pub fn exact_spikes(&self, end_us: f64) -> Vec<Vec<f64>> {
        let value = |d: Decimal| d.to_string().parse::<f64>().expect("a decimal is a number");
        let mut arrivals: Vec<Vec<(f64, f64)>> = vec![Vec::new(); self.neurons];
        for (time, channel) in self.events_in_us().filter(|(time, _)| (*time as f64) < end_us) {
            let (posts, weights) = self.input.row(channel as usize);
            for (post, weight) in posts.iter().zip(weights) {
                arrivals[*post as usize].push((time as f64, f64::from(*weight) / 256.0));
            }
        }
        let refractory = f64::from(self.refractory_steps) * 1000.0;
        let mut neuron = |n: usize| {
            let (tau, drive, threshold) = (value(self.tau[n]) * 1e3, value(self.drive[n]), value(self.threshold[n]));
            let (mut now, mut v, mut spikes) = (0.0, value(self.initial[n]), Vec::new());
            arrivals[n].sort_by(|a, b| a.0.total_cmp(&b.0));
            for (time, weight) in arrivals[n].iter().copied().chain([(end_us, 0.0)]) {
                // Crossings before the event.
                while drive > threshold && now < time {
                    let crossing = now + tau * ((drive - v) / (drive - threshold)).ln();
                    if crossing >= time {
                        break;
                    }
                    spikes.push(crossing);
                    (now, v) = (crossing + refractory, 0.0);
                }
                if time < now {
                    continue;
                }
                v = drive + (v - drive) * (-(time - now) / tau).exp() + weight;
                now = time;
                if v >= threshold && time < end_us {
                    spikes.push(time);
                    (now, v) = (time + refractory, 0.0);
                }
            }
            spikes
        };
        (0..self.neurons).map(&mut neuron).collect()
    }
}
