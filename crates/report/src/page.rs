//! The report of a study: one self-contained HTML page.
//!
//! The page depends on its input only: no clock, no machine name, no order of threads. The template is `page.html`;
//! everything that comes from a user or a file is escaped before it is filled in. Its script (`page.js`) shows what is
//! in it already: without it, figures and tables are the same.
//!
//! Owns the order of a page: the headline first, then findings, figures and tables, and what was run. It deliberately
//! draws nothing ([`crate::plot`]).

mod about;
mod headline;
mod results;

use crate::chart::COLOURS;
use crate::controls::Beside;
use crate::findings::findings;
use crate::html::{escape, fill};
use crate::plot;
use crate::summary::{TaskResults, condensed};
use results::results;
use std::collections::BTreeMap;
use std::fmt::Write;
use study::StudyResult;

const TEMPLATE: &str = include_str!("page.html");

/// What the page does for who points at it.
const SCRIPT: &str = include_str!("page.js");

/// Tasks whose results are drawn, at most: of a study with more, the others are in the tables.
const TASKS_MAX: usize = 12;

/// Findings of a task that are shown before it is asked for more: of a few tasks, and of many.
const FINDINGS_SHOWN: [usize; 2] = [3, 2];

/// What all pages look like.
const STYLE: &str = include_str!("page.css");

/// Colours on a dark page, in the order of [`COLOURS`].
pub(crate) const DARK: [&str; COLOURS.len()] = [
    "#e6edf3", "#9aa4b0", "#2b313a", "#58a6ff", "#f0883e", "#3fb98a", "#b48cff", "#8c959f", "#56c2d6", "#5b9bea",
    "#a383e6", "#e06fa8", "#f08080",
];

/// The style sheet of a page, light and dark.
pub(crate) fn style() -> String {
    let colours = |values: &mut dyn Iterator<Item = &'static str>| {
        let named = COLOURS.iter().zip(values).map(|((name, _), value)| format!("{name}: {value};"));
        named.collect::<Vec<_>>().join(" ")
    };
    let light = colours(&mut COLOURS.iter().map(|(_, value)| *value));
    fill(STYLE, &[("light", light), ("dark", colours(&mut DARK.into_iter()))])
}

/// A number of the chip, as its file states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChipNumber {
    /// Dotted path in the chip file (`parameters.tau_mem.mismatch.cv`).
    pub path: String,
    /// Value with its unit.
    pub value: String,
    /// Evidence grade (`measured`).
    pub evidence: String,
    /// Key of the source.
    pub source: String,
}

/// What a page says about the chip. All text is plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChipSection {
    /// One sentence on the chip.
    pub summary: String,
    /// Its numbers.
    pub numbers: Vec<ChipNumber>,
    /// Citations by source key.
    pub sources: BTreeMap<String, String>,
    /// What each evidence grade means, from best to weakest: grade and explanation.
    pub evidence: Vec<(String, String)>,
}

/// Everything that a page is made of.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// The results, and how to repeat them.
    pub result: &'a StudyResult,
    /// The chip.
    pub chip: &'a ChipSection,
}

