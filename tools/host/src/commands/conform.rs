//! `quenched conform`: golden cases replayed and compared.

use crate::args::ConformArgs;
use crate::errors::HostError;
use crate::output::{note, print, print_json_text};
use crate::outputs::Outputs;
use crate::progress::progress;
use conform::{CaseReport, Options, Progress};
use formats::output::STANDARD_OUTPUT;

/// `quenched conform`.
pub(crate) fn run(args: &ConformArgs, quiet: bool) -> Result<(), HostError> {
    let options = Options { strict_overflows: args.strict_overflows };
    let mut outputs = Outputs::new(args.json);
    // Paths that hold no recording are the report's to tell.
    let cases = args.paths.iter().filter_map(|path| conform::find(path).ok()).flatten().map(|found| found.path);
    let files: Vec<_> = cases.flat_map(|path| [path.with_extension("npz"), path]).collect();
    outputs.reads(&files)?;
    let junit = args.junit.as_ref().map(|path| outputs.file("--junit", path)).transpose()?;
    outputs.give_up_on_interrupt();
    // Lines that come as the cases do are no report any more if standard output is another file.
    let piped = args.junit.as_ref().is_some_and(|path| path.as_os_str() == STANDARD_OUTPUT);
    let tell = |text: &str| match piped {
        true => {
            note(text.trim_end());
            Ok(())
        }
        false => print(text),
    };
    let bar = progress(0, "{pos} of {len} cases", quiet);
    let report = conform::run_each(&args.paths, &options, |case: &CaseReport, at: Progress| {
        bar.set_length(at.total as u64);
        bar.set_position(at.done as u64);
        // A line as soon as a case is done: who watches a long run sees the first difference at once.
        if args.json { Ok(()) } else { bar.suspend(|| tell(&case.text(at.width))) }
    });
    bar.finish_and_clear();
    let report = report?;
    if let Some(file) = junit {
        outputs.write(file, report.to_junit().as_bytes())?;
    }
    let done = outputs.commit()?;
    match args.json {
        true => print_json_text(&report.to_json())?,
        false => done.print(&format!("\n{}", report.summary()))?,
    }
    let (_, failed, damaged, _) = report.counts();
    match report.failed() {
        true => Err(HostError::Conform { failed, damaged, cases: report.cases.len() }),
        false => Ok(()),
    }
}
