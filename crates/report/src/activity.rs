//! The figure of a run: spikes of neurons over time, and traces of chosen neurons on the same time axis.
//!
//! This module owns the frame: the time axis, the title, the notes, the colours and how the parts stand below each
//! other. [`raster`] draws spikes, [`panel`] draws traces, each many points to a path: a run has too many for an
//! element of every point, as the figures of a study have it.
//!
//! Nothing is left out in silence. Where spikes or samples are too many for the picture, what is drawn stands for all
//! of them, and a note below the figure says how.
//!
//! The picture is light; where the viewer knows that its reader wants dark pictures, a style sheet turns it dark.

mod panel;
mod raster;

use crate::chart::COLOURS;
use crate::figure::FONTS;
use crate::html::escape;
use crate::page::DARK;
use crate::scale::Scale;
use crate::svg::element;
use crate::text::shortened;
use std::fmt::{Display, Write};

/// Width of the picture in user units (CSS pixels at full size).
const WIDTH: f64 = 860.0;
/// Where the plots begin and end.
const LEFT: f64 = 66.0;
const RIGHT: f64 = WIDTH - 132.0;
/// The first plot begins here.
const TOP: f64 = 84.0;
/// Distance of a plot from the one below it.
const GAP: f64 = 34.0;
/// Below the last plot: marks and title of the time axis.
const AXIS: f64 = 44.0;
/// Distance of two lines of notes.
const LINE: f64 = 16.0;
/// Letters of a line of notes.
const NOTE_LETTERS: usize = 128;

/// Letters of the name of a series, as many as have room right of a plot.
const SERIES_LETTERS: usize = 15;

/// Colours of populations and of neurons, in turn.
const SERIES: [&str; 6] = ["--full", "--removed", "--kept-1", "--kept-2", "--cv-4", "--cv-1"];

/// Time of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeSpan {
    /// The first tick.
    pub first: u64,
    /// The tick after the last one.
    pub end: u64,
    /// Length of a tick in seconds; `None`: the axis counts ticks.
    pub tick_seconds: Option<f64>,
}

/// The spikes of one group of neurons, a population or a core.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpikeGroup {
    /// Its name.
    pub name: String,
    /// How many neurons it has; spikes are of neurons below this.
    pub neurons: u32,
    /// Tick and neuron of every spike.
    pub spikes: Vec<(u64, u32)>,
}

/// One quantity of one neuron over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The population.
    pub population: String,
    /// The neuron, counted within its population.
    pub neuron: u32,
    /// The quantity (`v`).
    pub quantity: String,
    /// Its unit; `1` for a pure number.
    pub unit: String,
    /// Tick and value of every sample, in the order of time.
    pub samples: Vec<(u64, f64)>,
}

/// Everything that the figure of a run is made of. Spikes and samples outside its time are not drawn, and are told.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFigure {
    /// The title, a line.
    pub title: String,
    /// What time is shown.
    pub time: TimeSpan,
    /// Spikes; `None`: there is no raster.
    pub raster: Option<Vec<SpikeGroup>>,
    /// Traces: a plot for each quantity of each population, in the order of their first traces.
    pub traces: Vec<Trace>,
}

impl RunFigure {
    /// The figure as an SVG document that needs nothing else.
    pub fn svg(&self) -> String {
        self.document(true)
    }