impl Page<'_> {
    /// The page.
    pub fn html(&self) -> String {
        let manifest = &self.result.manifest;
        let rows = condensed(&self.result.rows);
        let tasks = TaskResults::group(&rows);
        let headline = headline::headline(self.result, &tasks);
        let mut nav = vec![("findings", "Findings"), ("results", "Results")];
        if !manifest.warnings.is_empty() {
            nav.insert(1, ("warnings", "Warnings"));
        }
        if manifest.die.is_some() {
            nav.push(("die", "A die"));
        }
        nav.push(("run", "What was run"));
        if !manifest.mappings.is_empty() {
            nav.push(("mapping", "Mapping"));
        }
        nav.extend([("repeat", "Repeat"), ("definitions", "Definitions"), ("chip", "The chip")]);
        let nav = nav.iter().map(|(id, text)| format!("<a href=\"#{id}\">{text}</a>")).collect::<Vec<_>>().join(" ");
        fill(
            TEMPLATE,
            &[
                ("title", escape(&manifest.title)),
                ("lead", escape(&lead(&tasks))),
                ("version", escape(&manifest.quenched)),
                ("style", style()),
                ("nav", nav),
                ("headline", headline),
                ("findings", self.findings()),
                ("warnings", self.warnings()),
                ("results", self.results(&tasks)),
                ("die", self.die()),
                ("run", self.run(&tasks)),
                ("mapping", self.mapping()),
                ("chip", self.chip()),
                ("command", escape(&manifest.command)),
                ("definitions", self.definitions(&tasks)),
                ("script", SCRIPT.into()),
            ],
        )
    }

    fn findings(&self) -> String {
        let mut html = String::new();
        let tasks = findings(&self.result.rows, Beside::from(self.result));
        let most = FINDINGS_SHOWN[usize::from(tasks.len() > 2)];
        for task in tasks {
            let _ = write!(html, "<div{}>\n<h3>{}</h3>\n", of_task(&task.task), escape(&task.task));
            let (shown, more) = task.findings.split_at(task.findings.len().min(most));
            html.push_str(&list(shown));
            if !more.is_empty() {
                let _ = write!(html, "<details><summary>{} more</summary>\n{}</details>\n", more.len(), list(more));
            }
            html.push_str("</div>\n");
        }
        html
    }

    /// Figures and tables of each task.
    fn results(&self, tasks: &[TaskResults<'_>]) -> String {
        let shown = &tasks[..tasks.len().min(TASKS_MAX)];
        let mut html: String = shown.iter().map(|task| results(&self.result.rows, task)).collect();
        if shown.len() < tasks.len() {
            let more = tasks.len() - shown.len();
            let _ = writeln!(html, "<p>{more} more tasks are in <code>results.csv</code>, and in the findings.</p>");
        }
        html
    }

    /// A die of the study; nothing if all are the same.
    fn die(&self) -> String {
        let Some(die) = &self.result.manifest.die else { return String::new() };
        let plots = plot::group(&plot::die::floors(die), &format!("<p>{}</p>", escape(&plot::die::caption(die))));
        format!("<section id=\"die\">\n<h2>A die of this study</h2>\n{plots}</section>\n")
    }
}

fn list(findings: &[String]) -> String {
    let lines: String = findings.iter().map(|finding| format!("<li>{}</li>\n", escape(finding))).collect();
    format!("<ul>\n{lines}</ul>\n")
}

/// What the filter knows a part of the page by: the stimulus, or the task.
fn of_task(task: &str) -> String {
    let family = task.split_once(" (").map_or(task, |(stimulus, _)| stimulus);
    format!(" data-family=\"{}\"", escape(family))
}

