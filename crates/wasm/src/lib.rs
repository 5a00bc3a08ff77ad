//! The kernel behind a page: questions in JSON, answers in JSON.
//!
//! [`Playground::answer`] is all there is. A page asks what chips there are, for a die, for a run with its score, and
//! for the scores of a study one by one; what each of these is, is decided by `study`, `session` and the crates below
//! them, so that a page shows the very numbers of the command line. [`Request`] has the questions.
//!
//! This crate owns the questions, the operating point of each chip on the page (`offers`), and the memory that
//! WebAssembly and page exchange texts through. It deliberately has no rule of a chip, no loop over ticks and no score
//! of its own, and draws nothing: the page does, in `tools/playground`.
//!
//! ```
//! let mut playground = quenched_wasm::Playground::default();
//! let answer = playground.answer(r#"{ "ask": "chips" }"#);
//! assert!(answer.starts_with(r#"{"ok":{"#), "{answer}");
//! let wrong = playground.answer(r#"{ "ask": "chip" }"#);
//! assert!(wrong.contains("unknown variant `chip`"), "{wrong}");
//! ```

mod curve;
mod die;
mod error;
#[cfg(target_family = "wasm")]
mod exports;
mod offers;
mod request;
mod setting;
mod show;
#[cfg(test)]
mod tests;

pub use error::PlaygroundError;
pub use offers::{OFFERS, Offer};
pub use request::{Kept, Request, Setting};

use serde_json::{Value, json};
use std::collections::VecDeque;
use study::Runs;

/// Studies whose programs are kept: the runs that are shown in turn, and a curve beside them.
const KEPT_MAX: usize = 6;

/// What answers the questions of a page. It keeps the programs of the last studies, so that the next question about one
/// of them is answered faster, and the same.
#[derive(Default)]
pub struct Playground {
    /// The text of a study, and its runs; the last one asked for is in front.
    studies: VecDeque<(String, Runs)>,
}

impl Playground {
    /// The answer to a question, a JSON text each: `{"ok": ...}`, or `{"error": "..."}` with what is wrong and what to
    /// do about it.
    pub fn answer(&mut self, question: &str) -> String {
        let answer = match serde_json::from_str(question) {
            Ok(request) => self.ask(&request),
            Err(error) => Err(PlaygroundError::Question { reason: error.to_string() }),
        };
        match answer {
            Ok(answer) => json!({ "ok": answer }).to_string(),
            Err(error) => json!({ "error": error.to_string() }).to_string(),
        }
    }

    /// The same of a question that was read.
    ///
    /// # Errors
    /// A setting that is not offered, or that the chip refuses.
    pub fn ask(&mut self, request: &Request) -> Result<Value, PlaygroundError> {
        match request {
            Request::Chips => offers::answer(),
            Request::Die { setting, parameter } => die::answer(setting, parameter),
            Request::Show { setting } => show::answer(setting, self.runs(&setting.study_of_run()?)?),
            Request::Curve { setting, dies } => {
                let text = setting.study_of_curve(*dies)?;
                curve::points(setting, &text, self.runs(&text)?)
            }
            Request::Score { setting, dies, run } => curve::score(*run, self.runs(&setting.study_of_curve(*dies)?)?),
        }
    }

    /// The runs of the study `text`.
    fn runs(&mut self, text: &str) -> Result<&mut Runs, PlaygroundError> {
        match self.studies.iter().position(|(known, _)| known == text) {
            Some(place) => {
                let known = self.studies.remove(place).expect("it was just found");
                self.studies.push_front(known);
            }
            None => {
                let study = study::read(text, setting::STUDY_FILE, "".as_ref())?;
                self.studies.push_front((text.to_owned(), study.runs()));
                self.studies.truncate(KEPT_MAX);
            }
        }
        Ok(&mut self.studies[0].1)
    }
}
