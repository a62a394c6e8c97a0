"""What a hostile member may publish to make others' reads costly, put into the views as rows.

`Hostile` needs views in which members, an achievement of one of them and a composed one are known already.
"""

import uuid
from itertools import pairwise

from psycopg import Connection

ISSUER = "aveiro"
STRANGER = "5e3dcfd2-060f-447d-9723-d0ddeb2136d5"


class Hostile:
    """One member that publishes much."""

    def __init__(self, connection: Connection, achievement: str, member: str = ISSUER) -> None:
        self._connection = connection
        self.achievement = achievement
        self._member = member

    def award(self, ids: list[str], learner: str | None, *, has_parts: bool, status: str = "active") -> None:
        """Award these credentials, 5 ECTS each, to a learner; to a stranger without one."""
        with self._connection.cursor().copy(
            "COPY credentials (member, credential, leaf, achievement, version, learner, awarding_date, ects, status,"
            " has_parts) FROM STDIN"
        ) as copy:
            for leaf, credential in enumerate(ids):
                copy.write_row(
                    (
                        self._member,
                        credential,
                        leaf,
                        self.achievement,
                        1,
                        learner or STRANGER,
                        "2026-03-01",
                        5,
                        status,
                        has_parts,
                    )
                )

    def stack(self, parts: dict[str, list[str]], of: str | None = None) -> None:
        """Give credentials of this member parts of a member, its own without one."""
        with self._connection.cursor().copy(
            "COPY parts (member, credential, part, part_member, part_credential, ects) FROM STDIN"
        ) as copy:
            for credential, own in parts.items():
                for number, part in enumerate(own):
                    copy.write_row((self._member, credential, number, of or self._member, part, 1))

    def chain(self, length: int, learner: str | None) -> list[str]:
        """Award credentials of which each is the only part of the next; return them, the outermost last."""
        ids = ids_of(length)
        self.award(ids[:1], learner, has_parts=False)
        self.award(ids[1:], learner, has_parts=True)
        self.stack({outer: [inner] for inner, outer in pairwise(ids)})
        return ids

    def layers(self, layers: int, width: int, learner: str | None, last: str | None = None) -> list[list[str]]:
        """Award layers of credentials, each with all of the layer below as its parts; return them, the topmost last.

        `last` is the status of those without parts.
        """
        made = [ids_of(width) for _ in range(layers)]
        self.award(made[0], learner, has_parts=False, status=last or "active")
        for below, above in pairwise(made):
            self.award(above, learner, has_parts=True)
            self.stack(dict.fromkeys(above, below))
        return made

    def agree(self, count: int, other: str, achievement: str) -> None:
        """Declare agreements with another member, each about the same achievement."""
        agreements = ids_of(count)
        with self._connection.cursor().copy(
            "COPY agreements (member, agreement, leaf, with_member, include_revisions, valid_from, content) FROM STDIN"
        ) as copy:
            for leaf, agreement in enumerate(agreements):
                content = '{"purpose":"stacking","outcome":"full","ectsRatio":1}'
                copy.write_row((self._member, agreement, leaf, other, True, "2026-01-01", content))
        with self._connection.cursor().copy(
            "COPY agreement_targets (member, agreement, target, achievement, version) FROM STDIN"
        ) as copy:
            for agreement in agreements:
                copy.write_row((self._member, agreement, 0, achievement, 1))

    def decide(self, count: int, of: str, credential: str) -> None:
        """Name a credential openly in decisions."""
        with self._connection.cursor().copy(
            "COPY decision_bases (member, decision, basis, of_member, credential) FROM STDIN"
        ) as copy:
            for decision in ids_of(count):
                copy.write_row((self._member, decision, 0, of, credential))


class Counted:
    """A connection that counts the rows that are read through it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows = 0
        self.statements = 0

    def execute(self, *asked):
        """The rows of a statement."""
        self.statements += 1
        cursor = self._connection.execute(*asked)
        self.rows += cursor.rowcount
        return cursor


def ids_of(count: int) -> list[str]:
    """New ids, in ascending order."""
    return sorted(_id() for _ in range(count))


def _id() -> str:
    return str(uuid.uuid4())
