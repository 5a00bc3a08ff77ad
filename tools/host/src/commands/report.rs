//! `quenched report`: the page of a study, made anew from what the study left behind.

use crate::args::ReportArgs;
use crate::commands::study::chip_section;
use crate::errors::HostError;
use crate::output::{note, print_json};
use crate::outputs::Outputs;
use formats::output::STANDARD_OUTPUT;
use report::Page;
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};

/// Tables of a study, which a page may not replace.
const READ: [&str; 4] = ["results.csv", "controls.csv", "tuning.csv", "manifest.json"];

/// `quenched report`.
pub(crate) fn run(args: &ReportArgs) -> Result<(), HostError> {
    let path = args.out.clone().unwrap_or_else(|| args.dir.join("report.html"));
    let is_printed = path.as_os_str() == STANDARD_OUTPUT;
    if is_printed && args.open {
        return Err(HostError::Usage {
            message: "`--out -` and `--open`: what goes to standard output is no file that a browser can show".into(),
            help: Some("name a file, or leave `--open` out".into()),
        });
    }
    let result = study::read_results(&args.dir)?;
    let manifest = &result.manifest;
    let spec = formats::chip::read(&manifest.chip_file, &manifest.chip)?;
    let mut outputs = Outputs::new(args.json);
    outputs.give_up_on_interrupt();
    let read: Vec<_> = READ.iter().map(|name| args.dir.join(name)).filter(|path| path.exists()).collect();
    outputs.reads(&read)?;
    let page = outputs.file("--out", &path)?;
    outputs.write(page, Page { result: &result, chip: &chip_section(&spec) }.html().as_bytes())?;
    let done = outputs.commit()?;
    if args.json {
        print_json(&json!({ "title": manifest.title, "rows": result.rows.len(), "files": done.files }))?;
    } else {
        done.print(&format!("{}: {} rows\n{}", manifest.title, result.rows.len(), done.text()))?;
    }
    if args.open {
        open(&path);
    }
    Ok(())
}

/// Shows a file in the browser, as the system does. A system without one is told of, and is no error: the page is
/// there.
pub(crate) fn open(path: &Path) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    // What a browser says on the terminal is nothing of this command.
    let mut browser = Command::new(opener);
    browser.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = browser.spawn() {
        note(&format!("`{opener}` cannot show {}: {error}; open it in a browser", path.display()));
    }
}
