//! What the output neurons decide: each of them stands for a class.

use units::Tick;

/// How output neurons decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// The neuron with the most spikes.
    #[default]
    Count,
    /// The neuron that spikes first; of those that spike first together, the one with the most spikes.
    First,
    /// The neuron whose voltage is highest at the end.
    Last,
    /// The neuron whose voltage was highest at any step.
    Highest,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Count, Self::First, Self::Last, Self::Highest];

    /// Its spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::First => "first",
            Self::Last => "membrane",
            Self::Highest => "membrane-max",
        }
    }

    /// What decides, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Count => "most spikes",
            Self::First => "first spike",
            Self::Last => "highest voltage at the end",
            Self::Highest => "highest voltage of all steps",
        }
    }

    /// Whether voltages decide.
    pub const fn is_by_voltage(self) -> bool {
        matches!(self, Self::Last | Self::Highest)
    }
}

/// What was decided of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The class; none if no output neuron spiked.
    pub class: Option<u32>,
    /// Whether another class had as much for it. The lowest of them is taken.
    pub tie: bool,
}

/// The neuron with the largest value.
pub(crate) fn largest<T: Ord + Copy>(values: &[T]) -> Decision {
    let Some(best) = values.iter().copied().max() else { return Decision::default() };
    let mut of_best = (0u32..).zip(values).filter(|(_, value)| **value == best).map(|(class, _)| class);
    Decision { class: of_best.next(), tie: of_best.next().is_some() }
}

/// The neuron with the most spikes, if any spiked.
pub(crate) fn by_count(counts: &[u64]) -> Decision {
    if counts.iter().all(|count| *count == 0) { Decision::default() } else { largest(counts) }
}

/// The neuron that spiked first, if any did; of several, the one of them with the most spikes.
pub(crate) fn by_first(firsts: &[Option<Tick>], counts: &[u64]) -> Decision {
    let Some(first) = firsts.iter().flatten().min() else { return Decision::default() };
    let counts: Vec<u64> =
        firsts.iter().zip(counts).map(|(tick, count)| if tick.as_ref() == Some(first) { *count } else { 0 }).collect();
    by_count(&counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(class: u32, tie: bool) -> Decision {
        Decision { class: Some(class), tie }
    }

    #[test]
    fn ties_go_to_the_lowest_class_and_are_known() {
        assert_eq!(by_count(&[1, 4, 2]), class(1, false));
        assert_eq!(by_count(&[1, 4, 4]), class(1, true));
        assert_eq!(by_count(&[0, 0]), Decision::default());
        assert_eq!(largest(&[-3, -1, -2]), class(1, false));
        assert_eq!(largest::<i64>(&[]), Decision::default());
    }

    #[test]
    fn the_first_spike_decides_before_their_number() {
        let ticks = [Some(Tick(9)), Some(Tick(3)), None, Some(Tick(3))];
        assert_eq!(by_first(&ticks, &[50, 1, 0, 2]), class(3, false));
        assert_eq!(by_first(&ticks, &[50, 2, 0, 2]), class(1, true));
        assert_eq!(by_first(&[None, None], &[0, 0]), Decision::default());
    }
}
