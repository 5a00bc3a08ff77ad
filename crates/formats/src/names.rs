//! Names that users give to things.

use crate::document::Value;

/// The rule that names which cannot be shown break.
pub const RULE: &str = "names-are-shown";

/// Reads a name: text that is not empty and that a terminal, a picture or a page can show as it is.
pub fn read_name(value: &Value<'_>) -> Option<String> {
    let name: String = value.read()?;
    if name.is_empty() {
        return value.reject("names-differ", "a name is not empty");
    }
    match chip::hidden_character(&name) {
        None => Some(name),
        Some(hidden) => value.reject(RULE, refusal(hidden)),
    }
}

/// What is said of a name with the character `hidden`.
pub fn refusal(hidden: char) -> String {
    format!("a name has no control or invisible characters, and this one has U+{:04X}: leave it out", u32::from(hidden))
}
