//! SVG by hand: an element with its attributes, and the outline of a line.

use crate::html::escape;
use std::fmt::{Display, Write};

/// An element with `attributes` in their order, around `content`, which is SVG already. An element without content is
/// closed at once.
pub(crate) fn element(name: &str, attributes: &[(&str, &dyn Display)], content: &str) -> String {
    let mut svg = format!("<{name}");
    for (attribute, value) in attributes {
        let _ = write!(svg, " {attribute}=\"{}\"", escape(&value.to_string()));
    }
    if content.is_empty() {
        svg.push_str("/>");
    } else {
        let _ = write!(svg, ">{content}</{name}>");
    }
    svg
}

/// The commands of a path through `points`, to a tenth of a unit.
pub(crate) fn outline(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (i, (x, y)) in points.into_iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" });
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_closed_and_their_values_escaped() {
        assert_eq!(element("path", &[("d", &"M0 0"), ("width", &1.5)], ""), "<path d=\"M0 0\" width=\"1.5\"/>");
        assert_eq!(element("g", &[("id", &"a\"<b")], "<a/>"), "<g id=\"a&quot;&lt;b\"><a/></g>");
        assert_eq!(outline([(0.0, 1.0), (2.25, -3.0)]), "M0.0 1.0L2.2 -3.0");
        assert_eq!(outline([]), "");
    }
}
