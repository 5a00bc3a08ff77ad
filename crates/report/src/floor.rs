//! The floor plan of a mapping: chips with their cores, coloured by how full they are, and the links between them.

use crate::chart::with_fixed_colours;
use crate::html::escape;
use crate::svg::element;
use crate::text::shortened;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Links that are drawn at the most: those of most traffic.
const LINKS_MAX: usize = 400;

/// Links a core in use that are drawn: of more, nobody sees the cores.
const LINKS_OF_CORE: usize = 4;

/// Links up to which each has an arrow.
const ARROWS_MAX: usize = 60;

/// Cores of a chip up to which all are drawn, those not in use as frames.
const WHOLE_MAX: usize = 256;

/// From this share on a core is shown in the colour of what is nearly full.
const NEARLY_FULL: f64 = 0.9;

/// Width of the thinnest link, and of the thickest where there are few and where there are many.
const THINNEST: f64 = 0.5;
const THICKEST: (f64, f64) = (5.0, 1.6);

/// Links of a core from which on there are many.
const MANY: f64 = 3.0;

/// A core in use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FloorCell {
    /// Its chip.
    pub chip: u16,
    /// The core.
    pub core: u16,
    /// How full its fullest resource is, from 0 to 1; none without limits.
    pub share: Option<f64>,
    /// What that is: `93 % tags`.
    pub label: String,
    /// More on it, in lines.
    pub tip: String,
}

/// What goes from one core to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloorLink {
    /// Chip and core where it starts.
    pub from: (u16, u16),
    /// Chip and core where it ends.
    pub to: (u16, u16),
    /// Events, if each neuron spikes once.
    pub words: u64,
    /// The same, weighted by hops.
    pub weight: u64,
}

/// A floor plan, drawn.
pub(crate) struct Drawing {
    pub(crate) svg: String,
    pub(crate) caption: String,
    width: f64,
    height: f64,
}

/// The floor plan as a picture that stands alone, on white.
pub fn floor_svg(cores_per_chip: usize, cells: &[FloorCell], links: &[FloorLink]) -> String {
    let Drawing { svg, width, height, .. } = drawing(cores_per_chip, cells, links);
    let paper = format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
    let open = "<svg ";
    let at = svg.find('>').map_or(0, |at| at + 1);
    let alone = format!("{open}xmlns=\"http://www.w3.org/2000/svg\" {}{paper}{}", &svg[open.len()..at], &svg[at..]);
    with_fixed_colours(&alone.replace("var(--paper)", "#ffffff"))
}

/// How cells are laid out.
struct Layout {
    /// By chip: the cores that are drawn.
    chips: BTreeMap<u16, Vec<u16>>,
    /// Cores in a row of a chip, and chips in a row of the board.
    columns: (usize, usize),
    cell: (f64, f64),
    /// Distance between cells.
    gap: f64,
}

/// Room around the cells of a chip, for its name, and between chips.
const INSET: f64 = 12.0;
const HEAD: f64 = 20.0;
const BETWEEN: f64 = 44.0;

impl Layout {
    fn new(cores_per_chip: usize, cells: &[FloorCell]) -> Self {
        let mut chips: BTreeMap<u16, Vec<u16>> = BTreeMap::new();
        for cell in cells {
            chips.entry(cell.chip).or_default().push(cell.core);
        }
        if cores_per_chip <= WHOLE_MAX {
            chips.values_mut().for_each(|cores| *cores = (0..cores_per_chip as u16).collect());
        }
        let most = chips.values().map(Vec::len).max().unwrap_or(1);
        let side = |count: usize| (1..).find(|side| side * side >= count).unwrap_or(1);
        let (cell, gap) = match most {
            0..=1 => ((150.0, 60.0), 0.0),
            2..=16 => ((108.0, 54.0), 26.0),
            17..=256 => ((34.0, 26.0), 10.0),
            _ => ((12.0, 12.0), 4.0),
        };
        Self { columns: (side(most), side(chips.len())), chips, cell, gap }
    }

    /// Rows of a chip.
    fn rows(&self) -> usize {
        self.chips.values().map(|cores| cores.len().div_ceil(self.columns.0)).max().unwrap_or(1)
    }

    /// Size of a chip.
    fn chip_size(&self) -> (f64, f64) {
        let along = |count: usize, size: f64| count as f64 * (size + self.gap) - self.gap + 2.0 * INSET;
        (along(self.columns.0, self.cell.0), along(self.rows(), self.cell.1) + HEAD)
    }

    /// Upper left corner of the `index`th chip.
    fn chip_at(&self, index: usize) -> (f64, f64) {
        let (width, height) = self.chip_size();
        let (column, row) = (index % self.columns.1, index / self.columns.1);
        (2.0 + column as f64 * (width + BETWEEN), 2.0 + row as f64 * (height + BETWEEN))
    }

