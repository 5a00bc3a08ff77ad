//! What a run did that its user did not ask for.

use crate::{PopulationActivity, Session, Span};
use device_models::CutQuantity;
use emulator::{FirstSaturation, LossCause};
use std::fmt;
use units::Tick;
use warnings::{Kind, Warnings};

/// Fewer spikes than these are no sign of a neuron that fires always.
const ALWAYS_MIN: u64 = 10;

/// The number that was cut first at the end of its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSaturation {
    /// When.
    pub tick: Tick,
    /// Of which neuron: `population[index]`, or its place on the board.
    pub neuron: String,
    /// Which quantity: one that can be probed, `input` for what arrived in a step, or `weight`.
    pub quantity: String,
}

/// `i_AMPA in tick 17`.
impl fmt::Display for NamedSaturation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in tick {}", self.quantity, self.tick)
    }
}

impl Session {
    /// What is not as it was asked for in all runs of this session, and in the activity of one of them.
    pub fn warnings(&self, activity: &[PopulationActivity]) -> Warnings {
        let mut warnings = Warnings::default();
        let name = &self.board().spec().name;
        let counters = self.counters();
        if counters.saturations > 0 {
            let first = self.first_saturation();
            let of = first.as_ref().map_or(String::new(), |first| format!(", first {first}"));
            let place = first.map_or_else(|| name.clone(), |first| first.neuron);
            let text = format!(
                "{} numbers were cut at the end of their format{of}: use smaller weights, fewer inputs at once or less \
                 drive",
                counters.saturations
            );
            warnings.push(Kind::Saturation, place, text);
        }
        if let Some(warning) = self.board().other_die(self.die()) {
            warnings.push(Kind::OtherDie, name, warning);
        }
        let cut = self.emulator().fabric().weight_changes().saturated;
        if cut > 0 {
            warnings.push(Kind::Saturation, name, format!("{cut} weights of the die were cut at 16 bits"));
        }
        for (register, count) in self.overflows().into_iter().filter(|(_, count)| *count > 0) {
            warnings.push(Kind::Overflow, name, format!("register `{register}` overflowed {count} times"));
        }
        for cause in LossCause::ALL {
            let count = counters.losses.by_cause(cause);
            if count > 0 {
                warnings.push(Kind::EventsLost, name, format!("{count} events were lost: {}", cause.name()));
            }
        }
        for (group, count) in self.crowded_out() {
            let text = format!(
                "{count} events of its source found no room beside those that were sent: a channel has at most {} in a \
                 step",
                chip::SPIKES_PER_TICK_MAX
            );
            warnings.push(Kind::EventsLost, group, text);
        }
        self.swallowed(&mut warnings);
        for population in activity.iter().filter(|population| population.total() == 0) {
            let text = format!("none of its {} neurons spiked", population.events.len());
            warnings.push(Kind::Silent, &population.name, text);
        }
        for (index, population) in activity.iter().enumerate() {
            let always = (0..population.spans.len()).filter(|n| self.always_fires(index, *n, population)).count();
            if always > 0 {
                let text = format!(
                    "{always} of {} neurons spiked as often as they can, from their first spike to the end of the run: \
                     use smaller weights or less drive",
                    population.spans.len()
                );
                warnings.push(Kind::AlwaysFiring, &population.name, text);
            }
        }
        warnings
    }

    /// What was cut first at the end of its format, if anything was and the model of its core knows what.
    pub fn first_saturation(&self) -> Option<NamedSaturation> {
        let FirstSaturation { tick, core, cut } = self.counters().first_saturation?;
        let (board, core) = (self.board(), core as usize);
        let neuron = match board.member(core, cut.neuron) {
            Some((population, index)) => format!("{}[{index}]", board.symbols().populations[population].name),
            None => board.address(core, cut.neuron).to_string(),
        };
        let quantity = match cut.quantity {
            CutQuantity::State(index) => {
                let kinds = self.emulator().core(core).probes(board.spec());
                kinds.get(usize::from(index)).map_or_else(|| "state".into(), |kind| kind.name.clone())
            }
            CutQuantity::Input => "input".into(),
            CutQuantity::Weight => "weight".into(),
            CutQuantity::Spikes => "spikes".into(),
        };
        Some(NamedSaturation { tick, neuron, quantity })
    }

    /// Whether a neuron spiked in every tick in which its refractory period let it, from its first spike to the end of
    /// the run, and did so [`ALWAYS_MIN`] times at least.
    fn always_fires(&self, population: usize, neuron: usize, activity: &PopulationActivity) -> bool {
        let Some(Span { first, ticks, .. }) = activity.spans[neuron] else { return false };
        let Some((core, circuit)) = self.board().place(population, neuron as u32) else { return false };
        if ticks < ALWAYS_MIN || activity.model.is_graded() {
            return false;
        }
        let period = if activity.model.is_clocked() { self.board().spec().step_ticks() } else { 1 };
        let interval = self.emulator().core(core).shortest_interval(circuit).saturating_mul(period);
        let last = self.now().0.saturating_sub(1);
        ticks > last.saturating_sub(first.0) / interval
    }
}
