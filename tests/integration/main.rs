//! One binary for all cross-crate tests; a module a behaviour.

mod analog;
mod brainscales2;
mod chip_files;
mod cores;
mod cuba;
mod dpi;
mod golden_loihi;
mod golden_xylo;
mod judge;
mod kernel;
mod loihi;
mod mapping;
mod network_files;
mod noise;
mod observers;
mod router;
mod runs;
mod sliced;
mod snapshot;
mod steps;
mod study;
mod support;
mod tasks;
mod tidy;
mod variation;
mod xylo;
