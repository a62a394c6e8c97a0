"""Commands about who is the same person: held rows, and learners that are merged or split."""

from datetime import UTC
from typing import Annotated

import typer

from registry.application.held_row import Decision, HeldPerson
from registry.application.held_rows import MAX_HELD, HeldRows
from registry.cli import confirming, ids
from registry.cli.account import As, who
from registry.cli.issuing.documents import export_portfolio
from registry.cli.issuing.learner_links import changes_of
from registry.cli.issuing.own_events import say_older_wait, say_views_behind
from registry.cli.issuing.reading import learner_app
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, say, table
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.cli.publishing import publish_now
from registry.learners.change import Change, Preview, ProposedChange
from registry.node.node import Node
from registry.values.persons import describe_person
from registry.values.plural import plural

Record = Annotated[str, typer.Argument(help="Your own id of the held row, as `registry learner held` lists it.")]
Version = Annotated[
    str | None, typer.Option("--version", help="The row's version as you read it; the command does not ask then.")
]
Student = Annotated[bool, typer.Option("--student", help="Learners are named by this university's student numbers.")]
ChangeId = Annotated[str, typer.Argument(metavar="CHANGE", help="The change's id.")]


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; these are commands of `learner`
    """Add these commands."""
    learner_app.command("held")(list_held)
    learner_app.command("portfolio")(export_portfolio)
    for command in (same_person, other_person, merge, split, changes, confirm, drop_change):
        learner_app.command(command.__name__.replace("_", "-"))(command)


def list_held(context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False) -> None:
    """List rows that were not issued because their number belongs to another person.

    Exits 1 if there are any.

    Example: registry learner held
    """
    rows = list(HeldRows(node_of(context).registry).waiting())
    columns = [
        Column("record", lambda row: row.record),
        Column("version", lambda row: row.version),
        Column("number", lambda row: row.student),
        Column("known", lambda row: str(row.known)),
        Column("the row says", lambda row: str(row.stated)),
        Column("differs", lambda row: row.differs or "no more: send it again"),
        Column("differs from before", lambda row: row.changes),
        Column("learner", lambda row: row.learner, wide=True),
        Column("held", lambda row: row.held_at, wide=True),
    ]
    if not rows and not (as_json or as_csv):
        say("No row is held.")
        return
    for_people = print_list(rows, columns, as_json=as_json, as_csv=as_csv, wide=wide)
    if for_people:
        say("Correct the number in your file. Or run `registry learner same-person RECORD` if the name or the birth")
        say("date was corrected, or `registry learner other-person RECORD` if the number has a new owner. Then send")
        say("the row again.")
    if len(rows) >= MAX_HELD:
        errors.print(
            f"The list is full ({MAX_HELD:,}): later rows are not in it. Decide on some of"
            " these, then send the others again."
        )
    if rows:
        raise typer.Exit(1)


def same_person(context: typer.Context, record: Record, *, version: Version = None, by: As = None) -> None:
    """Decide that a held row is about the known person, who gets the row's name and birth date.

    Shows the row and asks. With --version it does not ask, and decides on that version of the row only. Exits 1 if the
    row has changed since.

    Examples: registry learner same-person 2026-17
    registry learner same-person 2026-17 --version 3f9a0c41d2b7
    """
    _decide(context, record, version, "same-person", by)


def other_person(context: typer.Context, record: Record, *, version: Version = None, by: As = None) -> None:
    """Decide that a held row is about another person, a new learner, to whom the number belongs from now on.

    The learner who had the number keeps their credentials, and is found by their id. If the row has a wrong number,
    correct the row instead. Shows the row and asks. With --version it does not ask, and decides on that version of the
    row only. Exits 1 if the row has changed since.

    Examples: registry learner other-person 2026-17
    registry learner other-person 2026-17 --version 3f9a0c41d2b7
    """
    _decide(context, record, version, "other-person", by)


