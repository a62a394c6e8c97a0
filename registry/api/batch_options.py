"""Options of a new batch: the parameters of its request, and the check that they go together."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from litestar import Request
from litestar.params import Parameter, QueryParameter

from registry.batches.batch import DOCUMENTS, XLSX, Kind, Media, Term
from registry.http import FieldError, HttpProblem
from registry.intake.rows.days import Order

BYTES: Final = "application/octet-stream"
"""The content type of clients that were generated from the description."""
_MEDIA: Final[dict[str, Media]] = {
    "text/csv": "text/csv",
    XLSX: XLSX,
    "application/x-ndjson": "application/x-ndjson",
    "application/jsonl": "application/x-ndjson",
    "application/json": "application/json",
    "application/ld+json": "application/json",
    "application/vc+ld+json": "application/json",
    "application/vc": "application/json",
    "application/xml": "application/xml",
    "text/xml": "application/xml",
}
_LATE: Final = timedelta(days=1)
"""Time by which `publishAt` may be past."""

BatchKind = Annotated[Kind, Parameter(description="What the rows are.")]
Name = Annotated[str, Parameter(max_length=200, description="Your name for it, without the name of a person.")]
SentAs = Annotated[Media, QueryParameter(name="media", description=f"Its media type, where Content-Type is {BYTES}.")]
DryRun = Annotated[bool, QueryParameter(name="dryRun", description="Check only; nothing is issued.")]
PublishAt = Annotated[
    str,
    QueryParameter(
        name="publishAt",
        description="Publish it not before this moment, for example graduation day: RFC 3339, with a zone.",
    ),
]
AwardedFrom = Annotated[
    date | None, QueryParameter(name="awardedFrom", description="For a reconciliation: the first day of the term.")
]
AwardedUntil = Annotated[
    date | None, QueryParameter(name="awardedUntil", description="For a reconciliation: the last day of the term.")
]
Dates = Annotated[
    Order | None, Parameter(description="The order in days that are not written YYYY-MM-DD: dmy, mdy or ymd.")
]
KeepText = Annotated[
    bool,
    QueryParameter(name="keepText", description="Keep text that looks wrong, or not like a name or a grade, as it is."),
]


def choose_media(request: Request[Any, Any, Any], media: Media) -> Media:
    """Return the media type of a body. `media` is what the query says."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == BYTES:
        content_type = media
    if content_type not in _MEDIA:
        raise HttpProblem(
            "unsupported-media-type",
            f"send a batch as {' or '.join(_MEDIA)}, or as {BYTES} with `media` in the query",
        )
    return _MEDIA[content_type]


def choose_term(kind: Kind, media: Media, begin: date | None, end: date | None) -> Term | None:
    """Return a reconciliation's term. Refuse parameters that do not go together."""
    if kind != "credentials" and media in DOCUMENTS:
        error = FieldError(
            "query kind", "a document has credentials; send status changes and reconciliations as rows", "kind", kind
        )
        raise HttpProblem("unprocessable", errors=[error])
    if kind != "reconciliation":
        return None
    if begin is None or end is None or end < begin:
        error = FieldError("query awardedFrom", "a reconciliation needs its term: awardedFrom and awardedUntil")
        raise HttpProblem("unprocessable", errors=[error])
    return begin, end


def check_reading_options(kind: Kind, media: Media, dates: Order | None, *, keep_text: bool) -> None:
    """Refuse parameters that would have no effect."""
    errors = []
    if dates is not None and (kind == "statusChanges" or media in DOCUMENTS):
        errors.append(FieldError("query dates", "is for rows with days; leave it out", "dates", dates))
    if keep_text and (kind != "credentials" or media in DOCUMENTS):
        errors.append(FieldError("query keepText", "is for rows of credentials; leave it out", "keepText", "true"))
    if errors:
        raise HttpProblem("unprocessable", errors=errors)


def parse_publish_at(text: str) -> datetime:
    """Return the moment from which a batch may be published. Refuse one without a zone, and one that is past."""
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        error = FieldError(
            "query publishAt", "is not a moment with its time zone; write it like 2026-07-01T12:00:00+02:00"
        )
        raise HttpProblem("unprocessable", errors=[error])
    if moment < datetime.now(UTC) - _LATE:
        error = FieldError("query publishAt", "is more than a day ago; leave it out to publish at once", value=text)
        raise HttpProblem("unprocessable", errors=[error])
    return moment
