"""What a set of streams means: `folds.json`, through verifier, projector and views."""

import base64
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

from psycopg import Connection

from consumers.projecting.projector import Projector
from projections.core.digest import digest
from projections.core.positions import Position, all_positions
from projections.credentials import credentials
from projections.recognition import decisions
from projections.records import learners
from registry.log import ForeignLog
from tests.support.emptying import empty
from tests.support.memory_log import MemoryLog
from tests.vectors.cases import FoldCase

SCHEMA = "vectors"
"""Where the views of a case are; `run` makes them once, and every schedule begins with empty ones."""
Step = tuple[str, list[bytes]]
"""A stream and the records that arrive there together."""


class Schedules:
    """The orders in which a case's records arrive: every one must come to the same."""

    def __init__(self, case: FoldCase) -> None:
        # Governance's log is there before any record is: an empty one where a case gives none.
        self._streams: dict[str, list[bytes]] = {"governance": []}
        self._streams |= {case.stream_name(origin): records for origin, records in case.streams.items()}
        self.names = sorted(self._streams)

    def all(self, random_orders: int) -> dict[str, list[Step]]:
        members = [name for name in self.names if name != "governance"]
        whole = {name: [(name, self._streams[name])] for name in self.names}
        single = {name: [(name, [record]) for record in self._streams[name]] for name in self.names}
        found = {
            "governance first": whole["governance"] + [s for m in members for s in whole[m]],
            "governance last": [s for m in reversed(members) for s in single[m]] + single["governance"],
        }
        for seed in range(random_orders):
            found[f"at random {seed}"] = list(self._shuffled(single, random.Random(seed)))
        return found

    @staticmethod
    def _shuffled(single: dict[str, list[Step]], chance: random.Random) -> Iterator[Step]:
        waiting = {name: list(steps) for name, steps in single.items() if steps}
        while waiting:
            name = chance.choice(sorted(waiting))
            taken = [record for _, [record] in waiting[name][: chance.choice((1, 1, 2, 5))]]
            waiting[name] = waiting[name][len(taken) :]
            if not waiting[name]:
                del waiting[name]
            yield name, taken


def differences(connection: Connection, case: FoldCase, random_orders: int) -> list[str]:
    """Run a case in every schedule; return what differs from what it expects, or between schedules."""
    found: list[str] = []
    digests: dict[str, str] = {}
    schedules = Schedules(case)
    for number, (name, steps) in enumerate(schedules.all(random_orders).items()):
        empty(connection, SCHEMA)
        log = MemoryLog()
        for stream in schedules.names:
            log.create(stream)
        projector = Projector(
            connection,
            log,
            case.consortium,
            case.founded,
            batch_bytes=(1 << 20, 1, 2000)[number % 3],
        )
        for stream, records in steps:
            log.append(stream, records)
            if number:
                # Until the right founding is on the log, the log is another one's; a node looks again, and so do we.
                with suppress(ForeignLog):
                    projector.step()
        projector.step()
        found += [f"{name}: {difference}" for difference in _unlike(observed(connection, projector, log), case)]
        digests[name] = digest(connection).total
    if len(set(digests.values())) != 1:
        found.append(f"the digests of the schedules differ: {digests}")
    return found


def _unlike(actual: dict[str, Any], case: FoldCase) -> Iterator[str]:
    for part, expected in case.expect.items():
        found = actual.get(part)
        if found == expected:
            continue
        if not isinstance(expected, dict) or found is None:
            yield f"{part}: {found!r} instead of {expected!r}"
            continue
        for key in sorted({*expected, *found}):
            ours, theirs = found.get(key), expected.get(key)
            if ours != theirs:
                yield f"{part}[{key}]: {ours!r} instead of {theirs!r}"


def observed(connection: Connection, projector: Projector, log: MemoryLog) -> dict[str, Any]:
    """What the views say, in the form of a case's `expect`."""
    governance = projector.governance
    known = {member: Position(member) for member in governance.state.members} | all_positions(connection)
    keys = connection.execute("SELECT member, credential::text FROM credentials").fetchall()
    found = credentials.read(connection, keys)
    decided = connection.execute("SELECT member, decision::text FROM decisions").fetchall()
    people = {view.learner for view in found if view.learner is not None}
    records = {learner: learners.read(connection, learner) for learner in people}
    return {
        "governance": {
            "size": governance.size,
            "root": base64.b64encode(governance.tree.root).decode(),
            "verdicts": _verdicts(connection, log, "governance"),
            "refused": _refused(connection, "governance"),
        },
        "members": {
            member: {
                "size": known[member].tree.size,
                "root": base64.b64encode(known[member].tree.root).decode(),
                "verdicts": _verdicts(connection, log, member),
                "refused": _refused(connection, member),
                "skipped": known[member].skipped,
                "standing": record.standing,
                "seals": [
                    list(row)
                    for row in connection.execute(
                        "SELECT leaf, verdict FROM seals WHERE member = %s ORDER BY leaf", (member,)
                    )
                ],
            }
            for member, record in governance.state.members.items()
        },
        "credentials": {
            f"{view.member}/{view.credential}": {
                "status": view.status,
                # Not judged here: whether the parts satisfy the composition.
                "flags": [flag for flag in view.flags if flag != "requirements-unmet"],
                "learner": view.learner,
                "agreements": view.recognised_by,
            }
            for view in found
        },
        "decisions": {
            f"{view.member}/{view.decision}": {"state": view.state, "flags": view.flags}
            for view in decisions.read(connection, decided)
        },
        "assessments": {
            f"{member}/{assessment}": {"state": state}
            for member, assessment, state in connection.execute("SELECT member, assessment, state FROM assessments")
        },
        "agreements": {
            f"{view.member}/{view.agreement}": {
                "with": view.with_member,
                "withdrawnFrom": view.withdrawn_from and view.withdrawn_from.isoformat(),
                "mutual": view.mutual,
            }
            for view in decisions.agreements(connection)
        },
        "learners": {
            learner: [f"{view.member}/{view.credential}" for view in _held(connection, record)]
            for learner, record in records.items()
        },
        "ects": {learner: None if record.ects is None else _number(record.ects) for learner, record in records.items()},
        "joint": decisions.joint(connection),
        "issuingKeys": {
            f"{member}/{key}": state
            for member, key, state in connection.execute(
                "SELECT member, key, coalesce(reason, 'inForce') FROM issuing_keys"
            )
        },
    }


def _held(connection: Connection, record: learners.LearnerRecord) -> Iterator[credentials.CredentialView]:
    """A learner's credentials of all pages."""
    yield from record.credentials
    while record.next is not None:
        member, _, credential = record.next.partition("/")
        record = learners.read(connection, record.learner, after=(member, credential))
        yield from record.credentials


def _number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def _refused(connection: Connection, member: str) -> list[list[Any]]:
    rows = connection.execute("SELECT leaf, code FROM refusals WHERE member = %s ORDER BY leaf", (member,))
    return [list(row) for row in rows]


def _verdicts(connection: Connection, log: MemoryLog, member: str) -> list[str]:
    """A verdict for each record: quarantined ones by their code; of the others, those that are heads again."""
    codes = dict(connection.execute("SELECT position, code FROM quarantine WHERE member = %s", (member,)).fetchall())
    verdicts: list[str] = []
    heads: Counter[bytes] = Counter()
    for record in log.records(member) if member in log.streams() else ():
        if record.position in codes:
            verdicts.append(codes[record.position])
            continue
        head = record.data.split(b"\n\n", 1)[0]
        verdicts.append("repeat" if heads[head] else "ok")
        heads[head] += 1
    return verdicts