def _decide(context: typer.Context, record: str, version: str | None, decision: Decision, by: str | None) -> None:
    person, held_rows = who(by), HeldRows(node_of(context).registry)
    if version is None:
        row = held_rows.read(record)
        _say_held(row)
        confirming.confirm(_decision_means(row, decision), "Is that right?", yes=False, instead="--version")
        version = row.version
    decided = held_rows.decide(record, version, decision, person)
    say(f"{decision}, as before" if decided.unchanged else decision)
    say(f"learner {decided.learner}")
    say("Send the row again: it is issued then.")


def _say_held(row: HeldPerson) -> None:
    say(f"row {row.record}, version {row.version}, number {row.student}")
    say(f"known:        {row.known} (learner {row.learner})")
    say(f"the row says: {row.stated}")
    if row.changes:
        say(f"A row with this id and another {', '.join(row.changes)} was held before this one.", style="yellow")


def _decision_means(row: HeldPerson, decision: Decision) -> str:
    """Return the consequence of a decision in one sentence."""
    if decision == "same-person":
        return f"The name and date of birth of learner {row.learner} become those of the row."
    return f"Number {row.student} belongs to a new learner from then on, and no longer to learner {row.learner}."


def merge(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help=f"The learner who will be removed. {FROM_INPUT}", callback=from_input)],
    target: Annotated[str, typer.Argument(help="The learner who stays. Likewise.", callback=from_input)],
    *,
    student: Student = False,
    by: As = None,
) -> None:
    """Propose to merge two learners who are one person. Nothing changes until another person confirms it.

    The source's credentials are to be revoked and issued again to the target, with the target's name.

    Example: registry learner merge 2afda2b4-… 6fd46857-… --actor a.berg
    """
    node = node_of(context)
    named = _learner(node, source, student=student), _learner(node, target, student=student)
    _say_proposed(changes_of(node).propose_merge(*named, who(by)))
    say_views_behind(node)


def split(
    context: typer.Context,
    learner: Annotated[str, typer.Argument(help=f"The learner who is two persons. {FROM_INPUT}", callback=from_input)],
    *,
    credential: Annotated[list[str], typer.Option(help="A credential of the other person; several times.")],
    number: Annotated[str, typer.Option(help=f"The other person's own number. {FROM_INPUT}", callback=from_input)],
    family_name: Annotated[
        str | None, typer.Option(help="Of the other person, if not as the credentials say.", callback=from_input)
    ] = None,
    given_name: Annotated[str | None, typer.Option(help="Likewise.", callback=from_input)] = None,
    date_of_birth: Annotated[str | None, typer.Option(help="Likewise; YYYY-MM-DD.", callback=from_input)] = None,
    student: Student = False,
    by: As = None,
) -> None:
    """Propose to split a learner who is two persons. Nothing changes until another person confirms it.

    The credentials that are named are to be revoked and issued again to the learner with the other person's number: one
    who is known, or a new one. The learner's own number may be given where it belongs to the other person from now on.
    Name the other person's revoked and replaced credentials, too: their private data goes with the rest.

    Example: registry learner split 2afda2b4-… --credential e7c1ab39-… --number s1234568 --actor a.berg
    """
    node = node_of(context)
    names = {"familyName": family_name, "givenName": given_name, "dateOfBirth": date_of_birth}
    proposed = changes_of(node).propose_split(
        _learner(node, learner, student=student),
        [ids.resolve(node, each, "credential") for each in credential],
        number,
        {name: value for name, value in names.items() if value is not None},
        who(by),
    )
    _say_proposed(proposed)
    say_views_behind(node)


def _learner(node: Node, text: str, *, student: bool) -> str:
    return ids.learner_of_student(node, text) if student else ids.resolve(node, text, "learner")


def _say_proposed(proposed: ProposedChange) -> None:
    _say_preview(proposed.preview)
    say("Nothing has changed yet. If another person confirms it: " + _consequence(proposed.preview))
    say(f"Another person confirms it: registry learner confirm {proposed.change} --actor NAME")


def _consequence(preview: Preview) -> str:
    """Return the consequence of confirming a change in one sentence."""
    count = len(preview.moves)
    if not count:
        return "This revokes no credential; it moves private data and numbers only."
    place = "its place" if count == 1 else "their place"
    return f"This permanently revokes {plural(count, 'credential')} and issues {count:,} in {place}."


