//! One panel of a figure, drawn by `kuva` and dressed for this project.
//!
//! `kuva` draws axes, lines and markers. This module takes its picture apart: it drops the generator's stamp and
//! style sheet, so that the same result gives the same bytes, and adds labels at the ends of lines. Colours are CSS
//! variables (`var(--full)`), so that a page can switch between light and dark; [`with_fixed_colours`] puts in plain
//! colours for pictures that stand alone.

use crate::html::escape;
use crate::scale::Scale;
use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::theme::Theme;
use std::fmt::Write;
use std::sync::Arc;

/// Width of a panel in user units (CSS pixels at full size).
pub(crate) const WIDTH: f64 = 352.0;
/// Height of a panel.
pub(crate) const HEIGHT: f64 = 284.0;

const LEFT: f64 = 54.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 42.0;
/// Room for labels at the ends of lines.
const RIGHT: f64 = 60.0;
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

/// Points of one colour and shape, with what a reader sees when pointing at each.
pub(crate) struct Points {
    pub(crate) colour: String,
    pub(crate) marker: MarkerShape,
    pub(crate) places: Vec<(f64, f64)>,
    pub(crate) tips: Vec<String>,
}

/// A line through points; its label stands at its right end.
pub(crate) struct Line {
    pub(crate) colour: String,
    pub(crate) dashed: bool,
    pub(crate) places: Vec<(f64, f64)>,
    pub(crate) label: Option<String>,
}

/// An axis: its scale, its title, and the text at its marks.
pub(crate) struct Axis {
    pub(crate) scale: Scale,
    pub(crate) title: String,
    /// Text of each mark, if it is not simply the number.
    pub(crate) marks: Option<Vec<String>>,
    /// Empty space before the first and behind the last mark, in data units.
    pub(crate) margin: f64,
}

/// One panel: two axes, lines and points.
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
    pub(crate) points: Vec<Points>,
}

impl Panel {
    /// The panel as the contents of an `svg` element of [`WIDTH`] by [`HEIGHT`], with colours as CSS variables.
    pub(crate) fn draw(self) -> String {
        let title = self.title.clone();
        let labels = self.end_labels();
        let layout = self.layout();
        let mut plots: Vec<Plot> = Vec::new();
        for line in self.lines {
            let plot = LinePlot::new().with_data(line.places).with_color(line.colour).with_stroke_width(1.75);
            plots.push(if line.dashed { plot.with_dashed() } else { plot }.into());
        }
        for points in self.points {
            let plot = ScatterPlot::new()
                .with_data(points.places)
                .with_color(points.colour)
                .with_marker(points.marker)
                .with_size(2.6)
                .with_marker_opacity(0.72)
                .with_tooltip_labels(points.tips);
            plots.push(plot.into());
        }
        let mut picture = contents(&kuva::render_to_svg(plots, layout));
        let _ = write!(
            picture,
            "<text x=\"{LEFT}\" y=\"18\" font-size=\"13\" font-weight=\"600\" fill=\"var(--ink)\">{}</text>",
            escape(&title)
        );
        picture.push_str(&labels);
        picture
    }

    fn layout(&self) -> Layout {
        let (x, y) = (&self.x, &self.y);
        let theme = Theme {
            background: "none".into(),
            axis_color: "var(--soft)".into(),
            grid_color: "var(--grid)".into(),
            tick_color: "var(--soft)".into(),
            text_color: "var(--soft)".into(),
            legend_bg: "none".into(),
            legend_border: "none".into(),
            font_family: Some("inherit".into()),
            show_grid: true,
            ..Theme::light()
        };
        let ranges = [x, y].map(|axis| (axis.scale.min() - axis.margin, axis.scale.max() + axis.margin));
        Layout::new(ranges[0], ranges[1])
            .with_width(WIDTH)
            .with_height(HEIGHT)
            .with_x_label(x.title.clone())
            .with_y_label(y.title.clone())
            .with_x_axis_min(ranges[0].0)
            .with_x_axis_max(ranges[0].1)
            .with_y_axis_min(ranges[1].0)
            .with_y_axis_max(ranges[1].1)
            .with_x_tick_step(x.scale.step())
            .with_y_tick_step(y.scale.step())
            .with_x_tick_format(x.format())
            .with_y_tick_format(y.format())
            .with_label_size(12)
            .with_tick_size(11)
            .with_tick_length(3.0)
            .with_force_margins(LEFT, RIGHT)
            .with_force_margins_y(TOP, BOTTOM)
            .with_theme(theme)
    }