    /// Upper left corner of the `index`th core of a chip.
    fn core_at(&self, chip: (f64, f64), index: usize) -> (f64, f64) {
        let (column, row) = (index % self.columns.0, index / self.columns.0);
        let (width, height) = self.cell;
        (chip.0 + INSET + column as f64 * (width + self.gap), chip.1 + HEAD + INSET + row as f64 * (height + self.gap))
    }

    fn size(&self) -> (f64, f64) {
        let (width, height) = self.chip_size();
        let rows = self.chips.len().div_ceil(self.columns.1).max(1);
        let columns = self.columns.1.min(self.chips.len().max(1));
        let along = |count: usize, size: f64| count as f64 * (size + BETWEEN) - BETWEEN + 4.0;
        (along(columns, width), along(rows, height))
    }
}

/// The floor plan in the colours of the page.
pub(crate) fn drawing(cores_per_chip: usize, cells: &[FloorCell], links: &[FloorLink]) -> Drawing {
    let layout = Layout::new(cores_per_chip, cells);
    let (width, height) = layout.size();
    let by_place: BTreeMap<(u16, u16), &FloorCell> = cells.iter().map(|cell| ((cell.chip, cell.core), cell)).collect();
    let mut places: BTreeMap<(u16, u16), (f64, f64)> = BTreeMap::new();
    let (mut frames, mut labels) = (String::new(), String::new());
    for (index, (&chip, cores)) in layout.chips.iter().enumerate() {
        let at = layout.chip_at(index);
        let (w, h) = layout.chip_size();
        let frame: [(&str, &dyn std::fmt::Display); 7] = [
            ("x", &at.0),
            ("y", &at.1),
            ("width", &w),
            ("height", &h),
            ("rx", &8),
            ("fill", &"none"),
            ("stroke", &"var(--soft)"),
        ];
        frames.push_str(&element("rect", &frame, ""));
        let _ = write!(
            frames,
            "<text x=\"{}\" y=\"{}\" font-size=\"12\" fill=\"var(--soft)\">chip {chip}</text>",
            at.0 + INSET,
            at.1 + 17.0
        );
        for (index, &core) in cores.iter().enumerate() {
            let corner = layout.core_at(at, index);
            let (w, h) = layout.cell;
            places.insert((chip, core), (corner.0 + w / 2.0, corner.1 + h / 2.0));
            frames.push_str(&square(corner, layout.cell, by_place.get(&(chip, core)).copied()));
            labels.push_str(&words(corner, layout.cell, core, by_place.get(&(chip, core)).copied()));
        }
    }
    let drawn = links.len().min(LINKS_MAX).min(ARROWS_MAX.max(LINKS_OF_CORE * cells.len()));
    let svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"floor plan\" font-family=\"system-ui, DejaVu Sans, sans-serif\">\n{ARROW}{frames}\n{}\n\
         <g pointer-events=\"none\">{labels}</g>\n</svg>\n",
        curves(&places, links, drawn)
    );
    let mut caption = String::from(
        "A square is a core: the fuller its fullest resource, the darker; from 90 % on in the colour of what is nearly \
         full. Empty frames are not in use.",
    );
    if drawn > 0 {
        caption.push_str(
            " Lines bend to the right of the way that they go; they are the thicker, the more events go that way if each \
             neuron spikes once, times the hops between chips.",
        );
    }
    if drawn < links.len() {
        let _ = write!(caption, " Of {} links the {drawn} with most traffic are drawn.", links.len());
    }
    Drawing { svg, caption, width, height }
}

/// The end of a link.
const ARROW: &str = "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
                     markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" \
                     fill=\"var(--kept-1)\"/></marker></defs>";

/// A core, in use or not.
fn square(at: (f64, f64), size: (f64, f64), cell: Option<&FloorCell>) -> String {
    let Some(cell) = cell else {
        return format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\" fill=\"none\" stroke=\"var(--grid)\"/>",
            at.0, at.1, size.0, size.1
        );
    };
    let share = cell.share.unwrap_or(0.0).clamp(0.0, 1.0);
    let colour = if share >= NEARLY_FULL { "var(--removed)" } else { "var(--full)" };
    format!(
        "<g><title>{}</title><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\" fill=\"{colour}\" \
         fill-opacity=\"{:.3}\" stroke=\"{colour}\" stroke-opacity=\"0.6\"/></g>",
        escape(&cell.tip),
        at.0,
        at.1,
        size.0,
        size.1,
        0.08 + 0.62 * share
    )
}

