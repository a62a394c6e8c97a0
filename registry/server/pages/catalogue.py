"""The catalogue for everybody: what can be studied, and one achievement with all that is known of it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get

from projections.api.reading import Views
from projections.catalogue import catalogue, search
from projections.catalogue.catalogue import AchievementView
from projections.catalogue.search import SORTS, CataloguePage, CatalogueQuery
from projections.catalogue.wholes import Whole, find_wholes, read_part_titles
from projections.precedents.published import Outcomes, read_decisions
from projections.recognition import agreements
from projections.recognition.agreements import Recognition
from projections.recognition.statements import Assessed, Statement, read_assessments, read_statements
from projections.records.member_names import read_member_names
from projections.relations.stacks import Key
from registry.http import HttpProblem
from registry.http.responses import POSITION
from registry.server.pages import structured_data
from registry.server.pages.forms import read_search
from registry.server.pages.frame import Pages
from registry.server.pages.languages import language_of, translate
from registry.server.pages.member_names import names_at
from registry.server.pages.templates import Formats
from registry.server.pages.texts import N_
from registry.server.pages.vocabulary import VOCABULARY
from registry.wire.today import utc_today

_PER_PAGE: Final = 20
_MOST_CHOICES: Final = 100
_MAX_NAME: Final = 40
_SHOWN_AGREEMENTS: Final = 50
_FACETS: Final = {
    "recognisedBy": N_("Recognised without a decision at"),
    "eqfLevel": N_("Level (EQF)"),
    "field": N_("Field"),
    "participation": N_("How it is taught"),
    "taughtIn": N_("Language of teaching"),
    "kind": N_("Kind"),
    "creditBearing": N_("Credits"),
    "member": N_("University"),
    "country": N_("Country"),
}
"""The filters, by the parameters of `GET /v1/catalogue`, with their labels."""


OUTCOME_TONES: Final = {"full": "ok", "partial": "warn", "conditional": "warn", "alternative": "warn", "refused": "bad"}


class Choice(NamedTuple):
    """One value of a filter, with the number of results that have it; None if that was not counted."""

    value: str
    text: str
    results: int | None


class Facet(NamedTuple):
    """A filter with its values."""

    name: str
    label: str
    choices: list[Choice]
    chosen: str

    @property
    def chosen_text(self) -> str:
        """The words for the chosen value."""
        return next((choice.text for choice in self.choices if choice.value == self.chosen), self.chosen)


class _SearchResult(NamedTuple):
    page: CataloguePage
    statements: dict[Key, Statement]


@get("/", include_in_schema=False)
async def find(request: Request[Any, Any, Any], views: Views, pages: Pages) -> Response[str]:
    """Search what is offered."""
    query = read_search(request.query_params, CatalogueQuery)
    cursor = str(request.query_params.get("cursor", ""))
    at = str(request.query_params.get("at", ""))[:_MAX_NAME]

    def read(connection: Any) -> _SearchResult:  # noqa: ANN401 - a connection
        page = search.search(connection, query, cursor=cursor or None, limit=_PER_PAGE)
        keys = [(offer.member, offer.achievement) for offer in page.items]
        is_name = at != "" and at.isprintable()
        return _SearchResult(page, read_statements(connection, at, keys, utc_today()) if is_name else {})

    response = await views.answer("", read, "search")
    result: _SearchResult = response.content
    position = response.headers.get(POSITION, "")  # none before anything was read
    names = await names_at(views, pages, position)
    chosen = {name: value for name, value in _as_typed(query).items() if name in _FACETS}
    return pages.render(
        request,
        "catalogue.html",
        position=position,
        names=names,
        fragment="results",
        query=query,
        page=result.page,
        chosen=chosen,
        facets=_facets(result.page, names, chosen, language_of(request)),
        at=at if at in names else "",
        unknown_at=at if at not in names else "",
        sorts=SORTS,
        statements=result.statements,
        tones=OUTCOME_TONES,
        json_address=pages.address(request, "/v1/catalogue", _as_typed(query)),
    )


def _as_typed(query: CatalogueQuery) -> dict[str, str]:
    """Return the conditions that are set, as the address has them."""
    fields: dict[str, Any] = msgspec.to_builtins(query, str_keys=True)
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in fields.items()}


def _facets(page: CataloguePage, names: Mapping[str, str], chosen: Mapping[str, str], language: str) -> list[Facet]:
    facets = []
    for name, label in _FACETS.items():
        if name == "recognisedBy":
            counts: Mapping[str, int | None] = dict.fromkeys(names)
        else:
            counts = dict(page.facets.get(name, {}))
        if chosen.get(name, "") not in counts and chosen.get(name):
            counts = {**counts, chosen[name]: None}
        choices = [Choice(value, _text(name, value, names, language), number) for value, number in counts.items()]
        value = chosen.get(name, "")
        facets.append(Facet(name, translate(language, label), shorten_choices(choices, value), value))
    return facets


def shorten_choices(choices: list[Choice], chosen: str) -> list[Choice]:
    """Return the first choices, as many as a filter shows, and the chosen one in any case."""
    shown = choices[:_MOST_CHOICES]
    beyond = [choice for choice in choices[_MOST_CHOICES:] if choice.value == chosen]
    return [*beyond, *shown][:_MOST_CHOICES]


def _text(facet: str, value: str, names: Mapping[str, str], language: str) -> str:
    """Return the words for one value of a filter."""
    formats = Formats(language)
    match facet:
        case "member" | "recognisedBy":
            return names.get(value, value)
        case "country":
            return formats.country(value)
        case "taughtIn":
            return formats.language_name(value)
        case "eqfLevel":
            return translate(language, N_("Level %(number)s"), number=value)
        case "creditBearing":
            return translate(language, N_("With ECTS credits") if value == "true" else N_("Without ECTS credits"))
        case _:
            return translate(language, VOCABULARY.get(facet, {}).get(value, value))


class _Achievement(NamedTuple):
    versions: list[AchievementView]
    recognition: list[Recognition]
    assessments: list[Assessed]
    statement: Statement | None
    decisions: Outcomes | None
    """The decisions of offices, where the page is about one of them."""
    names: dict[str, str]
    wholes: list[Whole]
    part_titles: dict[Key, dict[str, str]]
    """The titles of what is stacked into the version that is shown."""


@get("/achievements/{member:str}/{achievement:uuid}", include_in_schema=False)
async def show_achievement(
    request: Request[Any, Any, Any], views: Views, pages: Pages, member: str, achievement: UUID
) -> Response[str]:
    """Show one achievement: all of Annex I, its versions, and who recognises it."""
    at = str(request.query_params.get("at", ""))[:_MAX_NAME]
    version = str(request.query_params.get("version", ""))

    def read(connection: Any) -> _Achievement:  # noqa: ANN401 - a connection
        versions = catalogue.versions(connection, member, str(achievement))
        if not versions:
            raise HttpProblem("not-found", "this member offers no such achievement, as far as this node has read")
        key, today = (member, str(achievement)), utc_today()
        recognising = agreements.find_recognising(
            connection, *key, today, by=None, after=None, limit=_SHOWN_AGREEMENTS + 1
        )
        return _Achievement(
            versions,
            recognising,
            read_assessments(connection, *key, today, _SHOWN_AGREEMENTS),
            read_statements(connection, at, [key], today).get(key) if at else None,
            read_decisions(connection, *key) if at else None,
            read_member_names(connection),
            find_wholes(connection, *key),
            read_part_titles(connection, _version_of(versions, version).content.get("composition")),
        )

    response = await views.answer("", read, "search")
    result: _Achievement = response.content
    shown = _version_of(result.versions, version)
    return pages.render(
        request,
        "achievement.html",
        position=response.headers[POSITION],
        names=result.names,
        shown=shown,
        versions=result.versions,
        recognition=result.recognition[:_SHOWN_AGREEMENTS],
        more_recognition=len(result.recognition) > _SHOWN_AGREEMENTS,
        assessments=result.assessments,
        at=at if at in result.names else "",
        unknown_at=at if at not in result.names else "",
        wholes=result.wholes,
        part_titles=result.part_titles,
        statement=result.statement,
        decided=0 if result.decisions is None else sum(result.decisions.offices.get(at, {}).values()),
        tones=OUTCOME_TONES,
        structured_data=structured_data.describe(shown, result.names, language_of(request)),
    )


def _version_of(versions: list[AchievementView], version: str) -> AchievementView:
    """Return the version of this number, or the newest."""
    return next((each for each in versions if str(each.version) == version), versions[-1])


ROUTES: Final = [find, show_achievement]