    /// The labels at the right ends of the lines, moved apart where they would overlap.
    fn end_labels(&self) -> String {
        let y = |value: f64| {
            let (low, high) = (self.y.scale.min() - self.y.margin, self.y.scale.max() + self.y.margin);
            TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)
        };
        let mut labels: Vec<(f64, &str, &str)> = self
            .lines
            .iter()
            .filter_map(|line| Some((y(line.places.last()?.1), line.label.as_deref()?, line.colour.as_str())))
            .collect();
        labels.sort_by(|a, b| a.0.total_cmp(&b.0));
        let wanted: Vec<f64> = labels.iter().map(|label| label.0).collect();
        let mut svg = String::new();
        for ((_, text, colour), at) in labels.into_iter().zip(spread_out(&wanted, LABEL_PITCH)) {
            let _ = write!(
                svg,
                "<text x=\"{}\" y=\"{:.1}\" font-size=\"11.5\" font-weight=\"600\" fill=\"{colour}\">{}</text>",
                WIDTH - RIGHT + 5.0,
                at.clamp(TOP, HEIGHT - BOTTOM) + 4.0,
                escape(text)
            );
        }
        svg
    }
}

impl Axis {
    fn format(&self) -> TickFormat {
        let scale = self.scale;
        match self.marks.clone() {
            None => TickFormat::Fixed(scale.decimals()),
            Some(marks) => TickFormat::Custom(Arc::new(move |value| {
                let index = ((value - scale.min()) / scale.step() + 0.5).floor();
                marks.get(index as usize).cloned().unwrap_or_default()
            })),
        }
    }
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

/// What is inside the `svg` element of a picture by `kuva`, without its stamp, style sheet and background.
fn contents(svg: &str) -> String {
    let (_, body) = svg.split_once('>').expect("a picture begins with its svg element");
    let body = body.strip_suffix('\n').unwrap_or(body);
    let mut body = body.strip_suffix("</svg>").expect("a picture ends with its svg element").to_string();
    for (open, close) in [("<!--", "-->"), ("<defs>", "</defs>"), ("<rect width=\"100%\"", "/>")] {
        if let Some(start) = body.find(open)
            && let Some(length) = body[start..].find(close)
        {
            body.replace_range(start..start + length + close.len(), "");
        }
    }
    // The clip path is named by a counter of the process. Nothing is drawn outside the axes, so nothing needs it.
    let clip = " clip-path=\"url(#";
    while let Some(start) = body.find(clip) {
        let length = body[start..].find(")\"").expect("the attribute has an end") + 2;
        body.replace_range(start..start + length, "");
    }
    body
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
                dashed: false,
                places: vec![(0.0, 97.0), (0.5, 92.0)],
                label: Some("full".into()),
            }],
            points: vec![Points {
                colour: "var(--full)".into(),
                marker: MarkerShape::Circle,
                places: vec![(0.0, 97.0)],
                tips: vec!["die 0 <b>".into()],
            }],
        };
        let svg = panel().draw();
        assert_eq!(svg, panel().draw());
        assert!(svg.contains("a &lt; b") && svg.contains("die 0 &lt;b&gt;"));
        for unwanted in ["kuva", "<style", "<script", "url(#", "<defs", "<!--"] {
            assert!(!svg.contains(unwanted), "{unwanted} in {svg}");
        }
        assert!(!with_fixed_colours(&svg).contains("var("));
    }
}
