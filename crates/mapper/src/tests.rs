//! Tests of whole mappings.

mod crossbar;
mod delays;
mod fits;
mod names;
mod readouts;
mod reports;
mod roundtrip;
mod xylo;
