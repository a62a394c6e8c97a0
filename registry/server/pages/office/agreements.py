"""Agreements of the university: what they cover, what one would have decided, and their beginning and end."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from anyio.to_thread import run_sync
from litestar import Request, Response, Router, get, post
from litestar.handlers import HTTPRouteHandler

from projections.api.agreements import read_draft
from projections.api.reading import Views
from projections.catalogue import search
from projections.catalogue.search import CatalogueQuery, Offer
from projections.recognition.decisions import AgreementView, agreements
from projections.recognition.simulation import Simulation, simulate
from projections.records.member_names import read_member_names
from registry.api.agreements import Ending, declare_in, end_in
from registry.api.idempotency import Answer
from registry.api.private_side import PrivateSide, Write
from registry.http import HttpProblem, requires
from registry.http.responses import POSITION
from registry.server.pages import charts
from registry.server.pages.forms import form_key, new_key
from registry.server.pages.frame import Pages
from registry.server.pages.languages import language_of, translate
from registry.server.pages.office.actions import Typed, plain
from registry.server.pages.office.agreement_form import (
    LEVELS,
    OUTCOMES,
    PURPOSES,
    AgreementForm,
    declaration_of,
    draft_of,
    read_form,
)
from registry.server.pages.office.desk import AtDesk, Desk, desk_routes
from registry.server.pages.refusals import problem_of
from registry.server.pages.texts import N_
from registry.server.pages.vocabulary import VOCABULARY
from registry.vault.vault import random_id
from registry.wire.recognition import AgreementDeclared
from registry.wire.today import utc_today

_MOST_OFFERS: Final = 200
_MOST_AGREEMENTS: Final = 500


@get("/office/agreements", include_in_schema=False, **requires("cases:read"))
async def list_all(request: Request[Any, Any, Any], views: Views, pages: Pages, private: PrivateSide) -> Response[Any]:
    """List this university's agreements, and those of others with it."""
    own = str(request.app.state.member)

    def read(connection: Any) -> tuple[list[AgreementView], list[AgreementView], dict[str, str]]:  # noqa: ANN401 - a connection
        ours = agreements(connection, own, limit=_MOST_AGREEMENTS)
        theirs = agreements(connection, with_member=own, limit=_MOST_AGREEMENTS)
        return ours, theirs, read_member_names(connection)

    response = await views.answer("", read, "search")
    ours, theirs, names = response.content
    return pages.render(
        request, "office/agreements.html", position=response.headers[POSITION], names=names, ours=ours, theirs=theirs,
        endings=await run_sync(_read_endings, private, [each.agreement for each in ours]),
        today=utc_today(), scopes=request.user.scopes,
        most=_MOST_AGREEMENTS,
    )  # fmt: skip


