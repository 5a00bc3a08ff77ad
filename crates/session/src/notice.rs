//! What a run did that its user did not ask for.

use crate::{PopulationActivity, Session};
use emulator::LossCause;
use warnings::{Kind, Warnings};

impl Session {
    /// What is not as it was asked for in all runs of this session, and in the activity of one of them.
    pub fn warnings(&self, activity: &[PopulationActivity]) -> Warnings {
        let mut warnings = Warnings::default();
        let name = &self.board().spec().name;
        let counters = self.counters();
        if counters.saturations > 0 {
            let text = format!("{} states were cut at the end of their format", counters.saturations);
            warnings.push(Kind::Saturation, name, text);
        }
        let cut = self.emulator().fabric().weight_changes().saturated;
        if cut > 0 {
            warnings.push(Kind::Saturation, name, format!("{cut} weights of the die were cut at 16 bits"));
        }
        for (register, count) in self.overflows() {
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
        for population in activity.iter().filter(|population| population.total() == 0) {
            let text = format!("none of its {} neurons spiked", population.events.len());
            warnings.push(Kind::Silent, &population.name, text);
        }
        warnings
    }
}
