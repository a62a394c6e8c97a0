"""Finding own credentials as a clerk does: `credential list` and `credential find`."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Final, NamedTuple

import typer

from projections.credentials import credentials as view
from projections.credentials.own_credentials import CredentialQuery, Line, Place, page
from registry.application.restricted import find_restricted
from registry.cli import ids
from registry.cli.days import day_option
from registry.cli.issuing.own_events import say_views_behind
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, progress, title_of
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.learners.name_search import matches_name, name_words
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.settings.settings import SettingsError
from registry.vault.openings import no_openings, note_opening
from registry.wire.credentials import Status

_PAGE: Final = 500


class OwnCredential(NamedTuple):
    """A credential with its learner; `family_name` and `given_name` are None after the learner was erased."""

    credential: str
    learner: str | None
    family_name: str | None
    given_name: str | None
    record: str | None
    """The university's own id of the row: None without `--record`, since the vault stores only a keyed hash of it."""
    achievement: str
    version: int
    title: str
    awarding_date: date
    ects: Any
    status: str
    flags: list[str]


Achievement = Annotated[str | None, typer.Option(help="Of this achievement: its id, or your own course code.")]
State = Annotated[Status | None, typer.Option(help="With this status.")]
Student = Annotated[
    str | None, typer.Option(help=f"Of the learner with this number. {FROM_INPUT}", callback=from_input)
]
Record = Annotated[str | None, typer.Option(help="Issued for the row with this id of your own.")]
Begin = Annotated[datetime | None, day_option("--from", help="Awarded on that day or later.")]
End = Annotated[datetime | None, day_option("--until", help="Awarded on that day or before.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]
After = Annotated[str | None, typer.Option(metavar="ID", help="Go on after this credential, as the page before says.")]

_RECORD: Final = Column("record", lambda row: row.record, wide=True)
"""Shown only for a query by record: the vault stores only a keyed hash of it."""
_COLUMNS: Final = (
    Column("credential", lambda row: row.credential),
    Column("family name", lambda row: row.family_name),
    Column("given name", lambda row: row.given_name),
    _RECORD,
    Column("learner", lambda row: row.learner, wide=True),
    Column("achievement", lambda row: f"{row.title} (v{row.version})"),
    Column("awarded", lambda row: row.awarding_date),
    Column("ECTS", lambda row: row.ects),
    Column("status", lambda row: row.status),
    Column("flags", lambda row: row.flags, wide=True),
)


def list_credentials(
    context: typer.Context,
    *,
    student: Student = None,
    record: Record = None,
    name: Annotated[
        str | None, typer.Option(help="Words of the learner's name; see `credential find`.", callback=from_input)
    ] = None,
    achievement: Achievement = None,
    status: State = None,
    begin: Begin = None,
    end: End = None,
    limit: Limit = 100,
    after: After = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List this university's own credentials with their learners' names, the newest award first.

    Names are read from the vault and printed here only. A credential is listed once `registry views update` has
    read it.

    Examples: registry credential list --achievement 191820-1A --from 2026-01-01 --status active
    registry credential list --record 2026-17
    """
    node = node_of(context)
    query = _query(node, student, record, achievement, status, begin, end)
    _print(node, query, name, record, limit, after, as_json=as_json, as_csv=as_csv, wide=wide)


def find_credentials(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=f"Words of the learner's name. {FROM_INPUT}", callback=from_input)],
    *,
    achievement: Achievement = None,
    status: State = None,
    begin: Begin = None,
    end: End = None,
    limit: Limit = 100,
    after: After = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Find this university's own credentials by the learner's name. Exit code 1: none was found.

    Each word must begin a family name or a given name; capitals and accents do not matter. The vault keeps names
    encrypted for each learner, so all learners are decrypted one by one: --achievement, --from and --until make it
    faster.

    Example: registry credential find "jansen ada" --from 2026-01-01
    """
    node = node_of(context)
    query = _query(node, None, None, achievement, status, begin, end)
    if not _print(node, query, name, None, limit, after, as_json=as_json, as_csv=as_csv, wide=wide):
        raise typer.Exit(1)


def _query(
    node: Node,
    student: str | None,
    record: str | None,
    achievement: str | None,
    status: Status | None,
    begin: datetime | None,
    end: datetime | None,
) -> CredentialQuery:
    if node.settings.member == GOVERNANCE:
        raise SettingsError("governance issues no credentials; use a university's node")
    credentials = None
    if record is not None:
        issued = node.issuer.find_credential(record)
        credentials = [] if issued is None else [issued]
    return CredentialQuery(
        member=node.settings.member,
        achievement=ids.resolve(node, achievement, "achievement") if achievement is not None else None,
        status=status,
        begin=begin and begin.date(),
        end=end and end.date(),
        learners=None if student is None else [ids.learner_of_student(node, student)],
        credentials=credentials,
    )


def _print(
    node: Node,
    query: CredentialQuery,
    name: str | None,
    record: str | None,
    limit: int,
    after: str | None,
    *,
    as_json: bool,
    as_csv: bool,
    wide: bool,
) -> int:
    """Print the credentials; return their number."""
    words = None if name is None else name_words(name)
    if words == []:
        raise typer.BadParameter("name at least one word of the learner's name", param_hint="NAME")
    people = _People(node)
    lines: list[Line] = []
    with progress("credentials looked at") as counter:
        for line in _lines(node, query, after):
            counter.advance()
            if words is None or people.matches(line.learner, words):
                lines.append(line)
                if len(lines) > limit:
                    break
    more = len(lines) > limit
    items = _with_facts(node, people, lines[:limit], record)
    following = {"next": items[-1].credential if more else None}
    columns = [column for column in _COLUMNS if column is not _RECORD or record is not None]
    if print_list(items, columns, as_json=as_json, as_csv=as_csv, wide=wide, more=following) and not items:
        errors.print("No such credential of this university is known here.")
    say_views_behind(node)
    if more and not as_json:
        errors.print(f"There are more: repeat with --after {items[-1].credential}", markup=False)
    return len(items)


def _lines(node: Node, query: CredentialQuery, after: str | None) -> Iterator[Line]:
    place: Place | None = None
    if after is not None:
        last = ids.resolve(node, after, "credential")
        own = CredentialQuery(member=query.member, credentials=[last])
        place = next((line.place for line in page(node.views(), own, None, 1)), None)
        if place is None:
            raise typer.BadParameter(f"{after} is not a credential of {query.member}", param_hint="--after")
    while lines := page(node.views(), query, place, _PAGE):
        yield from lines
        place = lines[-1].place


class _People:
    """Learners as this node's vault has them, each decrypted once."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._persons: dict[str, dict[str, str]] = {}

    def person(self, learner: str | None) -> dict[str, Any]:
        """Return the person; empty if the vault has none, or no longer has one."""
        if learner is None:
            return {}
        person = self._read(learner)
        note_opening(learner)
        return person

    def _read(self, learner: str) -> dict[str, Any]:
        if learner not in self._persons:
            learner_data = self._node.registry.vault.read_learner(self._node.registry.cursor(), learner)
            self._persons[learner] = {} if learner_data is None else learner_data[1]
        return self._persons[learner]

    def matches(self, learner: str | None, words: list[str]) -> bool:
        """True if each word begins one of the person's names, present or former."""
        if learner is None:
            return matches_name({}, words)
        with no_openings():
            is_match = matches_name(self._read(learner), words)
        return is_match and not find_restricted(self._node.registry.cursor(), [learner])


def _with_facts(node: Node, people: _People, lines: list[Line], record: str | None) -> list[OwnCredential]:
    member = node.settings.member
    views = {each.credential: each for each in view.read(node.views(), [(member, line.credential) for line in lines])}
    rows = []
    for line in lines:
        person, facts = people.person(line.learner), views[line.credential]
        rows.append(
            OwnCredential(
                line.credential,
                line.learner,
                person.get("familyName"),
                person.get("givenName"),
                record,
                facts.achievement,
                facts.version,
                title_of(facts.title),
                facts.awarding_date,
                facts.ects,
                facts.status,
                facts.flags,
            )
        )
    return rows
