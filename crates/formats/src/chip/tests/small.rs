//! Wrong lines of the small chip: the form of the file, every key, every rule.

use super::Case;

mod form;
mod parameters;
mod sizes;

/// What to replace in the small chip, by what, the errors with their places.
pub(super) fn cases() -> impl Iterator<Item = &'static Case> {
    [form::CASES, sizes::CASES, parameters::CASES].into_iter().flatten()
}
