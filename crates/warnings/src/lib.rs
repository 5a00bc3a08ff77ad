//! What a mapping, a run or a study does not represent as it was asked for.
//!
//! Owns the list of such things and the words that scripts know them by. Who notices something (the mapper, the reader
//! of a recording, a session, a die) pushes a [`Warning`]; who shows a result shows all of them. It deliberately knows
//! nothing of chips and networks, and prints nothing.
//!
//! ```
//! use quenched_warnings::{Kind, Warnings};
//!
//! let mut warnings = Warnings::default();
//! warnings.push(Kind::EventsAfter, "late.csv", "40 of 40 events come after the run: give a longer --time");
//! let shown = "warning: late.csv: 40 of 40 events come after the run: give a longer --time\n";
//! assert_eq!(warnings.to_string(), shown);
//! ```

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of thing is not as it was asked for. Its words in JSON are stable: scripts may look for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Weights of a projection are not those asked for.
    Weights,
    /// Weights of a projection are so small that the grid on which networks hold them is coarse.
    WeightGrid,
    /// Delays of a projection are not those asked for.
    Delays,
    /// Connections of a projection are not on the board.
    Connections,
    /// States or weights reached the end of their format.
    Saturation,
    /// Registers of a digital core overflowed, as they do on the chip.
    Overflow,
    /// Events of an input come before the run.
    EventsBefore,
    /// Events of an input come after the run.
    EventsAfter,
    /// Events of an input are for channels without a connection.
    EventsUnconnected,
    /// Several events of a channel in one tick were merged or capped.
    EventsMerged,
    /// Records of an input file that are no events were skipped.
    EventsSkipped,
    /// Events were lost on the way through the router.
    EventsLost,
    /// A population did not spike.
    Silent,
    /// Samples of a set have no event that reaches the network.
    NoEvents,
    /// Output neurons had as much for one class as for another.
    Ties,
    /// Neurons of a population spiked in every step.
    AlwaysFiring,
    /// A program runs on another die than the one that it was made for.
    OtherDie,
    /// Mismatch that the grid of time, or a format, swallows.
    Mismatch,
    /// A graph of a trained net does on the chip what its rules do not say.
    Graph,
    /// Something of a study could not be done as its file asks.
    Study,
}

/// One thing that is not as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What kind of thing.
    pub kind: Kind,
    /// Where, by the user's own name: a projection, population, parameter or file.
    pub place: String,
    /// What it is, how much, and what to do, in one sentence without a full stop.
    pub text: String,
}

/// All of them, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Warnings(Vec<Warning>);

impl Warnings {
    /// Adds one. The same one a second time is not added.
    pub fn push(&mut self, kind: Kind, place: impl Into<String>, text: impl Into<String>) {
        let warning = Warning { kind, place: place.into(), text: text.into() };
        if !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    /// Adds those of `others`.
    pub fn extend(&mut self, others: Self) {
        for Warning { kind, place, text } in others.0 {
            self.push(kind, place, text);
        }
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Warning> {
        self.0.iter()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether all is as it was asked for.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Warnings {
    type Item = &'a Warning;
    type IntoIter = std::slice::Iter<'a, Warning>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "warning: {}: {}", self.place, self.text)
    }
}

/// One line each.
impl fmt::Display for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|warning| writeln!(f, "{warning}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_listed_once_in_the_order_in_which_they_were_found() {
        let mut warnings = Warnings::default();
        warnings.push(Kind::Silent, "out", "no spike");
        warnings.push(Kind::Weights, "a", "off");
        let mut more = Warnings::default();
        more.push(Kind::Silent, "out", "no spike");
        warnings.extend(more);
        assert_eq!(warnings.to_string(), "warning: out: no spike\nwarning: a: off\n");
        assert_eq!(warnings.len(), 2);
    }

    #[test]
    fn are_a_list_in_json() {
        let mut warnings = Warnings::default();
        warnings.push(Kind::EventsAfter, "late.csv", "40 of 40");
        let json = serde_json::to_string(&warnings).expect("it is plain data");
        assert_eq!(json, r#"[{"kind":"events-after","place":"late.csv","text":"40 of 40"}]"#);
        assert_eq!(serde_json::from_str::<Warnings>(&json).expect("what was written is read"), warnings);
    }
}
