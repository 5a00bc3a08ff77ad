//! The page of a mapping: floor plan, weights asked for and got, and the tables of its report.
//!
//! Like the page of a study it depends on its input only, and needs nothing else to be shown.

use crate::floor::{self, FloorCell, FloorLink};
use crate::html::{escape, fill, table};
use crate::page::style;
use crate::weights::{self, WeightPlot};
use std::fmt::Write;

const TEMPLATE: &str = include_str!("mapping.html");

/// Links that have a row of their own.
const LINKS_MAX: usize = 12;

/// Rows of a table; of longer ones the first are shown.
const ROWS_MAX: usize = 2000;

/// A table of the report, in plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingTable {
    /// What it tells.
    pub title: String,
    /// Columns of names, from the left.
    pub names: usize,
    /// The header, then the rows.
    pub rows: Vec<Vec<String>>,
}

/// Everything that the page of a mapping is made of. All text is plain text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MappingPage {
    /// What was mapped onto what.
    pub title: String,
    /// A sentence on it.
    pub lead: String,
    /// The version of the program that made it.
    pub version: String,
    /// What is not as the network asks for.
    pub warnings: Vec<String>,
    /// Cores of a chip, in use or not.
    pub cores_per_chip: usize,
    /// The cores in use, sorted by address.
    pub cells: Vec<FloorCell>,
    /// What goes from one to another.
    pub links: Vec<FloorLink>,
    /// Weights, a plot a projection.
    pub weights: Vec<WeightPlot>,
    /// The tables.
    pub tables: Vec<MappingTable>,
}

impl MappingPage {
    /// The page.
    pub fn html(&self) -> String {
        let mut nav = vec![("floor", "Floor plan"), ("weights", "Weights"), ("tables", "Tables")];
        nav.retain(|(id, _)| *id != "weights" || !self.weights.is_empty());
        if !self.warnings.is_empty() {
            nav.insert(0, ("warnings", "Warnings"));
        }
        let nav = nav.iter().map(|(id, text)| format!("<a href=\"#{id}\">{text}</a>")).collect::<Vec<_>>().join(" ");
        fill(
            TEMPLATE,
            &[
                ("title", escape(&self.title)),
                ("lead", escape(&self.lead)),
                ("version", escape(&self.version)),
                ("style", style()),
                ("nav", nav),
                ("warnings", self.warnings()),
                ("floor", self.floor()),
                ("weights", self.weights()),
                ("tables", self.tables.iter().map(shown).collect()),
            ],
        )
    }

    fn warnings(&self) -> String {
        if self.warnings.is_empty() {
            return String::new();
        }
        let lines: String = self.warnings.iter().map(|line| format!("<li>{}</li>\n", escape(line))).collect();
        format!("<section id=\"warnings\">\n<h2>Warnings</h2>\n<ul>\n{lines}</ul>\n</section>")
    }

    fn floor(&self) -> String {
        let drawing = floor::drawing(self.cores_per_chip, &self.cells, &self.links);
        let mut html = format!(
            "<figure class=\"chart\"><div class=\"plan\">\n{}</div>\n<figcaption>{}</figcaption></figure>\n",
            drawing.svg,
            escape(&drawing.caption)
        );
        let mut links: Vec<&FloorLink> = self.links.iter().collect();
        links.sort_by_key(|link| std::cmp::Reverse((link.weight, link.words)));
        if links.is_empty() {
            return html;
        }
        let header = ["from", "to", "events", "weighted by hops"].map(String::from);
        let rows: Vec<Vec<String>> = links
            .iter()
            .take(LINKS_MAX)
            .map(|link| {
                let name = |(chip, core): (u16, u16)| format!("chip {chip} core {core}");
                vec![name(link.from), name(link.to), link.words.to_string(), link.weight.to_string()]
            })
            .collect();
        let _ = write!(html, "<h3>Links of most traffic</h3>\n{}", table("facts", &header, &rows, &[2, 3]));
        html
    }

    fn weights(&self) -> String {
        if self.weights.is_empty() {
            return String::new();
        }
        format!(
            "<section id=\"weights\">\n<h2>Weights asked for and got</h2>\n{}</section>",
            weights::figure(&self.weights)
        )
    }
}

fn shown(of: &MappingTable) -> String {
    let Some((header, rows)) = of.rows.split_first() else { return String::new() };
    let escaped = |row: &[String]| row.iter().map(|cell| escape(cell)).collect::<Vec<_>>();
    let cells: Vec<Vec<String>> = rows.iter().take(ROWS_MAX).map(|row| escaped(row)).collect();
    let numbers: Vec<usize> = (of.names..header.len()).collect();
    let mut html = format!("<h3>{}</h3>\n{}", escape(&of.title), table("facts", &escaped(header), &cells, &numbers));
    if let Some(more) = rows.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
        let _ = writeln!(html, "<p>{more} more rows are in the JSON of <code>quenched map</code>.</p>");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_escapes_what_it_is_given_and_loads_nothing() {
        let bad = "<b>&\"x".to_string();
        let page = MappingPage {
            title: bad.clone(),
            lead: bad.clone(),
            warnings: vec![bad.clone()],
            cores_per_chip: 4,
            cells: vec![FloorCell { chip: 0, core: 1, share: Some(0.5), label: bad.clone(), tip: bad.clone() }],
            weights: vec![WeightPlot {
                title: bad.clone(),
                unit: bad.clone(),
                pairs: vec![(1.0, 0.5)],
                note: bad.clone(),
            }],
            tables: vec![MappingTable { title: bad.clone(), names: 1, rows: vec![vec![bad.clone()], vec![bad]] }],
            ..MappingPage::default()
        };
        let html = page.html();
        assert!(!html.contains("<b>") && html.matches("&lt;b&gt;&amp;&quot;x").count() >= 8, "{html}");
        for unwanted in ["http:", "https:", "<script", "<link", "url(", "@import", "{{"] {
            assert!(!html.contains(unwanted), "{unwanted}");
        }
        assert!(html.contains("prefers-color-scheme: dark"));
        assert_eq!(html, page.html());
    }

    #[test]
    fn a_page_without_weights_and_links_has_no_empty_parts() {
        let html = MappingPage { cores_per_chip: 1, ..MappingPage::default() }.html();
        assert!(
            !html.contains("id=\"weights\"") && !html.contains("Links of most") && !html.contains("id=\"warnings\"")
        );
    }
}
