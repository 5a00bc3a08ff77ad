//! The curve of scores over mismatch: a study, run by run.

use crate::setting::STUDY_FILE;
use crate::{PlaygroundError, Setting};
use serde_json::{Value, json};
use study::{Point, Row, Runs};

/// The places of all runs, and how to have them all at once.
pub(crate) fn points(setting: &Setting, text: &str, runs: &Runs) -> Result<Value, PlaygroundError> {
    let points: Vec<Value> = (0..runs.len()).filter_map(|run| runs.point(run)).map(|point| place(&point)).collect();
    Ok(json!({
        "chip": setting.chip,
        "runs": points,
        "files": [{ "name": STUDY_FILE, "text": text }],
        "commands": [format!("quenched study {STUDY_FILE} --out playground-results")],
    }))
}

/// Run `run` of the curve.
pub(crate) fn score(run: usize, runs: &mut Runs) -> Result<Value, PlaygroundError> {
    if run >= runs.len() {
        let (found, high) = (run.to_string(), runs.len().saturating_sub(1) as u64);
        return Err(PlaygroundError::Range { what: "run", found, low: 0, high });
    }
    let run = runs.open(run)?;
    let row = first(run.rows()?);
    let mut answer = place(run.point());
    answer["score"] = json!(row.score_float);
    answer["rate_hz"] = json!(row.rate_hz);
    answer["digest"] = json!(row.digest);
    Ok(answer)
}

/// The row of the one task.
pub(crate) fn first(rows: Vec<Row>) -> Row {
    rows.into_iter().next().expect("a run has at least one task")
}

/// The values on the axes of the page.
pub(crate) fn place(point: &Point) -> Value {
    let on = |key: &str| study::axis(key).and_then(|axis| point.get(axis));
    json!({ "recurrence": on("recurrence"), "cv": on("cv"), "die": point.die() })
}
