"""The university's own course codes: which achievement, and which version of it, each stands for."""

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
    """What a code stands for."""

    code: _Code
    """Your own course code, in printable characters."""
    achievement: UUID | None
    """One of your own achievements; null to drop the code."""
    version: Annotated[int, Meta(ge=1, lt=2**31)] | None = None
    """One version of it; always the newest where it is left out."""


class Entries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes to be set or dropped."""

    items: Annotated[list[Entry], Meta(min_length=1, max_length=_MOST)]


class Changed(msgspec.Struct, frozen=True):
    """How many codes were set and how many dropped, and which stand for something else now."""

    set: int
    removed: int
    changes: list[CodeChange] = []
    """Codes that stood for something else before."""


class CourseCodeTable(Controller):
    """Both methods of one path, so that `Allow` names both."""

    path = "/v1/course-codes"

    @route(http_method=[HttpMethod.OPTIONS], status_code=204, include_in_schema=False, sync_to_thread=False)
    def allowed(self) -> Response[None]:
        """Which methods there are. The framework's own answer knows the first one only."""
        return Response(None, status_code=204, headers={"Allow": "GET, OPTIONS, PUT"})

    @get(
        tags=["Publishing"],
        operation_id="listCourseCodes",
        summary="List the course codes",
        sync_to_thread=True,
        **requires("university:read"),
    )
    def listed(
        self,
        private: PrivateSide,
        limit: Annotated[int, Parameter(ge=1, le=MOST, description="How many at most.")] = LIMIT,
        cursor: Annotated[str, Parameter(max_length=2000, description="`next` of the page before.")] = "",
        code: Annotated[str, Parameter(max_length=MOST_CHARACTERS, description="This one only.")] = "",
    ) -> Response[Page[CourseCode]]:
        """In their order, by characters' numbers."""
        cursors = Cursors("course-codes")
        after = cursors.decode(cursor, str)[0] if cursor else ""
        with private.reading() as registry:
            codes = CourseCodes(registry)
            if code:
                entry = codes.find(code)
                page, has_more = [] if entry is None else [entry], False
            else:
                page = codes.page(limit, after)
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
        """Let these codes stand for what is given, and drop those with null; the others stay. All of it or nothing.

        Rows of batches may then name the `course` instead of the achievement, and documents that name the code are
        matched by it.
        """

        def act(write: Write) -> Answer:
            codes = CourseCodes(write.registry)
            wanted = [
                CourseCode(one.code, str(one.achievement), one.version)
                for one in data.items
                if one.achievement is not None
            ]
            removed = [one.code for one in data.items if one.achievement is None]
            if errors := _errors(codes, data):
                raise HttpProblem("unprocessable", errors=errors)
            answer = Answer(200, Changed(len(wanted), len(removed), codes.changes(wanted)))
            with write.registry.transaction() as transaction:
                codes.change(wanted, removed, transaction)
                return write.commit(transaction, answer)

        return private.write_once(request, key, data, act)


def _errors(codes: CourseCodes, data: Entries) -> list[FieldError]:
    found: list[FieldError] = []
    seen: set[str] = set()
    for place, one in enumerate(data.items):
        code = normalise_identifier(one.code)
        if code in seen:
            found.append(FieldError(f"$.items[{place}].code", "stands twice", "code", one.code[:80]))
        seen.add(code)
        if one.achievement is None:
            continue
        entry = CourseCode(one.code, str(one.achievement), one.version)
        found += [
            FieldError(f"$.items[{place}].{field}", detail, field, entry.text(field)[:80])
            for field, detail in codes.faults(entry)
        ]
    return found


ROUTES: list[HTTPRouteHandler | type[Controller]] = [CourseCodeTable]
"""For the node's application."""
