//! What `--json` prints is as docs/formats/schema says, which programs read it by.
//!
//! Every JSON that a test of the command line reads is held to the schema of its command. What is checked is the part
//! of JSON Schema 2020-12 that the schemas use; a keyword beyond it is an error here, so that none stands there in
//! vain. Objects list all of their keys: one that no schema knows is refused.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The schemas, by the names of their files without `.json`.
fn schemas() -> &'static BTreeMap<String, Value> {
    static SCHEMAS: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let files = std::fs::read_dir(folder()).expect("a folder").map(|entry| entry.expect("an entry").path());
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).expect("a schema is text");
            let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_stem().expect("a name").to_string_lossy().into_owned(), value)
        };
        files.map(read).collect()
    })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/schema")
}

/// The schema of what a command prints.
fn name_of(args: &[&str]) -> &'static str {
    let name = match args {
        ["study", "status", ..] => "study-status",
        [name, ..] => name,
        [] => panic!("no command"),
    };
    let known = schemas().keys().find(|known| *known == name);
    known.unwrap_or_else(|| panic!("docs/formats/schema has no `{name}.json`"))
}

/// Holds what a command printed to its schema.
#[track_caller]
pub(crate) fn holds(args: &[&str], value: &Value) {
    let name = if value.get("error").is_some() { "error" } else { name_of(args) };
    if let Err(wrong) = (Check { file: name }).all(&schemas()[name], value, "$") {
        panic!("`quenched {}` prints what docs/formats/schema/{name}.json does not say: {wrong}", args.join(" "));
    }
}

/// The keywords that are checked, and those that only tell.
const CHECKED: [&str; 13] = [
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "enum",
    "items",
    "maxItems",
    "minItems",
    "minimum",
    "prefixItems",
    "properties",
    "required",
    "type",
];
const TELLING: [&str; 5] = ["$schema", "$id", "$defs", "title", "description"];

/// Where a reference without a file points into.
#[derive(Clone, Copy)]
struct Check<'a> {
    file: &'a str,
}

impl Check<'_> {
    fn all(self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Bool(false) => return Err(format!("{at} should not be there")),
            Value::Object(schema) => schema,
            other => panic!("{}: {other} is no schema", self.file),
        };
        let unknown = schema.keys().find(|key| !CHECKED.contains(&key.as_str()) && !TELLING.contains(&key.as_str()));
        assert!(unknown.is_none(), "{}: the keyword {unknown:?} is not checked", self.file);
        if let Some(reference) = schema.get("$ref") {
            let (file, target) = target(self.file, reference.as_str().expect("a reference"));
            Check { file }.all(target, value, at)?;
        }
        self.kind(schema, value, at)?;
        if let Some(choices) = schema.get("anyOf") {
            let tried = choices.as_array().expect("choices").iter().map(|choice| self.all(choice, value, at));
            let wrong: Vec<String> = tried.map_while(Result::err).collect();
            if wrong.len() == choices.as_array().expect("choices").len() {
                return Err(format!("{at} is none of the choices: {}", wrong.join("; ")));
            }
        }
        match value {
            Value::Object(object) => self.object(schema, object, at),
            Value::Array(items) => self.array(schema, items, at),
            _ => Ok(()),
        }
    }

    fn kind(self, schema: &Map<String, Value>, value: &Value, at: &str) -> Result<(), String> {
        let is = |kind: &Value| match kind.as_str().expect("a type") {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{}: there is no type `{other}`", self.file),
        };
        let fits = match schema.get("type") {
            None => true,
            Some(Value::Array(kinds)) => kinds.iter().any(is),
            Some(kind) => is(kind),
        };
        let wrong = |what: &str| Err(format!("{at} is {value}, and {what}"));
        match () {
            () if !fits => wrong(&format!("should be of type {}", schema["type"])),
            () if schema.get("const").is_some_and(|only| only != value) => {
                wrong(&format!("should be {}", schema["const"]))
            }
            () if schema.get("enum").is_some_and(|words| !words.as_array().expect("words").contains(value)) => {
                wrong(&format!("should be one of {}", schema["enum"]))
            }
            () if schema.get("minimum").is_some_and(|least| value.as_f64() < least.as_f64() && value.is_number()) => {
                wrong(&format!("should be at least {}", schema["minimum"]))
            }
            () => Ok(()),
        }
    }

    fn object(self, schema: &Map<String, Value>, object: &Map<String, Value>, at: &str) -> Result<(), String> {
        let required = schema.get("required").map_or(&[][..], |names| names.as_array().expect("names"));
        if let Some(missing) = required.iter().find(|name| !object.contains_key(name.as_str().expect("a name"))) {
            return Err(format!("{at} lacks {missing}"));
        }
        for (name, value) in object {
            let own = schema.get("properties").and_then(|properties| properties.get(name));
            if let Some(schema) = own.or(schema.get("additionalProperties")) {
                self.all(schema, value, &format!("{at}.{name}"))?;
            }
        }
        Ok(())
    }

    fn array(self, schema: &Map<String, Value>, items: &[Value], at: &str) -> Result<(), String> {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
        let count = items.len() as u64;
        if limit("minItems").is_some_and(|least| count < least) || limit("maxItems").is_some_and(|most| count > most) {
            return Err(format!("{at} has {count} items"));
        }
        let first = schema.get("prefixItems").map_or(&[][..], |first| first.as_array().expect("schemas"));
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(index).or(schema.get("items")) {
                self.all(schema, item, &format!("{at}[{index}]"))?;
            }
        }
        Ok(())
    }
}

