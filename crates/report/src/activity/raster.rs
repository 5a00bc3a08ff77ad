//! The raster: a row a neuron, a mark a spike, a colour a group; a map of densities where marks would be too many.

use super::{
    Axis, Drawn, LEFT, RIGHT, SERIES, SpikeGroup, counted, heading, label, light, series_colour, series_label,
};
use crate::scale::Scale;
use std::fmt::Write;

/// Height that neurons share, and the most that one gets.
const HEIGHT: f64 = 400.0;
const ROW: f64 = 6.0;
/// Least height of a group: a line of text.
const GROUP: f64 = 15.0;
/// Height of a number.
const NUMBER: f64 = 12.0;
/// More groups than this share the height of so many.
const GROUPS: usize = 64;
/// Space between two groups.
const BETWEEN: f64 = 4.0;
/// More marks than this cannot be told apart, and make the picture too large.
const MARKS: usize = 25_000;
/// Steps of a unit of length by which marks differ.
const STEPS: f64 = 2.0;
/// Side of a cell of the map of densities.
const CELL: f64 = 4.0;
/// Shades of a cell.
const SHADES: usize = 4;

/// A group with its place: neuron 0 is at its bottom.
struct Band<'a> {
    group: &'a SpikeGroup,
    /// Its number among the groups, which chooses its colour.
    series: usize,
    top: f64,
    height: f64,
}

impl Band<'_> {
    fn pitch(&self) -> f64 {
        self.height / f64::from(self.group.neurons.max(1))
    }

    /// The middle of the row of a neuron.
    fn y(&self, neuron: u32) -> f64 {
        self.top + self.height - (f64::from(neuron) + 0.5) * self.pitch()
    }

    /// The spikes in the time of the axis.
    fn spikes(&self, axis: &Axis) -> impl Iterator<Item = (u64, u32)> {
        let neurons = self.group.neurons;
        self.group.spikes.iter().copied().filter(move |&(tick, neuron)| axis.shows(tick) && neuron < neurons)
    }
}

/// The raster of `groups` from `top` on.
pub(super) fn draw(groups: &[SpikeGroup], axis: &Axis, top: f64) -> Drawn {
    let bands = bands(groups, top);
    let bottom = bands.last().map_or(top + 40.0, |band| band.top + band.height);
    let mut svg = heading(top - 8.0, "spikes (neuron)");
    svg.push_str(&axis.frame(top, bottom));
    let mut notes = Vec::new();
    svg.push_str(&names(&bands, &mut notes));
    let all: u64 = groups.iter().map(|g| g.spikes.len() as u64).sum();
    let shown: u64 = bands.iter().map(|band| band.spikes(axis).count() as u64).sum();
    if all > shown {
        notes.push(format!("{} before or after the time of this figure, or of no neuron in it.", are(all - shown)));
    }
    if shown == 0 {
        svg.push_str(&label((LEFT + RIGHT) / 2.0, (top + bottom) / 2.0 + 4.0, "middle", "no spikes"));
    }
    let marks: Vec<Vec<(i32, i32)>> = bands.iter().map(|band| marks(band, axis)).collect();
    let count: usize = marks.iter().map(Vec::len).sum();
    if count > MARKS {
        let (cells, note) = density(&bands, axis, shown);
        svg.push_str(&cells);
        notes.push(note);
    } else {
        for (band, marks) in bands.iter().zip(&marks) {
            svg.push_str(&path(band, axis, marks));
        }
        if (count as u64) < shown {
            let (spikes, marks) = (counted(shown, "spike"), counted(count as u64, "mark"));
            notes.push(format!("{spikes} make {marks}: those less than half a point apart share one."));
        }
    }
    Drawn { svg, height: bottom - top, notes }
}

fn are(spikes: u64) -> String {
    format!("{} {}", counted(spikes, "spike"), if spikes == 1 { "is" } else { "are" })
}

/// Where each group stands: the first at the bottom, as the first neuron of each.
fn bands(groups: &[SpikeGroup], top: f64) -> Vec<Band<'_>> {
    let neurons: f64 = groups.iter().map(|g| f64::from(g.neurons)).sum();
    let row = (HEIGHT / neurons.max(1.0)).min(ROW);
    let crowd = (GROUPS as f64 / groups.len().max(1) as f64).min(1.0);
    let mut y = top;
    let mut bands: Vec<Band<'_>> = Vec::new();
    for (series, group) in groups.iter().enumerate().rev() {
        let height = (f64::from(group.neurons) * row).max(GROUP * crowd);
        bands.push(Band { group, series, top: y, height });
        y += height + BETWEEN * crowd;
    }
    bands
}

