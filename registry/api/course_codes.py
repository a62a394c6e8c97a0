"""The university's own course codes: which achievement, and which version of it, each stands for."""

from collections.abc import Callable
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, HttpMethod, Request, Response, get, put, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter
from msgspec import Meta

from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.http import Cursors, FieldError, HttpProblem, Page, requires
from registry.http.pagination import LIMIT, MOST
from registry.intake.course_codes import MOST_CHARACTERS, CodeChange, CourseCode, CourseCodes
from registry.values.persons import normalise_identifier

_MOST: Final = 1000
_Code = Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A course code, and what it stands for."""

    code: _Code
    """Your own course code, in printable characters."""
    achievement: UUID | None
    """One of your own achievements; null to remove the code."""
    version: Annotated[int, Meta(ge=1, lt=2**31)] | None = None
    """A version of the achievement; by default always the newest."""


class Entries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Course codes to set or to remove."""

    items: Annotated[list[Entry], Meta(min_length=1, max_length=_MOST)]


class Changed(msgspec.Struct, frozen=True):
    """The numbers of codes that were set and removed, and the codes that stand for something else now."""

    set: int
    removed: int
    changes: list[CodeChange] = []
    """Codes that stood for something else before."""


class CourseCodeTable(Controller):
    """The table. Both methods of the path are in one class, so that `Allow` names both."""

    path = "/v1/course-codes"

    @route(http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False, sync_to_thread=False)
    def allow_methods(self) -> Response[None]:
        """Return the allowed methods. The framework takes the first name of a path, and its own answer lacks some."""
        return Response(None, status_code=204, headers={"Allow": "GET, OPTIONS, PUT"})

    @get(
        tags=["Publishing"],
        operation_id="listCourseCodes",
        summary="List the course codes",
        sync_to_thread=True,
        **requires("university:read"),
    )
    def list_codes(
        self,
        private: PrivateSide,
        limit: Annotated[int, Parameter(ge=1, le=MOST, description="How many at most.")] = LIMIT,
        cursor: Annotated[str, Parameter(max_length=2000, description="`next` of the previous page.")] = "",
        code: Annotated[str, Parameter(max_length=MOST_CHARACTERS, description="Return this code only.")] = "",
    ) -> Response[Page[CourseCode]]:
        """Return the course codes in the order of their characters' code points."""
        cursors = Cursors("course-codes")
        after = cursors.decode(cursor, str)[0] if cursor else ""
        with private.reading() as registry:
            codes = CourseCodes(registry)
            if code:
                entry = codes.find(code)
                page, has_more = [] if entry is None else [entry], False
            else:
                page = codes.read_page(limit, after)
                has_more = len(page) == limit
        return private.respond(Page(page, cursors.encode([page[-1].code]) if has_more else None))

    @put(
        tags=["Publishing"],
        operation_id="setCourseCodes",
        summary="Set course codes",
        sync_to_thread=True,
        **requires("achievements:write"),
    )
    def change(
        self, private: PrivateSide, request: Request[Any, Any, Any], data: Entries, key: IdempotencyKey
    ) -> Response[Changed]:
        """Set these codes, and remove those with null; the others stay. All of it takes effect, or nothing.

        Rows of batches may then name the `course` instead of the achievement, and documents are matched by a code that
        they name.
        """
        return private.write_once(request, key, data, change_codes(data))


def change_codes(data: Entries) -> Callable[[Write], Answer]:
    """Return the act that sets and removes these codes."""

    def act(write: Write) -> Answer:
        codes = CourseCodes(write.registry)
        changed = [
            CourseCode(item.code, str(item.achievement), item.version)
            for item in data.items
            if item.achievement is not None
        ]
        removed = [item.code for item in data.items if item.achievement is None]
        if errors := _errors(codes, data):
            raise HttpProblem("unprocessable", errors=errors)
        answer = Answer(200, Changed(len(changed), len(removed), codes.list_changes(changed)))
        with write.registry.transaction() as transaction:
            codes.change(changed, removed, transaction)
            return write.commit(transaction, answer)

    return act


def _errors(codes: CourseCodes, data: Entries) -> list[FieldError]:
    errors: list[FieldError] = []
    codes_before: set[str] = set()
    for place, item in enumerate(data.items):
        code = normalise_identifier(item.code)
        if code in codes_before:
            errors.append(FieldError(f"$.items[{place}].code", "is listed twice", "code", item.code[:80]))
        codes_before.add(code)
        if item.achievement is None:
            continue
        entry = CourseCode(item.code, str(item.achievement), item.version)
        errors += [
            FieldError(f"$.items[{place}].{field}", detail, field, entry.text(field)[:80])
            for field, detail in codes.find_faults(entry)
        ]
    return errors


ROUTES: list[HTTPRouteHandler | type[Controller]] = [CourseCodeTable]
"""The routes of course codes."""
