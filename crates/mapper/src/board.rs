//! Whether a chip obeys the rules, so that a mapper can rely on its numbers.

use crate::MapperError;
use chip::{ChipSpec, validate};

/// Most kinds of synapse of a chip: a program names them by a byte.
const KINDS_MAX: usize = 256;

/// Refuses chips that break a rule.
pub(crate) fn check(spec: &ChipSpec) -> Result<(), MapperError> {
    if let Some(violation) = validate(spec).into_iter().next() {
        return Err(refused(spec, violation.rule, violation.path, violation.message));
    }
    let kinds = spec.synapses.len();
    if kinds > KINDS_MAX {
        let message = format!("a program tells at most {KINDS_MAX} synapse kinds apart, not {kinds}");
        return Err(refused(spec, "kinds-are-addressable", "synapses".into(), message));
    }
    Ok(())
}

/// A chip that the mapper cannot serve.
pub(crate) fn refused(spec: &ChipSpec, rule: &'static str, path: String, message: String) -> MapperError {
    MapperError::Chip { chip: spec.name.clone(), rule, path, message }
}
