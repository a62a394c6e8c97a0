"""Verification for everybody: by number or by link. `verify_files.py` has receipts and photos."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Redirect

from projections.api.reading import Views, parse_position
from projections.api.receipts import ReceiptCheck
from projections.api.verification import Verification, verification
from projections.catalogue.catalogue import read_joint_awarders
from projections.core.errors import MissingViews
from registry.http.forwarded import base_path_of
from registry.http.responses import POSITION
from registry.server.pages.frame import Pages
from registry.server.pages.member_names import names_at
from registry.server.pages.verdicts import TONES, Facts, checks_of, verdict_of
from registry.supervision import DATABASE_ERRORS
from registry.verification.ports import MAX_LAG
from registry.wire.forms import check_uuid

AWAY: Final = (*DATABASE_ERRORS, MissingViews)
"""Errors after which a page cannot say how a credential is at the moment."""


class Freshness(NamedTuple):
    """Tells when the views last had all that the log had of a member's stream."""

    last_read: Callable[[str], datetime]


class CredentialPage(NamedTuple):
    """A credential as the views have it, None if they do not have it, with what a page about it shows."""

    credential: Verification | None
    joint: dict[str, str]


def read_page(connection: Any, credential: Verification | None) -> CredentialPage:  # noqa: ANN401 - a connection
    """Return a credential with the other universities that award it."""
    joint = {}
    if credential is not None and set(credential.achievement["awardingBodies"]) - {credential.member}:
        achievement = credential.achievement
        key = credential.member, achievement["achievement"], achievement["version"]
        joint = read_joint_awarders(connection, *key)
    return CredentialPage(credential, joint)


@get("/verify", include_in_schema=False)
async def start(request: Request[Any, Any, Any], pages: Pages) -> Response[Any]:
    """Ask for a number, a link or a file; a number that was typed leads to its credential."""
    typed = str(request.query_params.get("id", "")).strip()
    if not typed:
        return render_start(request, pages)
    reference = read_reference(typed)
    if reference is None:
        return render_start(request, pages, typed=typed[:500], fault="form")
    return redirect_to(request, reference)


def render_start(request: Request[Any, Any, Any], pages: Pages, *, typed: str = "", fault: str = "") -> Response[str]:
    """Return the form, with what was wrong the last time."""
    status = 413 if fault == "too-large" else 422 if fault else 200
    return pages.render(request, "verify_start.html", status=status, typed=typed, fault=fault)


def redirect_to(request: Request[Any, Any, Any], reference: tuple[str, str]) -> Redirect:
    """Lead to the page of a credential."""
    member, credential = reference
    return Redirect(f"{base_path_of(request.scope)}/verify/{member}/{credential}", status_code=303)


def read_reference(typed: str) -> tuple[str, str] | None:
    """Return the member and the id of a credential that somebody typed: `twente/1018…`, or a link that ends so."""
    path = urlsplit(typed).path if "://" in typed else typed
    parts = [part for part in path.split("/") if part]
    if len(parts) < 2:
        return None
    member, credential = parts[-2].lower(), parts[-1].lower()
    is_name = 2 <= len(member) <= 40 and all(character.isalnum() or character == "-" for character in member)
    return (member, credential) if is_name and member.isascii() and check_uuid(credential) is None else None


@get("/verify/{member:str}/{credential:uuid}", include_in_schema=False)
async def show_verdict(
    request: Request[Any, Any, Any], views: Views, pages: Pages, freshness: Freshness, member: str, credential: UUID
) -> Response[str]:
    """Show whether a credential is valid, and what that rests on."""

    def read(connection: Any) -> CredentialPage:  # noqa: ANN401 - a connection
        return read_page(connection, verification(connection, views.standing, member, str(credential)))

    try:
        response = await views.answer("", read)
        names = await names_at(views, pages, response.headers[POSITION])
    except AWAY:
        return render_away(request, pages, f"{member}/{credential}")
    page: CredentialPage = response.content
    position = response.headers[POSITION]
    if page.credential is None:
        return pages.render(
            request,
            "verify_unknown.html",
            position=position,
            names=names,
            status=404,
            member=member,
            credential=str(credential),
            size=parse_position(position, "position").get(member),
        )
    return render_verdict(request, pages, freshness, page, position, names)


def render_verdict(
    request: Request[Any, Any, Any],
    pages: Pages,
    freshness: Freshness,
    page: CredentialPage,
    position: str,
    names: Mapping[str, str],
    receipt: ReceiptCheck | None = None,
) -> Response[str]:
    """Return the page about a credential that the views have; `receipt` is what a file that was sent proves."""
    credential = page.credential
    assert credential is not None  # noqa: S101 - the caller has looked
    last_read = freshness.last_read(credential.member)
    facts = Facts(credential, page.joint, datetime.now(UTC) - last_read <= MAX_LAG)
    verdict = verdict_of(facts)
    return pages.render(
        request,
        "verify_result.html",
        position=position,
        names=names,
        credential=credential,
        joint=page.joint,
        verdict=verdict,
        tone=TONES[verdict],
        checks=checks_of(facts),
        size=parse_position(position, "position").get(credential.member, 0),
        last_read=None if facts.is_current else last_read,
        receipt=receipt,
    )


def render_away(request: Request[Any, Any, Any], pages: Pages, what: str) -> Response[str]:
    """Return the page for a moment at which the node cannot read its views."""
    page = pages.render(request, "verify_unclear.html", status=503, what=what)
    page.headers["Retry-After"] = "5"
    return page


ROUTES: Final = [start, show_verdict]