/// What stands in a core that has room for it.
fn words(at: (f64, f64), size: (f64, f64), core: u16, cell: Option<&FloorCell>) -> String {
    if size.0 < 20.0 {
        return String::new();
    }
    let text = |x: f64, y: f64, letters: f64, text: &str| {
        format!("<text x=\"{x}\" y=\"{y}\" font-size=\"{letters}\" fill=\"var(--ink)\">{}</text>", escape(text))
    };
    let Some(cell) = cell else {
        return text(at.0 + 5.0, at.1 + 13.0, 9.0, &core.to_string());
    };
    if size.0 < 60.0 {
        return text(at.0 + 4.0, at.1 + 16.0, 10.0, &core.to_string());
    }
    let letters = ((size.0 - 12.0) / 6.2) as usize;
    text(at.0 + 6.0, at.1 + 18.0, 11.0, &format!("core {core}"))
        + &text(at.0 + 6.0, at.1 + size.1 - 11.0, 11.0, &shortened(&cell.label, letters))
}

/// The `drawn` links of most traffic, the thinnest first, so that the thick ones lie above.
fn curves(places: &BTreeMap<(u16, u16), (f64, f64)>, all: &[FloorLink], drawn: usize) -> String {
    let mut links: Vec<&FloorLink> = all.iter().filter(|link| link.weight > 0).collect();
    links.sort_by_key(|link| (std::cmp::Reverse(link.weight), link.from, link.to));
    links.truncate(drawn);
    let most = links.first().map_or(1, |link| link.weight) as f64;
    let many = links.len() as f64 > MANY * places.len() as f64 || all.len() > drawn;
    let thickest = if many { THICKEST.1 } else { THICKEST.0 };
    let arrow = if links.len() <= ARROWS_MAX { " marker-end=\"url(#arrow)\"" } else { "" };
    let mut svg = String::new();
    for link in links.iter().rev() {
        let (Some(from), Some(to)) = (places.get(&link.from), places.get(&link.to)) else { continue };
        let (x, y) = (to.0 - from.0, to.1 - from.1);
        let length = (x * x + y * y).sqrt().max(1.0);
        // Out of the middle of both cores, so that what comes and what goes do not meet.
        let aside = (-y / length * 7.0, x / length * 7.0);
        let bend = (length * 0.16).min(40.0);
        let middle = (from.0 + x / 2.0 - y / length * bend, from.1 + y / 2.0 + x / length * bend);
        let end = |at: &(f64, f64), towards: f64| {
            (at.0 + aside.0 + x / length * towards, at.1 + aside.1 + y / length * towards)
        };
        let (start, stop) = (end(from, 12.0), end(to, -12.0));
        let width = THINNEST + (thickest - THINNEST) * link.weight as f64 / most;
        let _ = write!(
            svg,
            "<path d=\"M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}\" fill=\"none\" stroke=\"var(--kept-1)\" \
             stroke-width=\"{width:.2}\" stroke-opacity=\"{:.2}\"{arrow}><title>chip {} core {} to chip {} core {}: {} \
             events, weighted {}</title></path>",
            start.0,
            start.1,
            middle.0,
            middle.1,
            stop.0,
            stop.1,
            if all.len() > drawn {
                0.3
            } else if many {
                0.5
            } else {
                0.75
            },
            link.from.0,
            link.from.1,
            link.to.0,
            link.to.1,
            link.words,
            link.weight
        );
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(chip: u16, core: u16, share: f64) -> FloorCell {
        FloorCell { chip, core, share: Some(share), label: format!("{:.0} % tags", 100.0 * share), tip: "tip".into() }
    }

    #[test]
    fn cores_and_links_are_drawn_once() {
        let cells = [cell(0, 0, 0.3), cell(0, 2, 0.95), cell(3, 1, 1.0)];
        let link = |from, to, weight| FloorLink { from, to, words: 5, weight };
        let links = [link((0, 0), (0, 2), 5), link((0, 2), (3, 1), 20), link((0, 0), (9, 9), 1)];
        let svg = floor_svg(4, &cells, &links);
        assert_eq!(svg.matches("<title>tip</title>").count(), 3);
        assert_eq!(svg.matches("marker-end").count(), 2, "a link to a core that is not there is left out");
        assert!(svg.contains("chip 3") && !svg.contains("chip 1<") && svg.contains("95 % tags"), "{svg}");
        assert!(!svg.contains("var(") && svg.starts_with("<svg xmlns="), "{svg}");
        assert_eq!(svg, floor_svg(4, &cells, &links));
    }

    #[test]
    fn large_boards_stay_bounded() {
        let cells: Vec<FloorCell> = (0..1000).map(|i| cell(0, i, f64::from(i % 10) / 10.0)).collect();
        let link = |i: u16| FloorLink { from: (0, i % 1000), to: (0, (i * 7 + 1) % 1000), words: 1, weight: 1 };
        let links: Vec<FloorLink> = (0..5000).map(link).collect();
        let drawing = drawing(1 << 14, &cells, &links);
        assert!(drawing.svg.len() < 400_000, "{}", drawing.svg.len());
        assert!(drawing.caption.contains("Of 5000 links the 400"), "{}", drawing.caption);
        assert!(floor_svg(1, &[], &[]).contains("<svg"), "an empty board");
    }
}
