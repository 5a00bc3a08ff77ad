//! What the board looks like: a chip that obeys the rules, and where its copies stand.

use crate::MapperError;
use chip::{ChipSpec, RouterSpec, validate};

/// Most chips of a board whose chips have positions: 128 a side, since positions are 8-bit numbers.
const PLACED_CHIPS_MAX: usize = 128 * 128;

/// Most kinds of synapse of a chip: a program names them by a byte.
const KINDS_MAX: usize = 256;

/// Refuses chips that break a rule or whose board has no positions for all chips.
pub(crate) fn check(spec: &ChipSpec) -> Result<(), MapperError> {
    let refuse = |rule, path, message| Err(MapperError::Chip { chip: spec.name.clone(), rule, path, message });
    if let Some(violation) = validate(spec).into_iter().next() {
        return refuse(violation.rule, violation.path, violation.message);
    }
    let kinds = spec.synapses.len();
    if kinds > KINDS_MAX {
        let message = format!("a program tells at most {KINDS_MAX} synapse kinds apart, not {kinds}");
        return refuse("kinds-are-addressable", "synapses".into(), message);
    }
    let chips = spec.chip_count();
    if matches!(spec.router, RouterSpec::TagCam(_)) && chips > PLACED_CHIPS_MAX {
        let message = format!("a board with positions has at most {PLACED_CHIPS_MAX} chips, not {chips}");
        return refuse("chips-have-positions", "geometry.chips".into(), message);
    }
    Ok(())
}

/// Position of each chip of the board: the smallest square that holds all of them, filled row by row.
pub(crate) fn positions(spec: &ChipSpec) -> Vec<(i8, i8)> {
    let count = spec.chip_count();
    let width = (1..).find(|w| w * w >= count).expect("some square is large enough");
    let coordinate = |v: usize| i8::try_from(v).expect("checked: at most 128 chips a side");
    (0..count).map(|chip| (coordinate(chip % width), coordinate(chip / width))).collect()
}
