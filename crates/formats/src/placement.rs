//! Placements: which neuron sits in which core. CSV, specified in `docs/formats/placement.md`.
//!
//! Whether the neurons and cores exist, and whether all fits, is for the mapper to say.

use crate::document::Format;
use crate::error::FormatErrors;
use crate::list::{Schema, integer};
use crate::text::read_text;
use chip::{NeuronPlace, Symbols};
use std::fmt::Write;
use std::path::Path;
use units::{ChipId, CoreAddress, CoreId};

const PLACES: Schema = Schema {
    format: Format { name: "quenched-placement", version: 1 },
    columns: "population,index,chip,core",
    optional: 0,
};

/// Reads a placement; `file` stands for the file in errors.
///
/// # Errors
/// Wrong columns, fields that are no numbers, or a list that was cut off; at most 20 of them.
pub fn read(text: &str, file: &str) -> Result<Vec<NeuronPlace>, FormatErrors> {
    PLACES.read(text, file, |fields| {
        let id = |index| integer(fields, index, 0, u16::MAX);
        let core = CoreAddress { chip: ChipId(id(2)?), core: CoreId(id(3)?) };
        Ok(NeuronPlace { population: fields[0].into(), index: integer(fields, 1, 0, u32::MAX)?, core })
    })
}

/// Reads the placement at `path`.
///
/// # Errors
/// As [`read`], or the file cannot be read.
pub fn load(path: &Path) -> Result<Vec<NeuronPlace>, FormatErrors> {
    read(&read_text(path)?, &path.display().to_string())
}

/// The placement of a program, with the names of `symbols`.
pub fn write(symbols: &Symbols) -> String {
    let count = symbols.segments.iter().map(|segment| segment.count as usize).sum();
    let mut text = PLACES.head(count);
    for segment in &symbols.segments {
        let CoreAddress { chip, core } = segment.core;
        let name = &symbols.populations[segment.population].name;
        for index in segment.first_index..segment.first_index + segment.count {
            let _ = writeln!(text, "{name},{index},{chip},{core}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use chip::{PopulationSymbol, Segment};

    #[test]
    fn what_is_written_is_read() {
        let segment = |population, first_index, core| Segment {
            population,
            first_index,
            count: 2,
            core: CoreAddress::new(1, core),
            first_circuit: 0,
        };
        let population = |name: &str, size| PopulationSymbol { name: name.into(), size, copy_of: None };
        let symbols = Symbols {
            populations: vec![population("a", 4), population("b b", 2)],
            segments: vec![segment(0, 0, 3), segment(0, 2, 0), segment(1, 0, 2)],
            ..Symbols::default()
        };
        let text = write(&symbols);
        assert!(text.starts_with("# quenched-placement 1, 6 entries\npopulation,index,chip,core\na,0,1,3\n"), "{text}");
        let places = read(&text, "f").unwrap();
        assert_eq!(places.len(), 6);
        let last = NeuronPlace { population: "b b".into(), index: 1, core: CoreAddress::new(1, 2) };
        assert_eq!(places[5], last);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let wrong = |text: &str| read(text, "f").unwrap_err().to_string();
        assert!(wrong("population,index,chip\n").contains("f:1"));
        assert!(wrong("population,index,chip,core\na,0,0,x\n").contains("f:2"));
        assert!(wrong("population,index,chip,core\na,0,0,1").contains("f:2"));
    }
}
