//! `quenched new`: a chip, a network or a study to begin with.

use crate::args::{NewArgs, Template};
use crate::errors::HostError;
use crate::output::{print_bytes, print_json};
use crate::outputs::Outputs;
use formats::output::STANDARD_OUTPUT;
use serde_json::json;

impl Template {
    /// The file, with its comments.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Chip => include_str!("../templates/chip.toml"),
            Self::Network => include_str!("../templates/network.toml"),
            Self::Study => include_str!("../templates/study.toml"),
        }
    }
}

/// `quenched new`.
pub(crate) fn run(args: &NewArgs) -> Result<(), HostError> {
    let text = args.what.text();
    let Some(path) = args.file.as_ref().filter(|path| path.as_os_str() != STANDARD_OUTPUT) else {
        return if args.json { print_json(&json!({ "text": text })) } else { print_bytes(text.as_bytes()) };
    };
    if path.symlink_metadata().is_ok() {
        return Err(HostError::Usage {
            message: format!("{}: there is something of this name, and a template replaces nothing", path.display()),
            help: Some("name another file".into()),
        });
    }
    let mut outputs = Outputs::new(args.json);
    let file = outputs.file("FILE", path)?;
    outputs.write(file, text.as_bytes())?;
    let done = outputs.commit()?;
    if args.json { print_json(&json!({ "files": done.files })) } else { done.print(done.text().trim_start()) }
}