    /// The figure as an HTML page that needs nothing else.
    pub fn html(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>\n\
             :root {{ color-scheme: light dark; }}\nbody {{ margin: 0; background: #ffffff; }}\n\
             main {{ max-width: 1290px; margin: 0 auto; padding: 1rem; overflow-x: auto; }}\n\
             svg {{ display: block; width: 100%; min-width: 640px; height: auto; }}\n\
             @media (prefers-color-scheme: dark) {{ body {{ background: {DARK_PAPER}; }} }}\n</style>\n</head>\n\
             <body>\n<main>\n{}</main>\n</body>\n</html>\n",
            escape(&self.title),
            self.document(false)
        )
    }

    fn document(&self, alone: bool) -> String {
        let axis = Axis::new(self.time);
        let mut notes = Vec::new();
        let mut body = String::new();
        let mut y = TOP;
        if let Some(groups) = &self.raster {
            let drawn = raster::draw(groups, &axis, y);
            body.push_str(&drawn.svg);
            notes.extend(drawn.notes);
            y += drawn.height + GAP;
        }
        let drawn = panel::draw_all(&self.traces, &axis, y, |population| {
            // A population has the same colour above and below.
            let groups = self.raster.as_deref().unwrap_or_default();
            groups.iter().position(|group| group.name == population).unwrap_or(0)
        });
        body.push_str(&drawn.svg);
        notes.extend(drawn.notes);
        y += drawn.height;
        if self.raster.is_some() && self.traces.is_empty() {
            y -= GAP;
        }
        body.push_str(&axis.draw(y));
        let notes: Vec<String> = notes.iter().flat_map(|note| wrapped(note, NOTE_LETTERS)).collect();
        let height = y + AXIS + 14.0 + notes.len() as f64 * LINE;
        for (i, line) in notes.iter().enumerate() {
            let _ = writeln!(
                body,
                "<text class=\"soft\" x=\"{LEFT}\" y=\"{:.1}\" font-size=\"11.5\" fill=\"{}\">{}</text>",
                y + AXIS + 12.0 + i as f64 * LINE,
                light("--soft"),
                escape(line)
            );
        }
        let namespace = if alone { " xmlns=\"http://www.w3.org/2000/svg\"" } else { "" };
        let title = escape(&shortened(&self.title, 88));
        format!(
            "<svg{namespace} width=\"{WIDTH}\" height=\"{height:.0}\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
             role=\"img\" aria-label=\"{}\" font-family=\"{FONTS}\">\n<style>{}</style>\n\
             <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height:.0}\" rx=\"6\" fill=\"#ffffff\"/>\n\
             <text class=\"ink\" x=\"20\" y=\"30\" font-size=\"16\" font-weight=\"600\" fill=\"{}\">{title}</text>\n\
             <text class=\"soft\" x=\"20\" y=\"50\" font-size=\"12\" fill=\"{}\">{}</text>\n{body}</svg>\n",
            escape(&self.title),
            style(),
            light("--ink"),
            light("--soft"),
            escape(&self.subtitle(&axis)),
        )
    }

    /// How many spikes of how many neurons, how many traces, and how long.
    fn subtitle(&self, axis: &Axis) -> String {
        let mut parts = Vec::new();
        if let Some(groups) = &self.raster {
            let spikes: usize = groups.iter().map(|g| g.spikes.len()).sum();
            let neurons: u64 = groups.iter().map(|g| u64::from(g.neurons)).sum();
            parts.push(format!("{} of {}", counted(spikes as u64, "spike"), counted(neurons, "neuron")));
        }
        if !self.traces.is_empty() {
            parts.push(counted(self.traces.len() as u64, "trace"));
        }
        parts.push(format!("ticks {} to {}", axis.span.first, axis.span.end));
        parts.join(", ")
    }
}

/// Paper of a dark picture: that of the page of a study.
const DARK_PAPER: &str = "#14171c";

/// A part of the figure.
struct Drawn {
    svg: String,
    height: f64,
    notes: Vec<String>,
}

/// The time axis that all plots share.
struct Axis {
    span: TimeSpan,
    /// What a tick is in the unit of the axis.
    factor: f64,
    unit: &'static str,
}

impl Axis {
    fn new(span: TimeSpan) -> Self {
        let span = TimeSpan { end: span.end.max(span.first.saturating_add(1)), ..span };
        let ticks = (span.end - span.first) as f64;
        let (factor, unit) = match span.tick_seconds {
            None => (1.0, "ticks"),
            Some(tick) if tick * ticks >= 0.5 => (tick, "s"),
            Some(tick) if tick * ticks >= 0.5e-3 => (tick * 1e3, "ms"),
            Some(tick) => (tick * 1e6, "\u{b5}s"),
        };
        Self { span, factor, unit }
    }

    /// Whether a tick is on the axis.
    fn shows(&self, tick: u64) -> bool {
        (self.span.first..self.span.end).contains(&tick)
    }

    /// Width of a tick.
    fn pitch(&self) -> f64 {
        (RIGHT - LEFT) / (self.span.end - self.span.first) as f64
    }

    /// Where a tick stands: at its middle, so that the first and the last one are inside the plot.
    fn x(&self, tick: u64) -> f64 {
        LEFT + ((tick - self.span.first) as f64 + 0.5) * self.pitch()
    }

    /// So many ticks as a length of time.
    fn length(&self, ticks: f64) -> String {
        let length = ticks * self.factor;
        // Three digits that count.
        let mut decimals = 2;
        let mut unit = 1.0;
        while length < unit && decimals < 9 {
            (decimals, unit) = (decimals + 1, unit / 10.0);
        }
        format!("{length:.decimals$} {}", self.unit)
    }

