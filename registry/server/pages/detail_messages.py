"""The sentences in which use cases refuse something, collected from their code: the texts of the context `detail`.

The code says them in English, with values: `f"line {line} names no learner"`. Here each becomes a template, `line
%(value1)s names no learner`. An expression that chooses between words becomes one template for each choice, so that
whole sentences are translated.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

from registry.server.pages.detail_words import FURTHER, ON_PAGES
from registry.values.plural import plural

_ROOT: Final = Path(__file__).parents[3]
_SPOKEN: Final = (
    "registry/accounts/accounts.py",
    "registry/accounts/roles.py",
    "registry/application",
    "registry/batches",
    "registry/domain",
    "registry/documents/revocation.py",
    "registry/export/elm_omissions.py",
    "registry/export/elmo_omissions.py",
    "registry/export/paper/omissions.py",
    "registry/intake",
    "registry/learners",
    "registry/office",
    "registry/rules/achievements.py",
    "registry/rules/compositions.py",
    "registry/rules/credentials.py",
    "registry/rules/recognition.py",
    "registry/values",
    "registry/verification",
    "registry/wire/achievements.py",
    "registry/wire/credentials.py",
    "registry/wire/forms.py",
    "registry/wire/recognition.py",
    "registry/wire/validation_messages.py",
    "registry/wire/value_faults.py",
)
"""Files and folders whose sentences are about what a person sent."""
_REFUSING: Final = (
    "projections/api",
    "projections/catalogue",
    "projections/core/query_text.py",
    "projections/precedents",
    "projections/stacking",
    "registry/api",
    "registry/cursors.py",
    "registry/export",
    "registry/http/json_body.py",
    "registry/http/pagination.py",
    "registry/http/problems.py",
    "registry/letters/composing.py",
    "registry/node/adapters/acceptance.py",
    "registry/node/adapters/credential_lookup.py",
    "registry/node/adapters/eraser.py",
    "registry/node/adapters/explorer.py",
    "registry/node/adapters/letters.py",
    "registry/rules/governance.py",
    "registry/server/pages",
    "registry/server/problems.py",
    "registry/vault/vault_rows.py",
    "registry/wire/disclosures.py",
)
"""Files and folders in which only what an error is made with is such a sentence."""
_SILENT: Final = (
    "projections/api/feed.py",
    "projections/api/loop_connection.py",
    "registry/api/batch_options.py",
    "registry/application/owner.py",
    "registry/application/private_store.py",
    "registry/application/student_numbers.py",
    "registry/batches/batch_counts.py",
    "registry/batches/batch_table.py",
    "registry/intake/corrections.py",
    "registry/intake/events.py",
    "registry/intake/event_handler.py",
    "registry/intake/kafka.py",
    "registry/intake/lost_events.py",
    "registry/intake/reconciliation.py",
    "registry/intake/samples",
    "registry/office/assessments/assessment_schema.py",
    "registry/office/reasons",
    "registry/values/example_achievement.py",
)
"""Those of them whose sentences go to programs, logs and command lines only."""
_ERRORS: Final = frozenset({"ExportError", "FieldError", "HttpProblem", "Objection", "Omission", "Problem"})
_NOT_FOR_READERS: Final = frozenset(
    {
        *("AssertionError", "OfficeFileError", "RuntimeError", "TypeError", "VaultError"),
        *("Column", "JournalRow", "Parameter", "SQL", "TypeVar", "cast"),
        *("compile", "fullmatch", "match", "sub", "partition", "split", "startswith", "strip"),
        *("encrypt", "open_bytes", "open_own", "seal", "seal_bytes", "seal_own"),
        *("execute", "executemany", "exception", "info", "warning", "error", "uuid5"),
    }
)
"""Calls whose texts no person reads."""
_MAX_VARIANTS: Final = 12
"""The greatest number of sentences that one expression stands for; with more, its choices are values."""
_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_CODE: Final = re.compile(
    r"\$|--|account\.|\.\w+\[|(query|path|header|cookie) [\w-]+$|[a-z_.]+$"
    r"|.*(SELECT|INSERT|FROM | IS NULL| IN \(|::|\n|error=)",
    re.DOTALL,
)
"""The beginning of what is a place, an option or a statement of SQL."""
_NAMED_PLACE: Final = re.compile(r"\{[a-z_]*\}")

Parts = tuple[str | None, ...]
"""The fixed parts of a sentence; None is a value."""


def collect_details() -> list[str]:
    """Return the texts to translate, in the order of the alphabet: with the words of pages in place of commands."""
    texts = {write_template(parts) for parts in find_sentences()} | set(FURTHER)
    return sorted({ON_PAGES.get(text, text) for text in texts} | set(ON_PAGES.values()))


@cache
def find_sentences() -> frozenset[Parts]:
    """Return the parts of all sentences of the use cases."""
    spoken = (Sentences(path).find() for path in _files(_SPOKEN))
    refusing = (Sentences(path, only_errors=True).find() for path in _files(_REFUSING))
    return frozenset(parts for sentences in (*spoken, *refusing) for parts in sentences)


def _files(places: Iterable[str]) -> Iterator[Path]:
    for place in places:
        path = _ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if not file.relative_to(_ROOT).as_posix().startswith(_SILENT):
                yield file


def write_template(parts: Parts) -> str:
    """Return a text to translate: `%(value1)s` for the first value, and `%%` for a percent sign."""
    text, number = "", 0
    for part in parts:
        number += part is None
        text += f"%(value{number})s" if part is None else part.replace("%", "%%")
    return text


class Sentences:
    """The sentences of one file."""

    def __init__(self, path: Path, *, only_errors: bool = False) -> None:
        self._tree = ast.parse(path.read_text(encoding="utf-8"))
        self._only_errors = only_errors
        self._names = _assignments(each for each in self._tree.body if isinstance(each, ast.Assign | ast.AnnAssign))
        self._within: set[str] = set()
        """Names whose texts are within a longer sentence."""

    def find(self) -> set[Parts]:
        """Return the parts of each sentence."""
        return self._visit_all(self._tree.body, spoken=not self._only_errors)

    def _visit_all(self, nodes: Iterable[ast.AST], *, spoken: bool) -> set[Parts]:
        """Return the sentences of these nodes, without fragments of others."""
        whole: set[Parts] = set()
        assigned: list[tuple[str, set[Parts]]] = []
        for node in nodes:
            sentences = self._visit(node, spoken=spoken)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                assigned.append((node.targets[0].id, sentences))
            else:
                whole |= sentences
        return whole.union(*(sentences for name, sentences in assigned if name not in self._within))

    def _visit(self, node: ast.AST, *, spoken: bool) -> set[Parts]:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                outer, self._names = self._names, self._names | _assignments(node.body)
                sentences = self._visit_all(node.body, spoken=spoken)
                self._names = outer
                return sentences
            case ast.Expr(ast.Constant()) | ast.Compare() | ast.Subscript() | ast.Assert() | ast.Set():
                return set()
            case ast.Call():
                if _name_call(node) in _NOT_FOR_READERS:
                    return set()
                spoken = spoken or _name_call(node) in _ERRORS
            case ast.Raise():
                spoken = True
            case ast.Constant() | ast.JoinedStr() | ast.BinOp() | ast.IfExp() if spoken:
                variants = self._variants(node)
                sentences = {parts for each in variants if is_sentence(parts := join_parts(each))}
                if sentences and len(variants) == len(self._expand(node, 0)):
                    return sentences
                return sentences | self._visit_all(ast.iter_child_nodes(node), spoken=spoken)
        return self._visit_all(_children(node), spoken=spoken)

    def _variants(self, node: ast.expr) -> list[Parts]:
        """Return the sentences that an expression stands for; a single value where it has no fixed part."""
        variants = self._expand(node, 0)
        return variants if len(variants) <= _MAX_VARIANTS else self._expand(node, 1)

    def _expand(self, node: ast.expr, depth: int) -> list[Parts]:
        """Return the sentences of an expression. At depth 1, choices in it are values."""
        match node:
            case ast.Constant():
                return [_split_places(node.value)] if isinstance(node.value, str) else [(None,)]
            case ast.JoinedStr():
                return _products(
                    [(str(part.value),)] if isinstance(part, ast.Constant) else self._expand(part, depth)
                    for part in node.values
                )
            case ast.BinOp(op=ast.Add()):
                sides = [self._expand(side, depth) for side in (node.left, node.right)]
                return _products(sides) if any(side != [(None,)] for side in sides) else [(None,)]
            case ast.FormattedValue() if depth == 0 and node.conversion < 0 and node.format_spec is None:
                return self._expand(node.value, depth)
            case ast.IfExp() if depth == 0:
                return [*self._expand(node.body, depth), *self._expand(node.orelse, depth)]
            case ast.Name() if depth == 0 and node.id in self._names and _is_text(self._names[node.id]):
                self._within.add(node.id)
                value = self._names.pop(node.id)  # not within itself
                variants = self._expand(value, depth)
                self._names[node.id] = value
                return variants
            case ast.Call(args=[_, ast.Constant(value=str(noun))]) if depth == 0 and _name_call(node) == "plural":
                return [(plural(1, noun),), (None, plural(2, noun).removeprefix("2"))]
        return [(None,)]


def _name_call(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else str(getattr(node.func, "attr", ""))


def _children(node: ast.AST) -> Iterable[ast.AST]:
    """Return the nodes within a node that may hold sentences."""
    match node:
        case ast.Dict():
            return node.values
        case ast.AnnAssign():
            return [node.value] if node.value is not None else []
        case ast.ClassDef():
            return node.body
    return ast.iter_child_nodes(node)


def _is_text(node: ast.expr) -> bool:
    """Return True for a text, or a choice of texts."""
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) and _is_text(node.orelse)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _assignments(body: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """Return the names that are assigned once, each with its value."""
    values: dict[str, list[ast.expr]] = {}
    for node in (node for statement in body for node in ast.walk(statement)):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                values.setdefault(name, []).append(value)
            case ast.AugAssign(target=ast.Name(id=name)) | ast.NamedExpr(target=ast.Name(id=name)):
                values.setdefault(name, []).extend([node.value, node.value])
    return {name: assigned[0] for name, assigned in values.items() if len(assigned) == 1}


def _split_places(text: str) -> Parts:
    """Return a text for `str.format` as parts: `{first} proposed it`."""
    fixed = _NAMED_PLACE.split(text)
    return (fixed[0], *(part for after in fixed[1:] for part in (None, after)))


def _products(sides: Iterable[list[Parts]]) -> list[Parts]:
    return [tuple(part for parts in choice for part in parts) for choice in product(*sides)]


def join_parts(parts: Parts) -> Parts:
    """Return the parts with neighbours made one: two texts, or two values; without the marks and spaces around it."""
    joined: list[str | None] = []
    for part in parts:
        if part == "":
            continue
        if joined and (part is None) is (joined[-1] is None):
            joined[-1] = None if part is None else f"{joined[-1]}{part}"
        else:
            joined.append(part)
    if joined and joined[0] is not None:
        joined[0] = joined[0].lstrip(" ;,.:")
    if joined and joined[-1] is not None:
        joined[-1] = joined[-1].rstrip(" ;,")
    return tuple(part for part in joined if part != "")


def is_sentence(parts: Parts) -> bool:
    """Return True for a sentence: two words at least, and no code."""
    fixed = [part for part in parts if part is not None]
    text = write_template(parts)
    return any(" " in part for part in fixed) and len(_WORD.findall(" ".join(fixed))) > 1 and not _CODE.match(text)
