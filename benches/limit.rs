//! The practical limit: what a plain loop without an emulator around it needs for the same network.
//!
//! It has the same data layout as a core (packed 32-bit synapses, 32-bit accumulators, one vectorised loop over the
//! neurons), and simpler arithmetic: the leak is one 32-bit product with a 14-bit factor, rounded down; membranes
//! have 10 fraction bits; nothing saturates; all neurons share one leak, drive and threshold, in registers; there is no
//! queue, counter or digest. Its spikes are therefore not those of the emulator, but their statistics are.

use crate::workload::Workload;

const BLOCK: usize = 32;
type Block = [i32; BLOCK];

/// Fraction bits of a membrane.
const STATE_BITS: u32 = 10;
/// Fraction bits of a weight.
const WEIGHT_BITS: u32 = 8;
/// Fraction bits of the leak.
const LEAK_BITS: u32 = 14;

/// The loop with its network and state.
#[derive(Clone, Debug)]
pub struct Limit {
    synapses: Vec<u32>,
    starts: Vec<u32>,
    /// Rows of channels follow those of neurons.
    first_channel: usize,
    events: Vec<(u64, u32)>,
    next_event: usize,
    v: Vec<i32>,
    refractory: Vec<i32>,
    accumulators: Vec<i32>,
    spiked: Vec<u32>,
    keep: i32,
    drive: i32,
    threshold: i32,
    refractory_steps: i32,
    step: u64,
    /// Spikes so far.
    pub spikes: u64,
    /// Synapses that a spike or an input event went through so far.
    pub synaptic_operations: u64,
}

/// `value` with `bits` fraction bits.
fn bits(value: units::Decimal, bits: u32) -> i32 {
    value.to_bits(bits).expect("values of a workload are small") as i32
}

impl Limit {
    /// The loop for a workload whose neurons are alike.
    ///
    /// # Panics
    /// If the workload has more than 65536 neurons.
    pub fn new(workload: &Workload) -> Self {
        let count = workload.neurons;
        assert!(count <= 1 << 16, "targets have 16 bits");
        let padded = count.next_multiple_of(BLOCK);
        let (mut synapses, mut starts) = (Vec::new(), vec![0]);
        let rows = (0..count).map(|n| workload.recurrent.row(n));
        for (post, weight) in rows.chain((0..workload.channels).map(|c| workload.input.row(c))) {
            synapses.extend(post.iter().zip(weight).map(|(post, weight)| u32::from(*weight as u16) << 16 | *post));
            starts.push(synapses.len() as u32);
        }
        let tau: f64 = workload.tau[0].to_string().parse().expect("decimals print as numbers");
        let drive: f64 = workload.drive[0].to_string().parse().expect("decimals print as numbers");
        let keep = (-1.0 / tau).exp();
        let mut v: Vec<i32> = workload.initial.iter().map(|v| bits(*v, STATE_BITS)).collect();
        v.resize(padded, i32::MIN >> 20);
        Self {
            synapses,
            starts,
            first_channel: count,
            events: workload.events.clone(),
            next_event: 0,
            v,
            refractory: vec![0; padded],
            accumulators: vec![0; padded],
            spiked: Vec::with_capacity(padded),
            keep: (keep * f64::from(1 << LEAK_BITS)).round() as i32,
            drive: (drive * (1.0 - keep) * f64::from(1 << STATE_BITS)).round() as i32,
            threshold: bits(workload.threshold[0], STATE_BITS),
            refractory_steps: workload.refractory_steps as i32,
            step: 0,
            spikes: 0,
            synaptic_operations: 0,
        }
    }

    /// Runs `steps` steps.
    pub fn run(&mut self, steps: u64) {
        for _ in 0..steps {
            while let Some(&(at, channel)) = self.events.get(self.next_event)
                && at <= self.step
            {
                self.deliver(self.first_channel + channel as usize);
                self.next_event += 1;
            }
            self.update();
            let spiked = std::mem::take(&mut self.spiked);
            for &neuron in &spiked {
                self.deliver(neuron as usize);
            }
            self.spikes += spiked.len() as u64;
            self.spiked = spiked;
            self.step += 1;
        }
    }

    #[inline]
    fn deliver(&mut self, row: usize) {
        let row = &self.synapses[self.starts[row] as usize..self.starts[row + 1] as usize];
        let accumulators = &mut self.accumulators[..];
        self.synaptic_operations += row.len() as u64;
        let (chunks, rest) = row.as_chunks::<4>();
        for chunk in chunks {
            for synapse in chunk {
                accumulators[(synapse & 0xffff) as usize] += *synapse as i32 >> 16;
            }
        }
        for synapse in rest {
            accumulators[(synapse & 0xffff) as usize] += *synapse as i32 >> 16;
        }
    }

    fn update(&mut self) {
        simd::dispatch(Update(self));
    }
}

/// A step of all neurons, with the widest vectors, as the emulator has them.
struct Update<'a>(&'a mut Limit);

impl simd::Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let limit = self.0;
        limit.spiked.clear();
        let (keep, drive, threshold, steps) = (limit.keep, limit.drive, limit.threshold, limit.refractory_steps);
        let mut fired: Block = [0; BLOCK];
        let blocks = limit.v.as_chunks_mut::<BLOCK>().0.iter_mut();
        let blocks = blocks.zip(limit.refractory.as_chunks_mut::<BLOCK>().0);
        let blocks = blocks.zip(limit.accumulators.as_chunks_mut::<BLOCK>().0);
        for (b, ((v, refractory), sums)) in blocks.enumerate() {
            let mut any = 0;
            for i in 0..BLOCK {
                let input = sums[i] << (STATE_BITS - WEIGHT_BITS);
                sums[i] = 0;
                let next = (v[i].wrapping_mul(keep) >> LEAK_BITS) + drive + input;
                let next = if refractory[i] > 0 { 0 } else { next };
                let spike = -i32::from(next >= threshold);
                fired[i] = spike;
                any |= spike;
                v[i] = next & !spike;
                refractory[i] = (steps & spike) | ((refractory[i] - 1).max(0) & !spike);
            }
            if any != 0 {
                for (g, group) in fired.as_chunks::<8>().0.iter().enumerate() {
                    if group.iter().fold(0, |all, f| all | f) != 0 {
                        let first = b * BLOCK + g * 8;
                        let hits = group.iter().enumerate().filter(|(_, f)| **f != 0);
                        // Padding neurons get the drive as well; they are not neurons.
                        let hits = hits.map(|(i, _)| first + i).filter(|n| *n < limit.first_channel);
                        limit.spiked.extend(hits.map(|n| n as u32));
                    }
                }
            }
        }
    }
}
