//! Patterns of connections with numbers of their own: rings, distances, balanced fan-ins and convolutions.

use super::connections::{ListUnits, read_kernel};
use super::ends::End;
use super::weights::read_fraction;
use crate::document::Value;
use crate::error::FormatErrors;
use fx::{Real, Weight};
use network::{Convolution, Distance, Falling, Falloff, Grid, Inhibition, Pattern, Signs, Weights};
use std::path::Path;
use units::Decimal;

const RULE: &str = "patterns-are-possible";

/// `{ ring = 4 }` or `{ ring = 4, rewired = 0.1 }`.
pub(super) fn read_ring(value: &Value<'_>) -> Option<Pattern> {
    let table = value.table(&["ring", "rewired"])?;
    let each_side = table.required_with("ring", |v| {
        let each_side: u32 = v.read()?;
        if each_side > 0 { Some(each_side) } else { v.reject(RULE, "a ring joins at least 1 neighbour on each side") }
    });
    let rewired = table.optional_with("rewired", |v| read_fraction(&v));
    Some(Pattern::Ring { each_side: each_side?, rewired_per_65536: rewired?.unwrap_or(0) })
}

/// A balanced fan-in, and the signs that belong to it: `{ fan-in = 100, inhibitory = 0.2, g = 5 }`.
pub(super) fn read_balanced(value: &Value<'_>) -> Option<(Pattern, Signs)> {
    let table = value.table(&["fan-in", "inhibitory", "g"])?;
    let fan_in = table.required("fan-in");
    let per_65536 = table.required_with("inhibitory", |v| read_fraction(&v));
    let strength = table.required_with("g", |v| {
        let g: Decimal = v.read()?;
        match Weight::from_decimal(g) {
            Ok(strength) if strength >= Weight::ZERO => Some(strength),
            _ => v.reject(RULE, "`g`, how many times stronger inhibition is, is from 0 to below 2048"),
        }
    });
    let inhibition = Inhibition { per_65536: per_65536?, strength: strength? };
    Some((Pattern::Balanced { fan_in: fan_in? }, Signs::PerSender(inhibition)))
}

/// What the table `distance` says; grids that it leaves out are lines.
#[derive(Clone, Copy)]
pub(super) struct DistanceEntry {
    grids: [Option<Grid>; 2],
    wraps: bool,
    falloff: Falloff,
    width: Real,
    reach: Option<Real>,
    of: Falling,
}

impl DistanceEntry {
    /// For so many senders and receivers.
    pub(super) fn pattern(self, senders: u32, receivers: u32) -> Pattern {
        let Self { grids: [grid, sender_grid], wraps, falloff, width, reach, of } = self;
        let same = grid.filter(|grid| grid.places() == u64::from(senders));
        let receivers = grid.unwrap_or(Grid::line(receivers));
        let senders = sender_grid.or(same).unwrap_or(Grid::line(senders));
        Pattern::Distance(Distance { receivers, senders, wraps, falloff, width, reach, of })
    }
}

/// `{ falls = "gaussian", width = 2.5, probability = 0.8, grid = [20, 20] }`.
pub(super) fn read_distance(value: &Value<'_>) -> Option<DistanceEntry> {
    let table = value.table(&["falls", "width", "probability", "reach", "grid", "sender_grid", "wraps"])?;
    let shapes = [("gaussian", Falloff::Gaussian), ("exponential", Falloff::Exponential), ("step", Falloff::Step)];
    let falloff = table.required_with("falls", |v| v.one_of("a way to fall with distance", &shapes));
    let width = table.required_with("width", |v| read_length(&v, "a width"));
    let reach = table.optional_with("reach", |v| read_length(&v, "a reach"));
    let probability = table.optional_with("probability", |v| read_fraction(&v));
    let grid = table.optional_with("grid", |v| read_grid(&v));
    let sender_grid = table.optional_with("sender_grid", |v| read_grid(&v));
    let wraps = table.or("wraps", false);
    Some(DistanceEntry {
        grids: [grid?, sender_grid?],
        wraps: wraps?,
        falloff: falloff?,
        width: width?,
        reach: reach?,
        of: probability?.map_or(Falling::Weight, Falling::Probability),
    })
}