@get("/office/agreements/{agreement:uuid}", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show(desk: AtDesk, agreement: UUID) -> Response[Any]:
    """Show one of this university's agreements."""
    return _render_one(desk, "office/agreement.html", str(agreement))


@get("/office/agreements/simulate", include_in_schema=False, **requires("recognition:read"))
async def show_simulation(request: Request[Any, Any, Any], views: Views, pages: Pages) -> Response[Any]:
    """Show what an agreement would have decided. All of it is in the address."""
    form, own = read_form(request.query_params.multi_items()), str(request.app.state.member)
    offers, names = await _read_offers(views, form)
    simulation: Simulation | None = None
    problem: Mapping[str, Any] | None = None
    position = ""
    if form.is_asked:
        try:
            period = read_draft(draft_of(form), own)
            response = await views.answer("", lambda connection: simulate(connection, own, *period), cost="scan")
            simulation, position = response.content, response.headers[POSITION]
        except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
            problem = problem_of(request, error)
    return pages.render(
        request,
        "office/simulation.html",
        position=position,
        names=names,
        status=problem["status"] if problem else 200,
        form=form,
        offers=offers,
        own=own,
        simulation=simulation,
        problem=problem,
        chart=_chart(simulation, language_of(request)) if simulation else None,
        purposes=PURPOSES,
        outcomes=OUTCOMES,
        levels=LEVELS,
        scopes=request.user.scopes,
    )


@get("/office/agreements/declare", include_in_schema=False, sync_to_thread=True, **requires("recognition:write"))
def confirm(desk: AtDesk) -> Response[Any]:
    """Say what publishing an agreement does, before it is done."""
    return _render_confirm(desk, read_form(desk.request.query_params.multi_items()))


@post("/office/agreements/declare", include_in_schema=False, sync_to_thread=True, **requires("recognition:write"))
def declare(desk: AtDesk, data: Typed) -> Response[Any]:
    """Publish an agreement."""
    form = read_form(_pairs(data))
    try:
        content = declaration_of(form, random_id())
        identity = msgspec.structs.replace(content, agreement="")
        act = _declare_once(content, declare_in(desk.lookup, content))
        desk.private.write_once(desk.request, form_key(plain(data)), identity, act)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        return _render_confirm(desk, form, problem_of(desk.request, error))
    return desk.pages.redirect(desk.request, "/office/agreements", "agreement-declared")


@get("/office/agreements/{agreement:uuid}/end", include_in_schema=False, sync_to_thread=True,
     **requires("recognition:write"))  # fmt: skip
def confirm_end(desk: AtDesk, agreement: UUID) -> Response[Any]:
    """Say what ending an agreement does, and ask from which day."""
    return _render_one(desk, "office/agreement_end.html", str(agreement))


@post("/office/agreements/{agreement:uuid}/end", include_in_schema=False, sync_to_thread=True,
      **requires("recognition:write"))  # fmt: skip
def end(desk: AtDesk, agreement: UUID, data: Typed) -> Response[Any]:
    """End an agreement from a day on."""
    typed = plain(data)
    try:
        body = msgspec.convert({"withdrawnFrom": typed.get("withdrawnFrom", "")}, Ending)
        desk.private.write_once(desk.request, form_key(typed), body, end_in(str(agreement), body))
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(desk.request, error)
        return _render_one(desk, "office/agreement_end.html", str(agreement), problem, typed)
    return desk.pages.redirect(desk.request, "/office/agreements", "agreement-ended")


def _declare_once(content: AgreementDeclared, act: Callable[[Write], Answer]) -> Callable[[Write], Answer]:
    """Return the write, which is refused where an agreement of this university says the same already."""

    def act_once(write: Write) -> Answer:
        same = write.registry.recognition.find_same_agreement(content)
        if same is not None:
            raise HttpProblem("conflict", f"agreement {same} says the same", same=same)
        return act(write)

    return act_once


def _read_endings(private: PrivateSide, agreements: Sequence[str]) -> dict[str, date]:
    """Return the days on which those of these agreements end that do, as soon as an end is stored."""
    with private.reading() as registry:
        ended = registry.recognition.read_ends(agreements)
    return {agreement: date.fromisoformat(day) for agreement, day in ended.items()}


def _pairs(data: Mapping[str, str | list[str]]) -> list[tuple[str, str]]:
    """Return the fields of a form, each with all of its values."""
    return [(name, each) for name, value in data.items() for each in ([value] if isinstance(value, str) else value)]


async def _read_offers(views: Views, form: AgreementForm) -> tuple[list[Offer], dict[str, str]]:
    def read(connection: Any) -> tuple[list[Offer], dict[str, str]]:  # noqa: ANN401 - a connection
        names = read_member_names(connection)
        if form.with_member not in names:
            return [], names
        return search.search(connection, CatalogueQuery(member=form.with_member), limit=_MOST_OFFERS).items, names

    return (await views.answer("", read, "search")).content


def _chart(simulation: Simulation, language: str) -> charts.BarChart:
    """Return the bars of what was decided like the agreement, and otherwise by outcome."""
    otherwise: dict[str, int] = {}
    for each in simulation.differing:
        otherwise[each.outcome] = otherwise.get(each.outcome, 0) + each.count
    bars = [(translate(language, N_("As the agreement")), simulation.agree)]
    bars += [(translate(language, VOCABULARY["outcome"][outcome]), count) for outcome, count in otherwise.items()]
    return charts.bar_chart(bars)


def _render_confirm(desk: Desk, form: AgreementForm, problem: Mapping[str, Any] | None = None) -> Response[Any]:
    with desk.views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
        offers = (
            search.search(snapshot.connection, CatalogueQuery(member=form.with_member), limit=_MOST_OFFERS).items
            if form.with_member in names
            else []
        )
        same = (problem or {}).get("same")
        is_same_read = bool(same and agreements(snapshot.connection, desk.own, same))
    return desk.pages.render(
        desk.request,
        "office/agreement_declare.html",
        names=names,
        status=problem["status"] if problem else 200,
        form=form,
        titles={f"{offer.achievement}@{offer.version}": offer.title for offer in offers},
        problem=problem,
        is_same_read=is_same_read,
        key=new_key(),
        today=utc_today(),
    )


def _render_one(
    desk: Desk,
    template: str,
    identifier: str,
    problem: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response[Any]:
    with desk.views.snapshot() as snapshot:
        rows = agreements(snapshot.connection, desk.own, identifier)
        names = read_member_names(snapshot.connection)
        if not rows:
            raise HttpProblem("not-found", "this university declared no such agreement, as far as this node has read")
        offers = search.search(snapshot.connection, CatalogueQuery(member=rows[0].with_member), limit=_MOST_OFFERS)
    return desk.pages.render(
        desk.request,
        template,
        position=snapshot.position,
        names=names,
        status=problem["status"] if problem else 200,
        agreement=rows[0],
        ending=_read_endings(desk.private, [identifier]).get(identifier),
        own=desk.own,
        titles={offer.achievement: offer.title for offer in offers.items},
        problem=problem,
        typed=typed or {},
        key=new_key(),
        today=utc_today(),
        scopes=desk.request.user.scopes,
    )


ROUTES: Final[list[HTTPRouteHandler | Router]] = [
    list_all,
    show_simulation,
    *desk_routes(show, confirm, declare, confirm_end, end),
]
