"""Verification for everybody: by number, by link, or by a receipt."""

from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Redirect

from projections.api.reading import Views, parse_position
from projections.api.verification import Verification, verification
from projections.catalogue.catalogue import read_joint_awarders
from projections.records.member_names import read_member_names
from registry.http.forwarded import base_path_of
from registry.http.responses import POSITION
from registry.server.pages.frame import Pages
from registry.server.pages.verdicts import TONES, checks_of, verdict_of
from registry.wire.forms import check_uuid


class _Result(NamedTuple):
    credential: Verification | None
    joint: dict[str, str]
    names: dict[str, str]


@get("/verify", include_in_schema=False)
async def start(request: Request[Any, Any, Any], pages: Pages) -> Response[Any]:
    """Ask for a number or a link; one that was typed leads to its credential."""
    typed = str(request.query_params.get("id", "")).strip()
    if not typed:
        return pages.render(request, "verify_start.html", typed="", fault="")
    reference = read_reference(typed)
    if reference is None:
        return pages.render(request, "verify_start.html", status=422, typed=typed[:500], fault="form")
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


def read_joint(connection: Any, credential: Verification) -> dict[str, str]:  # noqa: ANN401 - a connection
    """Return the other universities that award a credential's achievement, each `confirmed` or `claimed`."""
    achievement = credential.achievement
    return read_joint_awarders(connection, credential.member, achievement["achievement"], achievement["version"])


@get("/verify/{member:str}/{credential:uuid}", include_in_schema=False)
async def show_verdict(
    request: Request[Any, Any, Any], views: Views, pages: Pages, member: str, credential: UUID
) -> Response[str]:
    """Show whether a credential is valid, and what that rests on."""

    def read(connection: Any) -> _Result:  # noqa: ANN401 - a connection
        result = verification(connection, views.standing, member, str(credential))
        joint = {} if result is None else read_joint(connection, result)
        return _Result(result, joint, read_member_names(connection))

    response = await views.answer("", read)
    result: _Result = response.content
    position = response.headers[POSITION]
    if result.credential is None:
        return pages.render(
            request,
            "verify_unknown.html",
            position=position,
            names=result.names,
            status=404,
            member=member,
            credential=str(credential),
            size=parse_position(position, "position").get(member),
        )
    size = parse_position(position, "position").get(member, 0)
    verdict = verdict_of(result.credential, result.joint)
    return pages.render(
        request,
        "verify_result.html",
        position=position,
        names=result.names,
        credential=result.credential,
        verdict=verdict,
        tone=TONES[verdict],
        joint=result.joint,
        checks=checks_of(result.credential, result.joint),
        size=size,
    )


ROUTES: Final = [start, show_verdict]
