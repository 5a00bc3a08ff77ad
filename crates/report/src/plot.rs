//! A figure of a page: a drawing with its name, its title, and the numbers that it was drawn from.
//!
//! Owns how figures stand in a page, so that its script finds what it enlarges, downloads and points at. It
//! deliberately draws nothing itself; what is drawn where is said by the modules below.

pub(crate) mod blame;
pub(crate) mod die;
pub(crate) mod forest;
pub(crate) mod heat;
pub(crate) mod mechanism;
pub(crate) mod sizes;
pub(crate) mod yields;

use crate::chart::{HEIGHT, Panel, WIDTH};
use crate::html::escape;
use std::fmt::Write;

/// A figure.
pub(crate) struct Plot {
    /// Name of its files, without extension: any text.
    pub(crate) name: String,
    /// What it shows, for who does not see it.
    pub(crate) title: String,
    /// Contents of the `svg` element, with colours as CSS variables.
    pub(crate) svg: String,
    /// Width and height in user units.
    pub(crate) size: (f64, f64),
    /// Attributes of the `svg` element that the script reads, with a space before them.
    pub(crate) attributes: String,
    /// The numbers, as comma-separated values.
    pub(crate) data: String,
}

impl Plot {
    /// A figure of one panel.
    pub(crate) fn of_panel(name: String, panel: &Panel, data: String) -> Self {
        let title = panel.title.clone();
        Self { name, title, svg: panel.draw(), size: (WIDTH, HEIGHT), attributes: String::new(), data }
    }

    /// Whether it takes the whole width of the page.
    fn is_wide(&self) -> bool {
        self.size.0 > WIDTH * 1.5
    }

    fn html(&self) -> String {
        let (width, height) = self.size;
        format!(
            "<figure class=\"plot{}\" data-name=\"{}\"><div class=\"see\"><svg viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-label=\"{}\"{}>{}</svg></div>\n<pre class=\"data\" hidden>{}</pre></figure>\n",
            if self.is_wide() { " wide" } else { "" },
            file_name(&self.name),
            escape(&self.title),
            self.attributes,
            self.svg,
            escape(&self.data)
        )
    }
}

/// `text` with what may not be in the name of a file replaced.
fn file_name(text: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' };
    text.chars().map(safe).collect()
}

/// Figures that belong together, side by side or below each other, with HTML below them.
pub(crate) fn group(plots: &[Plot], caption: &str) -> String {
    if plots.is_empty() {
        return String::new();
    }
    let mut html = String::from("<div class=\"group\"><div class=\"panels\">\n");
    for plot in plots {
        html.push_str(&plot.html());
    }
    let _ = writeln!(html, "</div><div class=\"caption\">{caption}</div></div>");
    html
}

/// Text at a place, for figures that are no panels.
pub(crate) fn text((x, y): (f64, f64), size: f64, anchor: &str, colour: &str, text: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>",
        escape(text)
    )
}

/// The title of a figure that is no panel.
pub(crate) fn heading(title: &str) -> String {
    format!("<text x=\"4\" y=\"18\" font-size=\"13\" font-weight=\"600\" fill=\"var(--ink)\">{}</text>", escape(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files_and_all_text_is_escaped() {
        let plot = Plot {
            name: "lorenz (96 tasks)/<b>".into(),
            title: "a < b".into(),
            svg: "<g/>".into(),
            size: (900.0, 100.0),
            attributes: String::new(),
            data: "x\n\"<pre>\"\n".into(),
        };
        let html = group(&[plot], "");
        assert!(html.contains("class=\"plot wide\" data-name=\"lorenz__96_tasks___b_\""), "{html}");
        assert!(html.contains("aria-label=\"a &lt; b\"") && html.contains("&quot;&lt;pre&gt;&quot;"), "{html}");
        assert_eq!(group(&[], "nothing"), "");
    }
}
