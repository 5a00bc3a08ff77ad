//! Where the parts of a network stand in its file, for who has to say something of one after it was read.

use super::FORMAT;
use crate::document::{Document, Value};
use crate::error::Place;

/// The place of the name `name` among the tables `[[list]]` (`input`, `population` or `projection`) of the network file
/// `text`, called `file`; `None` if `text` is no network file or has no such name.
pub fn place_of(text: &str, file: &str, list: &str, name: &str) -> Option<Place> {
    let document = Document::parse(text, file, FORMAT).ok()?;
    let tables = document.root(&["seed", "input", "population", "projection", "mapping"]);
    let tables = tables.optional::<Value<'_>>(list)??.array()?;
    tables.iter().find_map(|value| {
        let own = value.open_table()?.optional::<Value<'_>>("name")??;
        (own.read::<String>()? == name).then(|| own.place())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_stand() {
        let text = "format = \"quenched-network\"\nversion = 1\ninput = [{ name = \"in\", channels = 1 }]\n\
                    [[population]]\nsize = 3\nname = \"in\"\n[[population]]\nname = \"p\"\n";
        let place =
            |list, name| place_of(text, "n.toml", list, name).map(|place| (place.line, place.column, place.path));
        assert_eq!(place("input", "in"), Some((3, 19, "input[0].name".into())));
        assert_eq!(place("population", "in"), Some((6, 8, "population[0].name".into())));
        assert_eq!(place("population", "p"), Some((8, 8, "population[1].name".into())));
        assert_eq!(place("projection", "p"), None);
        assert_eq!(place("population", "q"), None);
        assert_eq!(place_of("[[population]]\nname = \"p\"\n", "n.toml", "population", "p"), None, "another format");
        assert_eq!(place_of("name = ", "n.toml", "population", "p"), None);
    }
}
