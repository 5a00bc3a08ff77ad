//! What things cost by rule of thumb, where more than one command has them: the one place of each number. Bytes are
//! compared with what commands take by the tests of the command line (`budget.rs`).

/// Bytes of a connection: in the network, in the program, and among the compiled rows.
pub const CONNECTION_BYTES: u64 = 32;

/// Bytes of a neuron: its parameters on a die, its state, its place in the program.
pub const NEURON_BYTES: u64 = 150;

/// Updates of neurons that a slow processor makes in a second.
pub const UPDATES_PER_SECOND: u64 = 20_000_000;

/// Bytes of a record of a run (a spike, a reading of a probe): in its list, which grows by doubling, and in the text
/// that is made of it.
pub const RECORD_BYTES: u64 = 64;

/// Bytes of records that are taken unasked. Less than for what can be estimated, because how many spikes there will be
/// nobody knows before.
pub const RECORDS_BYTES: u64 = 1 << 30;

/// Most records that the runs of a command keep unasked.
pub const RECORDS: u64 = RECORDS_BYTES / RECORD_BYTES;
