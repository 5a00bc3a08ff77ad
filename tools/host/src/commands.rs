//! One module a command, and what they share.

pub(crate) mod check;
pub(crate) mod chip;
mod compare;
pub(crate) mod conform;
mod cost;
pub(crate) mod die;
mod effective;
pub(crate) mod explain;
pub(crate) mod faults;
pub(crate) mod floor;
pub(crate) mod load;
pub(crate) mod lockstep;
pub(crate) mod manual;
pub(crate) mod map;
pub(crate) mod new;
pub(crate) mod numbers;
pub(crate) mod plot;
pub(crate) mod probe;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod samples;
pub(crate) mod score;
pub(crate) mod study;
pub(crate) mod tasks;
pub(crate) mod ways;

/// `text` broken at spaces into lines of at most `width` characters, indented by `indent`.
pub(crate) fn indented(text: &str, indent: usize, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.into());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.iter().map(|line| format!("{:indent$}{line}\n", "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_at_spaces() {
        assert_eq!(indented("one two three", 2, 9), "  one two\n  three\n");
        assert_eq!(indented("unbreakable", 2, 5), "  unbreakable\n");
        assert_eq!(indented("", 2, 5), "  \n");
    }
}