/// A length in spacings of neurons, above 0.
fn read_length(value: &Value<'_>, what: &str) -> Option<Real> {
    let length: Decimal = value.read()?;
    match Real::from_decimal(length) {
        Ok(length) if length > Real::ZERO && length <= Real::from_integer(1 << 26) => Some(length),
        _ => value.reject(RULE, format!("{what} is above 0 spacings of neurons, and at most {}", 1 << 26)),
    }
}

/// `[20]`, `[10, 20]`: rows and columns.
fn read_grid(value: &Value<'_>) -> Option<Grid> {
    let lengths: Vec<u32> = value.read()?;
    match lengths[..] {
        [places] if places > 0 => Some(Grid::line(places)),
        [rows, columns] if rows > 0 && columns > 0 => Some(Grid { rows, columns }),
        _ => value.reject(RULE, "a grid is `[PLACES]` or `[ROWS, COLUMNS]`, none of them 0"),
    }
}

/// What the table `convolution` says.
pub(super) struct ConvolutionEntry {
    convolution: Convolution,
    /// The file of the kernel; none: drawn, with the shape that stands in the convolution.
    file: Option<String>,
}

/// `{ shape = [2, 34, 34], kernel = "kernel.npz", stride = 2 }` or `{ shape = [34, 34], kernel = [8, 3, 3] }`.
pub(super) fn read_convolution(value: &Value<'_>) -> Option<ConvolutionEntry> {
    let table = value.table(&["shape", "kernel", "stride", "padding", "dilation", "groups"])?;
    let shape = table.required_with("shape", |v| {
        let lengths: Vec<u32> = v.read()?;
        match lengths[..] {
            [rows, columns] => Some([1, rows, columns]),
            [channels, rows, columns] => Some([channels, rows, columns]),
            _ => v.reject(RULE, "the shape of the senders is `[ROWS, COLUMNS]` or `[CHANNELS, ROWS, COLUMNS]`"),
        }
    });
    let kernel = table.required_with("kernel", |v| {
        if v.is_string() {
            return Some((Some(v.read::<String>()?), [1, 1, 1]));
        }
        let lengths: Vec<u32> = v.read()?;
        match lengths[..] {
            [channels, rows, columns] => Some((None, [channels, rows, columns])),
            _ => v.reject(RULE, "a kernel is a file, or `[CHANNELS, ROWS, COLUMNS]` of one whose weights are drawn"),
        }
    });
    let stride = table.optional_with("stride", |v| read_pair(&v, 1));
    let padding = table.optional_with("padding", |v| read_pair(&v, 0));
    let dilation = table.optional_with("dilation", |v| read_pair(&v, 1));
    let groups = table.or("groups", 1);
    let (file, [channels, rows, columns]) = kernel?;
    let plain = Convolution::new(shape?, channels, [rows, columns]);
    let convolution = Convolution {
        stride: stride?.unwrap_or(plain.stride),
        padding: padding?.unwrap_or(plain.padding),
        dilation: dilation?.unwrap_or(plain.dilation),
        groups: groups?,
        ..plain
    };
    Some(ConvolutionEntry { convolution, file })
}

/// A number for rows and columns, or one for each.
fn read_pair(value: &Value<'_>, least: u32) -> Option<[u32; 2]> {
    let pair: Vec<u32> = if value.is_array() { value.read()? } else { vec![value.read()?] };
    match pair[..] {
        [both] if both >= least => Some([both; 2]),
        [rows, columns] if rows >= least && columns >= least => Some([rows, columns]),
        _ => value.reject(RULE, format!("this is a number from {least} on, or two: of rows and of columns")),
    }
}

/// What the weights of a kernel depend on.
pub(super) struct KernelWeights<'a> {
    /// Where its file lies.
    pub(super) directory: &'a Path,
    /// What a 1 in a file stands for; none if `weight` is a law.
    pub(super) units: Option<ListUnits>,
    /// The law of weights that are drawn.
    pub(super) law: Weights,
    pub(super) seed: u64,
    /// Name of the projection.
    pub(super) name: &'a str,
}

