"""The specification: one sentence per test, read from the docstrings without running anything."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Sentence(NamedTuple):
    folder: str
    subject: str
    test: str
    text: str | None


def tests_in(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name.startswith("test_"):
            yield node


def first_paragraph(function: Function) -> str | None:
    text = ast.get_docstring(function)
    return " ".join(text.split("\n\n")[0].split()) if text else None


def sentences(root: Path) -> Iterator[Sentence]:
    for path in sorted(root.rglob("test_*.py")):
        folder = str(path.parent.relative_to(root.parent))
        subject = path.stem.removeprefix("test_").replace("_", " ")
        for function in tests_in(ast.parse(path.read_text())):
            yield Sentence(folder, subject, f"{path}::{function.name}", first_paragraph(function))


def page(specification: list[Sentence]) -> Iterator[str]:
    """Lines: a heading per folder, a line per subject, a sentence per test."""
    heading = subject = None
    for sentence in specification:
        if sentence.folder != heading:
            heading, subject = sentence.folder, None
            yield f"\n{heading}\n{'=' * len(heading)}"
        if sentence.subject != subject:
            subject = sentence.subject
            yield f"\n  {subject}"
        if sentence.text:
            yield f"    - {sentence.text}"


def main(root: Path) -> int:
    specification = list(sentences(root))
    mute = [sentence.test for sentence in specification if not sentence.text]
    sys.stdout.write("\n".join([*page(specification), "", f"{len(specification) - len(mute)} sentences.\n"]))
    if mute:
        sys.stderr.write("\n  ".join(["Tests without a sentence:", *mute]) + "\n")
    return 1 if mute else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
