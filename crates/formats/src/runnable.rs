//! What can be run: a network or a program that was made of one, told apart by what the file holds and not by its name.

use crate::container::{self, CONTAINER_BYTES_MAX, is_container};
use crate::error::{FormatError, FormatErrors};
use crate::text::{read_bytes, text_of};
use crate::{network, program};
use ::network::Network;
use budget::Allowance;
use chip::{ChipSpec, Program, Symbols};
use std::path::Path;

/// What a file that can be run holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runnable {
    /// A network, which is to be mapped.
    Network(Network),
    /// A program, which was mapped, and what its parts are called.
    Program(Program, Symbols),
}

/// The name of the chip that the program at `path` was made for; `None` if the file holds no program.
///
/// # Errors
/// The file cannot be read, or holds a program that is damaged or of another version.
pub fn chip_of(path: &Path) -> Result<Option<String>, FormatErrors> {
    let bytes = read_bytes(path, CONTAINER_BYTES_MAX)?;
    if !is_container(&bytes) {
        return Ok(None);
    }
    let file = path.display().to_string();
    let (program, _): (Program, Symbols) =
        container::decode(program::KIND, &bytes).map_err(|problem| FormatError::Container { file, problem })?;
    Ok(Some(program.chip))
}

/// Reads the network or the program at `path`. A network is read for `chip` and up to the size that `allowance` says,
/// as [`network::load_with`] does; whether a program was made for it is checked by who loads it.
///
/// # Errors
/// As [`network::load_with`] for a text file, and as [`program::load`] for a binary one.
pub fn load(
    path: &Path,
    chip: &ChipSpec,
    allowance: Allowance,
    set: network::SetOption<'_>,
) -> Result<Runnable, FormatErrors> {
    let bytes = read_bytes(path, CONTAINER_BYTES_MAX)?;
    let file = path.display().to_string();
    if is_container(&bytes) {
        let (program, symbols) =
            container::decode(program::KIND, &bytes).map_err(|problem| FormatError::Container { file, problem })?;
        return Ok(Runnable::Program(program, symbols));
    }
    let directory = path.parent().unwrap_or(Path::new(""));
    Ok(Runnable::Network(network::read_with(&text_of(bytes, path)?, &file, directory, chip, allowance, set)?))
}
