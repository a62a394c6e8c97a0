"""The project's own vectors, in the form of the shared ones: `python -m tests.vectors.make [DIR]`.

The streams are made by the project's code; what must come of them is written down by hand, case by case.
Everything is derived from one seed, so that making them again gives the same bytes.
"""

import base64
import hashlib
import json
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.wire import commit, merkle
from registry.wire.credentials import (
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    LearnerErased,
    Part,
)
from registry.wire.events import Event, encode
from registry.wire.governance import ConsortiumFounded, Head, MemberAdmitted, MemberKeyAdded, MemberRangeVoided
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.bench.data import achievement

SEED = b"credential registry vectors 1"
CONSORTIUM = "vectors.example"
TIME = "2026-05-04T00:00:00Z"


def secret(name: str) -> bytes:
    return hashlib.sha256(SEED + name.encode()).digest()


def identifier(name: str) -> str:
    return str(uuid.UUID(bytes=secret(name)[:16], version=4))


def signer(origin: str, number: int = 1) -> Ed25519Signer:
    return Ed25519Signer(origin, Ed25519PrivateKey.from_private_bytes(secret(f"{origin} {number}")))


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Writer:
    """Writes one stream."""

    def __init__(self, origin: str, *signers: Ed25519Signer) -> None:
        self.origin, self.signers, self.tree, self.records = origin, list(signers), Tree(), []
        self.made = 0

    def line(self, kind: str, subject: str, data: Any) -> bytes:
        self.made += 1
        event = Event("1.0", identifier(f"{self.origin} event {self.made}"), self.origin, kind, subject, TIME, data)
        return encode(event)

    def seal(self, *lines: bytes) -> bytes:
        record, self.tree = commit.seal(self.origin, self.tree, lines, self.signers)
        self.records.append(record)
        return record

    @property
    def head(self) -> dict[str, Any]:
        return {"size": self.tree.size, "root": text(self.tree.root)}


# streams.json: what each record is


def stream_cases() -> list[dict[str, Any]]:
    cases = []
    origin = f"{CONSORTIUM}/zeeland"

    def case(name: str, why: str, change: Callable[[list[bytes]], list[bytes]], verdicts: list[str], head: int) -> None:
        writer = Writer(origin, signer(origin))
        heads = [writer.tree]
        for number in range(4):
            writer.seal(*(writer.line("x.thing.v1", f"{number}.{n}", {"n": n}) for n in range(number + 1)))
            heads.append(writer.tree)
        tree = heads[head]
        cases.append(
            {
                "name": name,
                "why": why,
                "origin": origin,
                "keys": [{"vkey": str(signer(origin).vkey), "from": 0, "to": None}],
                "anchors": [],
                "records": [text(record) for record in change(writer.records)],
                "verdicts": verdicts,
                "size": tree.size,
                "root": text(tree.root),
            }
        )

    case("plain", "four commits in order", lambda r: r, ["ok"] * 4, 4)
    case("again", "a head once more", lambda r: [r[0], r[0], r[1]], ["ok", "repeat", "ok"], 2)
    case("behind", "a head of before", lambda r: [r[0], r[1], r[0]], ["ok", "ok", "stale"], 2)
    case("skipped", "one is missing", lambda r: [r[0], r[2]], ["ok", "not-an-extension"], 1)
    case(
        "altered",
        "an event with another byte",
        lambda r: [r[0], r[1].replace(b'{"n":1}', b'{"n":7}')],
        ["ok", "not-an-extension"],
        1,
    )
    case("junk", "no commit at all", lambda r: [b"junk", b"", r[0]], ["malformed", "malformed", "ok"], 1)
    case("cut", "without its last line feed", lambda r: [r[0][:-1], r[0]], ["malformed", "ok"], 1)
    case("windows", "with carriage returns", lambda r: [r[0].replace(b"\n", b"\r\n")], ["malformed"], 0)
    case(
        "elsewhere",
        "of another origin",
        lambda r: [r[0].replace(b"/zeeland\n1\n", b"/friesland\n1\n", 1)],
        ["unknown-member"],
        0,
    )
    case(
        "unsigned",
        "by a key that is not the member's",
        lambda _: [commit.seal(origin, Tree(), [b"{}"], [signer(origin, 2)])[0]],
        ["key-not-valid"],
        0,
    )
    case(
        "two-histories",
        "another root for the current size",
        lambda r: [r[0], commit.seal(origin, Tree(), [b"{}"], [signer(origin)])[0]],
        ["ok", "fork"],
        1,
    )
    return cases


