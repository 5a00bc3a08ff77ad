//! What a page says of the study besides its results: warnings, what was run, mapping, definitions, the chip.
//!
//! Owns these sections. Long tables are folded; it deliberately draws nothing.

use super::Page;
use crate::html::{escape, table};
use crate::summary::TaskResults;
use std::fmt::Write;
use study::{Axis, DIE, NETWORK, Part, Row};

/// Mappings that are shown, at most.
const MAPPINGS_MAX: usize = 24;

impl Page<'_> {
    /// What is not as the study asks for; nothing if all is.
    pub(super) fn warnings(&self) -> String {
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

    pub(super) fn run(&self, tasks: &[TaskResults<'_>]) -> String {
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

    pub(super) fn mapping(&self) -> String {
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
            .take(MAPPINGS_MAX)
            .map(|m| {
                let digest = m.program.get(..12).unwrap_or(&m.program);
                let mut row: Vec<String> = m.point.values().map(|(_, name)| escape(name)).collect();
                row.extend([m.connections_wanted, m.connections_kept, m.inputs_clamped].map(|n| n.to_string()));
                row.push(format!("<code>{}</code>", escape(digest)));
                row
            })
            .collect();
        let numbers = [0, 1, 2].map(|i| axes.len() + i);
        let _ = writeln!(html, "<details><summary>{} mappings</summary>", mappings.len());
        html.push_str(&table("facts", &header, &rows, &numbers));
        for m in mappings.iter().take(MAPPINGS_MAX) {
            let setting: String = m.point.setting().map(|(axis, name)| format!(", {}", axis.words(name))).collect();
            let _ = write!(
                html,
                "<details><summary>Mapping report: {}{}</summary>\n<pre>{}</pre></details>\n",
                escape(m.point.task()),
                escape(&setting),
                escape(&m.report)
            );
        }
        if let Some(more) = mappings.len().checked_sub(MAPPINGS_MAX).filter(|more| *more > 0) {
            let _ = writeln!(html, "<p>{more} more are in <code>manifest.json</code>.</p>");
        }
        html.push_str("</details>\n");
        html + "</section>\n"
    }

    pub(super) fn definitions(&self, tasks: &[TaskResults<'_>]) -> String {
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

    pub(super) fn chip(&self) -> String {
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
        let _ = writeln!(
            html,
            "<details><summary>All numbers</summary>\n{}</details>",
            table("facts", &header, &rows, &[1])
        );
        html.push_str("<details><summary>Sources</summary>\n<dl class=\"wide\">\n");
        for (key, citation) in &self.chip.sources {
            let (key, citation) = (escape(key), escape(citation));
            let _ = writeln!(html, "<dt id=\"source-{key}\">{key}</dt><dd>{citation}</dd>");
        }
        html + "</dl></details>\n"
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

    #[test]
    fn large_counts_are_readable() {
        let texts = [999.0, 12_345.0, 999_999.0, 4_560_000.0, 7.2e10].map(rounded);
        assert_eq!(texts, ["999", "12.3 thousand", "1.00 million", "4.56 million", "72.0 billion"]);
    }
}
