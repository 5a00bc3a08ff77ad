//! What the benches share: the workloads and the loop that bounds what any emulator can reach on them.

mod generate;
pub mod limit;
mod load;
pub mod resolution;
pub mod workload;

pub use generate::{w1, w2};
pub use load::load;
pub use workload::Workload;

#[cfg(test)]
mod tests;
