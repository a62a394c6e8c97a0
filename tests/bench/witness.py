"""A witness that follows 300 members: commits read, verified, written down and cosigned."""

import base64
import shutil
import tempfile
import time
import uuid
from pathlib import Path

from consumers.witness.witness import Witness
from registry.log import SharedLog, open_log
from registry.wire import commit
from registry.wire.governance import ConsortiumFounded, MemberAdmitted
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree, leaf_hash
from tests.bench.data import CONSORTIUM, achievement, credential, line
from tests.bench.result import Result, rate

MEMBERS = 300
ROUNDS, PER_ROUND = 10, 3


def witness_bench() -> list[Result]:
    """Rounds in which each of 300 members has published three lone commits since the last."""
    folder = Path(tempfile.mkdtemp(prefix="registry-bench-"))
    try:
        return [rate("witness", _measured(folder), at_least=1000)]
    finally:
        shutil.rmtree(folder)


def _measured(folder: Path) -> float:
    log = open_log(f"file:{folder / 'log'}", CONSORTIUM)
    root = Ed25519Signer.generate(CONSORTIUM)
    names = [f"uni-{number}" for number in range(MEMBERS)]
    signers = {name: Ed25519Signer.generate(f"{CONSORTIUM}/{name}") for name in names}
    founding = line(CONSORTIUM, "consortium.founded.v1", CONSORTIUM, ConsortiumFounded(CONSORTIUM, [str(root.vkey)], 1))
    admissions = [
        line(
            CONSORTIUM,
            "member.admitted.v1",
            name,
            MemberAdmitted(
                name,
                legal_name=name,
                country="NL",
                identifiers=[],
                accreditations=[],
                keys=[str(signers[name].vkey)],
                roles=["issuer"],
            ),
        )
        for name in names
    ]
    record, _ = commit.sign_commit(CONSORTIUM, Tree(), [founding, *admissions], [root])
    log.create("governance")
    with log.writer("governance"):
        log.append("governance", [record])
    trees = dict.fromkeys(names, Tree())
    offered = {name: str(uuid.uuid4()) for name in names}
    for name in names:
        log.create(name)
        first = line(
            f"{CONSORTIUM}/{name}", "achievement.published.v1", offered[name], achievement(name, offered[name])
        )
        _append(log, name, trees, [first], signers)
    witness = Witness(
        open_log(f"file:{folder / 'log'}", CONSORTIUM, read_only=True),
        CONSORTIUM,
        leaf_hash(founding),
        "witness.example/w",
        Ed25519Signer.generate("witness.example/w"),
        folder / "witness",
    )
    witness.follow()
    spent, commits = 0.0, 0
    for _ in range(ROUNDS):
        for name in names:
            for _ in range(PER_ROUND):
                _append(log, name, trees, [credential(f"{CONSORTIUM}/{name}", [offered[name]])], signers)
        began = time.perf_counter()
        commits += witness.follow()
        spent += time.perf_counter() - began
    assert commits == MEMBERS * ROUNDS * PER_ROUND
    assert all(
        base64.b64decode(seen.root) == trees[seen.origin.partition("/")[2]].root
        for seen in witness.journal.seen.values()
        if "/" in seen.origin
    )
    return commits / spent


def _append(log: SharedLog, name: str, trees: dict[str, Tree], lines: list[bytes], signers: dict[str, object]) -> None:
    record, trees[name] = commit.sign_commit(f"{CONSORTIUM}/{name}", trees[name], lines, [signers[name]])
    with log.writer(name):
        log.append(name, [record])
