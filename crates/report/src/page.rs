//! The report of a study: one self-contained HTML page.
//!
//! The page depends on its input only: no clock, no machine name, no order of threads. The template is `page.html`;
//! everything that comes from a user or a file is escaped before it is filled in.

mod results;

use crate::chart::COLOURS;
use crate::controls::Beside;
use crate::findings::findings;
use crate::html::{escape, fill, table};
use crate::summary::{TaskResults, condensed};
use results::results;
use std::collections::BTreeMap;
use std::fmt::Write;
use study::{Axis, DIE, NETWORK, Part, Row, StudyResult};

const TEMPLATE: &str = include_str!("page.html");

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
    /// The command that repeats the study.
    pub command: &'a str,
}

impl Page<'_> {
    /// The page.
    pub fn html(&self) -> String {
        let manifest = &self.result.manifest;
        let rows = condensed(&self.result.rows);
        let tasks = TaskResults::group(&rows);
        let mut nav = vec![("findings", "Findings"), ("results", "Results"), ("run", "What was run")];
        if !manifest.warnings.is_empty() {
            nav.insert(1, ("warnings", "Warnings"));
        }
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
                ("findings", self.findings()),
                ("warnings", self.warnings()),
                ("results", tasks.iter().map(results).collect()),
                ("run", self.run(&tasks)),
                ("mapping", self.mapping()),
                ("chip", self.chip()),
                ("command", escape(self.command)),
                ("definitions", self.definitions(&tasks)),
            ],
        )
    }

    fn findings(&self) -> String {
        let mut html = String::new();
        for task in findings(&self.result.rows, Beside::from(self.result)) {
            let _ = write!(html, "<h3>{}</h3>\n<ul>\n", escape(&task.task));
            for finding in &task.findings {
                let _ = writeln!(html, "<li>{}</li>", escape(finding));
            }
            html.push_str("</ul>\n");
        }
        html
    }

    /// What is not as the study asks for; nothing if all is.
    fn warnings(&self) -> String {
        let warnings = &self.result.manifest.warnings;
        if warnings.is_empty() {
            return String::new();
        }
        let mut html = String::from("<section id=\"warnings\">\n<h2>Warnings</h2>\n");
        html.push_str("<p>What this study does not represent as its file asks, and where.</p>\n<ul>\n");
        for warning in warnings {
            let _ = writeln!(html, "<li><code>{}</code>: {}</li>", escape(&warning.place), escape(&warning.text));
        }
        html + "</ul>\n</section>\n"
    }

    fn run(&self, tasks: &[TaskResults<'_>]) -> String {
        let manifest = &self.result.manifest;
        let first = self.result.rows.first();
        let mut pairs = vec![
            ("chip", manifest.chip.clone()),
            ("reservoir", format!("{} neurons", first.map_or(0, |r| r.neurons))),
            ("networks", format!("{} for each setting", manifest.networks)),
            ("dies", format!("{} for each network", manifest.dies)),
            ("seed", manifest.seed.to_string()),
            ("scores", self.result.rows.len().to_string()),
        ];
        let activity: Vec<(String, String)> =
            tasks.iter().map(|task| (format!("activity in {}", task.task), activity(task))).collect();
        pairs.extend(activity.iter().map(|(name, text)| (name.as_str(), text.clone())));
        let mut html = definition_list("", &pairs);
        let _ = write!(
            html,
            "<details><summary>The study file</summary>\n<pre>{}</pre></details>\n",
            escape(&manifest.study)
        );
        html
    }

    fn mapping(&self) -> String {
        let mappings = &self.result.manifest.mappings;
        if mappings.is_empty() {
            return String::new();
        }
        let mut html = String::from("<section id=\"mapping\">\n<h2>Mapping</h2>\n");
        html.push_str(
            "<p>What the network uses of the chip, and which of its connections the chip holds. A mapping is ",
        );
        html.push_str("the same for all dies.</p>\n");
        let axes: Vec<&Axis> =
            mappings.first().map_or_else(Vec::new, |m| m.point.values().map(|(axis, _)| axis).collect());
        let facts = ["connections wanted", "connections kept", "inputs clamped", "program"];
        let header: Vec<String> = axes.iter().map(|axis| axis.label).chain(facts).map(String::from).collect();
        let rows: Vec<Vec<String>> = mappings
            .iter()
            .map(|m| {
                let digest = m.program.get(..12).unwrap_or(&m.program);
                let mut row: Vec<String> = m.point.values().map(|(_, name)| escape(name)).collect();
                row.extend([m.connections_wanted, m.connections_kept, m.inputs_clamped].map(|n| n.to_string()));
                row.push(format!("<code>{}</code>", escape(digest)));
                row
            })
            .collect();
        html.push_str(&table("facts", &header, &rows, &[0, 1, 2].map(|i| axes.len() + i)));
        for m in mappings {
            let setting: String = m.point.setting().map(|(axis, name)| format!(", {}", axis.words(name))).collect();
            let _ = write!(
                html,
                "<details><summary>Mapping report: {}{}</summary>\n<pre>{}</pre></details>\n",
                escape(m.point.task()),
                escape(&setting),
                escape(&m.report)
            );
        }
        html + "</section>\n"
    }

    fn definitions(&self, tasks: &[TaskResults<'_>]) -> String {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        for task in &self.result.manifest.tasks {
            pairs.push((&task.id, format!("{}. {} {}", task.title, task.formula, task.source)));
        }
        for task in tasks {
            if !pairs.iter().any(|(name, _)| *name == task.metric_name) {
                pairs.push((task.metric_name, task.metric.definition.into()));
            }
        }
        let axes = || tasks.first().map_or(&[][..], |task| &task.axes).iter().map(|a| a.axis);
        let define = |axis: &Axis| (axis.label, axis.definition.to_string());
        pairs.extend([define(&NETWORK), define(&DIE)]);
        pairs.extend(axes().rev().filter(|axis| axis.part == Part::Die).map(define));
        pairs.extend(COMMON.map(|(name, text)| (name, text.into())));
        pairs.extend(axes().filter(|axis| axis.part == Part::Program).map(define));
        definition_list(" class=\"wide\"", &pairs)
    }

    fn chip(&self) -> String {
        let mut html = format!("<p>{}</p>\n", escape(&self.chip.summary));
        let total = self.chip.numbers.len();
        html.push_str("<ul>\n");
        for (grade, meaning) in &self.chip.evidence {
            let count = self.chip.numbers.iter().filter(|n| n.evidence == *grade).count();
            if count > 0 {
                let _ = writeln!(
                    html,
                    "<li><strong>{count} of {total}</strong> numbers are <em>{}</em>: {}</li>",
                    escape(grade),
                    escape(meaning)
                );
            }
        }
        html.push_str("</ul>\n");
        let header = ["number", "value", "evidence", "source"].map(String::from);
        let rows: Vec<Vec<String>> = self
            .chip
            .numbers
            .iter()
            .map(|n| {
                let source = match self.chip.sources.get(&n.source) {
                    Some(_) => format!("<a href=\"#source-{0}\">{0}</a>", escape(&n.source)),
                    None => escape(&n.source),
                };
                vec![format!("<code>{}</code>", escape(&n.path)), escape(&n.value), escape(&n.evidence), source]
            })
            .collect();
        html.push_str(&table("facts", &header, &rows, &[1]));
        html.push_str("<h3>Sources</h3>\n<dl class=\"wide\">\n");
        for (key, citation) in &self.chip.sources {
            let (key, citation) = (escape(key), escape(citation));
            let _ = writeln!(html, "<dt id=\"source-{key}\">{key}</dt><dd>{citation}</dd>");
        }
        html + "</dl>\n"
    }
}

