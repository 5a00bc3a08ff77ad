//! The pages of the documentation: links lead somewhere, the table of contents has every page, generated tables are
//! true.

use crate::tidy::{assert_none, files, read, root};
use chip::{ChipSpec, Fact};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The text of a page without what stands in blocks and between backquotes.
fn without_code(text: &str) -> String {
    let mut in_block = false;
    let kept = text.lines().map(|line| {
        let fence = line.trim_start().starts_with("```");
        in_block ^= fence;
        match fence || in_block {
            true => String::new(),
            false => line.split('`').step_by(2).collect::<Vec<_>>().join("``"),
        }
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// The targets of the links and pictures of a page, each with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let text = without_code(text);
    let of_line = |(number, line): (usize, &str)| {
        let parts: Vec<&str> = line.split("](").collect();
        let targets = parts[1..].iter().filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned());
        targets.map(|target| (number + 1, target)).collect::<Vec<_>>()
    };
    text.lines().enumerate().flat_map(of_line).collect()
}

/// The anchors of a page: of each heading its words in lower case, joined by `-`, and a number where they repeat.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut seen, mut in_block) = (BTreeMap::<String, u32>::new(), false);
    let mut found = BTreeSet::new();
    for line in text.lines() {
        in_block ^= line.trim_start().starts_with("```");
        let Some(title) = line.strip_prefix('#').filter(|_| !in_block) else { continue };
        let title = title.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let count = seen.entry(anchor.clone()).or_insert(0);
        found.insert(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    found
}

#[test]
fn links_lead_to_a_file_and_a_heading() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in files(&["md"]) {
        let text = read(&page);
        for (line, target) in links(&text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let of = if path.is_empty() { page.clone() } else { page.parent().expect("a folder").join(path) };
            let says = |what: &str| format!("{}:{line}: {target} {what}", page.display());
            if !of.exists() {
                wrong.push(says("is not there"));
            } else if !(anchor.is_empty() || of.is_file() && anchors(&read(&of)).contains(anchor)) {
                wrong.push(says("has no such heading"));
            }
        }
    }
    assert!(count > 200, "only {count} links were found");
    assert_none("links that lead nowhere", &wrong);
}

#[test]
fn the_table_of_contents_has_every_page_once() {
    let docs = root().join("docs");
    let listed: Vec<PathBuf> =
        links(&read(&docs.join("SUMMARY.md"))).into_iter().map(|(_, to)| docs.join(to)).collect();
    let pages: Vec<PathBuf> = files(&["md"]).into_iter().filter(|page| page.starts_with(&docs)).collect();
    let times = |page: &Path| listed.iter().filter(|listed| *listed == page).count();
    let wrong = pages.iter().filter(|page| !page.ends_with("SUMMARY.md") && times(page) != 1);
    let wrong: Vec<String> =
        wrong.map(|page| format!("{} stands there {} times", page.display(), times(page))).collect();
    assert!(pages.len() > 30, "{}", pages.len());
    assert_none("pages that docs/SUMMARY.md does not have once", &wrong);
}

/// A value with its unit, and nothing for the unit of pure numbers.
fn shown(fact: &Fact) -> String {
    fact.quantity.to_string()
}

/// Text that stands in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The parameters of a chip, what they rest on, and how they differ between devices.
fn parameters_of(spec: &ChipSpec) -> String {
    let models: Vec<&str> = spec.models.iter().map(|model| model.name()).collect();
    let each = if spec.parameters_per_neuron { "a neuron" } else { "a core" };
    let mut text = format!("\n## {}\n\n{}.\n", spec.name, spec.summary.trim_end_matches('.'));
    let _ = writeln!(text, "Core models: `{}`. One value {each}.", models.join("`, `"));
    if let Some(reference) = &spec.mismatch_reference {
        let _ = writeln!(text, "`--cv` is the CV of `{reference}`; the others keep their proportion to it.");
    }
    text +=
        "\n| parameter | meaning | nominal | range | evidence | source | mismatch |\n|---|---|---|---|---|---|---|\n";
    for (name, p) in &spec.parameters {
        let range = p.range.as_ref().map_or(String::new(), |(low, high)| format!("{} to {}", shown(low), shown(high)));
        let mismatch = p.mismatch.as_ref().map_or(String::new(), |m| {
            format!("{}, CV {} ({}, {})", m.family.name(), shown(&m.cv), m.cv.evidence.name(), m.cv.source)
        });
        let cells = [
            format!("`{name}`"),
            cell(&p.summary),
            shown(&p.nominal),
            range,
            p.nominal.evidence.name().to_owned(),
            p.nominal.source.clone(),
            mismatch,
        ];
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    let cited: BTreeSet<&str> = spec
        .parameters
        .values()
        .flat_map(|p| [Some(p.nominal.source.as_str()), p.mismatch.as_ref().map(|m| m.cv.source.as_str())])
        .flatten()
        .collect();
    text += "\n";
    for (key, citation) in spec.sources.iter().filter(|(key, _)| cited.contains(key.as_str())) {
        let citation: Vec<&str> = citation.split_whitespace().collect();
        let _ = writeln!(text, "- {key}: {}", citation.join(" "));
    }
    text
}

#[test]
fn the_page_of_parameters_is_that_of_the_chips() {
    const PAGE: &str = "docs/parameters.md";
    let path = root().join(PAGE);
    let page = read(&path);
    let mark = "<!-- generated from here on -->\n";
    let (head, _) = page.split_once(mark).expect("the page says where its tables begin");
    let specs = formats::chip::shipped_names().map(|name| formats::chip::shipped(name).expect("a shipped chip"));
    let expected = format!("{head}{mark}{}", specs.map(|spec| parameters_of(&spec)).collect::<String>());
    if std::env::var("PARAMETER_TABLES").is_ok_and(|value| value == "write") {
        std::fs::write(&path, expected).expect(PAGE);
        return;
    }
    let difference = page.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        page == expected,
        "{PAGE} differs from the shipped chips, first in {difference:?}: run `PARAMETER_TABLES=write cargo test -p \
         conformance --test conformance -- parameters` and read what has changed"
    );
}
