//! Which build this is, for `quenched --version`: the commit, if there is a repository, and the target.

use std::path::Path;
use std::process::Command;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // A package from elsewhere may lie in somebody's repository.
    let is_ours = root.join("ARCHITECTURE.md").exists() && root.join(".git").exists();
    let commit = if is_ours { git(&root, &["rev-parse", "--short=12", "HEAD"]) } else { None };
    let target = std::env::var("TARGET").unwrap_or_default();
    let build = [commit.clone(), Some(target)].into_iter().flatten().collect::<Vec<_>>().join(", ");
    println!("cargo::rustc-env=QUENCHED_BUILD= ({build})");
    println!("cargo::rerun-if-changed=build.rs");
    if commit.is_some() {
        // HEAD changes when another branch is taken, its log with every commit.
        let path = |name: &str| git(&root, &["rev-parse", "--git-path", name]).map(|path| root.join(path));
        for path in ["HEAD", "logs/HEAD"].into_iter().filter_map(path).filter(|path| path.exists()) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
}

/// What git answers, if there is one.
fn git(root: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(root).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned()).filter(|text| !text.is_empty())
}
