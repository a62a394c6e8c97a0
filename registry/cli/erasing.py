"""Erasing a learner: the command, and how the node's parts are put together for it."""

import sys
from typing import Annotated

import typer

from projections import views
from projections.learners import known_credentials
from registry import erasing
from registry.application import Registry
from registry.batches import Book
from registry.cli.context import Node, node_of
from registry.cli.founding import publish_now
from registry.cli.output import errors, say
from registry.cli.reading import learner_app
from registry.cli.working import book_of


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; this one stands under `learner`
    """Add this command."""
    learner_app.command("erase")(erase)


class Eraser:
    """Erases on one node, for requests over HTTP."""

    def __init__(self, node: Node) -> None:
        self._book: Book = book_of(node)
        self._dsn = node.dsn()

    def __call__(self, registry: Registry, learner: str, *, again: bool) -> None:
        """Destroy key and rows, and say so on the log."""
        with views.connect(self._dsn) as connection:
            known = known_credentials(connection, learner)
        erasing.erase(registry, self._book, learner, credentials=known, again=again)


def erase(
    context: typer.Context,
    learner: Annotated[str, typer.Argument(help="The learner's id, or with --student the university's own number.")],
    *,
    student: Annotated[bool, typer.Option("--student", help="LEARNER is a student number of this university.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="It was said before, and governance voided that part of the log.")
    ] = False,
) -> None:
    """Erase a learner for good: key and rows are destroyed on this node, and the log says so. It cannot be undone.

    Backups that were made before still hold them until you delete those (registry/README.md).

    Examples: registry learner erase 2afda2b4-a247-4f0f-aedd-e040beb58eab
    registry learner erase s1234567 --student --yes
    """
    node = node_of(context)
    learner = node.learner_of_student(learner) if student else node.uuid(learner, "learner")
    known = known_credentials(node.views(), learner)
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("nobody is there to ask; say that it is meant", param_hint="--yes")
        own = sum(member == node.settings.member for member, _ in known)
        errors.print(f"{own} credentials of this university can be made again by nobody then.", highlight=False)
        typer.confirm(f"Erase learner {learner} for good?", abort=True, err=True)
    erasing.erase(node.registry, book_of(node), learner, credentials=known, again=again)
    say(f"erased     {learner}")
    publish_now(node)
