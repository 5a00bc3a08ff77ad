//! The program `quenched`: its library with the words of the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(quenched_command::run(std::env::args_os()))
}