def _say_preview(preview: Preview) -> None:
    say(f"from learner {preview.source}: {describe_person(preview.source_person)}")
    new = " (new)" if preview.target_is_new else ""
    say(f"to learner   {preview.target}{new}: {describe_person(preview.target_person)}")
    if preview.differs and preview.kind == "merge":
        say(f"The two differ: {', '.join(preview.differs)}. Are they one person?", style="yellow")
    if preview.number_moves:
        say("The number of the first leads to the second from then on.")
    say(f"{plural(len(preview.moves), 'credential')} to be revoked and issued again:")
    table(
        ("credential", "achievement", "version", "awarded"),
        [(move.credential, move.achievement, move.version, move.awarding_date) for move in preview.moves],
    )
    for stay in preview.stays:
        say(f"credential {stay.credential} cannot be moved: {stay.why}", style="yellow")
    if preview.history:
        say(f"{plural(len(preview.history), 'credential')} revoked or replaced before: only private data moves.")


def changes(
    context: typer.Context,
    learner: Annotated[str | None, typer.Argument(help="One learner's only.")] = None,
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List merges and splits, the newest first: who proposed and confirmed each, and how many credentials it moves.

    Example: registry learner changes
    """
    node = node_of(context)
    learner_changes = changes_of(node).list_changes(None if learner is None else ids.resolve(node, learner, "learner"))
    columns = [
        Column("change", lambda change: change.change),
        Column("kind", lambda change: change.kind),
        Column("from", lambda change: change.source),
        Column("to", lambda change: change.target),
        Column("proposed", lambda change: f"{change.proposed:%Y-%m-%d} by {change.proposed_by}"),
        Column("confirmed", _confirmation),
        Column("credentials", lambda change: change.moves if change.confirmed is None else len(change.credentials)),
    ]
    if not learner_changes and not (as_json or as_csv):
        say("No learner was merged or split.")
        return
    print_list(learner_changes, columns, as_json=as_json, as_csv=as_csv, wide=wide)


def _confirmation(change: Change) -> str:
    return "" if change.confirmed is None else f"{change.confirmed:%Y-%m-%d} by {change.confirmed_by}"


def confirm(
    context: typer.Context,
    change: ChangeId,
    *,
    by: As = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Show the consequences of a merge or split that another person proposed, ask, then confirm and publish it.

    The views are brought up to date first. If another person has confirmed it before, or at the same time, the command
    changes nothing and says so. Exits 1 if some of the credentials could not be moved.

    Examples: registry learner confirm 432236b7-… --actor l.holm
    registry learner confirm 432236b7-… --actor l.holm --yes
    """
    node = node_of(context)
    change, person = ids.resolve(node, change, "change"), who(by)
    node.projector().step()
    learner_changes = changes_of(node)
    if (shown := learner_changes.review(change, person)) is not None:
        _say_preview(shown)
        confirming.confirm(_consequence(shown), f"Confirm this {shown.kind}?", yes=yes)
    done, preview = learner_changes.confirm(change, person)
    if preview is None:
        say(f"{_confirmed_before(done)}. This command changed nothing and stored nothing.")
    table(("revoked", "issued again as"), sorted(done.credentials.items()))
    if preview is None:
        say_older_wait(node)
        return
    publish_now(node)
    if preview.stays:
        errors.print(f"{plural(len(preview.stays), 'credential')} stayed with learner {done.source}.", highlight=False)
        raise typer.Exit(1)


def _confirmed_before(change: Change) -> str:
    assert change.confirmed is not None  # noqa: S101 - it was confirmed
    when = change.confirmed.astimezone(UTC)
    return f"{change.confirmed_by} confirmed this {change.kind} before, on {when:%Y-%m-%d at %H:%M:%S} UTC"


def drop_change(context: typer.Context, change: ChangeId) -> None:
    """Drop a merge or split that is not confirmed.

    Example: registry learner drop-change 432236b7-…
    """
    node = node_of(context)
    changes_of(node).drop(ids.resolve(node, change, "change"))
    say("dropped")
