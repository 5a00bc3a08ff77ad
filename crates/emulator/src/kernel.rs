//! The emulator: cores, fabric, queue, and the loop over ticks.

use crate::noise::{self, EventNoise, NoisyDelivery};
use crate::queue::{Delivery, Queue};
use crate::wake::Wake;
use crate::{EmulatorError, Sink};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, Program};
use device_models::{Core, DieParameters, Digest};
use fx::Weight;
use router::{Counters, Fabric, LEVEL_MAX, LossCause, Route, SPIKES_PER_TICK_MAX};
use units::{InputId, NeuronId, Tick};

/// A program running on a die.
///
/// Emulated time is a tick counter; [`Emulator::now`] is the next tick to be processed. An event sent for tick t is
/// delivered in tick t, through a row with delay 1; each further tick of a row's delay adds one. A spike of tick t is
/// delivered in tick t + delay.
///
/// A clocked core acts in ticks that are multiples of the chip's step: what is delivered to it in between is added to
/// its sums at once and acts at the next multiple, or at once if the tick is one. An asynchronous core acts in any
/// tick.
#[derive(Clone, Debug)]
pub struct Emulator {
    pub(crate) fabric: Arc<Fabric>,
    pub(crate) cores: Vec<Core>,
    pub(crate) queue: Queue,
    /// By core: the next tick in which it is advanced, because something reached it or because it asked for it.
    pub(crate) wake: Wake,
    /// By core: the ticks at which it can act are the multiples of this; more than 1 for clocked cores only.
    pub(crate) periods: Vec<u64>,
    /// Ticks of a step of clocked cores.
    pub(crate) step_ticks: u64,
    /// Where a step has several ticks: spikes that each channel has in a step, for all steps that are not over, by
    /// the last tick of the step.
    pub(crate) sent: BTreeMap<(Tick, InputId), i32>,
    pub(crate) now: Tick,
    /// By input channel: the level that all events sent so far lead to, for channels that drive rate units.
    pub(crate) levels: Vec<i64>,
    /// By route: whether it is switched off. Empty: none is.
    pub(crate) muted: Vec<bool>,
    /// Noise within a run, with all deliveries that wait if events have some; none in most runs.
    pub(crate) noise: Option<EventNoise>,
    pub(crate) counters: Counters,
    pub(crate) chain: Digest,
}

impl Emulator {
    /// `program` on the die `die` of a chip, in its initial state at tick 0.
    ///
    /// # Errors
    /// A program that the chip cannot hold, or parameters that a core cannot have; see [`router::RouterError`] and
    /// [`device_models::DeviceModelError`]. Noise within the run that the model of a core does not have.
    pub fn new(spec: &ChipSpec, program: &Program, die: &DieParameters) -> Result<Self, EmulatorError> {
        Self::with_fabric(spec, program, Arc::new(Fabric::build(spec, program)?), die)
    }

    /// The same with connections that were compiled before, so that many dies of one program share them; a die that
    /// changes weights gets its own from them (see [`Fabric::on_die`]).
    ///
    /// # Errors
    /// As [`Emulator::new`]; [`EmulatorError::ForeignFabric`] if the fabric has other cores or channels than the
    /// program.
    pub fn with_fabric(
        spec: &ChipSpec,
        program: &Program,
        fabric: Arc<Fabric>,
        die: &DieParameters,
    ) -> Result<Self, EmulatorError> {
        let neurons: u64 = program.cores.iter().map(|c| u64::from(c.neuron_count)).sum();
        let fits = fabric.input_count() == program.input_count as usize
            && fabric.core_count() == program.cores.len()
            && fabric.source_count() as u64 == neurons + u64::from(program.input_count)
            && program.cores.iter().enumerate().all(|(i, core)| {
                let layout = fabric.layout(i);
                layout.model() == core.model && layout.neuron_count() == core.neuron_count as usize
            });
        if !fits {
            return Err(EmulatorError::ForeignFabric);
        }
        let fabric = fabric.on_die(spec, program, die)?;
        if let Some(noise) = die.noise() {
            noise::check(noise, program)?;
        }
        let cores = program.cores.iter().enumerate();
        let cores = cores.map(|(i, core)| Core::new(spec, core, fabric.layout(i).clone(), die));
        let mut cores: Vec<Core> = cores.collect::<Result<_, _>>()?;
        for (core, loaded) in cores.iter_mut().zip(&program.cores) {
            core.wire(loaded.address, &program.routing)?;
        }
        let step_ticks = spec.step_ticks();
        let period = |model: CoreModel| if model.is_clocked() { step_ticks } else { 1 };
        let periods = program.cores.iter().map(|core| period(core.model)).collect();
        Ok(Self {
            queue: Queue::new(fabric.delay_max()),
            wake: Wake::new(cores.len()),
            periods,
            step_ticks,
            sent: BTreeMap::new(),
            now: Tick(0),
            levels: vec![0; fabric.input_count()],
            muted: Vec::new(),
            noise: EventNoise::new(die.noise(), program),
            counters: Counters::new(cores.len()),
            chain: Digest::new(),
            cores,
            fabric,
        })
    }

