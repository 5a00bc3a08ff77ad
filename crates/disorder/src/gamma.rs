//! Quantiles of the gamma distribution as a function of a unit-normal deviate.
//!
//! Let x be the quantile of the gamma distribution with shape k and mean 1 at Phi(z), and y = ln x. Differentiating
//! P(k, k x) = Phi(z) gives
//!
//! dy/dz = phi(z) / (k x f(k x)) = exp(-z^2/2 + C - k (y - e^y + 1)),  C = ln Gamma(k) - k ln k + k - ln(2 pi)/2,
//!
//! with f the gamma density. A probability that is wrong by c at one end stays wrong by c all along, so an error
//! in y shrinks as the tail grows, while the integration runs inwards: more than 10,000 times within the first unit.
//! The table is therefore integrated (classical Runge-Kutta of fourth order) from both tails to the centre, and a few
//! terms of the continued fractions of the incomplete gamma function are enough to start it. Between knots, y is a
//! cubic with the exact slopes. No incomplete gamma function is evaluated, and small CVs cost no more than large ones.

use crate::normal::{self, DENSITY_AT_0};
use alloc::vec::Vec;
use fx::{Real, Wide};

/// ln x(z) at knots, for one shape. For |z| <= 6, x is off by less than 1e-8 x for CVs up to
/// 1.5, and by less than 2e-8 x for CVs up to 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GammaTable {
    knots: Vec<Knot>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Knot {
    y: Wide,
    slope: Wide,
}

/// Knots lie 1/32 apart, from -9.5 to 9.5.
const KNOTS_PER_UNIT: i32 = 32;
const END: i32 = 19 * KNOTS_PER_UNIT / 2;
/// The end of the table; deviates beyond it, which one word never gives, count as the end.
const Z_END: Real = Real::from_bits(19 * Real::ONE.to_bits() / 2);
/// Integration starts one unit further out, and takes two steps a knot.
const START: i32 = END + KNOTS_PER_UNIT;
const STEPS_PER_KNOT: i32 = 2;

impl GammaTable {
    /// The table for shape `k` = 1/CV^2, from 2^-4 to 2^14.
    pub(crate) fn new(k: Wide) -> Self {
        let slope = Slope { k, constant: stirling_constant(k) };
        let mut knots = slope.integrate(-1, slope.start_low());
        knots.pop(); // the centre comes from the other side
        knots.extend(slope.integrate(1, slope.start_high()));
        Self { knots }
    }

    /// ln x at `z`.
    pub(crate) fn log_quantile(&self, z: Real) -> Wide {
        let from_start = Wide::from_real(clamp(z).add_sat(Z_END));
        let position = from_start.scale(KNOTS_PER_UNIT.trailing_zeros() as i32);
        let i = ((position.to_bits() >> Wide::FRACTION_BITS) as usize).min(self.knots.len() - 2);
        let t = position.sub_sat(Wide::from_integer(i as i32));
        let (a, b) = (self.knots[i], self.knots[i + 1]);
        // Hermite's cubic, from the straight line between the knots and what each slope adds to it.
        let rise = b.y.sub_sat(a.y);
        let (da, db) = (over_knots(a.slope).sub_sat(rise), rise.sub_sat(over_knots(b.slope)));
        let s = Wide::ONE.sub_sat(t);
        let bend = t.mul_trunc(s).mul_trunc(s.mul_trunc(da).add_sat(t.mul_trunc(db)));
        a.y.add_sat(t.mul_trunc(rise)).add_sat(bend)
    }
}

/// `z` kept within the table.
fn clamp(z: Real) -> Real {
    z.clamp(Z_END.neg_sat(), Z_END)
}

/// The change over one knot distance for a slope.
fn over_knots(slope: Wide) -> Wide {
    slope.scale(-(KNOTS_PER_UNIT.trailing_zeros() as i32))
}

/// The gamma quantile with mean 1 by the expansion of Cornish and Fisher (Goldberg and Levine, Annals of Mathematical
/// Statistics 17 (1946) 216-225) up to CV^4. For CVs below 2^-7 and |z| <= 6 the rest is below 1e-10.
pub(crate) fn narrow_quantile(cv: Wide, z: Real) -> Wide {
    let z = Wide::from_real(clamp(z));
    let n = Wide::from_integer;
    let z2 = z.mul_trunc(z);
    let second = Wide::from_bits(z2.sub_sat(n(1)).to_bits() / 3);
    let third = Wide::from_bits(z.mul_trunc(z2.sub_sat(n(7))).to_bits() / 36);
    let fourth = z2.mul_trunc(n(3)).add_sat(n(7)).mul_trunc(z2).sub_sat(n(16));
    let fourth = Wide::from_bits(fourth.to_bits() / 810).neg();
    [fourth, third, second, z, n(1)].iter().fold(Wide::ZERO, |sum, term| sum.mul_trunc(cv).add_sat(*term))
}

/// The differential equation for one shape.
struct Slope {
    k: Wide,
    constant: Wide,
}

impl Slope {
    /// k (y - e^y + 1): the logarithm of k x f(k x), up to a constant.
    fn log_density(&self, y: Wide) -> Wide {
        self.k.mul_trunc(y.sub_sat(y.exp()).add_sat(Wide::ONE))
    }

