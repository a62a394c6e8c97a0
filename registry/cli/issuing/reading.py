"""Reading the views: a learner's record, and a university's year."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, Any, Final

import typer

from projections.credentials import credentials as credential_view
from projections.recognition.decisions import read as read_decisions
from projections.records import learners, universities
from projections.records.as_of import Moment
from registry.cli import ids, moments
from registry.cli.issuing.learner_links import changes_of, say_changes
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, Year, errors, plain, print_json, say, table, title_of
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.keys.keystore import KeystoreError
from registry.learners.change import Change
from registry.log import GOVERNANCE
from registry.node.adapters.moments import past
from registry.node.node import Node
from registry.values.persons import describe_person
from registry.values.plural import plural
from registry.wire.today import utc_today

learner_app = typer.Typer(help="A learner's record across universities.", no_args_is_help=True)
university_app = typer.Typer(help="What a university did.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(learner_app, name="learner")
    app.add_typer(university_app, name="university")


def _status(view: credential_view.CredentialView) -> str:
    today = utc_today()
    return view.status + (" (expired)" if view.valid_until and view.valid_until < today else "")


_CREDENTIAL = (
    Column("university", lambda view: view.member),
    Column("credential", lambda view: view.credential),
    Column("achievement", lambda view: f"{title_of(view.title)} (v{view.version})"),
    Column("awarded", lambda view: view.awarding_date),
    Column("ECTS", lambda view: view.ects),
    Column("status", _status),
    Column("flags", lambda view: view.flags),
    Column("covered by", lambda view: view.recognised_by, wide=True),
)
"""A credential's columns; the last are the agreements under which it is recognised."""
_DECISION = (
    Column("office", lambda view: view.member),
    Column("decision", lambda view: view.decision),
    Column("decided", lambda view: view.decision_date),
    Column("purpose", lambda view: view.purpose),
    Column("outcome", lambda view: [grant["outcome"] for grant in view.content["grants"]]),
    Column("ECTS", lambda view: [grant["ects"] for grant in view.content["grants"] if grant.get("ects") is not None]),
    Column("state", lambda view: view.state),
    Column("flags", lambda view: view.flags, wide=True),
)


def credential_rows(
    credentials: list[credential_view.CredentialView], *, as_csv: bool = False, wide: bool = False
) -> None:
    """Print credentials, as a table or as CSV."""
    print_list(credentials, _CREDENTIAL, as_json=False, as_csv=as_csv, wide=wide)


