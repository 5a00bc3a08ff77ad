//! One panel of a figure: axes with round marks, lines with labels at their ends, and points that say what they are.
//!
//! Colours are CSS variables (`var(--full)`), so that a page can switch between light and dark; [`with_fixed_colours`]
//! puts in plain colours for pictures that stand alone.

use crate::html::escape;
use crate::scale::Scale;
use crate::svg::{element, outline};
use crate::text::shortened;
use std::fmt::Write;

/// Width of a panel in user units (CSS pixels at full size).
pub(crate) const WIDTH: f64 = 352.0;
/// Height of a panel.
pub(crate) const HEIGHT: f64 = 284.0;

const LEFT: f64 = 54.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 42.0;
/// Least room for labels at the ends of lines.
const RIGHT: f64 = 68.0;
/// Letters that have that room, and that a label has at most.
const LABEL_LETTERS: [usize; 2] = [8, 20];
/// Room of each letter more.
const LETTER: f64 = 8.0;
/// Letters of a title that fit above the plot.
const TITLE_LETTERS: usize = 34;
/// Length of a mark at an axis.
const TICK: f64 = 3.0;
/// Distance of two end labels that would otherwise overlap.
const LABEL_PITCH: f64 = 13.0;

/// Every colour of a figure: its name as a CSS variable, and its value on white paper.
pub(crate) const COLOURS: [(&str, &str); 13] = [
    ("--ink", "#1f2328"),
    ("--soft", "#59636e"),
    ("--grid", "#e4e7eb"),
    ("--full", "#0b6bcb"),
    ("--removed", "#c4501b"),
    ("--kept-1", "#1a7f5a"),
    ("--kept-2", "#8250df"),
    ("--cv-0", "#8c959f"),
    ("--cv-1", "#3a9fbf"),
    ("--cv-2", "#2b6cb0"),
    ("--cv-3", "#6b3fa0"),
    ("--cv-4", "#b3367a"),
    ("--cv-5", "#7d1f1f"),
];

/// Shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    Circle,
    Diamond,
    Square,
}

/// Half the width of a marker of each shape: all cover about the same area.
const RADIUS: f64 = 2.6;
const HALF_DIAGONAL: f64 = 3.4;
const HALF_SIDE: f64 = 2.3;

impl Marker {
    /// The marker around (`x`, `y`).
    fn draw(self, x: f64, y: f64, colour: &str) -> String {
        let at = |dx: f64, dy: f64| (x + dx, y + dy);
        let corners = match self {
            Self::Circle => {
                let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
                let attributes: [(&str, &dyn std::fmt::Display); 5] =
                    [("cx", &x), ("cy", &y), ("r", &RADIUS), ("fill", &colour), ("fill-opacity", &OPACITY)];
                return element("circle", &attributes, "");
            }
            Self::Diamond => {
                let d = HALF_DIAGONAL;
                [at(0.0, -d), at(d, 0.0), at(0.0, d), at(-d, 0.0)]
            }
            Self::Square => {
                let s = HALF_SIDE;
                [at(-s, -s), at(s, -s), at(s, s), at(-s, s)]
            }
        };
        let path = outline(corners) + "z";
        element("path", &[("d", &path), ("fill", &colour), ("fill-opacity", &OPACITY)], "")
    }
}

/// Points that lie on each other shall be seen to.
const OPACITY: f64 = 0.72;

/// Points of one colour and shape, with what a reader sees when pointing at each.
pub(crate) struct Points {
    pub(crate) colour: String,
    pub(crate) marker: Marker,
    pub(crate) places: Vec<(f64, f64)>,
    pub(crate) tips: Vec<String>,
}

/// A line through points; its label stands at its right end.
pub(crate) struct Line {
    pub(crate) colour: String,
    pub(crate) places: Vec<(f64, f64)>,
    pub(crate) label: Option<String>,
}

/// An interval of a mean, upright.
pub(crate) struct Interval {
    pub(crate) colour: String,
    pub(crate) x: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// What lies between two lines over the same places.
pub(crate) struct Band {
    pub(crate) colour: String,
    /// Place on the horizontal axis, lower and upper end.
    pub(crate) places: Vec<(f64, f64, f64)>,
}

/// An axis: its scale, its title, and the text at its marks.
#[derive(Default)]
pub(crate) struct Axis {
    pub(crate) scale: Scale,
    pub(crate) title: String,
    /// Text of each mark, if it is not simply the number.
    pub(crate) marks: Option<Vec<String>>,
    /// Empty space before the first and behind the last mark, in data units.
    pub(crate) margin: f64,
}

/// One panel: two axes, bands, lines, intervals and points.
#[derive(Default)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) bands: Vec<Band>,
    pub(crate) lines: Vec<Line>,
    pub(crate) intervals: Vec<Interval>,
    pub(crate) points: Vec<Points>,
}

