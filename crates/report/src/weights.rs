//! Weights asked for and got: a plot a projection, in which what is met lies on the diagonal.

use crate::chart::{HEIGHT, WIDTH};
use crate::html::escape;
use crate::scale::Scale;
use crate::text::shortened;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Plots of a page; of more projections the first have one.
const PLOTS_MAX: usize = 24;

/// Places a side at which weights that lie close are one point.
const PLACES: f64 = 72.0;

const LEFT: f64 = 58.0;
const TOP: f64 = 30.0;
const RIGHT: f64 = 16.0;
const BOTTOM: f64 = 44.0;

/// Weights of a projection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightPlot {
    /// The projection.
    pub title: String,
    /// The unit of the weights.
    pub unit: String,
    /// Weights asked for and got.
    pub pairs: Vec<(f64, f64)>,
    /// A line on it: how far off they are.
    pub note: String,
}

/// The plots, with what they show.
pub(crate) fn figure(plots: &[WeightPlot]) -> String {
    let mut html = String::from("<figure class=\"chart\"><div class=\"panels\">\n");
    for plot in plots.iter().take(PLOTS_MAX) {
        let _ = writeln!(
            html,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"weights of {}\">{}</svg>",
            escape(&plot.title),
            panel(plot)
        );
    }
    let more = match plots.len().saturating_sub(PLOTS_MAX) {
        0 => String::new(),
        more => format!(" {more} more projections have none here."),
    };
    let _ = writeln!(
        html,
        "</div><figcaption>A point is one or more connections, the larger, the more: to the right what was asked for, \
         upwards what the chip holds. On the diagonal a weight is met; at height 0 it is rounded to 0 or lost.{more}\
         </figcaption></figure>"
    );
    html
}

fn panel(plot: &WeightPlot) -> String {
    let title = format!(
        "<text x=\"{LEFT}\" y=\"16\" font-size=\"13\" font-weight=\"600\" fill=\"var(--ink)\">{}</text>",
        escape(&shortened(&plot.title, 36))
    );
    if plot.pairs.is_empty() {
        return format!("{title}<text x=\"{LEFT}\" y=\"60\" font-size=\"11\">no connection with a weight</text>");
    }
    let all = || plot.pairs.iter().flat_map(|(asked, got)| [*asked, *got]);
    let (low, high) = (all().fold(0.0, f64::min), all().fold(0.0, f64::max));
    let scale = Scale::covering(low, high, 5);
    let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let x = |value: f64| LEFT + width * scale.share(value);
    let y = |value: f64| TOP + height * (1.0 - scale.share(value));
    let mut svg = title;
    for i in 0..=scale.steps() {
        let (mark, label) = (scale.mark(i), scale.label(i));
        let (at_x, at_y) = (x(mark), y(mark));
        let _ = write!(
            svg,
            "<path d=\"M{at_x:.1} {TOP}V{:.1}M{LEFT} {at_y:.1}H{:.1}\" stroke=\"var(--grid)\" fill=\"none\"/>\
             <text x=\"{at_x:.1}\" y=\"{:.1}\" font-size=\"10\" text-anchor=\"middle\">{label}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"10\" text-anchor=\"end\">{label}</text>",
            TOP + height,
            LEFT + width,
            TOP + height + 14.0,
            LEFT - 6.0,
            at_y + 3.5
        );
    }
    let _ = write!(
        svg,
        "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"var(--soft)\" stroke-dasharray=\"3 3\" fill=\"none\"/>",
        x(scale.min()),
        y(scale.min()),
        x(scale.max()),
        y(scale.max())
    );
    svg.push_str(&points(plot, &scale, x, y));
    let unit = if plot.unit == "1" || plot.unit.is_empty() { String::new() } else { format!(" ({})", plot.unit) };
    let _ = write!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"middle\">asked for{}: {}</text>\
         <text x=\"12\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"middle\" transform=\"rotate(-90 12 {:.1})\">got</text>",
        LEFT + width / 2.0,
        HEIGHT - 8.0,
        escape(&unit),
        escape(&shortened(&plot.note, 40)),
        TOP + height / 2.0,
        TOP + height / 2.0
    );
    svg
}

/// Weights that lie close are one point; the large ones come first, so that the small ones can be seen.
fn points(plot: &WeightPlot, scale: &Scale, x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    // By place: how many, and the sums of what was asked for and got.
    let mut places: BTreeMap<(i64, i64), (u64, f64, f64)> = BTreeMap::new();
    for (asked, got) in &plot.pairs {
        let place = |value: f64| (PLACES * scale.share(value)).round() as i64;
        let of_place = places.entry((place(*asked), place(*got))).or_default();
        *of_place = (of_place.0 + 1, of_place.1 + asked, of_place.2 + got);
    }
    let mut points: Vec<(u64, f64, f64)> =
        places.into_values().map(|(n, asked, got)| (n, asked / n as f64, got / n as f64)).collect();
    let most = points.iter().map(|(count, _, _)| *count).max().unwrap_or(1) as f64;
    points.sort_by_key(|(count, _, _)| std::cmp::Reverse(*count));
    let mut svg = String::new();
    for (count, asked, got) in points {
        let radius = 1.8 + 3.4 * (count as f64 / most).sqrt();
        let off = (got - asked).abs() > 0.5 * asked.abs();
        let colour = if off { "var(--removed)" } else { "var(--full)" };
        let _ = write!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\" fill=\"{colour}\" fill-opacity=\"0.65\"><title>{count} \
             asked for about {asked:.4}, got {got:.4}</title></circle>",
            x(asked),
            y(got)
        );
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_weights_are_one_point_and_lost_ones_stand_out() {
        let pairs = vec![(1.0, 1.0), (1.0, 1.0), (1.0001, 1.0), (0.5, 0.0), (-1.0, -1.0)];
        let html = figure(&[WeightPlot { title: "in".into(), unit: "mV".into(), pairs, note: "3 %".into() }]);
        assert_eq!(html.matches("<circle").count(), 3, "{html}");
        assert_eq!(html.matches("fill=\"var(--removed)\"").count(), 1);
        assert!(html.contains("asked for (mV): 3 %") && html.contains("3 asked for about 1.0000"), "{html}");
    }

    #[test]
    fn odd_weights_still_make_a_plot() {
        for pairs in [vec![], vec![(0.0, 0.0)], vec![(1e-9, 0.0), (1e9, 1e9)]] {
            let many = vec![WeightPlot { pairs, ..WeightPlot::default() }; 30];
            let html = figure(&many);
            assert!(html.matches("<svg").count() == 24 && html.contains("6 more projections"), "{html}");
            assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
        }
    }
}
