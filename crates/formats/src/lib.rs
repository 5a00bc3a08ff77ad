//! Files: the only crate that knows file formats.
//!
//! Owns the strict reader of TOML files that all of them share ([`document`]), chip files ([`chip`]), network files
//! ([`network`]), event lists ([`events`]), recordings of sensors ([`sensor`]), dense inputs ([`raster`]), data sets
//! with labels ([`labelled`], [`rasters`]), one's own series ([`series`]), traces ([`traces`]), placements
//! ([`placement`]), measured dies ([`measured`]), programs and other binary files ([`program`], [`container`]; what can
//! be run is either: [`runnable`]), tables of results ([`csv`]), manifests ([`json`]), npz archives ([`npz`]), NIR
//! graphs ([`nir`]) and data ([`nir_data`]), and writing files so that nothing is ever half-written ([`output`]). Every
//! file is checked against its schema: what is wrong is one [`FormatError`] with file, line, column and, where
//! possible, the remedy.
//!
//! It deliberately decides nothing: which rules a chip must obey is in `chip`, what a network may be in `network`, and
//! whether the one fits the other in `mapper`. Formats are specified in `docs/formats`. It prints nothing.
//!
//! ```
//! use quenched_formats::chip;
//!
//! let text = chip::shipped_text("dynapse2").unwrap();
//! assert_eq!(chip::read(text, "dynapse2.toml").unwrap(), chip::shipped("dynapse2").unwrap());
//! // What is wrong is said with its place.
//! let wrong = chip::read(&text.replace("cam_words_per_neuron", "cam_words"), "my-chip.toml").unwrap_err();
//! assert!(wrong.to_string().contains("my-chip.toml:"), "{wrong}");
//! ```

pub mod activity;
pub mod chip;
pub mod container;
pub mod csv;
pub mod document;
mod error;
pub mod events;
pub mod folder;
pub mod json;
pub mod labelled;
mod list;
pub mod measured;
pub mod names;
mod nearest;
pub mod network;
pub mod netx;
pub mod nir;
pub mod nir_data;
pub mod npz;
mod open;
pub mod output;
pub mod placement;
pub mod program;
pub mod raster;
pub mod rasters;
pub mod runnable;
pub mod sensor;
pub mod series;
#[cfg(test)]
mod testing;
pub mod text;
pub mod traces;

pub use error::{Action, FormatError, FormatErrors, Place, Problem};
pub use nearest::{nearest, suggestion};
pub use open::{STANDARD_INPUT, open};