impl Panel {
    /// The panel as the contents of an `svg` element of [`WIDTH`] by [`HEIGHT`], with colours as CSS variables.
    pub(crate) fn draw(&self) -> String {
        let mut svg = self.frame();
        for band in &self.bands {
            let there = band.places.iter().map(|(x, low, _)| (*x, *low));
            let back = band.places.iter().rev().map(|(x, _, high)| (*x, *high));
            let path = outline(there.chain(back).map(|place| self.place(place))) + "z";
            svg.push_str(&element("path", &[("d", &path), ("fill", &band.colour), ("fill-opacity", &0.12)], ""));
        }
        for line in &self.lines {
            let path = outline(line.places.iter().map(|place| self.place(*place)));
            let round = "round";
            svg.push_str(&element(
                "path",
                &[
                    ("d", &path),
                    ("stroke", &line.colour),
                    ("stroke-width", &1.75),
                    ("stroke-linejoin", &round),
                    ("fill", &"none"),
                ],
                "",
            ));
        }
        for interval in &self.intervals {
            svg.push_str(&self.interval(interval));
        }
        for points in &self.points {
            for (place, tip) in points.places.iter().zip(&points.tips) {
                let (x, y) = self.place(*place);
                let tip = element("title", &[], &escape(tip));
                svg.push_str(&element("g", &[("class", &"tt")], &(tip + &points.marker.draw(x, y, &points.colour))));
            }
        }
        // A long title begins at the edge of the panel, and what does not fit is cut: the page says it elsewhere.
        let left = if self.title.chars().count() > TITLE_LETTERS { 4.0 } else { LEFT };
        svg.push_str(&strong((left, 18.0), 13.0, "var(--ink)", &shortened(&self.title, TITLE_LETTERS + 4)));
        svg.push_str(&self.end_labels());
        svg
    }

    /// An interval with its caps; an end beyond the panel has none.
    fn interval(&self, interval: &Interval) -> String {
        let (top, bottom) = (TOP, HEIGHT - BOTTOM);
        let (x, low) = self.place((interval.x, interval.low));
        let (_, high) = self.place((interval.x, interval.high));
        let mut path = format!("M{x:.1} {:.1}V{:.1}", low.clamp(top, bottom), high.clamp(top, bottom));
        for end in [low, high].into_iter().filter(|end| (top..=bottom).contains(end)) {
            let _ = write!(path, "M{:.1} {end:.1}h8", x - 4.0);
        }
        let colour = &interval.colour;
        element("path", &[("d", &path), ("stroke", colour), ("stroke-width", &1.25), ("fill", &"none")], "")
    }

    /// Where a place in data units is drawn.
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (LEFT + self.x.share(x) * (self.right() - LEFT), HEIGHT - BOTTOM - self.y.share(y) * (HEIGHT - TOP - BOTTOM))
    }

    /// Where the plot ends and labels begin.
    fn right(&self) -> f64 {
        let [least, most] = LABEL_LETTERS;
        let letters = self.lines.iter().filter_map(|line| line.label.as_deref()).map(|label| label.chars().count());
        WIDTH - RIGHT - LETTER * letters.max().unwrap_or(0).clamp(least, most).saturating_sub(least) as f64
    }

    /// The axes with their marks, grid and titles.
    fn frame(&self) -> String {
        let (right, bottom) = (self.right(), HEIGHT - BOTTOM);
        let (mut grid, mut ticks, mut words) = (String::new(), String::new(), String::new());
        for (mark, name) in self.x.marks() {
            let (x, _) = self.place((mark, 0.0));
            let _ = write!(grid, "M{x:.1} {TOP}V{bottom}");
            let _ = write!(ticks, "M{x:.1} {bottom}v{TICK}");
            words.push_str(&label((x, bottom + 15.0), "middle", 11.0, &name));
        }
        for (mark, name) in self.y.marks() {
            let (_, y) = self.place((0.0, mark));
            let _ = write!(grid, "M{LEFT} {y:.1}H{right}");
            let _ = write!(ticks, "M{LEFT} {y:.1}h-{TICK}");
            words.push_str(&label((LEFT - 6.0, y + 4.0), "end", 11.0, &name));
        }
        words.push_str(&label(((LEFT + right) / 2.0, HEIGHT - 6.0), "middle", 12.0, &self.x.title));
        let middle = (TOP + bottom) / 2.0;
        let turned = label((14.0, middle), "middle", 12.0, &self.y.title);
        words.push_str(&element("g", &[("transform", &format!("rotate(-90,14,{middle})"))], &turned));
        let axes = format!("M{LEFT} {TOP}V{bottom}H{right}{ticks}");
        let path =
            |path: &str, colour: &str| element("path", &[("d", &path), ("stroke", &colour), ("fill", &"none")], "");
        path(&grid, "var(--grid)") + &path(&axes, "var(--soft)") + &words
    }

    /// The labels at the right ends of the lines, moved apart where they would overlap.
    fn end_labels(&self) -> String {
        let mut labels: Vec<(f64, &str, &str)> = self
            .lines
            .iter()
            .filter_map(|line| Some((self.place(*line.places.last()?).1, line.label.as_deref()?, line.colour.as_str())))
            .collect();
        labels.sort_by(|a, b| a.0.total_cmp(&b.0));
        let wanted: Vec<f64> = labels.iter().map(|label| label.0).collect();
        let mut svg = String::new();
        for ((_, text, colour), at) in labels.into_iter().zip(spread_out(&wanted, LABEL_PITCH)) {
            let y = at.clamp(TOP, HEIGHT - BOTTOM) + 4.0;
            svg.push_str(&strong((self.right() + 5.0, y), 11.5, colour, &shortened(text, LABEL_LETTERS[1])));
        }
        svg
    }
}

