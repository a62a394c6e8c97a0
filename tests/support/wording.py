"""Find words and names that this project does not use, in code and documents (`docs/glossary.md` has those it does).

`python -m tests.support.wording PATH…` prints each place with what to write instead.
"""

import ast
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
READ: Final = (".py", ".sql", ".toml", ".md", ".typ", ".j2")

PHRASES: Final = {
    r"\banew\b": "again",
    r"\bso many\b": "the number, or `N`",
    r"\b[Aa]n own\b": "one of its own, or a … of its own",
    r"\b(?:is|are|was|were|be|been|being) (?:not )?told\b": "receives, is passed, is notified; or say who says it",
    r"\b[Ww]hoever\b": "anybody who, the person who; or name the person",
    r"\bparted by\b": "separated by",
    r"\bmade good\b": "repaired, recovered",
    r"\bnobody is there to\b": "say what is missing",
    r"\bheld against\b": "compared with, checked against",
    r"\bas (?:NL|nl)\b(?! does)": "for example NL",
    r"\bstands? in\b": "is in",
    r"\bgives (?:back )?(?:the|a|an|None|nothing|what|it)\b": "returns",
    r"\b[Tt]hat there is not\b": "unknown, missing",
    r"\bkin of\b": "subclass of, like",
    r"(?<![Tt]here )\b(?:is|are) no (?:day|event|field|key|level|member|number|object|part|text)\b": "is not a …",
    r"\bnot as it should be\b": "invalid; say what is wrong",
}
"""Phrases of prose and of messages, as patterns, with what to write."""

OPENINGS: Final = re.compile(r"(?:What|That|Whether|Who|Whose|How|Them|They|It|Its|Where|Nobody)\b")
"""How a docstring does not begin: with a verb or a noun phrase instead (*Return …*, *True if …*, *A batch of …*)."""

VARIABLES: Final = frozenset([
    "asked", "come", "found", "given", "gone", "held", "kept", "known", "made", "meant", "one", "said", "seen", "taken",
    "thing", "things", "told", "wanted",
])  # fmt: skip
"""Names that say nothing of what they hold."""

PARTICIPLES: Final = re.compile(
    r"_*(?:(?:[a-z]+ed|told|said|held|kept|found|seen|known|given|taken|made|gone|shown|sent|chosen|written|read_again))"
)
"""Function names that are a participle alone; a function is a verb, a property a noun or an adjective."""

FRAMEWORK: Final = frozenset({"feed", "seed", "embed", "speed", "need", "exceed", "proceed", "succeed", "wed"})
"""Verbs and nouns that only look like participles."""


class Place(NamedTuple):
    """One word or name that is not used, and where it is."""

    path: str
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.word!r}: {self.instead}"


def tracked(*paths: str) -> list[str]:
    """List the files of the repository that are read: Python, SQL, TOML and Markdown."""
    listing = subprocess.run(["git", "ls-files", *paths], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in listing.stdout.splitlines() if path.endswith(READ)]


def check_file(path: str) -> Iterator[Place]:
    """Yield each place of one file."""
    text = (ROOT / path).read_text()
    for pattern, instead in PHRASES.items():
        for match in re.finditer(pattern, text):
            yield Place(path, text.count("\n", 0, match.start()) + 1, match.group(), instead)
    if path.endswith(".py") and not path.startswith("tests/"):
        yield from _check_names(path, ast.parse(text))


def _check_names(path: str, tree: ast.Module) -> Iterator[Place]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VARIABLES:
            yield Place(path, node.lineno, node.id, "name what it holds")
        if isinstance(node, ast.arg) and node.arg in VARIABLES:
            yield Place(path, node.lineno, node.arg, "name what it holds")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _check_function(path, node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            documentation = ast.get_docstring(node)
            if documentation and (opening := OPENINGS.match(documentation)):
                line = node.body[0].lineno
                yield Place(path, line, f'"""{opening.group()}', "begin with a verb or a noun phrase")
        yield from _check_attribute_texts(path, node)


def _check_attribute_texts(path: str, node: ast.AST) -> Iterator[Place]:
    """Yield openings of the texts below attributes and constants, which are docstrings to a reader."""
    for statement, following in _pairs(getattr(node, "body", [])):
        match following:
            case ast.Expr(value=ast.Constant(value=str(text))) if isinstance(statement, ast.Assign | ast.AnnAssign):
                if opening := OPENINGS.match(text):
                    yield Place(path, following.lineno, f'"""{opening.group()}', "begin with a verb or a noun phrase")


def _pairs(body: object) -> list[tuple[ast.stmt, ast.stmt]]:
    return list(itertools.pairwise(body)) if isinstance(body, list) else []


def _check_function(path: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Place]:
    if any("property" in ast.dump(decorator) for decorator in node.decorator_list):
        return
    if PARTICIPLES.fullmatch(node.name) and node.name.strip("_") not in FRAMEWORK:
        yield Place(path, node.lineno, node.name, "a function is a verb")


def main() -> None:
    """Print the places of the paths that the command line names."""
    places = [place for path in tracked(*sys.argv[1:]) for place in check_file(path)]
    for place in places:
        print(place)
    print(f"{len(places)} places")


if __name__ == "__main__":
    main()
