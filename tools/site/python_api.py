"""The page of the Python API, made of the package itself.

Signatures stand in its stubs and sources, descriptions in docstrings: of what is written in Python there, of what is written in
Rust in the comments that PyO3 makes docstrings of. Nothing is imported, so that no package need be built.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

Definition = ast.ClassDef | ast.FunctionDef
SECTION = re.compile(r"^(\S[^\n]*)\n-{3,}$", re.MULTILINE)


def rust_docs(folder: Path) -> dict[str, str]:
    """Docstrings by name: `Chip`, `Chip.names`, `from_nir`; those of exceptions as well."""
    docs: dict[str, str] = {}
    for path in sorted(folder.rglob("*.rs")):
        text = path.read_text(encoding="utf-8")
        for name, doc in re.findall(r"create_exception!\(\s*\w+,\s*(\w+),\s*\w+,\s*\"((?:[^\"\\]|\\.|\\\n)*)\"", text):
            docs[name] = re.sub(r"\\\n\s*", "", doc)
        owner, pending, named = "", [], ""
        for line in text.splitlines():
            stripped = line.strip()
            if stripped.startswith("///"):
                pending.append(stripped[3:].removeprefix(" "))
                continue
            if stripped.startswith("#["):
                found = re.match(r'#\[(?:pyo3\(|pyclass\(.*)name = "(\w+)"', stripped)
                named = found[1] if found else named
                continue
            if found := re.match(r"impl (\w+) \{", stripped):
                owner = found[1]
            elif found := re.match(r"(?:pub(?:\(\w+\))? )?struct (\w+)", stripped):
                docs[named or found[1]] = "\n".join(pending)
            elif found := re.match(r"(?:pub(?:\(\w+\))? )?fn (\w+)", stripped):
                inside = line.startswith("    ")
                name = named or found[1]
                docs[f"{owner}.{name}" if inside else name] = "\n".join(pending)
            if stripped:
                pending, named = [], ""
    return docs


def prose(text: str) -> str:
    """Text of a docstring in Markdown."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    return text.replace("``", "`").replace("<", "&lt;")


def markdown(doc: str) -> str:
    """A docstring in the style of numpydoc as Markdown."""
    doc = doc.strip("\n")
    parts = SECTION.split(doc)
    out = [blocks(parts[0])]
    for title, body in zip(parts[1::2], parts[2::2]):
        out.append(f"*{title.strip()}*\n\n{blocks(body) if title.strip() in ('Examples', 'Notes') else entries(body)}")
    return "\n\n".join(part for part in out if part.strip())


def blocks(text: str) -> str:
    """Paragraphs; what a session shows becomes a block of code."""
    out: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        block = "\n".join(line.strip() if not block.lstrip().startswith(">>>") else line for line in block.splitlines())
        out.append(f"```python\n{block.strip()}\n```" if block.lstrip().startswith(">>>") else prose(block))
    return "\n\n".join(out)


def entries(text: str) -> str:
    """`name : type` with its description, as a list."""
    out: list[str] = []
    for line in text.strip("\n").splitlines():
        if not line.strip():
            continue
        if not line.startswith(" "):
            name, colon, kind = line.partition(" : ")
            out.append(f"- `{name.strip()}`" + (f": {prose(kind.strip())}" if colon else ""))
        elif out:
            out.append("  " + prose(line.strip()))
    # A description begins a line of its own.
    return "\n".join(
        line + "\\" if line.startswith("- ") and following.startswith("  ") else line
        for line, following in zip(out, out[1:] + [""])
    )


def plain(node: ast.AST) -> str:
    """Arguments or a type, without the modules that names come from."""
    return ast.unparse(node).replace("npt.", "").replace("_native.", "")


def signature(function: ast.FunctionDef, drop_self: bool) -> str:
    arguments = function.args
    kinds = {ast.unparse(decorator) for decorator in function.decorator_list}
    if drop_self and "staticmethod" not in kinds:
        positional = arguments.posonlyargs + arguments.args
        arguments = ast.arguments(
            posonlyargs=[], args=positional[1:], vararg=arguments.vararg, kwonlyargs=arguments.kwonlyargs,
            kw_defaults=arguments.kw_defaults, kwarg=arguments.kwarg, defaults=arguments.defaults,
        )
    text, returns = plain(arguments), plain(function.returns) if function.returns else ""
    return f"({text})" + (f" -> {returns}" if returns and function.name not in ("__init__", "__new__") else "")


class Package:
    """The public names in their order, what defines each, and what is said of each."""

    def __init__(self, crate: Path) -> None:
        folder = crate / "python/quenched"
        package = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
        self.intro = ast.get_docstring(package) or ""
        self.names: list[str] = []
        for node in package.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                self.names = [element.value for element in node.value.elts]  # type: ignore[attr-defined]
        self.found: dict[str, ast.ClassDef | ast.FunctionDef] = {}
        self.docs = rust_docs(crate / "src")
        stubs = sorted(folder.rglob("_native.pyi"))
        sources = sorted(path for path in folder.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))
        # A name of a source stands in front of the native one that it wraps.
        for path in stubs + sources:
            text = path.read_text(encoding="utf-8")
            # Modules to be imported by themselves have names of their own.
            prefix = "" if path.name.startswith("_") else f"quenched.{path.stem}."
            for node in ast.parse(text).body:
                if isinstance(node, Definition):
                    self.add(node, prefix)
            for comment, name in re.findall(r"((?:^#: .*\n)+)^(\w+)(?:: [^=]+)? = ", text, re.MULTILINE):
                self.docs[name] = re.sub(r"^#: ", "", comment, flags=re.MULTILINE)

    def add(self, node: ast.ClassDef | ast.FunctionDef, prefix: str) -> None:
        doc = ast.get_docstring(node) or ""
        owners = [found[1] for d in node.decorator_list if (found := re.match(r"extends\(([\w.]+)\)", ast.unparse(d)))]
        for owner in owners:
            # A method of a native class that is written in Python; its stub has the signature.
            self.docs[f"{owner.split('.')[-1]}.{node.name}"] = doc
        if owners or prefix and node.name.startswith("_"):
            return
        if prefix:
            self.names.append(prefix + node.name)
        self.found[prefix + node.name] = node


def member_lines(name: str, node: ast.ClassDef, docs: dict[str, str]) -> list[str]:
    out: list[str] = []
    for member in node.body:
        if not isinstance(member, ast.FunctionDef):
            continue
        shown = member.name == "__getitem__" or not member.name.startswith("_")
        if not shown or any("setter" in ast.unparse(d) for d in member.decorator_list):
            continue
        kinds = {ast.unparse(decorator) for decorator in member.decorator_list}
        doc = ast.get_docstring(member) or docs.get(f"{name}.{member.name}", "")
        if "property" in kinds:
            kind = plain(member.returns) if member.returns else ""
            title = f"`{name}.{member.name}`: `{kind}`" if kind else f"`{name}.{member.name}`"
        elif member.name == "__getitem__":
            title = f"`{name}[...]{signature(member, True)[signature(member, True).find(')') + 1:]}`"
        else:
            title = f"`{name}.{member.name}{signature(member, True)}`"
        out.append(f"**{title}**\n\n{markdown(doc)}\n" if doc else f"**{title}**\n")
    return out


def page(crate: Path) -> str:
    """The page, of the package in `crate`."""
    package = Package(crate)
    found, docs = package.found, package.docs
    text = ["# Python: every name\n", "How to install and begin: [Python](python.md).\n", markdown(package.intro) + "\n"]
    for name in package.names:
        node = found.get(name)
        if node is None:
            # A constant.
            text.append(f"## `{name}`\n\n{prose(docs.get(name, 'Version of the package.'))}\n")
            continue
        doc = ast.get_docstring(node) or docs.get(name, "")
        text.append(f"## `{name}`\n")
        if isinstance(node, ast.FunctionDef):
            text.append(f"```python\n{name}{signature(node, False)}\n```\n")
        else:
            makers = [m for m in node.body if isinstance(m, ast.FunctionDef) and m.name in ("__new__", "__init__")]
            bases = [ast.unparse(base) for base in node.bases]
            if makers and not any(argument.arg == "native" for argument in makers[0].args.args):
                text.append(f"```python\n{name}{signature(makers[0], True)}\n```\n")
            elif bases:
                text.append(f"An exception, of `{bases[0]}`.\n" if name.endswith("Error") else "")
        text.append(markdown(doc) + "\n" if doc else "")
        if isinstance(node, ast.ClassDef):
            text += member_lines(name, node, docs)
    return "\n".join(part for part in text if part)
