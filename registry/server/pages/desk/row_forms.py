"""The form of a faulty row: check what was typed and store it, leave the row out, or take that back."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Request, Response, post

from registry.accounts.services import AccountServices
from registry.api.bodies import Offers
from registry.api.idempotency import Answer
from registry.api.private_side import PrivateSide, Write
from registry.application.requests import Issued, IssueRequest
from registry.batches.imports.import_store import ChangedCorrection, ImportStore
from registry.batches.imports.import_view import CorrectionState
from registry.batches.imports.other_rows import OtherRow, check_alike, explain, read_alike
from registry.batches.imports.rows import CellChecker, Cells
from registry.batches.row_problem import RowProblem
from registry.http import HttpProblem, requires
from registry.intake.rows.columns import NAMES
from registry.intake.rows.report import Catalogue
from registry.intake.rows.row_texts import MAX_FIELD
from registry.server.pages.desk.import_page import RowFilter, read_import, render_import
from registry.server.pages.desk.imports import PATH
from registry.server.pages.forms import Typed, form_key, read_version
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of


class OpenRow(NamedTuple):
    """A row that is right by itself, and what it is still to be compared with."""

    checker: CellChecker
    request: IssueRequest
    others: list[OtherRow]
    """The rows of its file that are alike and right."""


class StillWrong(Exception):
    """A row that is not right as it was typed."""

    def __init__(self, problems: list[RowProblem]) -> None:
        super().__init__("the row is not right")
        self.problems = problems


@post(
    f"{PATH}/{{identifier:uuid}}/rows/{{line:int}}",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write"),
)
def decide_row(
    request: Request[Any, Any, Any],
    pages: Pages,
    private: PrivateSide,
    imports: ImportStore,
    offered: Offers,
    services: AccountServices,
    identifier: UUID,
    line: int,
    data: Typed,
) -> Response[Any]:
    """Check the row as it was typed, and store it where it is right; or leave it out, or take that back."""
    act = data.get("do", "check")
    cells, version = _cells(data), _version(data)
    keep_text = data.get("keepText") == "true"
    row: OpenRow | None = None

    def write(each: Write) -> Answer:
        if act == "undo":
            imports.undo(str(identifier), line, version)
        elif row is None:
            imports.correct(str(identifier), line, version, "leftOut", {}, request.user.actor)
        else:
            state = _check(each, imports, str(identifier), line, cells, row)
            imports.correct(str(identifier), line, version, state, cells, request.user.actor, keep_text=keep_text)
        return Answer(204, None)

    chosen = RowFilter(row=line)
    try:
        if act not in ("undo", "leave"):  # a file is read before the write, which holds up all others
            row = _open_row(imports, offered, str(identifier), line, cells, keep_text=keep_text)
        private.write_once(request, form_key(data), [act, version, dict(cells)], write)
    except StillWrong as wrong:
        page = read_import(imports, identifier, chosen)
        return render_import(
            request, pages, imports, services, page, chosen, status=422, wrong=_by_field(wrong.problems),
            typed={**cells, "keepText": data.get("keepText", "")},
        )  # fmt: skip
    except ChangedCorrection:
        page = read_import(imports, identifier, chosen)
        return render_import(request, pages, imports, services, page, chosen, status=409, typed=cells, conflict=line)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        page = read_import(imports, identifier, RowFilter())
        return render_import(
            request, pages, imports, services, page, RowFilter(), status=problem["status"], problem=problem
        )
    done = {"leave": "row-left-out", "undo": "row-again"}.get(act, "row-ready")
    return pages.redirect(request, f"{PATH}/{identifier}", done)


def _open_row(
    imports: ImportStore, offered: Catalogue, identifier: str, line: int, cells: Cells, *, keep_text: bool
) -> OpenRow:
    """Check the row by itself, and read the rows of its file with which it must agree. Raises `StillWrong`."""
    view = imports.get(identifier)
    content = imports.batch_store.get_content(identifier)
    checker = CellChecker(content, view.batch, offered)
    result = checker.check(line, cells, keep_text=keep_text).result
    if isinstance(result, tuple):
        raise StillWrong([RowProblem(line, problem.where, problem.field, "", "", problem.detail) for problem in result])
    index = imports.batch_store.row_indexes.open(content, view.batch)
    lines = set(index.find_lines(cells)) - imports.list_faulty_lines(identifier) - {line}
    return OpenRow(checker, result, list(read_alike(index, checker, lines)))


def _check(
    write: Write, imports: ImportStore, identifier: str, line: int, cells: Cells, row: OpenRow
) -> CorrectionState:
    """Return what becomes of the row after all others of its file. Raises `StillWrong` with what is wrong with it."""
    decided = {at: each for at, each in imports.list_corrections(identifier).items() if at != line}
    others = sorted([*row.others, *check_alike(row.checker, cells, decided)], key=lambda each: each.line)
    outcome = write.issuer.trial().check([*(each.request for each in others), row.request])[-1]
    if not isinstance(outcome, Issued):
        detail = explain(others, line, row.request, outcome)
        raise StillWrong([RowProblem(line, f"line {line}", outcome.field, "", outcome.code, detail)])
    if not outcome.unchanged:
        return "ready"
    same = [each.line for each in others if each.is_corrected and each.request.record == row.request.record]
    if same and write.issuer.find_credential(row.request.record) is None:
        # The other correction may still be taken back: then this row would be issued by nobody.
        detail = f"says the same as line {same[0]}, which was corrected; leave one of the two out"
        raise StillWrong([RowProblem(line, f"line {line}", "record", "", "", detail)])
    return "unchanged"


def _by_field(problems: list[RowProblem]) -> dict[str, list[RowProblem]]:
    fields: dict[str, list[RowProblem]] = {}
    for problem in problems:
        fields.setdefault(problem.field if problem.field in NAMES else "", []).append(problem)
    return fields


def _cells(typed: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of the form. Raises `HttpProblem` for a text that is too long for any cell."""
    cells = {name: typed[name].strip() for name in NAMES if typed.get(name, "").strip()}
    if any(len(text) > MAX_FIELD * 2 or "\0" in text for text in cells.values()):
        raise HttpProblem("unprocessable", f"a cell has {MAX_FIELD:,} characters at most, without U+0000")
    return cells


def _version(typed: Mapping[str, str]) -> int:
    version = read_version(typed.get("seen", ""))
    if version is None:
        raise HttpProblem("invalid", "the form lacks its version; open the page again")
    return version


ROUTES: Final = [decide_row]