impl Axis {
    /// Where a value stands: 0 at the beginning of the axis, 1 at its end.
    fn share(&self, value: f64) -> f64 {
        let (low, high) = (self.scale.min() - self.margin, self.scale.max() + self.margin);
        (value - low) / (high - low)
    }

    /// The marks with their text.
    fn marks(&self) -> Vec<(f64, String)> {
        let name = |i: usize| match &self.marks {
            None => self.scale.label(i),
            Some(marks) => marks.get(i).cloned().unwrap_or_default(),
        };
        (0..=self.scale.steps()).map(|i| (self.scale.mark(i), name(i))).collect()
    }
}

/// Text of an axis, in the colour of the page around it.
fn label((x, y): (f64, f64), anchor: &str, size: f64, text: &str) -> String {
    let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
    element("text", &[("x", &x), ("y", &y), ("font-size", &size), ("text-anchor", &anchor)], &escape(text))
}

/// A title or the name of a line.
fn strong((x, y): (f64, f64), size: f64, colour: &str, text: &str) -> String {
    let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
    element(
        "text",
        &[("x", &x), ("y", &y), ("font-size", &size), ("font-weight", &600), ("fill", &colour)],
        &escape(text),
    )
}

/// Rising positions at least `pitch` apart, as near to `wanted` (rising) as that allows: neighbours that are too
/// close share the shift.
pub(crate) fn spread_out(wanted: &[f64], pitch: f64) -> Vec<f64> {
    // Groups of labels that touch: (sum of the wanted positions of their first members, members).
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for &position in wanted {
        groups.push((position, 1));
        while let [.., (first_sum, first_count), (second_sum, second_count)] = groups[..] {
            let start = |sum: f64, count: usize| sum / count as f64;
            if start(first_sum, first_count) + first_count as f64 * pitch <= start(second_sum, second_count) {
                break;
            }
            // The second group's members stand `first_count` places further down in the merged one.
            let shift = first_count as f64 * pitch * second_count as f64;
            groups.truncate(groups.len() - 2);
            groups.push((first_sum + second_sum - shift, first_count + second_count));
        }
    }
    let place = |(sum, count): (f64, usize)| (0..count).map(move |i| sum / count as f64 + i as f64 * pitch);
    groups.into_iter().flat_map(place).collect()
}

/// `svg` with the colours that it has on white paper instead of CSS variables.
pub(crate) fn with_fixed_colours(svg: &str) -> String {
    COLOURS.iter().fold(svg.to_string(), |svg, (name, colour)| svg.replace(&format!("var({name})"), colour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_distance_and_their_centre() {
        assert_eq!(spread_out(&[10.0, 50.0], 13.0), [10.0, 50.0]);
        assert_eq!(spread_out(&[50.0, 50.0], 10.0), [45.0, 55.0]);
        assert_eq!(spread_out(&[10.0, 12.0, 14.0], 10.0), [2.0, 12.0, 22.0]);
        assert_eq!(spread_out(&[0.0, 30.0, 31.0], 10.0), [0.0, 25.5, 35.5]);
        assert_eq!(spread_out(&[], 10.0), [0.0; 0]);
    }

    #[test]
    fn a_panel_is_stable_and_bare() {
        let panel = || Panel {
            title: "a < b".into(),
            x: Axis { scale: Scale::covering(0.0, 0.5, 5), title: "CV".into(), marks: None, margin: 0.02 },
            y: Axis { scale: Scale::covering(90.0, 98.0, 5), title: "accuracy (%)".into(), marks: None, margin: 0.0 },
            lines: vec![Line {
                colour: "var(--full)".into(),
                places: vec![(0.0, 97.0), (0.5, 92.0)],
                label: Some("full".into()),
            }],
            bands: vec![Band { colour: "var(--full)".into(), places: vec![(0.0, 95.0, 98.0), (0.5, 91.0, 94.0)] }],
            intervals: vec![Interval { colour: "var(--full)".into(), x: 0.0, low: 50.0, high: 97.5 }],
            points: vec![Points {
                colour: "var(--full)".into(),
                marker: Marker::Circle,
                places: vec![(0.0, 97.0)],
                tips: vec!["die 0 <b>".into()],
            }],
        };
        let svg = panel().draw();
        assert_eq!(svg, panel().draw());
        assert!(svg.matches("h8").count() == 1, "the end of an interval that is beyond the panel has no cap");
        assert!(svg.contains("a &lt; b") && svg.contains("die 0 &lt;b&gt;"));
        for unwanted in ["<style", "<script", "url(", "NaN", "inf"] {
            assert!(!svg.contains(unwanted), "{unwanted} in {svg}");
        }
        assert!(!with_fixed_colours(&svg).contains("var("));
    }
}
