//! Traces: a plot for each quantity of each population, a line a neuron.

use super::{
    Axis, Drawn, GAP, LEFT, RIGHT, SERIES, Trace, counted, heading, label, light, series_colour, series_label,
};
use crate::chart::spread_out;
use crate::scale::Scale;
use crate::svg::outline;
use std::fmt::Write;

/// Height of a plot.
const HEIGHT: f64 = 112.0;
/// Lines of a plot: as many as there are colours, and as have room for their names.
const LINES: usize = SERIES.len();
/// Plots of a figure.
const PLOTS: usize = 12;
/// Distance of two names at the ends of lines.
const LABEL_PITCH: f64 = 14.0;
/// Columns of a plot by which long traces are thinned.
const COLUMNS: usize = 2 * (RIGHT - LEFT) as usize;

/// The plots of `traces` from `top` on. `first` is the series of a population, whose colour its first line has.
pub(super) fn draw_all(traces: &[Trace], axis: &Axis, top: f64, first: impl Fn(&str) -> usize) -> Drawn {
    let mut plots: Vec<Vec<&Trace>> = Vec::new();
    for trace in traces {
        let same =
            |t: &Trace| (&t.population, &t.quantity, &t.unit) == (&trace.population, &trace.quantity, &trace.unit);
        match plots.iter_mut().find(|plot| same(plot[0])) {
            Some(plot) => plot.push(trace),
            None => plots.push(vec![trace]),
        }
    }
    let mut drawn = Drawn { svg: String::new(), height: 0.0, notes: Vec::new() };
    let mut thinned = false;
    for (i, plot) in plots.iter().take(PLOTS).enumerate() {
        if i > 0 {
            drawn.height += GAP;
        }
        thinned |= draw(plot, axis, (top + drawn.height, first(&plot[0].population)), &mut drawn);
        drawn.height += HEIGHT;
    }
    if thinned {
        drawn.notes.push(
            "Where samples are closer than half a point, a line goes through the first, lowest, highest and \
             last of them."
                .into(),
        );
    }
    if plots.len() > PLOTS {
        let names: Vec<String> = plots[PLOTS..].iter().map(|plot| name(plot[0])).collect();
        drawn.notes.push(format!("Not drawn, for want of room: {}.", names.join(", ")));
    }
    let outside = traces.iter().flat_map(|t| &t.samples).filter(|(tick, _)| !axis.shows(*tick)).count();
    if outside > 0 {
        drawn
            .notes
            .push(format!("Not drawn: {} before or after the time of this figure.", counted(outside as u64, "sample")));
    }
    drawn
}

/// `reservoir: v (mV)`; pure numbers have no unit.
fn name(trace: &Trace) -> String {
    let unit = if trace.unit == "1" { String::new() } else { format!(" ({})", trace.unit) };
    format!("{}: {}{unit}", trace.population, trace.quantity)
}