/// Why a convolution cannot be: errors of its file, or a broken rule at the key `connect`.
pub(super) enum Misfit {
    Files(FormatErrors),
    Rule(String),
    /// At the key `weight`.
    Weight(String),
}

/// A convolution that fits its ends, the weights of its kernel if they are in a file, and its connections at most.
pub(super) type Fitted = (Convolution, Option<Vec<Weight>>, u64);

impl KernelWeights<'_> {
    /// The weights of a kernel that is drawn: each by its place in it.
    pub(super) fn drawn(&self, convolution: &Convolution) -> Vec<Weight> {
        let draw = |index| self.law.draw_for(self.seed, self.name, "kernel", index);
        (0..convolution.weights().unwrap_or(0)).map(draw).collect()
    }
}

impl ConvolutionEntry {
    /// The convolution, the weights of its kernel if they are in a file, and the connections that it has at most.
    /// Nothing is drawn or unrolled yet.
    pub(super) fn fitted(&self, ends: [&End; 2], of: &KernelWeights<'_>) -> Result<Fitted, Misfit> {
        let mut convolution = self.convolution;
        let kernel = match &self.file {
            None => None,
            Some(file) => {
                let Some(units) = of.units else {
                    let message = "with a file of a kernel, `weight` is the one quantity that a 1 in it stands for";
                    return Err(Misfit::Weight(message.into()));
                };
                let kernel = read_kernel(&of.directory.join(file), units).map_err(Misfit::Files)?;
                let [channels, heard, rows, columns] = kernel.shape;
                (convolution.channels, convolution.kernel) = (channels, [rows, columns]);
                if convolution.heard() != Some(heard) {
                    let message = format!(
                        "the kernel has weights for {channels} channels that hear {heard} each, but {} channels in {} \
                         groups send",
                        convolution.input[0], convolution.groups
                    );
                    return Err(Misfit::Rule(message));
                }
                Some(kernel.weights)
            }
        };
        let [senders, receivers] = ends.map(|end| u64::from(end.count()));
        let product = |shape: [u32; 3]| shape.iter().fold(1u64, |all, length| all.saturating_mul(u64::from(*length)));
        let input = convolution.input;
        if product(input) != senders {
            return Err(Misfit::Rule(format!(
                "the shape {input:?} has {} values, but there are {senders} senders",
                product(input)
            )));
        }
        let Some(output) = convolution.output() else {
            let [rows, columns] = convolution.kernel;
            let message = format!(
                "a kernel of {rows} x {columns} with this stride, dilation and padding has no place in {input:?}, or its groups \
                 do not divide {} and {} channels",
                input[0], convolution.channels
            );
            return Err(Misfit::Rule(message));
        };
        if product(output) != receivers {
            let message = format!(
                "it has an output of {output:?}, {} values, but there are {receivers} receivers",
                product(output)
            );
            return Err(Misfit::Rule(message));
        }
        let most = convolution.connections_max().unwrap_or(u64::MAX);
        Ok((convolution, kernel, most))
    }
}

#[cfg(test)]
mod tests {
    use crate::network::read;
    use std::path::Path;

    /// A network of so many neurons that hear each other, or an input, by this `connect`; other keys of the projection
    /// in `more`.
    fn joined(
        neurons: u32,
        pre: &str,
        connect: &str,
        more: &str,
        folder: &Path,
    ) -> Result<Vec<(u32, u32, i32)>, String> {
        let text = format!(
            "format = \"quenched-network\"\nversion = 1\nseed = 3\ninput = [{{ name = \"in\", channels = 32 }}]\n\
             population = [{{ name = \"p\", size = {neurons}, model = \"lif\" }}]\n[[projection]]\nname = \"x\"\n\
             pre = \"{pre}\"\npost = \"p\"\nconnect = {connect}\n{more}\n"
        );
        let chip = crate::chip::shipped("ideal").unwrap();
        let network = read(&text, "net.toml", folder, &chip).map_err(|errors| errors.to_string())?;
        // Half a threshold of the chip, as bits.
        Ok(network.projections[0].kept().map(|c| (c.pre, c.post, c.weight.to_bits())).collect())
    }

