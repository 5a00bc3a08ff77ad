//! Studies that several processes share: shards, the variables of a scheduler, a script for it, and how far all are.
//!
//! Owns what a person or a scheduler is told. It deliberately makes no run.

use crate::args::{StatusArgs, StudyArgs};
use crate::commands::study::RUNS;
use crate::errors::HostError;
use crate::output::{print, print_json};
use formats::{FormatErrors, nearest};
use serde_json::json;
use std::path::Path;
use study::{Recipe, Shard, Status, Store, StudySpec};

/// The shard that `--shard` names.
pub(super) fn shard(text: &str) -> Result<Shard, HostError> {
    let usage = |message| HostError::Usage { message: format!("`--shard {text}`: {message}"), help: None };
    if text != "slurm" {
        return text.parse().map_err(usage);
    }
    let variable = |name: &str| std::env::var(name).ok().and_then(|value| value.trim().parse::<usize>().ok());
    of_array(variable).map_err(usage)
}

/// The shard of a task of a SLURM array, by the variables of its environment.
fn of_array(variable: impl Fn(&str) -> Option<usize>) -> Result<Shard, String> {
    let needed = |name: &str| {
        variable(name).ok_or_else(|| format!("the variable {name} is not set to a number: is this a task of an array?"))
    };
    let (id, of) = (needed("SLURM_ARRAY_TASK_ID")?, needed("SLURM_ARRAY_TASK_COUNT")?);
    let first = variable("SLURM_ARRAY_TASK_MIN").unwrap_or(1);
    let step = variable("SLURM_ARRAY_TASK_STEP").unwrap_or(1).max(1);
    let number = id.checked_sub(first).map(|after| after / step + 1);
    match number.filter(|number| *number <= of) {
        Some(number) => Ok(Shard { number, of }),
        None => {
            Err(format!("task {id} is not one of the {of} of an array that begins at {first} with steps of {step}"))
        }
    }
}

/// A script that runs a study as an array of `jobs` jobs, and puts the results together in one more.
pub(super) fn sbatch(args: &StudyArgs, recipe: &Recipe, jobs: u32) -> String {
    let (command, out) = (recipe.command(), args.out.display());
    let threads = args.how.threads.unwrap_or(1);
    let large = if args.how.allow_large { " --allow-large" } else { "" };
    format!(
        "#!/bin/bash
# {command}
#
# sbatch job.sh runs the study in {jobs} shards; one more job, which waits for them, writes the results:
#   job=$(sbatch --parsable job.sh)
#   sbatch --dependency=afterok:$job --wrap='quenched study merge {out}'
# A shard that failed goes on where it stopped when it is submitted again, such as number 3: sbatch --array=3 does not
# know how many there are, so give it the shard itself: quenched study ... --shard 3/{jobs}
#SBATCH --job-name=quenched
#SBATCH --array=1-{jobs}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={threads}
#SBATCH --output=quenched-%A_%a.log

{command} --shard slurm --threads \"${{SLURM_CPUS_PER_TASK:-{threads}}}\" --out {out} --quiet{large}
"
    )
}

/// Says that a shard is done, and what is left.
pub(super) fn shard_is_done(store: &Store, study: &StudySpec, shard: Shard, args: &StudyArgs) -> Result<(), HostError> {
    let Status { runs, done, .. } = store.status(study)?;
    let out = args.out.display();
    if args.how.json {
        return print_json(&json!({ "shard": shard.to_string(), "runs": runs, "done": done }));
    }
    let next = match runs - done {
        0 => format!("all {runs} runs are done: `quenched study merge {out}` writes the results"),
        left => format!("{left} of {runs} runs are left to other shards"),
    };
    print(&format!("shard {shard} is done; {next}\n"))
}

/// `quenched study status`.
pub(super) fn status(args: &StatusArgs) -> Result<(), HostError> {
    let (store, study) = Store::open(&args.dir.join(RUNS))?;
    let Status { runs, done, shards } = store.status(&study)?;
    if args.json {
        let shards = shards
            .iter()
            .map(|s| json!({ "shard": s.shard.to_string(), "runs": s.runs, "done": s.done, "running": s.running }));
        return print_json(
            &json!({ "title": study.title, "runs": runs, "done": done, "shards": shards.collect::<Vec<_>>() }),
        );
    }
    let mut text = format!("{}\n{done} of {runs} runs are done\n\n", study.title);
    let header = ["shard", "runs", "done", ""].map(String::from);
    let rows = shards.iter().map(|s| {
        let state = match (s.done == s.runs, s.running) {
            (true, _) => "finished",
            (false, true) => "running",
            (false, false) => "stopped",
        };
        vec![s.shard.to_string(), s.runs.to_string(), s.done.to_string(), state.into()]
    });
    text.push_str(&report::text_table(&header, rows.collect(), &[3]));
    let of = shards.iter().map(|s| s.shard.of).max().unwrap_or(1);
    let without = (1..=of).filter(|number| shards.iter().all(|s| s.shard.number != *number)).count();
    if without > 0 {
        text.push_str(&format!("{without} of {of} shards have not begun\n"));
    }
    print(&text)
}

/// A study that is neither a file nor shipped.
pub(super) fn unknown_study(file: &Path, errors: FormatErrors) -> HostError {
    let name = file.display().to_string();
    let is_name = !name.contains(['/', '\\', '.']);
    match nearest(&name, study::shipped_names()).filter(|_| is_name) {
        Some(near) => HostError::Usage {
            message: format!("there is no study file `{name}`, and no study of this name is shipped"),
            help: Some(format!("did you mean `{near}`?")),
        },
        None => errors.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_of_an_array_knows_its_shard() {
        let shard = |values: [Option<usize>; 4]| {
            let names =
                ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"];
            of_array(|name| values[names.iter().position(|n| *n == name)?]).map(|shard| shard.to_string())
        };
        assert_eq!(shard([Some(3), Some(7), Some(1), Some(1)]), Ok("3/7".into()));
        assert_eq!(shard([Some(0), Some(4), Some(0), None]), Ok("1/4".into()));
        assert_eq!(shard([Some(9), Some(4), Some(3), Some(2)]), Ok("4/4".into()));
        assert!(shard([None, Some(4), None, None]).unwrap_err().contains("SLURM_ARRAY_TASK_ID is not set"));
        assert!(shard([Some(9), Some(4), Some(1), Some(1)]).unwrap_err().contains("task 9 is not one of the 4"));
        assert!(shard([Some(0), Some(4), Some(1), None]).is_err());
    }
}