    /// Sends an event of channel `input` for tick `tick`. `payload` is the number of spikes where the channel drives
    /// spiking neurons, and the change of the channel's level, in units of 2^-16, where it drives rate units. Events of
    /// one channel for one tick add up. A Xylo chip counts 15 of them; those beyond are lost and counted as such
    /// ([`LossCause::InputCap`]).
    ///
    /// # Errors
    /// An unknown channel, a tick that is over, a negative number of spikes or more than 255 in one tick (and, where
    /// a step of the chip has several ticks, in one step), or a level beyond +-256. Nothing is sent then.
    pub fn send(&mut self, input: InputId, tick: Tick, payload: i32) -> Result<(), EmulatorError> {
        let count = self.fabric.input_count();
        if input.index() >= count {
            return Err(EmulatorError::UnknownInput { input: input.0, count });
        }
        if tick < self.now || tick == Tick::NEVER {
            return Err(EmulatorError::OutOfTime { input: input.0, tick, now: self.now });
        }
        let before = self.queue.input(tick, input);
        let total = match self.fabric.input_model(input) {
            Some(model) if model.is_graded() => {
                let level = self.levels[input.index()] + i64::from(payload);
                let total = i64::from(before) + i64::from(payload);
                if level.abs().max(total.abs()) > i64::from(LEVEL_MAX) {
                    return Err(EmulatorError::Level { input: input.0, level, limit: LEVEL_MAX });
                }
                self.levels[input.index()] = level;
                total as i32
            }
            _ => {
                let spikes = i64::from(before) + i64::from(payload);
                if payload < 0 || spikes > i64::from(SPIKES_PER_TICK_MAX) {
                    let limit = SPIKES_PER_TICK_MAX;
                    return Err(EmulatorError::SpikeCount { input: input.0, tick, spikes, limit });
                }
                self.count_in_step(input, tick, payload)?;
                spikes as i32
            }
        };
        self.queue.set_input(tick, input, total);
        Ok(())
    }

    /// Adds `spikes` of `input` to those of the step in which `tick` lies.
    fn count_in_step(&mut self, input: InputId, tick: Tick, spikes: i32) -> Result<(), EmulatorError> {
        if self.step_ticks == 1 || spikes == 0 {
            return Ok(());
        }
        let (step_end, limit) = (due(tick, self.step_ticks), SPIKES_PER_TICK_MAX);
        let count = self.sent.entry((step_end, input)).or_insert(0);
        let spikes = i64::from(*count) + i64::from(spikes);
        if spikes > i64::from(limit) {
            return Err(EmulatorError::SpikesPerStep { input: input.0, step_end, spikes, limit });
        }
        *count = spikes as i32;
        Ok(())
    }

    /// Processes every tick before `end` and hands each spike to `sink`. Afterwards [`Emulator::now`] is `end`; if it
    /// was
    /// `end` or later already, nothing happens.
    pub fn run_until(&mut self, end: Tick, sink: &mut impl Sink) {
        if end <= self.now {
            return;
        }
        loop {
            let late = self.noise.as_ref().map_or(Tick::NEVER, EventNoise::next);
            let tick = self.wake.next().min(self.queue.next(self.now)).min(late);
            if tick >= end {
                break;
            }
            self.now = tick;
            self.deliver(tick);
            if self.wake.next() == tick {
                self.advance(tick, sink);
            }
            self.now = tick.after(1);
        }
        self.now = end;
        while let Some(entry) = self.sent.first_entry()
            && entry.key().0 < end
        {
            entry.remove();
        }
    }

    /// The first phase of a tick.
    fn deliver(&mut self, tick: Tick) {
        while let Some((input, payload)) = self.queue.take_input(tick) {
            self.deliver_input(tick, input, payload);
        }
        let deliveries = self.queue.take(tick);
        for &Delivery { row, payload } in &deliveries {
            self.deliver_row(tick, row, payload);
        }
        self.queue.recycle(deliveries);
        for delivery in self.noise.as_mut().map(|noise| noise.take(tick)).unwrap_or_default() {
            self.deliver_noisy(tick, delivery);
        }
    }