    /// Round times with their places.
    fn marks(&self) -> Vec<(f64, String)> {
        let (first, end) = (self.span.first as f64 * self.factor, self.span.end as f64 * self.factor);
        let scale = Scale::covering(first, end, 10);
        (0..=scale.steps())
            .map(|i| (scale.mark(i), scale.label(i)))
            .filter(|(mark, _)| (first..=end).contains(mark))
            .map(|(mark, label)| (LEFT + (mark - first) / (end - first) * (RIGHT - LEFT), label))
            .collect()
    }

    /// Frame of a plot from `top` to `bottom` with lines at round times.
    fn frame(&self, top: f64, bottom: f64) -> String {
        let (grid, soft) = (light("--grid"), light("--soft"));
        let mut svg = format!("<path class=\"grid\" stroke=\"{grid}\" fill=\"none\" d=\"");
        for (x, _) in self.marks() {
            let _ = write!(svg, "M{x:.1} {top:.1}V{bottom:.1}");
        }
        let _ = writeln!(
            svg,
            "\"/>\n<path class=\"axis\" stroke=\"{soft}\" fill=\"none\" \
             d=\"M{LEFT:.1} {top:.1}V{bottom:.1}H{RIGHT:.1}\"/>"
        );
        svg
    }

    /// Marks and title below the last plot, which ends at `y`.
    fn draw(&self, y: f64) -> String {
        let mut svg = String::new();
        for (x, text) in self.marks() {
            svg.push_str(&label(x, y + 16.0, "middle", &text));
        }
        svg.push_str(&label((LEFT + RIGHT) / 2.0, y + 35.0, "middle", &format!("time ({})", self.unit)));
        svg
    }
}

/// A line of small text of the axes.
fn label(x: f64, y: f64, anchor: &str, text: &str) -> String {
    let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
    let soft = light("--soft");
    let attributes: [(&str, &dyn Display); 6] =
        [("class", &"soft"), ("x", &x), ("y", &y), ("font-size", &11), ("text-anchor", &anchor), ("fill", &soft)];
    element("text", &attributes, &escape(text)) + "\n"
}

/// The name of a plot, above its left end.
fn heading(y: f64, text: &str) -> String {
    let (y, ink) = (format!("{y:.1}"), light("--ink"));
    let attributes: [(&str, &dyn Display); 6] =
        [("class", &"ink"), ("x", &LEFT), ("y", &y), ("font-size", &12.5), ("font-weight", &600), ("fill", &ink)];
    element("text", &attributes, &escape(text)) + "\n"
}

/// The name of a series, right of its plot, in its colour.
fn series_label(series: usize, y: f64, text: &str) -> String {
    let shown = shortened(text, SERIES_LETTERS);
    let whole = if shown == text { String::new() } else { element("title", &[], &escape(text)) };
    let class = format!("f{}", series % SERIES.len());
    let (x, y, colour) = (format!("{:.1}", RIGHT + 8.0), format!("{y:.1}"), series_colour(series));
    let attributes: [(&str, &dyn Display); 6] =
        [("class", &class), ("x", &x), ("y", &y), ("font-size", &11.5), ("font-weight", &600), ("fill", &colour)];
    element("text", &attributes, &(whole + &escape(&shown))) + "\n"
}

/// Colour of a series on white paper.
fn series_colour(series: usize) -> &'static str {
    light(SERIES[series % SERIES.len()])
}

/// A colour on white paper.
fn light(name: &str) -> &'static str {
    COLOURS[colour_index(name)].1
}

fn colour_index(name: &str) -> usize {
    COLOURS.iter().position(|(known, _)| *known == name).expect("the colours of this module are colours of figures")
}

/// What changes on dark paper. Style sheets win over the colours that elements name themselves.
fn style() -> String {
    let dark = |name: &str| DARK[colour_index(name)];
    let mut rules = format!(
        ".paper{{fill:{DARK_PAPER}}}.ink{{fill:{}}}.soft{{fill:{soft}}}.grid{{stroke:{}}}.axis{{stroke:{soft}}}",
        dark("--ink"),
        dark("--grid"),
        soft = dark("--soft"),
    );
    for (i, name) in SERIES.iter().enumerate() {
        let _ = write!(rules, ".f{i}{{fill:{0}}}.l{i}{{stroke:{0}}}", dark(name));
    }
    format!("@media (prefers-color-scheme:dark){{{rules}}}")
}

/// `text` in lines of at most `letters` letters.
fn wrapped(text: &str, letters: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > letters {
            lines.push(word.into());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// `1 spike`, `12,345 spikes`.
fn counted(count: u64, noun: &str) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
