//! Sensitivity: the share of the variance between dies that is each parameter's, alone and with others.
//!
//! Owns the drawing; shares and intervals are those of the finding. It deliberately judges nothing.

use super::{Plot, heading, text};
use crate::chart::WIDTH;
use crate::html::escape;
use crate::summary::{Stage, TaskResults};
use crate::text::shortened;
use formats::csv::line;
use statistics::Estimate;
use statistics::sobol::{VarianceShare, VarianceShares};
use std::fmt::Write;

const TOP: f64 = 30.0;
const ROW: f64 = 46.0;
const LEFT: f64 = 96.0;
const BAR: f64 = 13.0;

/// A figure for each value of the other axes.
pub(crate) fn bars(task: &TaskResults<'_>, stage: Stage) -> Vec<Plot> {
    crate::blame::shares_of(task, stage).iter().map(|(place, shares)| draw(task, place, shares)).collect()
}

fn draw(task: &TaskResults<'_>, place: &str, shares: &VarianceShares) -> Plot {
    let mut all: Vec<&VarianceShare> = shares.shares.iter().collect();
    all.sort_by(|a, b| b.total.value.total_cmp(&a.total.value));
    // Shares are in 0 to 1 but for what chance does, which is drawn as far as it goes.
    let ends = all.iter().flat_map(|share| [&share.first, &share.total]).flat_map(|e| [e.low, e.high]);
    let (low, high) = ends.fold((0.0f64, 1.0f64), |(low, high), end| (low.min(end), high.max(end)));
    let right = WIDTH - 14.0;
    let at = |share: f64| LEFT + (share - low) / (high - low) * (right - LEFT);
    let bottom = TOP + ROW * all.len() as f64;
    let title = format!("Shares of the variance of {}", task.metric_name);
    let mut svg = heading(&title);
    let mut grid = String::new();
    for mark in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let _ = write!(grid, "M{:.1} {TOP}V{bottom}", at(mark));
        svg.push_str(&text((at(mark), bottom + 14.0), 11.0, "middle", "var(--soft)", &format!("{:.0}", 100.0 * mark)));
    }
    let _ = write!(svg, "<path d=\"{grid}\" stroke=\"var(--grid)\" fill=\"none\"/>");
    let middle = (LEFT + right) / 2.0;
    svg.push_str(&text(
        (middle, bottom + 31.0),
        12.0,
        "middle",
        "var(--soft)",
        "share of the variance between dies (%)",
    ));
    let mut data = line(["parameter", "order", "share", "low", "high", "n"]);
    for (i, share) in all.into_iter().enumerate() {
        let y = TOP + ROW * i as f64 + 8.0;
        svg.push_str(&text((LEFT - 8.0, y + 17.0), 11.0, "end", "var(--ink)", &shortened(&share.name, 14)));
        for (order, words, estimate, y, opacity) in
            [("first", "alone", &share.first, y, 0.85), ("total", "with others", &share.total, y + BAR + 3.0, 0.35)]
        {
            svg.push_str(&bar(&share.name, words, estimate, y, opacity, &at));
            let numbers = [estimate.value, estimate.low, estimate.high].map(|value| value.to_string());
            let fields = [share.name.clone(), order.into()].into_iter().chain(numbers).chain([estimate.n.to_string()]);
            data.push_str(&line(fields));
        }
    }
    let name = format!("{}-sensitivity-{place}", task.task);
    let title = format!("{title}, {place}");
    Plot { name, title, svg, size: (WIDTH, bottom + 40.0), attributes: String::new(), data }
}

/// A bar with its interval.
fn bar(name: &str, words: &str, estimate: &Estimate, y: f64, opacity: f64, at: &dyn Fn(f64) -> f64) -> String {
    let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(at);
    let (zero, middle) = (at(0.0), y + BAR / 2.0);
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let (low_text, high_text) = (percent(estimate.low), percent(estimate.high));
    let tip = format!("{name} {words}\n{} (95 %: {low_text} to {high_text})", percent(estimate.value));
    format!(
        "<g class=\"tt\"><title>{}</title><rect x=\"{:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"var(--full)\" \
         fill-opacity=\"{opacity}\"/><path d=\"M{low:.1} {middle}H{high:.1}M{low:.1} {3}v6M{high:.1} {3}v6\" \
         stroke=\"var(--ink)\" stroke-width=\"1.25\" fill=\"none\"/></g>",
        escape(&tip),
        zero.min(value),
        (value - zero).abs().max(0.5),
        middle - 3.0
    )
}