# merkle.json


def trees() -> dict[str, Any]:
    leaves = [bytes([n]) * n for n in range(20)]
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    return {
        "leaves": [text(leaf) for leaf in leaves],
        "trees": [
            {
                "size": size,
                "root": text(merkle.root_of(hashes[:size])),
                "proofs": [
                    {
                        "index": index,
                        "path": [text(n) for n in merkle.inclusion_proof(index, size, merkle.subtree_of(hashes))],
                    }
                    for index in range(size)
                ],
            }
            for size in range(len(leaves) + 1)
        ],
    }


# folds.json: what streams mean


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
        self.refused: dict[str, list[list[Any]]] = {"zeeland": [], "friesland": []}
        self.verdicts: dict[str, list[str]] = {}

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

    def publish(self, member: str, name: str) -> tuple[str, bytes]:
        thing = identifier(name)
        return thing, self.members[member].line("achievement.published.v1", thing, achievement(member, thing))

    def issue(self, member: str, name: str, offered: str, learner: str, **more: Any) -> tuple[str, bytes]:
        thing = identifier(name)
        data = CredentialIssued(thing, offered, 1, identifier(learner), "2026-03-01", ects=5, **more)
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
                "skipped": 0,
                "standing": "active",
                "seals": [],
            }
            for name, writer in self.members.items()
        }
        governance = {
            "size": self.governance.tree.size,
            "root": text(self.governance.tree.root),
            "refused": [],
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


def fold_cases() -> list[dict[str, Any]]:
    return [case().case() for case in (_plain, _statuses, _twice, _replaced, _stack, _erased, _voided, _new_key)]


def _plain() -> Fold:
    fold = Fold("plain", "one credential of one achievement")
    offered, published = fold.publish("zeeland", "course")
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    fold.members["zeeland"].seal(published, issued)
    fold.expect("zeeland", credential, "ada")
    fold.sums(ada=5)
    return fold


def _statuses() -> Fold:
    fold = Fold("statuses", "suspended, reinstated, suspended, in one commit; then revoked, and no more")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    suspended = CredentialSuspended(credential, "underReview")
    zeeland.seal(
        published,
        issued,
        zeeland.line("credential.suspended.v1", credential, suspended),
        zeeland.line("credential.reinstated.v1", credential, CredentialReinstated(credential)),
        zeeland.line("credential.suspended.v1", credential, suspended),
    )
    revoked = CredentialRevoked(credential, "withheld")
    zeeland.seal(zeeland.line("credential.revoked.v1", credential, revoked))
    zeeland.seal(zeeland.line("credential.suspended.v1", credential, suspended))
    fold.refused["zeeland"] = [[6, "illegal-transition"]]
    fold.expect("zeeland", credential, "ada", status="revoked")
    fold.sums(ada=0)
    return fold


def _twice() -> Fold:
    fold = Fold("twice", "the same id issued again is refused, in its commit and in a later one")
    offered, published = fold.publish("zeeland", "course")
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    _, again = fold.issue("zeeland", "credential", offered, "ben")
    fold.members["zeeland"].seal(published, issued, again)
    fold.members["zeeland"].seal(again)
    fold.refused["zeeland"] = [[2, "duplicate"], [3, "duplicate"]]
    fold.expect("zeeland", credential, "ada")
    fold.sums(ada=5)
    return fold


def _replaced() -> Fold:
    fold = Fold("replaced", "a correction for the same learner; for another it is refused")
    offered, published = fold.publish("zeeland", "course")
    first, issued = fold.issue("zeeland", "first", offered, "ada")
    second, corrected = fold.issue("zeeland", "second", offered, "ada", replaces=first)
    _, wrong = fold.issue("zeeland", "third", offered, "ben", replaces=second)
    fold.members["zeeland"].seal(published, issued)
    fold.members["zeeland"].seal(corrected, wrong)
    fold.refused["zeeland"] = [[3, "illegal-transition"]]
    fold.expect("zeeland", first, "ada", status="replaced")
    fold.expect("zeeland", second, "ada")
    fold.sums(ada=5)
    return fold


def _stack() -> Fold:
    fold = Fold("stack", "a part of another member that is revoked, and one that nobody issued")
    friesland = fold.members["friesland"]
    course, published = fold.publish("friesland", "part")
    part, issued = fold.issue("friesland", "part credential", course, "ada")
    friesland.seal(published, issued)
    friesland.seal(friesland.line("credential.revoked.v1", part, CredentialRevoked(part, "issuedInError")))
    offered, larger = fold.publish("zeeland", "larger")
    parts = [Part("friesland", part, 5), Part("friesland", identifier("nowhere"), 5)]
    stack, stacked = fold.issue("zeeland", "stack", offered, "ada", parts=parts)
    fold.members["zeeland"].seal(larger, stacked)
    fold.expect("friesland", part, "ada", status="revoked")
    fold.expect("zeeland", stack, "ada", flags=("impaired", "pending"))
    fold.sums(ada=0)
    return fold


def _erased() -> Fold:
    fold = Fold("erased", "what one member said of a learner, before and after; what another says stays")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    before, issued = fold.issue("zeeland", "before", offered, "ada")
    after, later = fold.issue("zeeland", "after", offered, "ada")
    zeeland.seal(published, issued)
    zeeland.seal(zeeland.line("learner.erased.v1", identifier("ada"), LearnerErased(identifier("ada"))))
    zeeland.seal(later)
    course, elsewhere = fold.publish("friesland", "elsewhere")
    other, kept = fold.issue("friesland", "kept", course, "ada")
    fold.members["friesland"].seal(elsewhere, kept)
    fold.expect("zeeland", before, None)
    fold.expect("zeeland", after, None)
    fold.expect("friesland", other, "ada")
    fold.sums(ada=5)
    return fold


def _voided() -> Fold:
    fold = Fold("voided", "an issuing that governance voids; a stack elsewhere that rests on it is impaired")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    void, issued = fold.issue("zeeland", "void", offered, "ada")
    zeeland.seal(published, issued)
    head = Head(**zeeland.head)
    voided = MemberRangeVoided("zeeland", 1, 2, head, "publishedByMistake")
    fold.governance.seal(fold.governance.line("member.range.voided.v1", "zeeland", voided))
    course, larger = fold.publish("friesland", "larger")
    stack, stacked = fold.issue("friesland", "stack", course, "ada", parts=[Part("zeeland", void, 5)])
    fold.members["friesland"].seal(larger, stacked)
    fold.refused["zeeland"] = [[1, "voided"]]
    fold.expect("friesland", stack, "ada", flags=("impaired",))
    fold.sums(ada=5)
    return fold


def _new_key() -> Fold:
    fold = Fold("new-key", "commits by a key that governance adds, whichever arrives first")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    zeeland.seal(published)
    added = signer(zeeland.origin, 2)
    data = MemberKeyAdded("zeeland", str(added.vkey), Head(**zeeland.head))
    fold.governance.seal(fold.governance.line("member.key.added.v1", "zeeland", data))
    zeeland.signers = [added]
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    zeeland.seal(issued)
    fold.expect("zeeland", credential, "ada")
    fold.sums(ada=5)
    return fold


def keys() -> list[dict[str, str]]:
    origins = [CONSORTIUM, f"{CONSORTIUM}/zeeland", f"{CONSORTIUM}/friesland"]
    return [
        {"name": origin, "seed": text(secret(f"{origin} 1")), "vkey": str(signer(origin).vkey)} for origin in origins
    ]


def write(folder: Path) -> None:
    """Write all four files."""
    for name, made in (
        ("streams", stream_cases()),
        ("merkle", trees()),
        ("folds", fold_cases()),
        ("keys", keys()),
    ):
        (folder / f"{name}.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