/// Terms that every page uses, besides its axes.
const COMMON: [(&str, &str); 2] = [
    (
        "float, chain, quantised, on chip, calibrated, in the loop",
        "The same trained readout in several forms: in floating point on the host; trained for what synapse, membrane and \
         filter of a readout on the chip make of the spikes; with its weights rounded to what the chip can hold, on the \
         host; mapped onto readout neurons of the same die, which have mismatch of their own; with each of these neurons \
         trimmed on the die; and with weights that were fitted to what these neurons did.",
    ),
    (
        "mean, 95 %, sd, worst",
        "Arithmetic mean, and its interval over the units that were drawn anew: networks if there are several, each of \
         which counts as the mean of its dies; else dies (Student's t for fewer than six, a studentised nested bootstrap \
         from six on). Then sample standard deviation (n - 1) and worst score of all dies.",
    ),
];

fn definition_list(class: &str, pairs: &[(&str, String)]) -> String {
    let mut html = format!("<dl{class}>\n");
    for (name, value) in pairs {
        let _ = writeln!(html, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
    }
    html + "</dl>\n"
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

/// How busy the reservoir was, averaged over the runs of a task.
fn activity(task: &TaskResults<'_>) -> String {
    let rows: Vec<&Row> = task.settings.iter().flat_map(|s| s.rows.iter().copied()).collect();
    let count = rows.len() as f64;
    let mean = |value: fn(&Row) -> f64| rows.iter().map(|r| value(r)).sum::<f64>() / count;
    let rate = mean(|r| r.rate_hz);
    let spikes = mean(|r| r.spikes as f64);
    let operations = mean(|r| r.synaptic_operations as f64);
    let rate = if rate > 0.0 { format!("{rate:.1} Hz mean rate of a neuron, ") } else { String::new() };
    format!("{rate}{} events and {} synaptic operations a run", rounded(spikes), rounded(operations))
}

/// A count with three digits: `950`, `12.3 thousand`, `4.56 million`.
fn rounded(count: f64) -> String {
    let (value, unit) = match count {
        c if c < 1e4 => return format!("{c:.0}"),
        c if c < 999_500.0 => (c / 1e3, "thousand"),
        c if c < 999.5e6 => (c / 1e6, "million"),
        c => (c / 1e9, "billion"),
    };
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::result;
    use study::Point;
    use warnings::Kind;

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
        let page = Page { result: &result, chip: &chip, command: "quenched study --seed 1" };
        let html = page.html();
        assert_eq!(html, page.html());
        assert!(!html.contains("{{") && html.ends_with("</html>\n"));
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert_eq!(html.matches("<figure").count(), 4, "two figures a task");
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
        for text in [&mut manifest.title, &mut manifest.study, &mut manifest.chip, &mut manifest.quenched] {
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
        let html = Page { result: &result, chip: &chip, command: &evil() }.html();
        assert!(!html.contains("<script>alert"));
        assert!(html.matches("&lt;script&gt;alert").count() > 50);
    }

    #[test]
    fn an_empty_study_is_a_page_too() {
        let mut result = result();
        result.rows.clear();
        let html = Page { result: &result, chip: &ChipSection::default(), command: "" }.html();
        assert!(html.contains("No task was run."));
        assert!(!html.contains("<h2>Warnings</h2>"));
        result.manifest.warnings.push(Kind::Weights, "in", "2 of 9 weights grew");
        let html = Page { result: &result, chip: &ChipSection::default(), command: "" }.html();
        assert!(html.contains("<li><code>in</code>: 2 of 9 weights grew</li>"), "{html}");
        assert!(html.contains("<a href=\"#warnings\">Warnings</a>"), "{html}");
    }

    #[test]
    fn large_counts_are_readable() {
        let texts = [999.0, 12_345.0, 999_999.0, 4_560_000.0, 7.2e10].map(rounded);
        assert_eq!(texts, ["999", "12.3 thousand", "1.00 million", "4.56 million", "72.0 billion"]);
        assert_eq!(enumerated(&["a", "b", "c"]), "a, b and c");
    }
}