/// What was compared, in a sentence.
fn lead(tasks: &[TaskResults<'_>]) -> String {
    let Some(first) = tasks.first() else { return "No task was run.".into() };
    let chip = first.settings.first().and_then(|s| s.rows.first()).map_or("", |r| r.chip.as_str());
    let names: Vec<&str> = tasks.iter().map(|t| t.task).collect();
    let dies = first.copies();
    let axes = first.axes.iter().rev().map(|a| a.axis.all_words(&enumerated(&a.values)));
    format!("{} on {dies} of {chip}, {}.", enumerated(&names), axes.collect::<Vec<_>>().join("; "))
}

/// `a`, `a and b`, `a, b and c`.
fn enumerated(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).into(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::result;
    use study::Point;
    use warnings::Kind;

    /// A die whose parameter has an evil name.
    fn manifest_die(result: &mut StudyResult) {
        let evil = || String::from("<script>alert(1)</script>");
        let parameters = vec![study::DrawnParameter { name: evil(), factors: vec![0.9, 1.2, 1.0, 1.0] }];
        result.manifest.die = Some(study::DrawnDie { name: evil(), cores: 1, neurons: 4, kept: 4, parameters });
    }

    fn section() -> ChipSection {
        let number = |path: &str, value: &str, evidence: &str, source: &str| ChipNumber {
            path: path.into(),
            value: value.into(),
            evidence: evidence.into(),
            source: source.into(),
        };
        ChipSection {
            summary: "Four cores of 256 neurons.".into(),
            numbers: vec![
                number("geometry.cores_per_chip", "4", "vendor-limit", "maker"),
                number("parameters.tau_mem.nominal", "20 ms", "assumed", "here"),
                number("parameters.tau_mem.mismatch.cv", "0.2", "measured", "maker"),
            ],
            sources: [("maker".into(), "A paper, 2024 <doi>".into()), ("here".into(), "Chosen here.".into())].into(),
            evidence: vec![
                ("measured".into(), "measured on silicon and published".into()),
                ("vendor-limit".into(), "stated by the maker".into()),
                ("assumed".into(), "chosen here".into()),
            ],
        }
    }

    #[test]
    fn the_page_is_whole_stable_and_self_contained() {
        let (result, chip) = (result(), section());
        let page = Page { result: &result, chip: &chip };
        let html = page.html();
        assert_eq!(html, page.html());
        assert!(!html.contains("{{") && html.ends_with("</html>\n"));
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!html.contains(outside), "{outside}");
        }
        let plots = ["-float", "-quantised", "-on_chip", "-changes", "-yield-full", "-yield-removed"];
        for plot in plots.iter().flat_map(|plot| ["japanese-vowels", "memory-capacity"].map(|t| format!("{t}{plot}"))) {
            assert_eq!(html.matches(&format!("data-name=\"{plot}\"")).count(), 1, "{plot}");
        }
        assert_eq!(html.matches("<figure").count(), 2 * plots.len() + 2, "and one a metric in the headline");
        assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
        assert!(html.contains("<strong>1 of 3</strong> numbers are <em>measured</em>"));
        assert!(html.contains(
            "japanese-vowels and memory-capacity on 8 dies of dynapse2, with its mismatch scaled to CV 0, 0.1, 0.2 and \
             0.5; recurrence full and removed."
        ));
    }

    #[test]
    fn text_of_the_user_is_escaped_everywhere() {
        let (mut result, mut chip) = (result(), section());
        let evil = || String::from("<script>alert(1)</script>");
        for row in &mut result.rows {
            row.point = row.point.values().fold(Point::default(), |point, (axis, _)| point.with(axis, evil()));
            row.metric = evil();
            row.chip = evil();
        }
        let manifest = &mut result.manifest;
        for text in [
            &mut manifest.title,
            &mut manifest.study,
            &mut manifest.chip,
            &mut manifest.quenched,
            &mut manifest.command,
        ] {
            *text = evil();
        }
        for task in &mut manifest.tasks {
            (task.id, task.title, task.formula, task.source) = (evil(), evil(), evil(), evil());
        }
        for mapping in &mut manifest.mappings {
            mapping.point = mapping.point.values().fold(Point::default(), |point, (axis, _)| point.with(axis, evil()));
            (mapping.report, mapping.program) = (evil(), evil());
        }
        manifest.warnings.push(Kind::Weights, evil(), evil());
        chip.summary = evil();
        chip.sources = [(evil(), evil())].into();
        chip.evidence = vec![(evil(), evil())];
        for number in &mut chip.numbers {
            *number = ChipNumber { path: evil(), value: evil(), evidence: evil(), source: evil() };
        }
        let html = Page { result: &result, chip: &chip }.html();
        manifest_die(&mut result);
        let html = html + &Page { result: &result, chip: &chip }.html();
        assert!(!html.contains("<script>alert"));
        assert!(html.matches("&lt;script&gt;alert").count() > 50);
    }

    #[test]
    fn an_empty_study_is_a_page_too() {
        let mut result = result();
        result.rows.clear();
        let html = Page { result: &result, chip: &ChipSection::default() }.html();
        assert!(html.contains("No task was run.") && !html.contains("<figure"));
        assert!(!html.contains("<h2>Warnings</h2>"));
        result.manifest.warnings.push(Kind::Weights, "in", "2 of 9 weights grew");
        let html = Page { result: &result, chip: &ChipSection::default() }.html();
        assert!(html.contains("<li><code>in</code>: 2 of 9 weights grew</li>"), "{html}");
        assert!(html.contains("<a href=\"#warnings\">Warnings</a>"), "{html}");
    }

    #[test]
    fn names_are_enumerated() {
        assert_eq!(enumerated(&["a", "b", "c"]), "a, b and c");
    }
}