@learner_app.command("show")
def show_learner(
    context: typer.Context,
    learner: Annotated[
        str,
        typer.Argument(
            help=f"The learner's id, or with --student the university's own number. {FROM_INPUT}", callback=from_input
        ),
    ],
    *,
    student: Annotated[bool, typer.Option("--student", help="LEARNER is a student number of this university.")] = False,
    as_of: moments.AsOf = None,
    after: Annotated[
        str | None, typer.Option(metavar="MEMBER/ID", help="Begin after this credential, as the page before says.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Show what members said of a learner, 500 credentials at a time, and the credits that count once.

    Examples: registry learner show 2afda2b4-a247-4f0f-aedd-e040beb58eab
    registry learner show 2afda2b4-a247-4f0f-aedd-e040beb58eab --as-of 2026-05-04
    """
    node = node_of(context)
    if student:
        learner = ids.learner_of_student(node, learner)
    if as_of:
        _learner_as_of(node, ids.resolve(node, learner, "learner"), moments.resolve(node, as_of), as_json=as_json)
        return
    place = None
    if after is not None:
        member, _, credential = after.partition("/")
        place = member, ids.resolve(node, credential, "--after")
    record = learners.read(node.views(), ids.resolve(node, learner, "learner"), after=place)
    person = _person(node, record.learner)
    changes = [] if node.settings.member == GOVERNANCE else changes_of(node).list_changes(record.learner)
    if as_json:
        print_json({**plain(record), "person": person, "changes": changes})
    if not record.credentials:
        errors.print("No member has published anything about this learner.")
        if not as_json:
            say_changes(changes, record.learner)
        raise typer.Exit(1)
    if as_json:
        return
    if as_csv:
        credential_rows(record.credentials, as_csv=True)
    else:
        _print_learner(node, record, person, changes, wide=wide)


def _print_learner(
    node: Node,
    record: learners.LearnerRecord,
    person: dict[str, str | None] | None,
    changes: Sequence[Change],
    *,
    wide: bool,
) -> None:
    if person is not None:
        say(describe_person({claim: person[name] or "" for name, claim in _PERSON.items()}))
    say(f"Learner {record.learner}")
    say_changes(changes, record.learner)
    credential_rows(record.credentials, wide=wide)
    for retake in record.retaken:
        say(f"{retake.credential} counts no credits: {retake.counts}, of the same achievement, counts")
    say(sum_of(record))
    if record.next is not None:
        errors.print(f"There are more credentials: repeat with --after {record.next}", markup=False)
    if record.more_decisions:
        errors.print("There are more decisions about one of these credentials than are shown.", markup=False)
    if record.decisions:
        keys = [(text.split("/")[0], text.split("/")[1]) for text in record.decisions]
        decision_rows(read_decisions(node.views(), keys), wide=wide)


_PERSON: Final = {"family_name": "familyName", "given_name": "givenName", "date_of_birth": "dateOfBirth"}


def _person(node: Node, learner: str) -> dict[str, str | None] | None:
    """Return the person from this node's own vault; None if it has none, or cannot be opened.

    A person with one name has None for the other.
    """
    if node.settings.member == GOVERNANCE:
        return None
    try:
        learner_data = node.registry.vault.read_learner(node.registry.cursor(), learner)
    except KeystoreError as error:
        errors.print(f"Names are not shown: {error}", markup=False)
        return None
    return None if learner_data is None else {name: learner_data.person.get(claim) for name, claim in _PERSON.items()}


def sum_of(record: learners.LearnerRecord) -> str:
    """Return the sum of credits without retakes in words, or why there is none."""
    if record.ects_without_retakes is None:
        return f"No sum of ECTS: {record.ects_missing}"
    return f"{record.ects_without_retakes.normalize():f} ECTS, credit counted once"


def _learner_as_of(node: Node, learner: str, then: Moment, *, as_json: bool) -> None:
    credentials = past(node, then).learner(learner)
    if as_json:
        print_json({"learner": learner, "credentials": credentials, "basis": then.basis})
        return
    moments.show(then)
    table(
        ("university", "credential", "status", "the university was"),
        [(was.member, was.credential, was.status, was.standing) for was in credentials],
    )


@learner_app.command("adopt")
def adopt(
    context: typer.Context,
    learner: Annotated[str, typer.Argument(help="The id that the learner has at another university.")],
    *,
    student: Annotated[
        str,
        typer.Option(
            help=f"Their number here; nothing may have been issued for it yet. {FROM_INPUT}", callback=from_input
        ),
    ],
) -> None:
    """Let a learner keep one id across universities, as they ask: their records can then be joined.

    That the id is theirs, the learner proves to you; nothing here checks it.

    Example: registry learner adopt 2afda2b4-a247-4f0f-aedd-e040beb58eab --student 77120
    """
    node = node_of(context)
    node.issuer.adopt(student, ids.resolve(node, learner, "learner"))
    say("adopted")


def decision_rows(decisions: list[Any], *, as_json: bool = False, as_csv: bool = False, wide: bool = False) -> bool:
    """Print decisions in the form that was asked for, and return whether that was for people."""
    return print_list(decisions, _DECISION, as_json=as_json, as_csv=as_csv, wide=wide)


@university_app.command("show")
def show_university(
    context: typer.Context,
    member: Annotated[str, typer.Argument(help="The member's short name.")],
    *,
    year: Year = None,
    first_month: Annotated[
        int, typer.Option(min=1, max=12, help="The month it begins with: 9 for September to August of the next year.")
    ] = 1,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """Show a university's year: awards by achievement and status, and who recognised them.

    Example: registry university show twente --year 2026
    """
    node = node_of(context)
    year = year or utc_today().year
    record = universities.read_year(node.views(), member, year, first_month)
    if as_json:
        print_json(record)
    if record.standing is None:
        errors.print(f"{member} is not a member as far as this node has read.", markup=False)
        raise typer.Exit(1)
    if as_json:
        return
    columns = [
        Column("achievement", lambda line: title_of(line.title)),
        Column("id", lambda line: line.achievement, wide=True),
        *(Column(name, attrgetter(name)) for name in ("issued", "active", "suspended", "revoked", "replaced")),
        Column("ECTS", lambda line: line.ects),
    ]
    if as_csv:
        print_list(record.awarded, columns, as_json=False, as_csv=True, wide=True)
        return
    roles = ", ".join(record.roles) or "no roles"
    say(f"{member}, {record.begin} to {record.end}: {record.standing}, {roles}, {plural(record.size, 'event')}")
    print_list(record.awarded, columns, as_json=False, as_csv=False, wide=wide)
    say(f"{record.decisions} recognition decisions of its own")
    for other, count in record.recognised_elsewhere.items():
        say(f"{plural(count, 'decision')} of {other} on its achievements")
