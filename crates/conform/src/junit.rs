//! A report as JUnit XML.
//!
//! The dialect is the common core that continuous integration services read: one `testsuite` with `tests`,
//! `failures`, `errors` and `skipped`, a `testcase` per case. No times are written: the file is the same in every run.

use crate::outcome::Outcome;
use crate::report::{CaseReport, CaseResult, Report};
use std::fmt::Write as _;

/// Writes the document.
pub(crate) fn write(report: &Report) -> String {
    let (_, failed, damaged, skipped) = report.counts();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let tests = report.cases.len();
    let _ = writeln!(
        out,
        "<testsuite name=\"quenched conform\" tests=\"{tests}\" failures=\"{failed}\" errors=\"{damaged}\" \
         skipped=\"{skipped}\">"
    );
    for case in &report.cases {
        case_element(&mut out, case);
    }
    out.push_str("</testsuite>\n");
    out
}

fn case_element(out: &mut String, case: &CaseReport) {
    let class = if case.format.is_empty() { "unknown" } else { &case.format };
    let _ = write!(
        out,
        "  <testcase classname=\"{}\" name=\"{}\" file=\"{}\"",
        escape(class),
        escape(&case.name),
        escape(&case.path.display().to_string())
    );
    let (element, message, body) = match &case.result {
        CaseResult::Compared(Outcome::Pass { .. }) => {
            out.push_str("/>\n");
            return;
        }
        CaseResult::Compared(Outcome::Fail(difference)) => {
            let text = difference.to_string();
            ("failure", text.lines().next().unwrap_or_default().to_owned(), text)
        }
        CaseResult::Skipped(reason) => ("skipped", reason.clone(), String::new()),
        CaseResult::Error(error) => ("error", error.to_string(), String::new()),
    };
    let _ = writeln!(
        out,
        ">\n    <{element} message=\"{}\">{}</{element}>\n  </testcase>",
        escape(&message),
        escape(&body)
    );
}

/// Text for an element or an attribute in double quotes. Characters that XML 1.0 cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
