"""Lays out the pages of the site in a folder that mdBook builds.

Owns what the pages of `docs/` need to stand on a site of their own: pages and files of the repository that they link to, which
lie outside of `docs/`, are brought along; the help of every command becomes a page, and so does the Python API. It changes no
page of `docs/` and runs nothing of quenched: the help is what the tests hold the command to (`tests/cli/snapshots`).
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from pathlib import Path

import python_api

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
#: Where what lies outside of `docs/` is put.
OUTSIDE = "repository"
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]*)(#[^)\s]*)?(\))")


def outside_code(text: str, change: object) -> str:
    """Applies `change` to what is not in a fenced block."""
    lines, in_block = [], False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            in_block = not in_block
        elif not in_block:
            line = change(line)  # type: ignore[operator]
        lines.append(line)
    return "\n".join(lines)


class Site:
    """The folder, and what of the repository is in it."""

    def __init__(self, stage: Path) -> None:
        self.stage = stage
        self.pages: list[tuple[str, str]] = []
        self.brought: set[Path] = set()

    def bring(self, source: Path) -> str | None:
        """The place of a file of the repository on the site, which has it then; none for a folder without a page."""
        if source.is_dir():
            source = source / "README.md"
            if not source.is_file():
                return None
        name = source.relative_to(ROOT)
        if source.is_relative_to(DOCS):
            return str(source.relative_to(DOCS))
        # Browsers show text, and would save what they do not know.
        is_page = name.suffix == ".md"
        is_shown = is_page or name.suffix in {".svg", ".png", ".html"}
        place = Path(OUTSIDE) / (name if is_shown else name.with_name(name.name + ".txt"))
        if is_page:
            # A README is the index of its folder, and two would be one for the search.
            place = Path(OUTSIDE) / ("-".join(name.with_suffix("").parts) + ".md")
        if source not in self.brought:
            self.brought.add(source)
            target = self.stage / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if is_page:
                text = source.read_text(encoding="utf-8")
                title = next(line[2:] for line in text.splitlines() if line.startswith("# "))
                title = "README" if str(name) == "README.md" else title
                self.pages.append((title, str(place)))
                target.write_text(self.relinked(text, source, place), encoding="utf-8")
            else:
                shutil.copyfile(source, target)
        return str(place)

    def relinked(self, text: str, source: Path, place: Path) -> str:
        """The text of a page of the repository with links that are right at its place on the site."""

        def of(match: re.Match[str]) -> str:
            start, target, anchor, end = match[1], match[2], match[3] or "", match[4]
            if not target or "://" in target or target.startswith("mailto:"):
                return match[0]
            found = self.bring((source.parent / target).resolve())
            if found is None:
                return start.lstrip("![").removesuffix("](")
            # mdBook calls the page of a folder its index.
            found = re.sub(r"(^|/)README\.md$", r"\1index.md", found)
            ups = len(place.parent.parts)
            return f"{start}{'../' * ups}{found}{anchor}{end}"

        return outside_code(text, lambda line: LINK.sub(of, line))


def command_page() -> str:
    """The help of every command."""
    snapshots = ROOT / "tests/cli/snapshots"
    whole = (snapshots / "help.txt").read_text(encoding="utf-8")
    listed = whole.split("Commands:\n")[1].split("\n\n")[0].splitlines()
    names = [line.split()[0] for line in listed if line.startswith("  ") and not line.startswith("   ")]
    text = f"# The command\n\n```text\n{whole.rstrip()}\n```\n"
    for name in names:
        path = snapshots / f"help-{name}.txt"
        if path.is_file():
            text += f"\n## quenched {name}\n\n```text\n{path.read_text(encoding='utf-8').rstrip()}\n```\n"
    return text


def rust_page() -> str:
    """Where the documentation of each library is, and what it owns, as ARCHITECTURE.md says it."""
    rows = []
    for line in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not cells[0].startswith("`"):
            continue
        manifest = ROOT / cells[0].strip("`") / "Cargo.toml"
        package = tomllib.loads(manifest.read_text(encoding="utf-8"))
        name = package.get("lib", {}).get("name", package["package"]["name"]).replace("-", "_")
        if "crates" in manifest.parts and name != "_native" or package["package"]["name"] == "quenched-device-models":
            rows.append((name != "quenched", f"| [`{name}`](rust/{name}/index.html) | {cells[1]} |"))
    intro = (
        "# Rust: every crate\n\nPrograms use [`quenched`](rust/quenched/index.html), which gives names of the others one home; its"
        " first page is an example of fifteen lines. A library that is not listed is a program or a test.\n\n"
    )
    return intro + "| library | owns |\n|---|---|\n" + "\n".join(row for _, row in sorted(rows)) + "\n"


def main() -> None:
    stage = Path(sys.argv[1])
    pages = stage / "pages"
    site = Site(pages)
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns("book.toml", "theme", "SUMMARY.md"))
    shutil.copytree(DOCS / "theme", stage / "theme")
    for path in sorted(DOCS.rglob("*.md")):
        place = path.relative_to(DOCS)
        if place.name != "SUMMARY.md":
            text = path.read_text(encoding="utf-8")
            (pages / place).write_text(site.relinked(text, path, place), encoding="utf-8")
    (pages / "command.md").write_text(command_page(), encoding="utf-8")
    (pages / "python-api.md").write_text(python_api.page(ROOT / "crates/python"), encoding="utf-8")
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]:
        site.bring(ROOT / name)

    summary = (DOCS / "SUMMARY.md").read_text(encoding="utf-8")
    own = "- [The command](command.md)\n- [Python: every name](python-api.md)\n- [Rust: every crate](rust-api.md)\n"
    (pages / "rust-api.md").write_text(rust_page(), encoding="utf-8")
    summary = summary.replace("<!-- reference -->\n", own)
    summary += "\n# The repository\n\n" + "".join(f"- [{title}]({place})\n" for title, place in sorted(site.pages))
    (pages / "SUMMARY.md").write_text(summary, encoding="utf-8")
    book = (DOCS / "book.toml").read_text(encoding="utf-8")
    (stage / "book.toml").write_text(book.replace('src = "."', 'src = "pages"'), encoding="utf-8")


if __name__ == "__main__":
    main()