/// One plot, of traces of one quantity. Returns whether lines were thinned.
fn draw(plot: &[&Trace], axis: &Axis, (top, first): (f64, usize), drawn: &mut Drawn) -> bool {
    let inside = |t: &Trace| t.samples.iter().copied().filter(|(tick, _)| axis.shows(*tick)).collect::<Vec<_>>();
    let samples: Vec<Vec<(u64, f64)>> = plot.iter().map(|trace| inside(trace)).collect();
    let values = || samples.iter().flatten().map(|(_, value)| *value);
    let low = values().reduce(f64::min).unwrap_or(0.0);
    let high = values().reduce(f64::max).unwrap_or(0.0);
    let scale = Scale::covering(low, high, 4);
    let bottom = top + HEIGHT;
    let y = |value: f64| bottom - scale.share(value) * HEIGHT;
    let svg = &mut drawn.svg;
    svg.push_str(&heading(top - 8.0, &name(plot[0])));
    svg.push_str(&rules(&scale, y));
    svg.push_str(&axis.frame(top, bottom));
    if values().next().is_none() {
        svg.push_str(&label((LEFT + RIGHT) / 2.0, (top + bottom) / 2.0 + 4.0, "middle", "no samples"));
    }
    // Evenly chosen where there are more than a reader can follow.
    let count = plot.len().min(LINES);
    let chosen: Vec<usize> = (0..count).map(|i| i * plot.len() / count).collect();
    let mut thinned = false;
    if plot.len() > LINES {
        let band = envelope(&samples, axis, y);
        let (class, colour) = (first % SERIES.len(), series_colour(first));
        let _ = writeln!(svg, "<path class=\"f{class}\" fill=\"{colour}\" fill-opacity=\"0.14\" d=\"{band}\"/>");
        drawn.notes.push(format!(
            "{}: {LINES} of {} traces are lines; the band is from the lowest to the highest of all.",
            name(plot[0]),
            plot.len()
        ));
        thinned = samples.iter().any(|s| s.len() > 4 * COLUMNS);
    }
    let mut ends: Vec<(f64, usize, u32)> = Vec::new();
    for (series, &index) in (first..).zip(&chosen) {
        let points = thin(&samples[index], axis);
        thinned |= points.len() < samples[index].len();
        let Some(&(_, last)) = points.last() else { continue };
        ends.push((y(last), series, plot[index].neuron));
        let mut path = outline(points.iter().map(|(tick, value)| (axis.x(*tick), y(*value))));
        if points.len() == 1 {
            // A line to its own beginning, with round ends, is a point.
            path.push('z');
        }
        let _ = writeln!(
            drawn.svg,
            "<path class=\"l{}\" stroke=\"{}\" stroke-width=\"1.4\" stroke-linejoin=\"round\" stroke-linecap=\"round\" \
             fill=\"none\" d=\"{path}\"/>",
            series % SERIES.len(),
            series_colour(series)
        );
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wanted: Vec<f64> = ends.iter().map(|end| end.0).collect();
    for ((_, series, neuron), at) in ends.into_iter().zip(within(spread_out(&wanted, LABEL_PITCH), top, bottom)) {
        drawn.svg.push_str(&series_label(series, at + 4.0, &format!("neuron {neuron}")));
    }
    thinned
}

/// `places`, rising and at least [`LABEL_PITCH`] apart, moved so that all are between `top` and `bottom`.
fn within(mut places: Vec<f64>, top: f64, bottom: f64) -> Vec<f64> {
    let mut least = top;
    for place in &mut places {
        *place = place.max(least);
        least = *place + LABEL_PITCH;
    }
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - LABEL_PITCH;
    }
    places
}

/// Lines and numbers at round values.
fn rules(scale: &Scale, y: impl Fn(f64) -> f64) -> String {
    let mut svg = String::new();
    let mut path = String::new();
    for (mark, text) in (0..=scale.steps()).map(|i| (scale.mark(i), scale.label(i))) {
        let _ = write!(path, "M{LEFT:.1} {:.1}H{RIGHT:.1}", y(mark));
        svg.push_str(&label(LEFT - 7.0, y(mark) + 4.0, "end", &text));
    }
    format!("<path class=\"grid\" stroke=\"{}\" fill=\"none\" d=\"{path}\"/>\n{svg}", light("--grid"))
}

/// The column of a tick.
fn column(axis: &Axis, tick: u64) -> usize {
    let share = (axis.x(tick) - LEFT) / (RIGHT - LEFT);
    ((share * COLUMNS as f64) as usize).min(COLUMNS - 1)
}

/// `samples`, or the first, lowest, highest and last of each column if there are more than a line can show.
fn thin(samples: &[(u64, f64)], axis: &Axis) -> Vec<(u64, f64)> {
    if samples.len() <= 4 * COLUMNS {
        return samples.to_vec();
    }
    let mut points = Vec::new();
    for run in samples.chunk_by(|a, b| column(axis, a.0) == column(axis, b.0)) {
        let of = |better: fn(f64, f64) -> bool| {
            (1..run.len()).fold(0, |best, i| if better(run[i].1, run[best].1) { i } else { best })
        };
        let mut kept = [0, of(|a, b| a < b), of(|a, b| a > b), run.len() - 1];
        kept.sort_unstable();
        points.extend(kept.iter().enumerate().filter(|(k, i)| *k == 0 || kept[k - 1] != **i).map(|(_, i)| run[*i]));
    }
    points
}

/// The outline of the lowest and highest value of all traces, column by column.
fn envelope(samples: &[Vec<(u64, f64)>], axis: &Axis, y: impl Fn(f64) -> f64) -> String {
    let mut columns: Vec<Option<(u64, f64, f64)>> = vec![None; COLUMNS];
    for &(tick, value) in samples.iter().flatten() {
        let entry = columns[column(axis, tick)].get_or_insert((tick, value, value));
        *entry = (entry.0, entry.1.min(value), entry.2.max(value));
    }
    let all: Vec<(u64, f64, f64)> = columns.into_iter().flatten().collect();
    let upper = all.iter().map(|(tick, _, high)| (*tick, *high));
    let lower = all.iter().rev().map(|(tick, low, _)| (*tick, *low));
    let mut path = outline(upper.chain(lower).map(|(tick, value)| (axis.x(tick), y(value))));
    if !path.is_empty() {
        path.push('z');
    }
    path
}