    fn here(neurons: u32, pre: &str, connect: &str) -> Result<Vec<(u32, u32, i32)>, String> {
        joined(neurons, pre, connect, "weight = \"0.5 threshold\"", "".as_ref())
    }

    const HALF: i32 = 1 << 19;

    #[test]
    fn patterns_with_numbers_are_read() {
        let ring = here(6, "p", "{ ring = 1 }").unwrap();
        assert_eq!(
            ring.iter().map(|(pre, post, _)| (*pre, *post)).take(4).collect::<Vec<_>>(),
            [(0, 1), (0, 5), (1, 0), (1, 2)]
        );
        assert_eq!(here(40, "p", "{ ring = 2, rewired = 0.5 }").unwrap().len(), 160);
        let near =
            here(16, "p", "{ distance = { falls = \"step\", width = 1, grid = [4, 4], probability = 1 } }").unwrap();
        // Neighbours along rows and columns: 2 * 4 * 3 pairs, both ways.
        assert_eq!(near.len(), 48);
        let torus = "{ distance = { falls = \"step\", width = 1, grid = [4, 4], wraps = true, probability = 1 } }";
        assert_eq!(here(16, "p", torus).unwrap().len(), 64);
        // 32 channels on a line beside 16 neurons: each neuron lies between two.
        let line = "{ distance = { falls = \"step\", width = 0.25, probability = 1 } }";
        let pairs: Vec<(u32, u32)> = here(16, "in", line).unwrap().iter().map(|(pre, post, _)| (*pre, *post)).collect();
        assert_eq!(pairs, (0..32).map(|pre| (pre, pre / 2)).collect::<Vec<_>>());
        let weights = here(5, "p", "{ distance = { falls = \"exponential\", width = 1, reach = 1 } }").unwrap();
        assert!(weights.len() == 8 && weights.iter().all(|(.., weight)| *weight == 192875), "{weights:?}");
        let balanced = here(50, "p", "{ balanced = { fan-in = 10, inhibitory = 0.2, g = 5 } }").unwrap();
        let sum = |post: u32| balanced.iter().filter(|c| c.1 == post).map(|c| c.2).sum::<i32>();
        assert_eq!((balanced.len(), (0..50).map(sum).all(|sum| sum == (8 - 10) * HALF)), (500, true));
        // A kernel that is drawn is the same wherever it lies.
        let drawn = joined(
            2 * 3 * 5,
            "in[0..28]",
            "{ convolution = { shape = [4, 7], kernel = [2, 2, 3] } }",
            "weight = { low = \"0.1 threshold\", high = \"0.9 threshold\" }",
            "".as_ref(),
        );
        let drawn = drawn.unwrap();
        let kernel = |post: u32| drawn.iter().filter(|c| c.1 == post).map(|c| c.2).collect::<Vec<_>>();
        assert_eq!((drawn.len(), kernel(0) == kernel(14), kernel(0) == kernel(15)), (30 * 6, true, false));
    }

    /// An npy file of 64-bit numbers.
    fn npy(descr: &str, shape: &str, numbers: &[[u8; 8]]) -> Vec<u8> {
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        header += &" ".repeat(63 - (10 + header.len()) % 64);
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        numbers.iter().for_each(|number| bytes.extend(number));
        bytes
    }