/// The schema that `reference` in `file` points at: `#/$defs/NAME`, `FILE.json` or `FILE.json#/$defs/NAME`.
fn target(file: &str, reference: &str) -> (&'static str, &'static Value) {
    let (path, place) = reference.split_once('#').unwrap_or((reference, ""));
    let name = if path.is_empty() { file } else { path.strip_suffix(".json").expect("a file of JSON") };
    let (name, schema) = schemas().get_key_value(name).unwrap_or_else(|| panic!("{file}: there is no `{path}`"));
    (name, schema.pointer(place).unwrap_or_else(|| panic!("{file}: {reference} points at nothing")))
}

/// Every schema in a schema, itself first.
fn within<'a>(schema: &'a Value, at: &str, out: &mut Vec<(String, &'a Map<String, Value>)>) {
    let Value::Object(own) = schema else { return };
    out.push((at.to_owned(), own));
    for (keyword, value) in own {
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => {
                named.iter().for_each(|(name, schema)| within(schema, &format!("{at}.{name}"), out));
            }
            ("anyOf" | "prefixItems", Value::Array(several)) => {
                several.iter().enumerate().for_each(|(i, schema)| within(schema, &format!("{at}[{i}]"), out));
            }
            ("items" | "additionalProperties", schema) => within(schema, &format!("{at}[]"), out),
            _ => {}
        }
    }
}

