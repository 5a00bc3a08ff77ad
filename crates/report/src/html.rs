//! HTML by hand: escaping, and filling the holes of a template.

/// `text` with the characters replaced that mean something in HTML text or in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// `template` with each `{{name}}` replaced by its HTML. What was filled in is not searched for holes again.
///
/// # Panics
/// If the template names a hole that is not in `holes`, or has an opening without an end: both are errors of this
/// crate's own template.
pub(crate) fn fill(template: &str, holes: &[(&str, String)]) -> String {
    let mut page = String::with_capacity(template.len() + holes.iter().map(|(_, html)| html.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, tail) = after.split_once("}}").expect("every hole of the template has an end");
        let hole = holes.iter().find(|(known, _)| *known == name);
        let (_, html) = hole.unwrap_or_else(|| panic!("the template has a hole `{name}` that nothing fills"));
        page.push_str(before);
        page.push_str(html);
        rest = tail;
    }
    page.push_str(rest);
    page
}

/// A table in a box that scrolls sideways on a narrow screen. Cells are HTML; columns in `numbers` are aligned as
/// numbers.
pub(crate) fn table(class: &str, header: &[String], rows: &[Vec<String>], numbers: &[usize]) -> String {
    let class_of = |i: usize| if numbers.contains(&i) { " class=\"n\"" } else { "" };
    let mut html = format!("<div class=\"scroll\"><table class=\"{class}\">\n<thead><tr>");
    for (i, cell) in header.iter().enumerate() {
        html.push_str(&format!("<th scope=\"col\"{}>{cell}</th>", class_of(i)));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            html.push_str(&format!("<td{}>{cell}</td>", class_of(i)));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_character_is_escaped() {
        assert_eq!(escape("<a href=\"x\">R&D's</a>"), "&lt;a href=&quot;x&quot;&gt;R&amp;D&#39;s&lt;/a&gt;");
    }

    #[test]
    fn holes_are_filled_once() {
        let holes = [("a", "{{b}}".to_string()), ("b", "B".to_string())];
        assert_eq!(fill("x{{a}}y{{b}}z{{b}}", &holes), "x{{b}}yBzB");
        assert_eq!(fill("no hole", &holes), "no hole");
    }

    #[test]
    #[should_panic(expected = "a hole `c`")]
    fn an_unknown_hole_is_a_broken_template() {
        fill("{{c}}", &[]);
    }
}
