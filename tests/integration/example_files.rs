//! The files in `examples/`: each is what its page says, and the page has them all.

use budget::Allowance;
use std::path::Path;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests live in the workspace").join("examples")
}

/// Reads one as what it says it is; networks for a chip that the page names.
fn read(path: &Path, page: &str) -> Result<(), formats::FormatErrors> {
    let text = std::fs::read_to_string(path).expect("an example is text");
    let says = |format: &str| text.contains(&format!("format = \"quenched-{format}\""));
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    match () {
        () if says("study") => study::load(path).map(|_| ()),
        () if says("chip") => formats::chip::load(path).map(|_| ()),
        () => {
            let after = page.split(&format!("examples/{name} --chip ")).nth(1).expect("the page says for which chip");
            let chip = after.split(|c: char| !(c.is_alphanumeric() || c == '-')).next().expect("a name");
            let mut options = mapper::MapperOptions::default();
            let set = &mut |key: &str, value: &str| options.set(key, value);
            formats::network::load_with(path, &formats::chip::shipped(chip)?, Allowance::Usual, set).map(|_| ())
        }
    }
}

#[test]
fn are_read_and_listed() {
    let page = std::fs::read_to_string(folder().join("README.md")).expect("a page");
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).expect("a folder") {
        let path = entry.expect("a file").path();
        let Some(name) = path.file_name().filter(|_| path.is_file()).map(|name| name.to_string_lossy()) else {
            continue;
        };
        let listed = page.contains(&format!("`{name}`")) || page.contains(path.file_stem().unwrap().to_str().unwrap());
        assert!(listed, "{name} is not on the page");
        if name.ends_with(".toml") {
            read(&path, &page).unwrap_or_else(|errors| panic!("{errors}"));
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
}
