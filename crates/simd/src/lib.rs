//! Hot loops compiled once for each set of vector instructions, and chosen when they run.
//!
//! A program that is built for any x86-64 processor has vectors of 16 bytes; most processors have 32 or 64. This crate
//! owns the choice: a loop is a [`Kernel`], [`dispatch`] runs the copy of it that the compiler made for the widest
//! vectors of the processor at hand, and [`limit`] takes narrower ones, which is how tests and users compare. All are
//! the same safe source, in integers or in floats whose order of operations the source fixes, and Rust neither
//! reorders nor fuses floats; so the results are the same bits whichever copy runs. Elsewhere than on x86-64 there is
//! one copy: NEON belongs to every AArch64 that Rust builds for.
//!
//! It has the only two `unsafe` calls of the project: into a function that is compiled for instructions which the rest
//! of the program may not assume. Both stand behind the check that the processor has them. It deliberately has no
//! vector types and no intrinsics, and knows nothing of what the loops compute.
//!
//! ```
//! struct Sum<'a>(&'a [i32]);
//!
//! impl quenched_simd::Kernel for Sum<'_> {
//!     type Output = i32;
//!
//!     #[inline(always)]
//!     fn run(self) -> i32 {
//!         self.0.iter().sum()
//!     }
//! }
//!
//! assert_eq!(quenched_simd::dispatch(Sum(&[1, 2, 3])), 6);
//! ```
#![no_std]
#![deny(clippy::float_arithmetic)]
#![cfg_attr(test, allow(clippy::float_arithmetic))]

use core::sync::atomic::{AtomicU8, Ordering};

/// A computation of which [`dispatch`] runs the copy with the widest vectors.
pub trait Kernel {
    /// What it returns.
    type Output;

    /// The computation. What it is to gain from wider vectors must be inlined into it: mark this function, and what it
    /// calls in its loops, `#[inline(always)]`.
    fn run(self) -> Self::Output;
}

/// A set of vector instructions; wider ones compare greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Those that the whole program was built for.
    None,
    /// AVX2 (32 bytes) with the bit instructions BMI1 and BMI2.
    Avx2,
    /// AVX-512 (64 bytes): F, BW, CD, DQ and VL, besides AVX2.
    Avx512,
}

impl Level {
    /// All, narrowest first.
    pub const ALL: [Self; 3] = [Self::None, Self::Avx2, Self::Avx512];

    /// Its name as users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The level of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// The level in use, or [`UNKNOWN`] before it was asked for. Any order of threads that store it stores the same.
static CHOSEN: AtomicU8 = AtomicU8::new(UNKNOWN);

const UNKNOWN: u8 = u8::MAX;

/// The widest level that this processor and its operating system have.
pub fn widest() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx512() {
            return Level::Avx512;
        }
        if x86::has_avx2() {
            return Level::Avx2;
        }
    }
    Level::None
}

/// The level that [`dispatch`] uses.
#[inline]
pub fn level() -> Level {
    match CHOSEN.load(Ordering::Relaxed) {
        0 => Level::None,
        1 => Level::Avx2,
        2 => Level::Avx512,
        _ => limit(Level::Avx512),
    }
}

/// Uses no level above `most` from now on, in all threads, and returns the one in use. What runs meanwhile goes on
/// with the one that it began with; the results are the same.
#[cold]
pub fn limit(most: Level) -> Level {
    let level = most.min(widest());
    CHOSEN.store(level as u8, Ordering::Relaxed);
    level
}

/// Runs `kernel` with the widest vectors that may be used.
#[cfg(target_arch = "x86_64")]
#[inline]
#[allow(unsafe_code)]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match level() {
        Level::None => kernel.run(),
        // SAFETY: a level is in use only if `widest` found that the processor and the operating system have it.
        Level::Avx2 => unsafe { x86::avx2(kernel) },
        // SAFETY: as above.
        Level::Avx512 => unsafe { x86::avx512(kernel) },
    }
}

/// Runs `kernel`.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// The copies for x86-64 and the checks whether they can be run.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Kernel;

    // What the operating system must save for them is part of both checks.
    cpufeatures::new!(cpu_avx2, "avx2", "bmi1", "bmi2");
    cpufeatures::new!(cpu_avx512, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl");

    pub(super) fn has_avx2() -> bool {
        cpu_avx2::get()
    }

    pub(super) fn has_avx512() -> bool {
        has_avx2() && cpu_avx512::get()
    }

    #[target_feature(enable = "avx2,bmi1,bmi2")]
    pub(super) fn avx2<K: Kernel>(kernel: K) -> K::Output {
        kernel.run()
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
    pub(super) fn avx512<K: Kernel>(kernel: K) -> K::Output {
        kernel.run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sum of floats in a fixed order beside one of integers that wraps: both would show another order or width.
    struct Mixed<'a>(&'a [f64], &'a mut [i32]);

    impl Kernel for Mixed<'_> {
        type Output = u64;

        #[inline(always)]
        fn run(self) -> u64 {
            for (x, i) in self.0.iter().zip(self.1.iter_mut()) {
                *i = i.wrapping_mul(747_796_405).wrapping_add((x * 1e6) as i32) >> 3;
            }
            let sum = self.0.iter().fold(0.0, |sum, x| sum * 0.999 + x * x);
            self.1.iter().fold(sum.to_bits(), |all, i| all.rotate_left(7) ^ *i as u64)
        }
    }

    /// One test, because the level is one for the whole program.
    #[test]
    #[allow(clippy::print_stdout, reason = "a skipped test must say so")]
    fn every_level_computes_the_same_and_none_is_beyond_the_processor() {
        extern crate std;
        let floats: std::vec::Vec<f64> = (0..1003).map(|i| f64::from(i) * 0.37 - 150.0).collect();
        let run = || dispatch(Mixed(&floats, &mut std::vec::Vec::from_iter(0..1003)));
        assert_eq!(level(), widest(), "the widest is in use unless narrower ones are asked for");
        let expected = run();
        for most in Level::ALL {
            let used = limit(most);
            assert_eq!(used, most.min(widest()));
            assert_eq!(level(), used);
            if used != most {
                std::println!("skipped: this processor has no {}", most.name());
            }
            assert_eq!(run(), expected, "{}", used.name());
            assert_eq!(Level::from_name(most.name()), Some(most));
        }
        assert_eq!(Level::from_name("AVX2"), None);
    }
}