    fn deliver_input(&mut self, tick: Tick, input: InputId, payload: i32) {
        let source = self.fabric.input_source(input);
        let graded = self.fabric.input_model(input).is_some_and(CoreModel::is_graded);
        let times = if graded { 1 } else { payload as u64 };
        self.counters.inputs += times;
        self.fabric.traffic(source).count(None, times, &mut self.counters);
        let cap = self.fabric.input_cap(input);
        let payload = if graded || payload <= cap {
            payload
        } else {
            let lost = u64::from(self.fabric.traffic(source).sent) * (payload - cap) as u64;
            self.counters.losses.add(None, LossCause::InputCap, lost);
            cap
        };
        for r in self.fabric.routes_of(source) {
            let route = self.fabric.routes()[r];
            if self.muted.get(r) == Some(&true) {
                continue;
            }
            if let Some(noise) = self.noise.as_mut().filter(|noise| noise.changes_events()) {
                let (event, late) = noise.input(tick, input);
                let delivery = NoisyDelivery { row: route.row, payload, event: event.to_bits() };
                // What is due in this very tick is taken out as soon as all channels are through.
                noise.push(tick.after(u64::from(route.delay_ticks) - 1 + late), delivery);
                continue;
            }
            if route.delay_ticks == 1 {
                self.deliver_row(tick, route.row, payload);
            } else {
                let at = tick.after(u64::from(route.delay_ticks) - 1);
                self.queue.push(tick, at, Delivery { row: route.row, payload });
            }
        }
    }

    #[inline]
    fn deliver_row(&mut self, tick: Tick, row: u32, payload: i32) {
        let row = self.fabric.row(row);
        let core = &mut self.cores[row.core];
        core.deliver(row.synapses, payload);
        self.wake.lower(row.core, due(tick, self.periods[row.core]));
        let times = if core.is_graded() { 1 } else { payload as u64 };
        self.counters.events_delivered += times;
        self.counters.synaptic_operations += row.synapses.len() as u64 * times;
    }

    /// [`Self::deliver_row`] for events with noise.
    fn deliver_noisy(&mut self, tick: Tick, delivery: NoisyDelivery) {
        let Self { fabric, cores, wake, periods, noise, counters, .. } = self;
        let noise = noise.as_mut().expect("only a run with noise has such deliveries");
        let row = fabric.row(delivery.row);
        let core = &mut cores[row.core];
        let stride = fabric.layout(row.core).stride();
        counters.saturations += noise.rows(row, stride, delivery, |synapses, times| core.deliver(synapses, times));
        wake.lower(row.core, due(tick, periods[row.core]));
        let times = if core.is_graded() { 1 } else { delivery.payload as u64 };
        counters.events_delivered += times;
        counters.synaptic_operations += row.synapses.len() as u64 * times;
    }

    /// The second and third phase of a tick, for the cores that are due, in their order.
    fn advance(&mut self, tick: Tick, sink: &mut impl Sink) {
        let Self { fabric, cores, queue, wake, periods, muted, noise, counters, chain, .. } = self;
        let mut noise = noise.as_mut().filter(|noise| noise.changes_events());
        wake.visit(tick, |index| {
            let core = &mut cores[index];
            let graded = core.is_graded();
            let emissions = core.advance(tick);
            if !emissions.is_empty() {
                chain.push(tick.0);
                chain.push((index as u64) << 32 | emissions.len() as u64);
            }
            for emission in emissions {
                chain.push(u64::from(emission.neuron.0) << 32 | u64::from(emission.value as u32));
                sink.spike(tick, index, emission.neuron, emission.value);
                let source = fabric.neuron_source(index, emission.neuron);
                // A digital neuron can spike several times in a tick.
                let times = if graded { 1 } else { emission.payload as u64 };
                counters.spikes += times;
                fabric.traffic(source).count(Some(index), times, counters);
                if let Some(noise) = &mut noise {
                    let (event, late) = noise.neuron(tick, index, emission.neuron);
                    for r in fabric.routes_of(source).filter(|r| muted.get(*r) != Some(&true)) {
                        let Route { row, delay_ticks } = fabric.routes()[r];
                        let delivery = NoisyDelivery { row, payload: emission.payload, event: event.to_bits() };
                        noise.push(tick.after(u64::from(delay_ticks) + late), delivery);
                    }
                    continue;
                }
                for r in fabric.routes_of(source) {
                    let route = fabric.routes()[r];
                    if muted.is_empty() || !muted[r] {
                        let delivery = Delivery { row: route.row, payload: emission.payload };
                        queue.push(tick, tick.after(route.delay_ticks.into()), delivery);
                    }
                }
            }
            counters.neuron_updates += core.updated() as u64;
            counters.saturations += core.take_saturations();
            due(core.next_wake(tick), periods[index])
        });
    }

