"""The access journal of a node: for commands that read a learner's data, and for people who look at it."""

import contextlib
from collections.abc import Collection, Iterator

from registry.accounts.database import AccountDatabase
from registry.node.node import Node
from registry.privacy.access_journal import AccessJournal
from registry.supervision import DATABASE_ERRORS


class NotJournaled(Exception):
    """A command read a learner's data, and the access journal could not be written."""


@contextlib.contextmanager
def open_access_journal(node: Node) -> Iterator[AccessJournal]:
    """Yield the access journal of a node."""
    with contextlib.closing(AccountDatabase(node.registry.dsn)) as database:
        yield AccessJournal(database)


def journal_command(node: Node, actor: str, command: str, learners: Collection[str]) -> None:
    """Note that a command read the data of these learners. Raises `NotJournaled`."""
    try:
        with open_access_journal(node) as journal:
            journal.add(actor, f"command {command}", learners)
    except DATABASE_ERRORS as error:
        raise NotJournaled(
            f"the command read the data of {len(learners)} learners, and the access journal does not have it, because"
            " the database is away. Write it down by hand: who, when, and which learners"
        ) from error
