//! The arguments of `quenched explain`.

use super::MapChoice;
use super::values::{WhichDie, count, parse_cv};
use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;
use units::{CoreAddress, Decimal};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  quenched explain net.toml --chip dynapse2                      the whole program, and its floor plan
  quenched explain net.program --neuron 'reservoir[17]'          synapses, words, and shared tags of a neuron
  quenched explain net.toml --chip dynapse2 --neuron 'reservoir[17]' --die 3     its circuit on a die as well
  quenched explain net.toml --chip loihi-lava --core 0.2         what fills core 2 of chip 0, and who costs most
  quenched explain net.toml --chip dynapse2 --diff old.program   neurons that moved, synapses that changed

With a network the weights asked for stand beside those that were got; a saved program has the latter.")]
pub(crate) struct ExplainArgs {
    /// Explain this neuron, by population and index; may be given several times
    #[arg(long, value_name = "POPULATION[INDEX]")]
    pub(crate) neuron: Vec<NeuronName>,

    /// Explain this core, by chip and core; may be given several times
    #[arg(long, value_name = "CHIP.CORE")]
    pub(crate) core: Vec<CoreName>,

    /// Compare with another network or program: what differs in it
    #[arg(long, value_name = "NETWORK|PROGRAM")]
    pub(crate) diff: Option<PathBuf>,

    /// The die whose factors are shown with a neuron: its number, or a measured die (.csv or .npz)
    #[arg(long, value_name = "N|FILE", allow_negative_numbers = true, requires = "neuron")]
    pub(crate) die: Option<WhichDie>,

    /// Seed of the study that the die belongs to
    #[arg(
        long, value_name = "N", default_value_t = 1, value_parser = count::<u64>, allow_negative_numbers = true,
        requires = "die"
    )]
    pub(crate) seed: u64,

    /// Scale the mismatch of the whole chip so that its reference parameter has this CV; as in the chip file if not
    /// given
    #[arg(long, value_name = "X", value_parser = parse_cv, allow_negative_numbers = true, requires = "die")]
    pub(crate) cv: Option<Decimal>,

    /// Leave out the faults of the chip file
    #[arg(long, requires = "die")]
    pub(crate) no_faults: bool,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) what: MapChoice,
}

/// A neuron as the network calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NeuronName {
    pub(crate) population: String,
    pub(crate) index: u32,
}

impl FromStr for NeuronName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a neuron is a population and an index, such as reservoir[17]".to_string();
        let (population, index) = text.strip_suffix(']').and_then(|text| text.rsplit_once('[')).ok_or_else(wrong)?;
        let digits = index.bytes().all(|b| b.is_ascii_digit());
        let index = index.parse().ok().filter(|_| digits && !population.is_empty()).ok_or_else(wrong)?;
        Ok(Self { population: population.into(), index })
    }
}

/// A core as `CHIP.CORE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CoreName(pub(crate) CoreAddress);

impl FromStr for CoreName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<u16>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
        let parts = text.split_once('.').and_then(|(chip, core)| Some((number(chip)?, number(core)?)));
        let (chip, core) = parts.ok_or("a core is a chip and a core of it, such as 0.2")?;
        Ok(Self(CoreAddress::new(chip, core)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let neuron = |population: &str, index| Ok(NeuronName { population: population.into(), index });
        assert_eq!("res[17]".parse(), neuron("res", 17));
        assert_eq!("a[0][1]".parse(), neuron("a[0]", 1));
        for wrong in ["res", "res[]", "[1]", "res[-1]", "res[1", "res[+1]", "res[1..2]"] {
            assert!(wrong.parse::<NeuronName>().is_err(), "{wrong}");
        }
        assert_eq!("3.12".parse(), Ok(CoreName(CoreAddress::new(3, 12))));
        for wrong in ["", "1", "1.", ".1", "+1.2", "1.2.3", "70000.1"] {
            assert!(wrong.parse::<CoreName>().is_err(), "{wrong}");
        }
    }
}