    /// Says which part of a run follows. Ticks start at 0 after each [`Emulator::reset`], and the noise of an event,
    /// or of an interval between spikes, is a function of its tick, so parts that are to have different noise need
    /// different numbers. In the middle of a run the thresholds of the present intervals become those of the new part.
    /// Resetting keeps the number; without noise within a run it means nothing.
    pub fn set_part(&mut self, part: u64) {
        let Some(noise) = &mut self.noise else { return };
        noise.part = part;
        for (index, (core, period)) in self.cores.iter_mut().zip(&self.periods).enumerate() {
            if core.set_part(part) {
                self.wake.lower(index, due(self.now, *period));
            }
        }
    }

    /// Back to the initial state at tick 0 with an empty queue and a new digest; counters and muted routes are kept.
    pub fn reset(&mut self) {
        if let Some(noise) = &mut self.noise {
            noise.waiting.clear();
        }
        self.cores.iter_mut().for_each(Core::reset);
        self.queue.clear();
        self.wake.reset();
        self.now = Tick(0);
        self.levels.fill(0);
        self.sent.clear();
        self.chain = Digest::new();
    }

    /// The next tick to be processed.
    pub const fn now(&self) -> Tick {
        self.now
    }

    /// What happened so far, in all runs since the emulator was made.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Hash of the run since the last reset: every spike with its tick, core, neuron and value, then the time and the
    /// state of every core.
    pub fn digest(&self) -> u64 {
        let mut digest = self.chain;
        digest.push(self.now.0);
        for core in &self.cores {
            core.digest_state(&mut digest);
        }
        digest.value()
    }

    /// Switches routes off on the running program, or back on: those for which `muted` says so are off from now on.
    /// It is asked for each route with its source and the index of the core where it ends. What is on its way already
    /// arrives.
    ///
    /// Events still count as sent, because the source sends them; they are not delivered.
    pub fn mute(&mut self, mut muted: impl FnMut(Origin, usize) -> bool) {
        let flags: Vec<bool> = self.route_ends().map(|(origin, core)| muted(origin, core)).collect();
        self.muted = if flags.contains(&true) { flags } else { Vec::new() };
    }

    /// By route, in the order of [`Emulator::route_ends`]: whether it is switched off. Empty: none is.
    pub fn muted(&self) -> &[bool] {
        &self.muted
    }

    /// The source of every route, and the index of the core where it ends.
    pub fn route_ends(&self) -> impl Iterator<Item = (Origin, usize)> {
        let fabric = &*self.fabric;
        let inputs = (0..fabric.input_count() as u32).map(|i| Origin::Input(InputId(i)));
        let neurons = (0..self.cores.len()).flat_map(|core| {
            (0..fabric.layout(core).neuron_count()).map(move |n| Origin::Neuron { core, neuron: NeuronId(n as u16) })
        });
        inputs.chain(neurons).enumerate().flat_map(move |(source, origin)| {
            fabric.routes_of(source).map(move |r| (origin, fabric.row(fabric.routes()[r].row).core))
        })
    }

    /// The connections.
    pub const fn fabric(&self) -> &Arc<Fabric> {
        &self.fabric
    }

    /// Core `core` (index into the program), for probes of its state and parameters.
    ///
    /// # Panics
    /// If the program does not have that core.
    pub fn core(&self, core: usize) -> &Core {
        &self.cores[core]
    }

    /// The membrane of a `lif` or `analog-lif` neuron, in the voltage unit of its threshold; `None` for other models.
    ///
    /// # Panics
    /// If the program does not use that neuron.
    pub fn membrane(&self, core: usize, neuron: NeuronId) -> Option<Weight> {
        match &self.cores[core] {
            Core::Lif(core) => Some(Weight::from_bits(core.membrane(neuron))),
            Core::AnalogLif(core) => {
                // The state after the last tick that was processed.
                let at = Tick(self.now.0.saturating_sub(1));
                Some(device_models::analog_lif::membrane_weight(core.membrane(neuron, at)))
            }
            _ => None,
        }
    }

    /// The output level of a rate unit, with 16 fraction bits; `None` for other models.
    ///
    /// # Panics
    /// If the program does not use that unit.
    pub fn level(&self, core: usize, neuron: NeuronId) -> Option<i32> {
        match &self.cores[core] {
            Core::Rate(core) => Some(core.level(neuron)),
            _ => None,
        }
    }
}

/// The first tick from `tick` on that is a multiple of `period`; [`Tick::NEVER`] if there is none before.
#[inline]
pub(crate) fn due(tick: Tick, period: u64) -> Tick {
    if period == 1 { tick } else { tick.0.checked_next_multiple_of(period).map_or(Tick::NEVER, Tick) }
}

/// Where a route starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// An input channel.
    Input(InputId),
    /// A neuron of a core.
    Neuron {
        /// Index of the core in the program.
        core: usize,
        /// The neuron.
        neuron: NeuronId,
    },
}