    /// dy/dz.
    fn at(&self, z: Wide, y: Wide) -> Wide {
        self.constant.sub_sat(z.mul_trunc(z).scale(-1)).sub_sat(self.log_density(y)).exp()
    }

    /// Knots from the far end on `side` (-1 or 1) to the centre, in ascending order of z.
    fn integrate(&self, side: i32, start: Wide) -> Vec<Knot> {
        let steps_per_unit = i128::from(KNOTS_PER_UNIT * STEPS_PER_KNOT);
        let z_at = |half_step: i32| Wide::from_ratio(i128::from(side * half_step), 2 * steps_per_unit);
        let h = Wide::from_ratio(i128::from(-side), steps_per_unit);
        let half = h.scale(-1);
        let mut y = start;
        let mut knots = Vec::with_capacity(END as usize + 1);
        for step in (0..=START * STEPS_PER_KNOT).rev() {
            let (here, middle, there) = (z_at(2 * step), z_at(2 * step - 1), z_at(2 * step - 2));
            let k1 = self.at(here, y);
            if step % STEPS_PER_KNOT == 0 && step <= END * STEPS_PER_KNOT {
                knots.push(Knot { y, slope: k1 });
            }
            let k2 = self.at(middle, y.add_sat(half.mul_trunc(k1)));
            let k3 = self.at(middle, y.add_sat(half.mul_trunc(k2)));
            let k4 = self.at(there, y.add_sat(h.mul_trunc(k3)));
            let sum = k1.add_sat(k2.add_sat(k3).scale(1)).add_sat(k4);
            y = y.add_sat(Wide::from_bits(h.mul_trunc(sum).to_bits() / 6));
        }
        if side > 0 {
            knots.reverse();
        }
        knots
    }

    /// y at z = -START, from P = k x f / (k - k t / (k + 1 + t / (k + 2))), t = k x: the continued fraction of the
    /// lower incomplete gamma function, cut.
    fn start_low(&self) -> Wide {
        let one = Wide::ONE;
        self.start(Wide::from_integer(-2048), Wide::ZERO, |k, t| {
            let inner = k.add_sat(one).add_sat(t.div_trunc(k.add_sat(one).add_sat(one)));
            k.sub_sat(k.mul_trunc(t.div_trunc(inner)))
        })
    }

    /// y at z = START, from Q = k x f / (t + 1 - k - (1 - k) / (t + 3 - k - 2 (2 - k) / (t + 5 - k))): the continued
    /// fraction of the upper incomplete gamma function, cut.
    fn start_high(&self) -> Wide {
        let n = Wide::from_integer;
        self.start(n(8), Wide::ZERO, |k, t| {
            let d = t.sub_sat(k);
            let third = n(2).sub_sat(k).scale(1).div_trunc(d.add_sat(n(5)));
            d.add_sat(n(1)).sub_sat(n(1).sub_sat(k).div_trunc(d.add_sat(n(3)).sub_sat(third)))
        })
    }

    /// The y between `outer` and `inner` at which the tail is that of the normal distribution at START, by bisection.
    /// The tail is k x f over the denominator that `fraction` gives for k and t.
    fn start(&self, outer: Wide, inner: Wide, fraction: impl Fn(Wide, Wide) -> Wide) -> Wide {
        let z = Real::from_ratio(-i64::from(START), i64::from(KNOTS_PER_UNIT));
        let wanted = ln(normal::cdf(z));
        let shift = ln(DENSITY_AT_0).sub_sat(self.constant);
        let (mut outer, mut inner) = (outer, inner);
        for _ in 0..64 {
            let y = outer.add_sat(inner).scale(-1);
            let denominator = fraction(self.k, self.k.mul_trunc(y.exp()));
            if self.log_density(y).add_sat(shift).sub_sat(ln(denominator)) < wanted {
                outer = y;
            } else {
                inner = y;
            }
        }
        inner
    }
}

/// ln of a positive number.
fn ln(x: Wide) -> Wide {
    x.ln().unwrap_or(Wide::MIN)
}

/// ln Gamma(k) - k ln k + k - ln(2 pi)/2, by Stirling's series after k is raised to 16 or more
/// (Gamma(k) = Gamma(k + 1) / k): off by less than 1e-17.
fn stirling_constant(k: Wide) -> Wide {
    // B_2n / (2 n (2 n - 1))
    const TERMS: [(i128, i128); 6] = [(1, 12), (-1, 360), (1, 1260), (-1, 1680), (1, 1188), (-691, 360_360)];
    let (mut raised, mut product) = (k, Wide::ZERO);
    while raised < Wide::from_integer(16) {
        product = product.add_sat(ln(raised));
        raised = raised.add_sat(Wide::ONE);
    }
    let inverse = Wide::ONE.div_trunc(raised);
    let square = inverse.mul_trunc(inverse);
    let series =
        TERMS.iter().rev().fold(Wide::ZERO, |sum, (n, d)| sum.mul_trunc(square).add_sat(Wide::from_ratio(*n, *d)));
    // ln Gamma(r) = (r - 1/2) ln r - r + ln(2 pi)/2 + series / r
    let log = ln(raised);
    let k_log_k = k.mul_trunc(ln(k));
    raised
        .mul_trunc(log)
        .sub_sat(log.scale(-1))
        .sub_sat(raised)
        .add_sat(series.mul_trunc(inverse))
        .sub_sat(product)
        .sub_sat(k_log_k)
        .add_sat(k)
}
