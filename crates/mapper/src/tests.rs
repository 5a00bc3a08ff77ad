//! Tests of whole mappings.

mod axons;
mod crossbar;
mod delays;
mod die;
mod explain;
mod fits;
mod names;
mod nets;
mod over_full;
mod placement;
mod readouts;
mod reports;
mod roundtrip;
mod sharing;
mod trims;
mod xylo;
mod xylo_scale;
