"""Cohorts: a decision for each credential of a list, as one statement of this office says.

The list is checked first, and decided in a second step. Each row is decided for itself; what was decided stays as it is
when the list is sent again.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from anyio.to_thread import run_sync
from litestar import Response, get, post
from litestar.datastructures import UploadFile

from projections.recognition.assessments import AssessmentView, assessments
from projections.records.member_names import read_member_names
from registry.api.cohorts import CohortDecided, decide_in
from registry.http import FieldError, HttpProblem, requires
from registry.office.cohorts.cohort_file import CohortRow, read_lines, rows
from registry.office.errors import CohortFileError
from registry.server.pages.forms import form_key, new_key
from registry.server.pages.office.desk import AtDesk, Desk, desk_routes
from registry.server.pages.refusals import problem_of
from registry.wire.forms import check_uuid
from registry.wire.recognition import Condition
from registry.wire.today import utc_today

_MOST_ROWS: Final = 500
_MAX_FILE: Final = 2 * 1024 * 1024
_MAX_BODY: Final = _MAX_FILE + 256 * 1024
_MOST_STATEMENTS: Final = 200


@get("/office/cohorts", include_in_schema=False, sync_to_thread=True, **requires("recognition:write"))
def show(desk: AtDesk) -> Response[Any]:
    """Ask for the statement and the list."""
    chosen = str(desk.request.query_params.get("assessment", ""))
    return _render(desk, {"assessment": chosen})


@post("/office/cohorts", include_in_schema=False, status_code=200, request_max_body_size=_MAX_BODY,
      **requires("recognition:write"))  # fmt: skip
async def decide(desk: AtDesk) -> Response[Any]:
    """Check a list, or decide what was checked. The answer is the page itself: the form's key lets it act once."""
    sent = await desk.request.form()
    file = sent.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    typed = {key: str(value) for key, value in sent.items() if key != "file"}
    return await run_sync(_decide, desk, typed, content)


def _decide(desk: Desk, typed: dict[str, str], content: bytes) -> Response[Any]:
    decides = typed.get("do") == "decide"
    try:
        listed = _read_rows(desk.own, typed.get("list", ""), content)
        conditions = [{"code": typed["condition"]}] if typed.get("condition") else []
        act = decide_in(
            desk.lookup,
            _assessment(typed),
            listed,
            msgspec.convert(conditions, list[Condition]),
            dry_run=not decides,
        )
        key = f"{form_key(typed)}-{'decide' if decides else 'check'}"
        identity = [typed.get("assessment"), typed.get("condition", ""), [list(_key_of(row)) for row in listed]]
        answer = desk.private.write_once(desk.request, key, identity, act).content
        outcome = msgspec.convert(msgspec.to_builtins(answer), CohortDecided)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        return _render(desk, typed, problem=problem_of(desk.request, error))
    text = "\n".join(f"{row.member}/{row.credential} {row.record}".strip() for row in listed if not row.problem)
    return _render(desk, typed | {"list": text}, outcome=outcome, decided=decides)


def _key_of(row: CohortRow) -> tuple[str, str, str]:
    return row.member, row.credential, row.record


def _assessment(typed: Mapping[str, str]) -> str:
    try:
        return str(UUID(typed.get("assessment", "")))
    except ValueError as error:
        raise HttpProblem(
            "unprocessable", errors=[FieldError("assessment", "choose a statement", "assessment")]
        ) from error


def _read_rows(member: str, text: str, content: bytes) -> list[CohortRow]:
    """Return the rows of the text, or of the file where one was sent. Raises `HttpProblem`."""
    if len(content) > _MAX_FILE:
        raise HttpProblem("too-large", f"a list has at most {_MAX_FILE:,} bytes")
    if content:
        with tempfile.TemporaryDirectory(prefix="registry-cohort-") as folder:
            file = Path(folder) / "list"
            file.write_bytes(content)
            try:
                listed = list(rows(file, member))
            except CohortFileError as error:
                detail = str(error).replace(str(file), "the file")
                raise HttpProblem("unprocessable", errors=[FieldError("file", detail, "file")]) from error
    else:
        listed = read_lines(text, member)
    if not 0 < len(listed) <= _MOST_ROWS:
        detail = f"has {len(listed)} rows; a list has 1 to {_MOST_ROWS}"
        raise HttpProblem("unprocessable", errors=[FieldError("list", detail, "list")])
    return listed


def _render(
    desk: Desk,
    typed: Mapping[str, str],
    *,
    outcome: CohortDecided | None = None,
    decided: bool = False,
    problem: Mapping[str, Any] | None = None,
) -> Response[Any]:
    chosen = typed.get("assessment", "")
    with desk.views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
        statements = assessments(snapshot.connection, desk.own, in_force_on=utc_today(), limit=_MOST_STATEMENTS)
        if check_uuid(chosen) is None and chosen not in {each.assessment for each in statements}:
            statements += assessments(snapshot.connection, desk.own, chosen, in_force_on=utc_today())
    return desk.pages.render(
        desk.request,
        "office/cohorts.html",
        private=True,
        names=names,
        status=problem["status"] if problem else 200,
        statements=statements,
        chosen=_find(statements, chosen),
        typed=typed,
        outcome=outcome,
        decided=decided,
        problem=problem,
        most=_MOST_ROWS,
        key=new_key(),
    )


def _find(statements: list[AssessmentView], assessment: str) -> AssessmentView | None:
    return next((each for each in statements if each.assessment == assessment), None)


ROUTES: Final = desk_routes(show, decide)