/// Names right of the groups, numbers of neurons left of them.
fn names(bands: &[Band<'_>], notes: &mut Vec<String>) -> String {
    let mut svg = String::new();
    let every = bands.len().div_ceil(GROUPS);
    if every > 1 {
        notes.push(format!("One name in {every} is shown."));
    }
    for (i, band) in bands.iter().enumerate() {
        let middle = band.top + band.height / 2.0;
        if i % every == 0 {
            svg.push_str(&series_label(band.series, middle + 4.0, &band.group.name));
            let scale = Scale::covering(0.0, f64::from(band.group.neurons), ((band.height / 14.0) as usize).max(1));
            let whole = (0..=scale.steps()).map(|k| scale.mark(k)).filter(|mark| *mark % 1.0 == 0.0);
            for mark in whole.filter(|mark| *mark < f64::from(band.group.neurons)) {
                let y = band.y(mark as u32);
                // The first number of the group above needs the room at the upper end.
                if mark == 0.0 || y - band.top >= NUMBER {
                    svg.push_str(&label(LEFT - 7.0, y + 4.0, "end", &format!("{mark}")));
                }
            }
        }
        if i > 0 && every == 1 {
            let y = band.top - BETWEEN / 2.0;
            let grid = light("--grid");
            let _ = writeln!(
                svg,
                "<path class=\"grid\" stroke=\"{grid}\" fill=\"none\" d=\"M{LEFT:.1} {y:.1}H{RIGHT:.1}\"/>"
            );
        }
    }
    svg
}

/// The places of all spikes of a group, in steps, each once.
fn marks(band: &Band<'_>, axis: &Axis) -> Vec<(i32, i32)> {
    let place = |(tick, neuron)| ((band.y(neuron) * STEPS) as i32, (axis.x(tick) * STEPS) as i32);
    let mut all: Vec<(i32, i32)> = band.spikes(axis).map(place).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn path(band: &Band<'_>, axis: &Axis, marks: &[(i32, i32)]) -> String {
    if marks.is_empty() {
        return String::new();
    }
    let height = (band.pitch() * 0.8).clamp(1.5, 7.0);
    let width = (axis.pitch() * 0.8).clamp(1.0, 2.0);
    let mut svg = format!(
        "<path class=\"l{}\" stroke=\"{}\" stroke-width=\"{width:.1}\" fill=\"none\" d=\"",
        band.series % SERIES.len(),
        series_colour(band.series)
    );
    for (y, x) in marks {
        let _ = write!(svg, "M{} {:.1}v{height:.1}", f64::from(*x) / STEPS, f64::from(*y) / STEPS - height / 2.0);
    }
    svg + "\"/>\n"
}

/// Counts of spikes in a grid of cells, as shades.
fn density(bands: &[Band<'_>], axis: &Axis, spikes: u64) -> (String, String) {
    let columns = ((RIGHT - LEFT) / CELL) as usize;
    let mut counts: Vec<Vec<u32>> = Vec::new();
    for band in bands {
        let rows = ((band.height / CELL) as usize).max(1);
        let mut cells = vec![0u32; rows * columns];
        for (tick, neuron) in band.spikes(axis) {
            let column = ((axis.x(tick) - LEFT) / CELL) as usize;
            let row = ((band.top + band.height - band.y(neuron)) / band.height * rows as f64) as usize;
            cells[row.min(rows - 1) * columns + column.min(columns - 1)] += 1;
        }
        counts.push(cells);
    }
    let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
    let mut svg = String::new();
    for (band, cells) in bands.iter().zip(&counts) {
        let rows = cells.len() / columns;
        let height = band.height / rows as f64;
        for shade in 1..=SHADES {
            let mut path = String::new();
            for (cell, _) in cells.iter().enumerate().filter(|(_, count)| shade_of(**count, most) == shade) {
                let (row, column) = (cell / columns, cell % columns);
                let (x, y) = (LEFT + column as f64 * CELL, band.top + band.height - (row + 1) as f64 * height);
                let _ = write!(path, "M{x:.0} {y:.1}h{CELL}v{height:.1}h-{CELL}z");
            }
            if !path.is_empty() {
                let _ = writeln!(
                    svg,
                    "<path class=\"f{}\" fill=\"{}\" fill-opacity=\"{}\" d=\"{path}\"/>",
                    band.series % SERIES.len(),
                    series_colour(band.series),
                    [0.22, 0.45, 0.7, 1.0][shade - 1],
                );
            }
        }
    }
    let deepest =
        bands.iter().zip(&counts).map(|(band, cells)| f64::from(band.group.neurons) / (cells.len() / columns) as f64);
    let note = format!(
        "{} are too many for marks of their own. Each cell is about {} of up to {:.0} neurons; the darkest of its \
         {SHADES} shades stands for up to {most} spikes, the others for up to 3/4, 1/2 and 1/4 of that. Every spike is \
         counted.",
        counted(spikes, "spike"),
        axis.length(CELL / axis.pitch()),
        deepest.fold(1.0, f64::max).ceil(),
    );
    (svg, note)
}

/// 0 for no spike, else 1 to [`SHADES`] by the share of the fullest cell.
fn shade_of(count: u32, most: u32) -> usize {
    (u64::from(count) * SHADES as u64).div_ceil(u64::from(most)) as usize
}
