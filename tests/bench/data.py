"""Logs to measure on: a consortium, and members with many credentials, made once and kept in build/bench."""

import base64
import os
import random
import shutil
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.log import SharedLog, open_log
from registry.wire import commit
from registry.wire.achievements import AchievementContent, LearningOutcome, QualityAssurance
from registry.wire.credentials import CredentialIssued
from registry.wire.events import Event, encode
from registry.wire.governance import ConsortiumFounded, Identifier, MemberAdmitted
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree, leaf_hash

CONSORTIUM = "bench.example"
FOLDER = Path(__file__).parents[2] / "build" / "bench"
ACHIEVEMENTS = 40
_TIME = "2026-05-04T00:00:00Z"


def line(origin: str, kind: str, subject: str, data: object) -> bytes:
    """An event's line."""
    return encode(Event("1.0", f"{subject}-1", origin, kind, subject, _TIME, data))


def achievement(member: str, identifier: str) -> AchievementContent:
    """A micro-credential of 5 ECTS."""
    return AchievementContent(
        achievement=identifier,
        version=1,
        kind="microCredential",
        title={"en": "Data literacy"},
        learning_outcomes=[LearningOutcome({"en": "Reads and judges data"})],
        credit_bearing=True,
        ects=5,
        eqf_level=6,
        level_basis="referenced",
        fields_of_education=["061"],
        language=["en"],
        learning_setting="formal",
        participation=["online"],
        assessments=["projectWork"],
        supervision="online",
        identity_verified=True,
        quality_assurance=[QualityAssurance("institutionalQA", "Agency")],
        stackability="stackable",
        awarding_bodies=[member],
    )


def credential(origin: str, achievements: list[str]) -> bytes:
    """An issued credential, as a university publishes it."""
    identifier = str(uuid.uuid4())
    return line(
        origin,
        "credential.issued.v1",
        identifier,
        CredentialIssued(
            identifier,
            random.choice(achievements),
            1,
            str(uuid.uuid4()),
            f"2026-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            ects=5,
            claims=base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="),
        ),
    )


def made(events: int, per_commit: int, members: int = 1) -> tuple[str, str]:
    """Write a folder log of `N` credential events a member; return its URL and the founding's hash (hexadecimal)."""
    return made_of([events] * members, per_commit)


def made_of(counts: list[int], per_commit: int) -> tuple[str, str]:
    """Write the same with a number of events for each member, `uni-0` first; the root key's seed lies beside it."""
    folder = FOLDER / f"log-{'-'.join(map(str, counts))}-{per_commit}"
    founded = folder / "founded"
    if not founded.exists():
        shutil.rmtree(folder, ignore_errors=True)
        founded.parent.mkdir(parents=True)
        founded.write_text(_make(folder, counts, per_commit))
    return f"file:{folder}", founded.read_text()


def root_key(url: str) -> Ed25519Signer:
    """The root key of a log that was made here."""
    seed = bytes.fromhex((Path(url.removeprefix("file:")) / "root").read_text())
    return Ed25519Signer(CONSORTIUM, Ed25519PrivateKey.from_private_bytes(seed))


def member_key(url: str, member: str) -> Ed25519Signer:
    """The signing key of a member of a log that was made here."""
    seed = bytes.fromhex((Path(url.removeprefix("file:")) / f"{member}.seed").read_text())
    return Ed25519Signer(f"{CONSORTIUM}/{member}", Ed25519PrivateKey.from_private_bytes(seed))


def _make(folder: Path, counts: list[int], per_commit: int) -> str:
    log = open_log(f"file:{folder}", CONSORTIUM)
    root = Ed25519Signer.generate(CONSORTIUM)
    (folder / "root").write_text(root.private.private_bytes_raw().hex())
    names = [f"uni-{number}" for number in range(len(counts))]
    signers = {name: Ed25519Signer.generate(f"{CONSORTIUM}/{name}") for name in names}
    for name, signer in signers.items():
        (folder / f"{name}.seed").write_text(signer.private.private_bytes_raw().hex())
    founding = line(
        CONSORTIUM,
        "consortium.founded.v1",
        CONSORTIUM,
        ConsortiumFounded(CONSORTIUM, [str(root.vkey)], 1),
    )
    admissions = [
        line(
            CONSORTIUM,
            "member.admitted.v1",
            name,
            MemberAdmitted(
                name,
                legal_name=f"University {name}",
                country="NL",
                identifiers=[Identifier("schac", f"{name}.example")],
                accreditations=[],
                keys=[str(signers[name].vkey)],
                roles=["issuer", "recogniser"],
            ),
        )
        for name in names
    ]
    record, _ = commit.sign_commit(CONSORTIUM, Tree(), [founding, *admissions], [root])
    log.create("governance")
    with log.writer("governance"):
        log.append("governance", [record])
    for name, count in zip(names, counts, strict=True):
        _fill(log, name, signers[name], count, per_commit)
    log.close()
    return leaf_hash(founding).hex()


def _fill(log: SharedLog, member: str, signer: Ed25519Signer, events: int, per_commit: int) -> None:
    origin = f"{CONSORTIUM}/{member}"
    achievements = [str(uuid.uuid4()) for _ in range(ACHIEVEMENTS)]
    lines = [line(origin, "achievement.published.v1", a, achievement(member, a)) for a in achievements]
    record, tree = commit.sign_commit(origin, Tree(), lines, [signer])
    log.create(member)
    with log.writer(member):
        log.append(member, [record])
        done = 0
        while done < events:
            records = []
            while done < events and len(records) < 64:
                count = min(per_commit, events - done)
                record, tree = commit.sign_commit(
                    origin, tree, [credential(origin, achievements) for _ in range(count)], [signer]
                )
                records.append(record)
                done += count
            log.append(member, records)
