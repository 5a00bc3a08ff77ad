//! How far a command is, on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::time::Duration;

/// The counter of work that has no number of its own.
pub(crate) const PERCENT: &str = "{percent} %";

/// A bar for work of so many parts, with a `counter` such as `{pos} of {len} runs`.
pub(crate) fn progress(parts: u64, counter: &str, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(parts), target);
    let style = ProgressStyle::with_template(&format!("{{elapsed:>4}} {{wide_bar}} {counter}, {{left}} left"));
    let left = |state: &ProgressState, out: &mut dyn Write| {
        let _ = out.write_str(&left(state.elapsed(), state.pos(), state.len().unwrap_or(0)));
    };
    bar.set_style(style.expect("the template is valid").with_key("left", left).progress_chars("━╸ "));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A bar for work that knows itself how long it will take: its message says so, see [`duration`].
pub(crate) fn progress_with_message(parts: u64, counter: &str, quiet: bool) -> ProgressBar {
    let bar = progress(parts, counter, quiet);
    let style = ProgressStyle::with_template(&format!("{{elapsed:>4}} {{wide_bar}} {counter}, {{msg}} left"));
    bar.set_style(style.expect("the template is valid").progress_chars("━╸ "));
    bar.set_message("-");
    bar
}

/// The time that is left when `done` of `all` parts took `elapsed`; nobody knows before the first is done.
fn left(elapsed: Duration, done: u64, all: u64) -> String {
    if done == 0 {
        return "-".into();
    }
    let seconds = elapsed.as_secs_f64() * all.saturating_sub(done) as f64 / done as f64;
    duration(seconds.ceil() as u64)
}

/// Seconds in words: `3 min 20 s`.
pub(crate) fn duration(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_unknown_before_the_first_part() {
        let check = |seconds, done, all, expected| assert_eq!(left(Duration::from_secs(seconds), done, all), expected);
        check(100, 0, 4, "-");
        check(0, 0, 0, "-");
        check(10, 1, 4, "30 s");
        check(10, 4, 4, "0 s");
        check(100, 1, 4, "5 min 0 s");
        check(3600, 1, 4, "3 h 0 min");
        check(86_400, 1, 4, "3 d 0 h");
        check(u64::MAX / 2, 1, u64::MAX, &left(Duration::from_secs(u64::MAX / 2), 1, u64::MAX));
    }
}
