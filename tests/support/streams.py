"""A small consortium in memory: keys, signed commits and events, for tests that need streams of their own."""

import base64
import contextlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consumers.projecting.rebuild import Source
from registry.keys.issuing_keys import public_jwk
from registry.log import open_log
from registry.wire import commit
from registry.wire.achievements import AchievementContent, LearningOutcome, QualityAssurance
from registry.wire.credentials import CredentialIssued, CredentialRevoked, CredentialSuspended, LearnerErased
from registry.wire.events import Event, encode
from registry.wire.governance import ConsortiumFounded, Head, MemberAdmitted
from registry.wire.issuing_keys import IssuingKeyAnnounced, IssuingKeyEnded, KeyEndReason
from registry.wire.keys import Ed25519Signer, Signer
from registry.wire.merkle import Tree, leaf_hash
from tests.support.memory_log import MemoryLog

CONSORTIUM = "test.example"
TIME = "2026-05-04T00:00:00Z"


def new_id() -> str:
    return str(uuid.uuid4())


def achievement_content(member: str, **content: Any) -> AchievementContent:
    """The content of a complete achievement that `member` awards; `content` replaces fields of it."""
    values: dict[str, Any] = {
        "version": 1,
        "kind": "microCredential",
        "title": {"en": "Data literacy"},
        "learning_outcomes": [LearningOutcome({"en": "Reads and judges data"})],
        "credit_bearing": True,
        "ects": 5,
        "eqf_level": 6,
        "level_basis": "referenced",
        "fields_of_education": ["061"],
        "language": ["en"],
        "learning_setting": "formal",
        "participation": ["online"],
        "assessments": ["projectWork"],
        "supervision": "online",
        "identity_verified": True,
        "quality_assurance": [QualityAssurance("institutionalQA", "Agency")],
        "stackability": "stackable",
        "awarding_bodies": [member],
    }
    return AchievementContent(**(values | content))


class Stream:
    """One origin's log as its owner writes it."""

    def __init__(self, origin: str, signers: Sequence[Signer]) -> None:
        self.origin = origin
        self.signers = list(signers)
        self.tree = Tree()
        self.records: list[bytes] = []
        self.time = TIME

    def line(self, kind: str, subject: str, data: Any) -> bytes:
        return encode(Event("1.0", new_id(), self.origin, kind, subject, self.time, data))

    def seal(self, *lines: bytes) -> bytes:
        """Commit these events; the record is kept and given."""
        record, self.tree = commit.sign_commit(self.origin, self.tree, lines, self.signers)
        self.records.append(record)
        return record

    @property
    def head(self) -> Head:
        return Head(self.tree.size, base64.b64encode(self.tree.root).decode())


class University(Stream):
    """A member that issues; tests set what they use again."""

    achievement: Any
    part: Any

    def __init__(self, member: str) -> None:
        self.member = member
        origin = f"{CONSORTIUM}/{member}"
        super().__init__(origin, [Ed25519Signer.generate(origin)])

    def publish(self, achievement: str | None = None, ects: int = 5, **content: Any) -> tuple[str, bytes]:
        data = achievement_content(self.member, achievement=achievement or new_id(), ects=ects, **content)
        kind = "achievement.published.v1" if data.version == 1 else "achievement.revised.v1"
        return data.achievement, self.line(kind, data.achievement, data)

    def issue(self, achievement: str, learner: str, credential: str | None = None, **more: Any) -> tuple[str, bytes]:
        credential = credential or new_id()
        values: dict[str, Any] = {"version": 1, "awarding_date": "2026-03-01", "ects": 5}
        data = CredentialIssued(credential=credential, achievement=achievement, learner=learner, **(values | more))
        return credential, self.line("credential.issued.v1", credential, data)

    def suspend(self, credential: str) -> bytes:
        return self.line("credential.suspended.v1", credential, CredentialSuspended(credential, "administrative"))

    def revoke(self, credential: str) -> bytes:
        return self.line("credential.revoked.v1", credential, CredentialRevoked(credential, "issuedInError"))

    def announce_key(self) -> tuple[str, bytes]:
        jwk = public_jwk(Ed25519PrivateKey.generate())
        data = IssuingKeyAnnounced(jwk.thumbprint, jwk, ["open"])
        return data.key, self.line("issuing.key.announced.v1", data.key, data)

    def end_key(self, key: str, reason: KeyEndReason = "rotated") -> bytes:
        return self.line("issuing.key.ended.v1", key, IssuingKeyEnded(key, reason))

    def erase(self, learner: str) -> bytes:
        return self.line("learner.erased.v1", learner, LearnerErased(learner))


class Consortium(Stream):
    """The consortium and its members; tests set what they use again."""

    credentials: Any
    sealed: Any
    disputed: Any

    def __init__(self, *members: str) -> None:
        super().__init__(CONSORTIUM, [Ed25519Signer.generate(CONSORTIUM)])
        self.universities = {member: University(member) for member in members}
        founding = self.line(
            "consortium.founded.v1",
            CONSORTIUM,
            ConsortiumFounded(CONSORTIUM, [str(s.vkey) for s in self.signers], 1),
        )
        self.founded = leaf_hash(founding)
        self.seal(founding, *(self.admission(member) for member in members))

    def admission(self, member: str) -> bytes:
        university = self.universities.setdefault(member, University(member))
        return self.line(
            "member.admitted.v1",
            member,
            MemberAdmitted(
                member,
                legal_name=f"University of {member.title()}",
                country="NL",
                identifiers=[],
                accreditations=[],
                keys=[str(s.vkey) for s in university.signers],
                roles=["issuer", "recogniser"],
            ),
        )

    def log(self) -> MemoryLog:
        """All that has been sealed, as a shared log."""
        log = MemoryLog()
        for name, stream in {"governance": self, **self.universities}.items():
            log.create(name)
            log.append(name, stream.records)
        return log

    def write(self, folder: Path, **others: Sequence[bytes]) -> Source:
        """Write all that has been sealed as a log of files; `others` replaces the records of a stream."""
        url = f"file:{folder}"
        with contextlib.closing(open_log(url, self.origin)) as log:
            streams = {name: stream.records for name, stream in {"governance": self, **self.universities}.items()}
            for name, records in (streams | others).items():
                log.create(name)
                with log.writer(name):
                    log.append(name, records)
        return Source(url, self.origin, self.founded)
