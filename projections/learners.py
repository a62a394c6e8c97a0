"""A learner's record across universities: what was awarded, what was recognised, and the credit that counts once."""

from decimal import Decimal

import msgspec
from psycopg import Connection

from projections import credentials
from projections.credentials import CredentialView
from projections.stacks import Key


class LearnerRecord(msgspec.Struct, frozen=True, rename="camel"):
    """What members said of a learner and have not erased."""

    learner: str
    credentials: list[CredentialView]
    ects: Decimal
    """The sum over active credentials, with credit counted once (EVENTS.md)."""
    decisions: list[str]
    """Decisions that name one of these credentials openly, `member/decision`."""


def read(connection: Connection, learner: str) -> LearnerRecord:
    """A learner's record; empty where nobody says anything of this id."""
    found, stacks, decisions = credentials.of_learner(connection, learner)
    active = [view for view in found if view.status == "active"]
    own = [stacks.own_ects(key) if (key := (one.member, one.credential)) in stacks else one.ects for one in active]
    return LearnerRecord(learner, found, sum((ects for ects in own if ects is not None), Decimal(0)), decisions)


def known_credentials(connection: Connection, learner: str) -> list[Key]:
    """The credentials that members say are this learner's, and have not erased."""
    return connection.execute(
        "SELECT member, credential::text FROM credentials WHERE learner = %s", (learner,)
    ).fetchall()
