//! The emulator: cores, fabric, queue, and the loop over ticks.

use crate::clock::{Clock, due, first_wake};
use crate::noise::{self, EventNoise};
use crate::pending::Pending;
use crate::queue::{Delivery, Queue};
use crate::wake::Wake;
use crate::{Arrival, EmulatorError, Observer};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use chip::{ChipSpec, CoreModel, Program, Source};
use device_models::{Core, DieParameters, Digest, PackedSynapse};
use router::{Counters, Fabric, LEVEL_MAX, LossCause, SPIKES_PER_TICK_MAX};
use units::{CoreAddress, InputId, NeuronAddress, NeuronId, Tick};

/// A program running on a die.
///
/// Emulated time is a tick counter; [`Emulator::now`] is the next tick to be processed. An event sent for tick t is
/// delivered in tick t, through a row with delay 1; each further tick of a row's delay adds one. A spike of tick t is
/// delivered in tick t + delay.
///
/// A clocked core acts in ticks that are multiples of the chip's step, or later than these by the phase of the core:
/// what is delivered to it in between is added to its sums at once and acts at the next of these ticks, or at once if
/// the tick is one. An asynchronous core acts in any
/// tick.
#[derive(Clone, Debug)]
pub struct Emulator {
    pub(crate) fabric: Arc<Fabric>,
    pub(crate) cores: Vec<Core>,
    /// By core: where it sits.
    addresses: Vec<CoreAddress>,
    pub(crate) queue: Queue,
    /// By core: the next tick in which it is advanced, because something reached it or because it asked for it.
    pub(crate) wake: Wake,
    /// By core: the ticks at which it can act.
    pub(crate) clocks: Vec<Clock>,
    /// Ticks of a step of clocked cores.
    pub(crate) step_ticks: u64,
    /// Where a step has several ticks: spikes that each channel has in a step, for all steps that are not over, by
    /// the last tick of the step.
    pub(crate) sent: Pending,
    pub(crate) now: Tick,
    /// By input channel: the level that all events sent so far lead to, for channels that drive rate units.
    pub(crate) levels: Vec<i64>,
    /// By source, input channels first: whether its events carry numbers with a sign and not numbers of spikes. Empty:
    /// none does.
    pub(crate) messages: Vec<bool>,
    /// By route: whether it is switched off. Empty: none is.
    pub(crate) muted: Vec<bool>,
    /// Noise within a run; none in most runs.
    pub(crate) noise: Option<EventNoise>,
    /// The size at which sums are cut ([`Fabric::hold_back`]); none in most runs.
    room: Option<i64>,
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
        let clocks: Vec<Clock> = cores.iter().map(|core| Clock::of(core, step_ticks)).collect();
        let noise = EventNoise::new(die.noise());
        let late = noise.as_ref().map_or(0, EventNoise::jitter_ticks);
        Ok(Self {
            queue: Queue::new(u32::from(fabric.delay_max()) + u32::from(late)),
            addresses: program.cores.iter().map(|core| core.address).collect(),
            wake: first_wake(&clocks),
            clocks,
            step_ticks,
            sent: Pending::default(),
            now: Tick(0),
            levels: vec![0; fabric.input_count()],
            messages: messages(&fabric),
            muted: Vec::new(),
            noise,
            room: fabric.hold_back(spec, program, die),
            counters: Counters::new(cores.len()),
            chain: Digest::new(),
            cores,
            fabric,
        })
    }

    /// Sends an event of channel `input` for tick `tick`. `payload` is the number of spikes where the channel drives
    /// spiking neurons, the change of the channel's level, in units of 2^-16, where it drives rate units, and any
    /// number where it drives registers that take messages. Events of one channel for one tick add up. Those beyond
    /// what the model that they drive takes in a tick ([`chip::ModelFacts::input_cap`]) are lost and counted as such
    /// ([`LossCause::InputCap`]).
    ///
    /// # Errors
    /// An unknown channel, a tick that is over, a negative number of spikes or more than 255 in one tick (and, where
    /// a step of the chip has several ticks, in one step), a level beyond +-256, or a message beyond 32 bits. Nothing
    /// is sent then.
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
            _ if self.messages.get(input.index()) == Some(&true) => {
                let total = i64::from(before) + i64::from(payload);
                i32::try_from(total).map_err(|_| EmulatorError::Message { input: input.0, tick, total })?
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

    /// Spikes that channel `input` was sent for tick `tick`, and for the whole step in which it lies; none if its
    /// events are no numbers of spikes.
    pub fn spikes_sent(&self, input: InputId, tick: Tick) -> Option<(i32, i32)> {
        let is_graded = self.fabric.input_model(input).is_some_and(CoreModel::is_graded);
        if is_graded || self.messages.get(input.index()) == Some(&true) {
            return None;
        }
        let in_tick = self.queue.input(tick, input);
        let step = || self.sent.get(due(tick, self.step_ticks), input);
        Some((in_tick, if self.step_ticks == 1 { in_tick } else { step() }))
    }

    /// Adds `spikes` of `input` to those of the step in which `tick` lies.
    fn count_in_step(&mut self, input: InputId, tick: Tick, spikes: i32) -> Result<(), EmulatorError> {
        if self.step_ticks == 1 || spikes == 0 {
            return Ok(());
        }
        let (step_end, limit) = (due(tick, self.step_ticks), SPIKES_PER_TICK_MAX);
        let spikes = i64::from(self.sent.get(step_end, input)) + i64::from(spikes);
        if spikes > i64::from(limit) {
            return Err(EmulatorError::SpikesPerStep { input: input.0, step_end, spikes, limit });
        }
        self.sent.set(step_end, input, spikes as i32);
        Ok(())
    }

    /// Passes on what neuron `neuron` of core `core` sent in tick `tick` of another run, a spike or a change of its
    /// output: it goes the ways of the neuron, with their delays, and is counted as sent, lost and delivered. It is no
    /// spike of this run: the neuron does not change, and neither observers nor the digest know of it. Spikes are known
    /// before the ticks in which they were sent, so that they have no jitter, and a snapshot that holds them cannot be
    /// resumed.
    ///
    /// # Errors
    /// A tick that is over. Nothing is sent then.
    ///
    /// # Panics
    /// If the program has no such neuron.
    pub fn pass_on(&mut self, core: usize, neuron: NeuronId, tick: Tick, payload: i32) -> Result<(), EmulatorError> {
        let Self { fabric, queue, muted, counters, now, addresses, .. } = self;
        if tick < *now || tick == Tick::NEVER {
            let neuron = NeuronAddress { core: addresses[core], neuron };
            return Err(EmulatorError::PassedOn { neuron, tick, now: *now });
        }
        let source = fabric.neuron_source(core, neuron);
        let times = if self.cores[core].is_graded() { 1 } else { payload.unsigned_abs().into() };
        fabric.traffic(source).count(Some(core), times, counters, |_, _| ());
        for r in fabric.routes_of(source) {
            let route = fabric.routes()[r];
            if muted.is_empty() || !muted[r] {
                let delivery = Delivery::new(source as u32, tick, route.row, payload);
                queue.push(*now, tick.after(route.delay_ticks.into()), delivery);
            }
        }
        Ok(())
    }

    /// Processes every tick before `end` before the eyes of `observer`. Afterwards [`Emulator::now`] is `end`; if it
    /// was `end` or later already, nothing happens.
    pub fn run_until(&mut self, end: Tick, observer: &mut impl Observer) {
        if end <= self.now {
            return;
        }
        loop {
            let tick = self.wake.next().min(self.queue.next(self.now));
            if tick >= end {
                break;
            }
            self.now = tick;
            self.deliver(tick, observer);
            if self.wake.next() == tick {
                self.advance(tick, observer);
            }
            self.now = tick.after(1);
        }
        self.now = end;
        self.sent.forget_before(end);
    }

    /// The first phase of a tick.
    fn deliver(&mut self, tick: Tick, observer: &mut impl Observer) {
        while let Some((input, payload)) = self.queue.take_input(tick) {
            self.deliver_input(tick, input, payload, observer);
        }
        let deliveries = self.queue.take(tick);
        for &delivery in &deliveries {
            self.deliver_row(tick, delivery, observer);
        }
        self.queue.recycle(deliveries);
    }

    fn deliver_input(&mut self, tick: Tick, input: InputId, payload: i32, observer: &mut impl Observer) {
        let source = self.fabric.input_source(input);
        let graded = self.fabric.input_model(input).is_some_and(CoreModel::is_graded);
        let message = self.messages.get(input.index()) == Some(&true);
        let times = if graded || message { 1 } else { payload.unsigned_abs().into() };
        self.counters.inputs += times;
        let traffic = self.fabric.traffic(source);
        let name = Source::Input(input);
        traffic.count(None, times, &mut self.counters, |cause, lost| observer.lose(tick, name, cause, lost));
        let cap = self.fabric.input_cap(input);
        let payload = if graded || message || payload <= cap {
            payload
        } else {
            let lost = u64::from(traffic.sent) * (payload - cap) as u64;
            self.counters.losses.add(None, LossCause::InputCap, lost);
            observer.lose(tick, name, LossCause::InputCap, lost);
            cap
        };
        let late = self.noise.as_ref().map_or(0, |noise| noise.late(name, tick));
        for r in self.fabric.routes_of(source) {
            let route = self.fabric.routes()[r];
            if self.muted.get(r) == Some(&true) {
                continue;
            }
            let delivery = Delivery::new(source as u32, tick, route.row, payload);
            match u64::from(route.delay_ticks) - 1 + late {
                0 => self.deliver_row(tick, delivery, observer),
                ahead => self.queue.push(tick, tick.after(ahead), delivery),
            }
        }
    }

    #[inline]
    fn deliver_row(&mut self, tick: Tick, delivery: Delivery, observer: &mut impl Observer) {
        let Self { fabric, cores, addresses, wake, clocks, messages, noise, room, counters, .. } = self;
        let Delivery { source, payload, .. } = delivery;
        let row = fabric.row(delivery.row);
        let core = &mut cores[row.core];
        if observer.wants_arrivals() {
            let (source, sent) = (source_of(fabric, addresses, source), delivery.sent(tick));
            observer.deliver(&Arrival { tick, source, sent, payload, row });
        }
        // A core that something reached since its last step is due at its next one already.
        let is_due = core.is_touched();
        let mut deliver = |synapses: &[PackedSynapse], times| match *room {
            None => core.deliver(synapses, times),
            Some(limit) => core.deliver_within(synapses, times, limit),
        };
        match noise.as_mut().filter(|noise| noise.has_weights()) {
            None => deliver(row.synapses, payload),
            Some(noise) => {
                let event = (source_of(fabric, addresses, source), delivery.sent(tick));
                let place = (addresses[row.core], fabric.layout(row.core).stride());
                let cuts = noise.rows(event, payload.unsigned_abs(), row, place, |synapses| deliver(synapses, 1));
                counters.saturate(tick, row.core, cuts.count, || cuts.first);
            }
        }
        if !is_due {
            wake.lower(row.core, clocks[row.core].due(tick));
        }
        let is_number = messages.get(source as usize) == Some(&true);
        let times: u64 = if core.is_graded() || is_number { 1 } else { payload.unsigned_abs().into() };
        counters.events_delivered += times;
        counters.synaptic_operations += row.synapses.len() as u64 * times;
    }

    /// The second and third phase of a tick, for the cores that are due, in their order.
    fn advance(&mut self, tick: Tick, observer: &mut impl Observer) {
        let Self { fabric, cores, addresses, queue, wake, clocks, muted, noise, counters, chain, .. } = self;
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
                observer.emit(tick, index, emission.neuron, emission.value);
                let source = fabric.neuron_source(index, emission.neuron);
                // A neuron of some models can spike several times in a tick, or with a sign.
                let times = if graded { 1 } else { emission.value.unsigned_abs().into() };
                counters.spikes += times;
                let name = || Source::Neuron(NeuronAddress { core: addresses[index], neuron: emission.neuron });
                fabric.traffic(source).count(Some(index), times, counters, |cause, lost| {
                    observer.lose(tick, name(), cause, lost);
                });
                let late = noise.as_ref().map_or(0, |noise| noise.late(name(), tick));
                for r in fabric.routes_of(source) {
                    let route = fabric.routes()[r];
                    if muted.is_empty() || !muted[r] {
                        let delivery = Delivery::new(source as u32, tick, route.row, emission.payload);
                        queue.push(tick, tick.after(u64::from(route.delay_ticks) + late), delivery);
                    }
                }
            }
            let updated = core.updated();
            counters.neuron_updates += updated as u64;
            counters.saturate(tick, index, core.take_saturations(), || core.take_first_cut());
            observer.advance(tick, index, updated);
            clocks[index].due(core.next_wake(tick))
        });
    }

    /// Says which part of a run follows. Ticks start at 0 after each [`Emulator::reset`], and the noise of an event,
    /// or of an interval between spikes, is a function of its tick, so parts that are to have different noise need
    /// different numbers. In the middle of a run the thresholds of the present intervals become those of the new part.
    /// Resetting keeps the number; without noise within a run it means nothing.
    pub fn set_part(&mut self, part: u64) {
        let Some(noise) = &mut self.noise else { return };
        noise.begin_part(part, self.now, self.queue.reach());
        self.tell_part(part);
    }

    /// Tells the cores which part of the run they are in.
    pub(crate) fn tell_part(&mut self, part: u64) {
        for (index, (core, clock)) in self.cores.iter_mut().zip(&self.clocks).enumerate() {
            if core.set_part(part) {
                self.wake.lower(index, clock.due(self.now));
            }
        }
    }

    /// Back to the initial state at tick 0 with an empty queue and a new digest; counters and muted routes are kept.
    pub fn reset(&mut self) {
        if let Some(noise) = &mut self.noise {
            noise.restart();
        }
        self.cores.iter_mut().for_each(Core::reset);
        self.queue.clear();
        self.wake = first_wake(&self.clocks);
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
    pub fn mute(&mut self, mut muted: impl FnMut(Source, usize) -> bool) {
        let flags: Vec<bool> = self.route_ends().map(|(source, core)| muted(source, core)).collect();
        self.muted = if flags.contains(&true) { flags } else { Vec::new() };
    }

    /// By route, in the order of [`Emulator::route_ends`]: whether it is switched off. Empty: none is.
    pub fn muted(&self) -> &[bool] {
        &self.muted
    }

    /// The source of every route, and the index of the core where it ends.
    pub fn route_ends(&self) -> impl Iterator<Item = (Source, usize)> {
        let (fabric, addresses) = (&*self.fabric, &self.addresses);
        (0..fabric.source_count()).flat_map(move |source| {
            let name = source_of(fabric, addresses, source as u32);
            fabric.routes_of(source).map(move |r| (name, fabric.row(fabric.routes()[r].row).core))
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
}

/// By source: whether all that it reaches takes messages. Empty if none does.
fn messages(fabric: &Fabric) -> Vec<bool> {
    let takes = |core: usize, lane: usize| fabric.layout(core).takes_messages(lane);
    if !(0..fabric.core_count()).any(|core| (0..fabric.layout(core).lanes().len()).any(|lane| takes(core, lane))) {
        return Vec::new();
    }
    let all = |source: usize| {
        let rows = fabric.routes_of(source).map(|r| fabric.row(fabric.routes()[r].row));
        let mut rows = rows.flat_map(|row| row.synapses.iter().map(move |s| (row.core, s.target())));
        rows.all(|(core, target)| takes(core, target / fabric.layout(core).stride()))
    };
    (0..fabric.source_count()).map(all).collect()
}

/// Who is source number `source` of a fabric.
pub(crate) fn source_of(fabric: &Fabric, addresses: &[CoreAddress], source: u32) -> Source {
    match fabric.neuron_of_source(source) {
        None => Source::Input(InputId(source)),
        Some((core, neuron)) => Source::Neuron(NeuronAddress { core: addresses[core], neuron }),
    }
}