    #[test]
    fn kernels_are_read_from_files() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: Vec<u8>| std::fs::write(dir.path().join(name), bytes).unwrap();
        let whole: Vec<[u8; 8]> = [1i64, 0, -2, 3].map(i64::to_le_bytes).into();
        write("plane.npy", npy("<i8", "(2, 2)", &whole));
        write("four.npy", npy("<f8", "(2, 1, 1, 2)", &[1.0f64, 0.5, -1.0, 2.0].map(f64::to_le_bytes)));
        write("line.npy", npy("<i8", "(4,)", &whole));
        let read = |neurons, connect: &str, weight: &str| joined(neurons, "in[0..9]", connect, weight, dir.path());
        let half = "weight = \"0.5 threshold\"";
        let plane = read(4, "{ convolution = { shape = [3, 3], kernel = \"plane.npy\" } }", half).unwrap();
        let first: Vec<(u32, i32)> = plane.iter().filter(|c| c.1 == 0).map(|c| (c.0, c.2)).collect();
        assert_eq!((plane.len(), first), (12, vec![(0, HALF), (3, -2 * HALF), (4, 3 * HALF)]));
        let strided = "{ convolution = { shape = [1, 3, 3], kernel = \"four.npy\", stride = [2, 1] } }";
        // The nominal threshold of the chip is 20 mV, which counts as 1.
        let refused = read(8, strided, half).unwrap_err();
        assert!(refused.contains("its elements are floats"), "{refused}");
        for (neurons, connect, weight, words) in [
            (
                5,
                "{ convolution = { shape = [3, 3], kernel = \"plane.npy\" } }",
                half,
                "it has an output of [1, 2, 2], 4 values, but there are 5 receivers",
            ),
            (
                4,
                "{ convolution = { shape = [3, 4], kernel = \"plane.npy\" } }",
                half,
                "the shape [1, 3, 4] has 12 values, but there are 9 senders",
            ),
            (4, "{ convolution = { shape = [3, 3], kernel = \"line.npy\" } }", half, "its shape is [4], but [channels"),
            (4, "{ convolution = { shape = [3, 3], kernel = \"none.npy\" } }", half, "none.npy: cannot be read"),
            (4, "{ convolution = { shape = [3, 3], kernel = [1, 4, 1] } }", half, "a kernel of 4 x 1 with this stride"),
            (
                4,
                "{ convolution = { shape = [3, 3], kernel = \"plane.npy\", groups = 2 } }",
                half,
                "the kernel has weights for 1 channels that hear 1 each",
            ),
            (4, "{ convolution = { shape = [3, 3], kernel = \"plane.npy\", stride = 0 } }", half, "a number from 1 on"),
            (
                4,
                "{ convolution = { shape = [3, 3], kernel = \"plane.npy\" } }",
                "weight = { low = \"1 mV\", high = \"2 mV\" }",
                "`weight` is the one quantity",
            ),
            (
                4,
                "{ convolution = { shape = [3, 3], kernel = \"plane.npy\" } }",
                "weight = \"1 mV\"\ninhibitory = 0.5",
                "this pattern says itself which weights are negative",
            ),
        ] {
            let found = read(neurons, connect, weight).unwrap_err();
            let place = found.contains("net.toml:1") || found.contains(".npy: ");
            assert!(found.contains(words) && place, "{found}\n is not: {words}");
        }
    }

    #[test]
    fn patterns_that_cannot_be_are_refused_in_their_place() {
        for (connect, words) in [
            ("{ ring = 0 }", "a ring joins at least 1 neighbour on each side"),
            ("{ ring = 20 }", "20 neighbours on each side asked for, but a ring of 20 has 9"),
            ("{ ring = 1, rewired = 2 }", "0 to 1"),
            ("{ ring = 1, probability = 0.1 }", "say exactly one of"),
            ("{ distance = { falls = \"far\", width = 1 } }", "far"),
            ("{ distance = { falls = \"step\", width = 0 } }", "a width is above 0 spacings"),
            (
                "{ distance = { falls = \"step\", width = 1, grid = [3, 5] } }",
                "a grid of 3 x 5 has 15 places, but there are 20 receivers",
            ),
            ("{ distance = { falls = \"step\", width = 1, grid = [] } }", "a grid is `[PLACES]` or `[ROWS, COLUMNS]`"),
            ("{ distance = { falls = \"step\", width = 1, reech = 2 } }", "reech"),
            ("{ balanced = { fan-in = 10, inhibitory = 0.2 } }", "g"),
            (
                "{ balanced = { fan-in = 19, inhibitory = 0.5, g = 4 } }",
                "x, inhibitory senders: fan-in 10 asked for, but there are only 9",
            ),
            ("{ balanced = { fan-in = 5, inhibitory = 0.5, g = -1 } }", "`g`, how many times stronger inhibition is"),
        ] {
            let found = here(20, "p", connect).unwrap_err();
            assert!(found.contains(words) && found.contains("net.toml:10:"), "{found}\n is not: {words}");
        }
    }
}