#[test]
fn every_key_is_told_of() {
    let mut wrong = Vec::new();
    for (file, schema) in schemas() {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{file}");
        assert_eq!(schema["$id"], format!("{file}.json"), "{file}");
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{file} says what it is");
        let mut all = Vec::new();
        within(schema, file, &mut all);
        for (at, schema) in all {
            let unknown = schema.keys().filter(|k| !CHECKED.contains(&k.as_str()) && !TELLING.contains(&k.as_str()));
            wrong.extend(unknown.map(|keyword| format!("{at}: the keyword `{keyword}` is not checked")));
            if let Some(reference) = schema.get("$ref") {
                target(file, reference.as_str().expect("a reference"));
            }
            let Some(properties) = schema.get("properties") else { continue };
            let properties = properties.as_object().expect("properties");
            // An object without this takes any key.
            if !schema.contains_key("additionalProperties") {
                wrong.push(format!("{at}: `additionalProperties` is not said"));
            }
            for (name, property) in properties {
                let told = property["description"].as_str().is_some_and(|text| text.len() > 3);
                if !told && property.get("$ref").is_none() {
                    wrong.push(format!("{at}.{name} has no description"));
                }
            }
            let required = schema.get("required").map_or(&[][..], |names| names.as_array().expect("names"));
            let vain = required.iter().filter(|name| !properties.contains_key(name.as_str().expect("a name")));
            wrong.extend(vain.map(|name| format!("{at}: {name} is required and not described")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_that_prints_json_has_a_schema_and_a_line_of_the_page() {
    let sandbox = crate::Sandbox::new();
    let help = sandbox.prints(&["--help"]);
    let list = help.split("Commands:").nth(1).and_then(|text| text.split("Options:").next()).expect("a list");
    let names = list.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let printing = names.filter(|name| sandbox.prints(&[name, "--help"]).contains("--json"));
    let page = std::fs::read_to_string(folder().join("../json.md")).expect("a page");
    let mut expected: Vec<String> =
        printing.map(str::to_owned).chain(["error", "study-status"].map(String::from)).collect();
    expected.sort();
    let known: Vec<&String> = schemas().keys().filter(|name| *name != "common").collect();
    assert_eq!(known, expected.iter().collect::<Vec<_>>());
    let missing = known.iter().filter(|name| !page.contains(&format!("(schema/{name}.json)")));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&String>::new(), "are not on docs/formats/json.md");
}

/// Commands whose JSON no other test reads through [`holds`], in all of their forms.
#[test]
fn what_each_command_prints_is_as_its_schema_says() {
    let sandbox = crate::Sandbox::new();
    sandbox.file("study.toml", include_str!("study.toml"));
    sandbox.prints(&["new", "network", "net.toml"]);
    sandbox.prints(&["new", "chip", "mine.toml"]);
    sandbox.file("bad.toml", sandbox.read("net.toml").replace("seed = 1", "sede = 1"));
    sandbox.file("series.csv", "u\n0\n1\n0.5\n0\n0.25\n");
    let header = "@problemName x\n@timeStamps false\n@missing false\n@univariate true\n";
    sandbox.file("classes.ts", format!("{header}@classLabel true a b\n@data\n1,2,3:a\n2,3:b\n"));
    sandbox.file("numbers.ts", format!("{header}@targetLabel true\n@data\n1,2,3:4.5\n2,3:1\n"));
    for extension in ["json", "npz"] {
        let case = folder().join("../../../tests/golden/loihi/l07_one_bit").with_extension(extension);
        sandbox.file(&format!("case.{extension}"), std::fs::read(case).expect("a recording"));
    }
    sandbox.file("other.json", "{ \"format\": \"something-else/1\" }");
    // Some of these fail, and print what they found all the same.
    for args in [
        &["chips"][..],
        &["chip", "dynapse2"],
        &["chip", "loihi-lava"],
        &["chip", "mine.toml"],
        &["new", "study"],
        &["new", "study", "another.toml"],
        &["check", "net.toml", "mine.toml", "study.toml", "case.json"],
        &["check", "net.toml", "bad.toml", "gone.toml"],
        &["conform", "."],
        &["conform", "gone"],
        &["tasks"],
        &["tasks", "lorenz/legendre-3/shift+5"],
        &["tasks", "memory-capacity"],
        &["tasks", "recall/shift+1", "--series", "series.csv"],
        &["tasks", "classes.ts"],
        &["tasks", "numbers.ts"],
        &["explain", "net.toml", "--chip", "dynapse2"],
        &["map", "net.toml", "--chip", "dynapse2", "--chip", "ideal", "--chip", "xylo-audio2"],
        &["study", "study.toml", "--quick", "--out", "a", "--shard", "1/2"],
        &["study", "status", "a"],
        &["study", "resume", "a"],
        &["study", "status", "a"],
        &["report", "a"],
    ] {
        let output = sandbox.quenched(&[args, &["--json"]].concat());
        let printed = &output.get_output().stdout;
        let value = serde_json::from_slice(printed).unwrap_or_else(|error| panic!("{args:?}: {error}"));
        holds(args, &value);
    }
}

/// A value that is wrong in one way is refused, and the place is said.
#[test]
fn what_is_not_as_the_schema_says_is_found() {
    let check = |schema: Value, value: Value| Check { file: "chips" }.all(&schema, &value, "$");
    let schema = serde_json::json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {
            "a": { "type": ["integer", "null"], "minimum": 0 },
            "b": { "type": "array", "items": { "enum": ["x", "y"] }, "maxItems": 2 },
            "c": { "anyOf": [{ "const": 1 }, { "type": "string" }] },
        },
    });
    let of = |value: Value| check(schema.clone(), value);
    assert_eq!(of(serde_json::json!({ "a": 1, "b": ["x"], "c": "text" })), Ok(()));
    assert_eq!(of(serde_json::json!({ "a": null, "c": 1 })), Ok(()));
    for (value, at) in [
        (serde_json::json!({}), "$ lacks \"a\""),
        (serde_json::json!({ "a": 1.5 }), "$.a is 1.5"),
        (serde_json::json!({ "a": -1 }), "$.a is -1, and should be at least 0"),
        (serde_json::json!({ "a": 1, "b": ["z"] }), "$.b[0] is \"z\""),
        (serde_json::json!({ "a": 1, "b": ["x", "y", "x"] }), "$.b has 3 items"),
        (serde_json::json!({ "a": 1, "c": 2 }), "$.c is none of the choices"),
        (serde_json::json!({ "a": 1, "d": 2 }), "$.d should not be there"),
    ] {
        let wrong = of(value).expect_err(at);
        assert!(wrong.starts_with(at), "{wrong}");
    }
}
