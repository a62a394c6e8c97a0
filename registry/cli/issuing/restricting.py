"""Restricting the use of a learner's data, and lifting that."""

from typing import Annotated

import typer

from registry.cli import ids
from registry.cli.account import As, who
from registry.cli.issuing.reading import learner_app
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, say
from registry.learners.restriction_reasons import LIFTING, REASONS

_REASONS = "; ".join(f"{kind}: {', '.join(reasons)}" for kind, reasons in REASONS.items())


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; these are commands of `learner`
    """Add these commands."""
    learner_app.command("restrict")(restrict_learner)
    learner_app.command("restrictions")(show_restrictions)
    learner_app.command("lift-restriction")(lift_restriction)


def restrict_learner(
    context: typer.Context,
    learner: Annotated[str, typer.Argument(help="The learner's id.")],
    *,
    reason: Annotated[str, typer.Option(help=f"The reason, by kind: {_REASONS}.")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(REASONS)}.")] = "restriction",
    actor: As = None,
) -> None:
    """Restrict the use of a learner's data, or note their objection (GDPR, Art. 18 and 21).

    Until it is lifted, nothing is issued to them, no disclosure, copy or letter is made, and no search by name finds
    them. Nothing of it is on the log.

    Example: registry learner restrict 2afda2b4-a247-4f0f-aedd-e040beb58eab --reason accuracyContested
    """
    from registry.learners.restrictions import restrict  # noqa: PLC0415 - accounts load libraries that help texts do not need

    node = node_of(context)
    identifier = ids.resolve(node, learner, "learner")
    restrict(node.registry, identifier, kind, reason, who(actor))
    say(f"The data of learner {identifier} is stored, and not used, until that is lifted.")


def show_restrictions(
    context: typer.Context,
    learner: Annotated[str, typer.Argument(help="The learner's id.")],
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    wide: Wide = False,
) -> None:
    """List a learner's restrictions and objections, those that were lifted too, the newest first.

    Example: registry learner restrictions 2afda2b4-a247-4f0f-aedd-e040beb58eab
    """
    from registry.learners.restrictions import list_restrictions  # noqa: PLC0415 - accounts load libraries that help texts do not need

    node = node_of(context)
    items = list_restrictions(node.registry.cursor(), ids.resolve(node, learner, "learner"))
    columns = [
        Column("restriction", lambda each: each.restriction),
        Column("kind", lambda each: each.kind),
        Column("reason", lambda each: each.reason),
        Column("begun", lambda each: each.begun),
        Column("begun by", lambda each: each.begun_by),
        Column("to be lifted", lambda each: each.lifting),
        Column("proposed by", lambda each: each.proposed_by),
        Column("lifted", lambda each: each.lifted),
    ]
    print_list(items, columns, as_json=as_json, as_csv=as_csv, wide=wide)


def lift_restriction(
    context: typer.Context,
    restriction: Annotated[
        str, typer.Argument(help="The restriction's id, as `registry learner restrictions` has it.")
    ],
    *,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(LIFTING)}.")],
    actor: As = None,
) -> None:
    """Lift a restriction. Where the settings want a second person, somebody else repeats the command to confirm it.

    Example: registry learner lift-restriction 0bbac7a9-a411-4809-ad9e-534f483b7a03 --reason corrected
    """
    from registry.learners.restrictions import lift  # noqa: PLC0415 - accounts load libraries that help texts do not need

    node = node_of(context)
    if lift(node.registry, restriction, reason, who(actor), node.settings.http.second_person):
        say("Lifted: the data of this learner may be used again.")
    else:
        say("Proposed. It is lifted when a second person repeats this command.")
