"""Erasing a learner."""

import shlex
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from projections.records.learners import known_credentials
from registry.cli import ids
from registry.cli.issuing.reading import learner_app
from registry.cli.opening import node_of
from registry.cli.output import errors, say
from registry.cli.personal_input import FROM_INPUT, from_input
from registry.cli.publishing import publish_now
from registry.learners import erasure as erasing
from registry.learners.numbers import find_former_owners
from registry.node.node import Node
from registry.node.services.batches import open_batch_store
from registry.privacy.erased_bytes import find_deadline
from registry.privacy.processing_record import list_kept
from registry.values.plural import plural
from registry.wire.today import utc_today


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; this is a command of `learner`
    """Add this command."""
    learner_app.command("erase")(erase)


def erase(
    context: typer.Context,
    learner: Annotated[
        str,
        typer.Argument(
            help=f"The learner's id, or with --student the university's own number. {FROM_INPUT}", callback=from_input
        ),
    ],
    *,
    student: Annotated[
        bool, typer.Option("--student", help="LEARNER is a student number that only one learner ever had.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    confirm_case: Annotated[
        list[str] | None,
        typer.Option(
            help="The file number of a case whose letter can never be written again: needed for each case that is open,"
            " or decided and within its time for an appeal; may be given several times."
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--republish", help="It was said before, and governance voided that part of the log.")
    ] = False,
) -> None:
    """Erase a learner permanently: this node destroys their key and rows and announces it on the log.

    The keys of the vault that protected the learner's data are replaced, so that older copies of the database no longer
    reveal it. Backups have keys of their own: they still show the learner until you delete them
    (docs/personal-data.md).

    Examples: registry learner erase 2afda2b4-a247-4f0f-aedd-e040beb58eab
    registry learner erase s1234567 --student --yes
    registry learner erase - --student --yes < number.txt
    """
    node = node_of(context)
    learner = _learner_of_number(node, learner) if student else ids.resolve(node, learner, "learner")
    merged = erasing.find_merged_learners(node.registry, learner)
    credentials = known_credentials(node.views(), [learner, *merged])
    affected = erasing.find_affected_cases(node.registry, learner, utc_today())
    for case in affected:
        errors.print(str(case), highlight=False, markup=False)
    _refuse_unnamed_cases([case.file_number for case in affected], confirm_case or [])
    count = erasing.count_credentials(node.registry, learner)
    if not yes:
        _confirm(node, learner, merged, count)
    erasing.erase(node.registry, open_batch_store(node), learner, credentials=credentials, again=again)
    say(f"erased learner {learner}: the personal data behind {plural(count, 'credential')} is destroyed")
    _say_deadline(node)
    errors.print(
        "If you back up keys apart, do it again now: registry node backup-keys FILE --replace. Until then the earlier"
        " backup of keys opens the learner in older backups.",
        highlight=False,
        markup=False,
    )
    publish_now(node)


def _confirm(node: Node, learner: str, merged: Sequence[str], count: int) -> None:
    """Show whose data an erasure destroys and what stays, and ask. Raises a usage error where nobody can answer."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("Refusing to erase without confirmation. Pass --yes.", param_hint="--yes")
    _show_person(node, learner)
    errors.print(
        f"This permanently destroys the personal data behind {plural(count, 'credential')}. They cannot be reissued.",
        highlight=False,
    )
    for rest in list_kept(node.settings.retention_basis):
        errors.print(f"Kept: {rest.data}. {rest.basis}.", highlight=False, markup=False)
    for other in merged:
        errors.print(f"Learner {other}, who was merged into this one, is erased with them.", highlight=False)
    typer.confirm(f"Erase learner {learner} permanently?", abort=True, err=True)


def _say_deadline(node: Node) -> None:
    """Say when the bytes of the rows are gone from the database's files, and from where this node cannot take them."""
    deadline = find_deadline(node.registry.connection, node.settings.retention.erased_bytes_days, utc_today())
    if deadline.gone_by is None:
        say("The bytes of the rows, without their key, stay in the database's files until: registry privacy rewrite")
    else:
        say(
            f"The bytes of the rows, without their key, are gone from the database's files by {deadline.gone_by} (UTC)."
        )
    for copy in deadline.copies:
        say(f"Not reached by this node: {copy}")


def _learner_of_number(node: Node, student: str) -> str:
    """Return the learner of a student number. Raise a usage error if the number may mean another learner, too."""
    learner = ids.learner_of_student(node, student)
    others = {learner, *erasing.find_merged_learners(node.registry, learner)}
    if former := [other for other in find_former_owners(node.registry, student) if other not in others]:
        raise typer.BadParameter(
            f"Nothing was erased. This number belongs to learner {learner} now, and belonged to learner"
            f" {', '.join(former)} before. Decide whom to erase, and name them by their id, without --student.",
            param_hint="--student",
        )
    return learner


def _show_person(node: Node, learner: str) -> None:
    """Print at a terminal whose data would be destroyed: a number may have passed from one person to another."""
    owner = node.registry.vault.read_learner(node.registry.cursor(), learner)
    if owner is not None:
        person = owner.person
        name = " ".join(person[part] for part in ("givenName", "familyName") if person.get(part))
        errors.print(
            f"{name or 'Nameless'}, born {person.get('dateOfBirth') or 'on an unknown day'}",
            markup=False,
            highlight=False,
        )


def _refuse_unnamed_cases(affected: list[str], named: list[str]) -> None:
    """Raise a usage error unless exactly the affected cases are named, so that no case file is erased by accident."""
    if unnamed := [number for number in affected if number not in named]:
        words = " ".join(f"--confirm-case {shlex.quote(number)}" for number in affected)
        raise typer.BadParameter(
            f"Nothing was erased. {plural(len(unnamed), 'case')} of this learner would be left without its letter. To"
            f" erase all the same, name each: {words}",
            param_hint="--confirm-case",
        )
    if other := [number for number in named if number not in affected]:
        raise typer.BadParameter(
            f"{', '.join(other)}: no case of this learner that the erasure affects", param_hint="--confirm-case"
        )
