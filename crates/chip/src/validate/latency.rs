//! Times of operations.

use super::Findings;
use crate::latency::{LATENCY_OPERATIONS, picoseconds};
use crate::spec::{ChipSpec, Fact};
use alloc::{format, string::String, vec::Vec};

pub(super) fn latencies(spec: &ChipSpec, findings: &mut Findings) {
    let Some(latency) = &spec.latency else { return };
    let valid: Vec<String> = LATENCY_OPERATIONS.iter().map(|name| String::from(*name)).collect();
    let time = |findings: &mut Findings, path: String, fact: &Fact| {
        if picoseconds(fact.quantity).is_none() {
            let quantity = fact.quantity;
            findings
                .add(path, format!("this is {quantity}, but must be a whole number of picoseconds, such as 3.8 ns"));
        }
    };
    for (name, fact) in &latency.operations {
        let path = format!("latency.{name}");
        if valid.contains(name) {
            time(findings, path, fact);
        } else {
            findings.add_wrong_name(path, "an operation that takes time", name, valid.iter());
        }
    }
    let mut before = 0;
    for (index, barrier) in latency.barrier.iter().enumerate() {
        time(findings, format!("latency.barrier[{index}].time"), &barrier.time);
        if barrier.cores_min <= before {
            let message = format!("this is {}, but must be more than {before}: barriers ascend", barrier.cores_min);
            findings.add(format!("latency.barrier[{index}].cores_min"), message);
        }
        before = barrier.cores_min;
    }
}
