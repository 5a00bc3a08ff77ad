//! Activity: how often each neuron and input channel sent in a run. CSV, specified in `docs/formats/activity.md`.
//!
//! Names and members are checked against the network whose activity it is.

use crate::document::Format;
use crate::error::{FormatErrors, Problem};
use crate::list::{Schema, integer};
use crate::text::read_text;
use network::Network;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const COUNTS: Schema =
    Schema { format: Format { name: "quenched-activity", version: 1 }, columns: "name,index,spikes", optional: 0 };

/// How often one member of a population or input group sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCount {
    /// The population or input group.
    pub name: String,
    /// The neuron or channel there.
    pub index: u32,
    /// How often.
    pub spikes: u32,
}

/// How often sources sent: by population, then by neuron; and by input group, then by channel.
pub type Counts = (Vec<Vec<u32>>, Vec<Vec<u32>>);

/// Reads the counts of `network` from `text`; `file` stands for the file in errors. What is not in the list never sent.
///
/// # Errors
/// Wrong columns, fields that are no numbers, names or members that the network does not have, members that are named
/// twice, or a list that was cut off; at most 20 of them.
pub fn read(text: &str, file: &str, network: &Network) -> Result<Counts, FormatErrors> {
    let populations = network.populations.iter().map(|population| (population.name.as_str(), population.size));
    let groups = network.inputs.iter().map(|group| (group.name.as_str(), group.channels));
    let sizes: Vec<(&str, u32)> = populations.chain(groups).collect();
    let by_name: BTreeMap<&str, usize> = sizes.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
    let mut counts: Vec<Vec<Option<u32>>> = sizes.iter().map(|(_, size)| vec![None; *size as usize]).collect();
    COUNTS.read(text, file, |fields| {
        let unknown = |what: String, name: &str| Problem::UnknownName {
            what,
            name: name.into(),
            known: sizes.iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        let of_network = || "a population or input group of the network".to_owned();
        let at = *by_name.get(fields[0]).ok_or_else(|| (0, unknown(of_network(), fields[0])))?;
        let (name, size) = sizes[at];
        let index = integer(fields, 1, 0, u32::MAX)?;
        let Some(spot) = counts[at].get_mut(index as usize) else {
            let what = format!("a member of `{name}`, which has {size}, counted from 0");
            return Err((1, Problem::UnknownName { what, name: index.to_string(), known: Vec::new() }));
        };
        if spot.replace(integer(fields, 2, 0, u32::MAX)?).is_some() {
            let what = format!("a member of `{name}` that is not counted yet");
            return Err((1, Problem::UnknownName { what, name: index.to_string(), known: Vec::new() }));
        }
        Ok(())
    })?;
    let mut all = counts.into_iter().map(|own| own.into_iter().map(Option::unwrap_or_default).collect());
    let neurons = all.by_ref().take(network.populations.len()).collect();
    Ok((neurons, all.collect()))
}

/// Reads the counts of `network` from the file at `path`.
///
/// # Errors
/// As [`read`], or the file cannot be read.
pub fn load(path: &Path, network: &Network) -> Result<Counts, FormatErrors> {
    read(&read_text(path)?, &path.display().to_string(), network)
}

/// The list of `counts`.
pub fn write(counts: &[SourceCount]) -> String {
    let mut text = COUNTS.head(counts.len());
    for SourceCount { name, index, spikes } in counts {
        let _ = writeln!(text, "{name},{index},{spikes}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::{InputGroup, Population};

    fn network() -> Network {
        let population = |name: &str, size| Population {
            name: name.into(),
            size,
            model: chip::CoreModel::Lif,
            parameters: BTreeMap::new(),
        };
        let populations = vec![population("a", 2), population("b b", 1)];
        Network { populations, inputs: vec![InputGroup::of_host("in", 3)], ..Network::default() }
    }

    #[test]
    fn what_is_written_is_read() {
        let count = |name: &str, index, spikes| SourceCount { name: name.into(), index, spikes };
        let text = write(&[count("a", 1, 7), count("in", 0, u32::MAX), count("b b", 0, 2)]);
        assert!(text.starts_with("# quenched-activity 1, 3 entries\nname,index,spikes\na,1,7\n"), "{text}");
        let expected = (vec![vec![0, 7], vec![2]], vec![vec![u32::MAX, 0, 0]]);
        assert_eq!(read(&text, "f", &network()).unwrap(), expected);
        assert_eq!(read("name,index,spikes\n", "f", &network()).unwrap().0, [vec![0, 0], vec![0]]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, line, part) in [
            ("name,index\n", "f:1", "columns"),
            ("name,index,spikes\nc,0,1\n", "f:2:1", "a population or input group"),
            ("name,index,spikes\na,2,1\n", "f:2:3", "has 2"),
            ("name,index,spikes\na,1,1\na,1,1\n", "f:3:3", "not counted yet"),
            ("name,index,spikes\na,1,-1\n", "f:2", "-1"),
            ("name,index,spikes\na,1,4294967296\n", "f:2", "4294967296"),
            ("# quenched-activity 1, 2 entries\nname,index,spikes\na,1,1\n", "f", "2"),
        ] {
            let error = read(text, "f", &network()).unwrap_err().to_string();
            assert!(error.contains(line) && error.contains(part), "{text:?}: {error}");
        }
    }
}
