//! Fuzz targets, one a reader: whatever a file holds, reading it ends with a value or an error, and what was read can
//! be used. Never a panic, never memory for a size that a file only claims.
//!
//! A target begins with good files and changes them ([`edit::Edit`]). `cargo test` runs a few hundred changes of each,
//! drawn anew each time. A million: `BOLERO_RANDOM_ITERATIONS=1000000 cargo test -p conformance --release --test fuzz`.
//! `cargo bolero test -p conformance --test fuzz NAME` lets a fuzzer follow the paths through the code. A failure
//! prints the changes and the seed that repeats it. Containers are also forged: their content is changed, and length
//! and digest are made to fit ([`forge`]).

mod edit;
mod forge;
mod readers;
mod seeds;
