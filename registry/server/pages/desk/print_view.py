"""One credential to print: what was awarded to whom, all that describes it, and the address that verifies it."""

from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Request, Response, get
from markupsafe import Markup

from projections.api.reading import Views
from projections.catalogue import catalogue
from projections.catalogue.catalogue import AchievementView
from projections.catalogue.wholes import read_part_titles
from projections.credentials.dependents import Part, read_parts
from projections.records.member_names import read_member_names
from projections.relations.stacks import Key
from registry.api.private_side import PrivateSide
from registry.http import HttpProblem, requires
from registry.learners.own_award import OwnAward, read_own_award
from registry.letters.letter import qr_code
from registry.server.pages.desk.credential_rows import OwnRow, read_rows, shown_status
from registry.server.pages.frame import Pages
from registry.wire.today import utc_today


class PrintedCredential(NamedTuple):
    """A credential with what its printed page shows."""

    row: OwnRow
    award: OwnAward
    achievement: AchievementView
    """The version that was awarded."""
    parts: list[Part]
    part_titles: dict[Key, dict[str, str]]
    names: dict[str, str]
    position: str

    def __repr__(self) -> str:
        return f"PrintedCredential({self.row.view.credential})"  # a person is never shown by accident


def read_credential(private: PrivateSide, views: Views, member: str, credential: str) -> PrintedCredential:
    """Return one of the university's credentials. Raises `HttpProblem` where the views do not know it."""
    with views.snapshot() as snapshot, private.reading() as registry:
        connection = snapshot.connection
        rows = read_rows(snapshot, registry, member, [credential])
        if not rows:
            raise HttpProblem("not-found", "this university has no such credential, as far as this node has read")
        view = rows[0].view
        versions = catalogue.versions(connection, member, view.achievement)
        achievement = next((each for each in versions if each.version == view.version), None)
        award = read_own_award(registry, credential)
        if achievement is None:
            raise HttpProblem("not-found", "the achievement has not arrived, as far as this node has read")
        return PrintedCredential(
            rows[0],
            award,
            achievement,
            read_parts(connection, member, credential),
            read_part_titles(connection, achievement.content.get("composition")),
            read_member_names(connection),
            snapshot.position,
        )


@get(
    "/desk/credentials/{credential:uuid}/print",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("learners:read"),
)
def show_print_view(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, credential: UUID
) -> Response[str]:
    """Show a credential as a page to print."""
    member = request.app.state.member
    printed = read_credential(private, views, member, str(credential))
    view = printed.row.view
    address = pages.origin(request) + pages.address(request, f"/verify/{member}/{view.credential}", {})
    return pages.render(
        request,
        "desk/print.html",
        private=True,
        position=printed.position,
        names=printed.names,
        printed=printed,
        view=view,
        shown=printed.achievement,
        part_titles=printed.part_titles,
        state=shown_status(printed.award.status, view.valid_until, utc_today()),
        address=address,
        code=Markup(qr_code(address)),  # noqa: S704 - drawn here, from an address of this node
    )


ROUTES: Final = [show_print_view]
