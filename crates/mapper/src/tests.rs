//! Tests of whole mappings.

mod axons;
mod crossbar;
mod fits;
mod names;
mod readouts;
mod reports;
mod roundtrip;
mod sharing;
mod xylo;
mod xylo_scale;
