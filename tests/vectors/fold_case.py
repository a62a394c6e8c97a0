"""One case of `folds.json`: a consortium of two, and what is expected of its things."""

from typing import Any

import msgspec

from registry.wire import merkle
from registry.wire.credentials import CredentialIssued
from registry.wire.governance import ConsortiumFounded, MemberAdmitted
from tests.bench.data import achievement
from tests.vectors.writer import CONSORTIUM, Writer, identifier, signer, text


class Fold:
    """One case: a consortium of two, and what is expected of each thing, by hand."""

    def __init__(self, name: str, why: str) -> None:
        self.name, self.why = name, why
        self.governance = Writer(CONSORTIUM, signer(CONSORTIUM))
        self.members = {m: Writer(f"{CONSORTIUM}/{m}", signer(f"{CONSORTIUM}/{m}")) for m in ("zeeland", "friesland")}
        founding = self.governance.line(
            "consortium.founded.v1",
            CONSORTIUM,
            ConsortiumFounded(CONSORTIUM, [str(signer(CONSORTIUM).vkey)], 1),
        )
        self.founded = merkle.leaf_hash(founding)
        self.governance.seal(founding, *(self._admission(member) for member in self.members))
        self.expected: dict[str, Any] = {
            "credentials": {}, "decisions": {}, "assessments": {}, "agreements": {},
            "learners": {}, "ects": {}, "joint": {},
        }  # fmt: skip
        self.refused: dict[str, list[list[Any]]] = {"governance": [], "zeeland": [], "friesland": []}
        self.verdicts: dict[str, list[str]] = {}
        self.standing: dict[str, str] = {}
        self.seals: dict[str, list[list[Any]]] = {}
        self.skipped: dict[str, int] = {}

    def _admission(self, member: str) -> bytes:
        data = MemberAdmitted(
            member,
            legal_name=member.title(),
            country="NL",
            identifiers=[],
            accreditations=[],
            keys=[str(signer(f"{CONSORTIUM}/{member}").vkey)],
            roles=["issuer", "recogniser"],
        )
        return self.governance.line("member.admitted.v1", member, data)

    def publish(self, member: str, name: str, **changes: Any) -> tuple[str, bytes]:
        thing = identifier(name)
        content = msgspec.structs.replace(achievement(member, thing), **changes)
        return thing, self.members[member].line("achievement.published.v1", thing, content)

    def issue(self, member: str, name: str, offered: str, learner: str, **more: Any) -> tuple[str, bytes]:
        thing = identifier(name)
        data = CredentialIssued(thing, offered, 1, identifier(learner), "2026-03-01", **({"ects": 5} | more))
        return thing, self.members[member].line("credential.issued.v1", thing, data)

    def expect(
        self, member: str, credential: str, learner: str | None, *, status: str = "active", flags: tuple[str, ...] = ()
    ) -> None:
        key = f"{member}/{credential}"
        known = identifier(learner) if learner else None
        self.expected["credentials"][key] = {
            "status": status, "flags": list(flags), "learner": known, "agreements": [],
        }  # fmt: skip
        if known:
            self.expected["learners"].setdefault(known, []).append(key)
            self.expected["learners"][known].sort()

    def sums(self, **ects: int) -> None:
        self.expected["ects"] = {identifier(learner): value for learner, value in ects.items()}

    def case(self) -> dict[str, Any]:
        members = {
            name: {
                "size": writer.tree.size,
                "root": text(writer.tree.root),
                "verdicts": self.verdicts.get(name, ["ok"] * len(writer.records)),
                "refused": self.refused[name],
                "skipped": self.skipped.get(name, 0),
                "standing": self.standing.get(name, "active"),
                "seals": self.seals.get(name, []),
            }
            for name, writer in self.members.items()
        }
        governance = {
            "size": self.governance.tree.size,
            "root": text(self.governance.tree.root),
            "refused": self.refused["governance"],
            "verdicts": ["ok"] * len(self.governance.records),
        }
        return {
            "name": self.name,
            "why": self.why,
            "consortium": CONSORTIUM,
            "founded": text(self.founded),
            "streams": {
                writer.origin: [text(record) for record in writer.records]
                for writer in (self.governance, *self.members.values())
            },
            "expect": {"governance": governance, "members": members, **self.expected},
        }
