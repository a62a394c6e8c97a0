"""Run a folder of vectors: `python -m tests.vectors.run DIR`. Prints what differs; exits 1 if anything does."""

import base64
import itertools
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from consumers.streams.verifier import Verifier
from projections.core import views
from registry.postgres.embedded import start_embedded
from registry.rules.governance import KeyWindow
from registry.wire import merkle
from registry.wire.commit import Commit
from registry.wire.errors import InvalidProof, MalformedNote
from registry.wire.keys import VerifierKey
from tests.vectors import folds
from tests.vectors.cases import FoldCase, MerkleCases, StreamCase, load


class CaseTrust:
    """The keys and anchors that a case of `streams.json` gives."""

    def __init__(self, case: StreamCase) -> None:
        self.origin = case.origin
        self._windows = [KeyWindow(VerifierKey.parse(k.vkey), k.from_, k.to) for k in case.keys]
        self.anchors = [(anchor.size, anchor.root) for anchor in case.anchors]

    def keys_for(self, commit: Commit) -> tuple[Sequence[VerifierKey], int]:
        return [w.key for w in self._windows if w.counts(commit.base, commit.checkpoint.size)], 1


def stream_differences(case: StreamCase) -> Iterator[str]:
    try:
        verifier = Verifier(CaseTrust(case))
    except MalformedNote as error:
        yield f"its keys cannot be read: {error}"
        return
    if len(case.records) != len(case.verdicts):
        yield f"{len(case.records)} records and {len(case.verdicts)} verdicts"
    for number, (record, expected) in enumerate(itertools.zip_longest(case.records, case.verdicts)):
        verdict = verifier.judge(record or b"")
        if expected is not None and verdict.code != expected:
            yield f"record {number}: {verdict.code} instead of {expected} ({verdict.detail})"
    if verifier.tree.size != case.size:
        yield f"size {verifier.tree.size} instead of {case.size}"
    if verifier.tree.root != case.root:
        yield f"root {text(verifier.tree.root)} instead of {text(case.root)}"


def merkle_differences(cases: MerkleCases) -> Iterator[str]:
    leaves = [merkle.leaf_hash(leaf) for leaf in cases.leaves]
    for tree in cases.trees:
        if tree.size > len(leaves):
            yield f"a tree of {tree.size}, and there are {len(leaves)} leaves"
            continue
        if merkle.root_of(leaves[: tree.size]) != tree.root:
            yield f"another root for {tree.size} leaves"
        for proof in tree.proofs:
            index, path = proof.index, proof.path
            if not 0 <= index < tree.size:
                yield f"there is no leaf {index} of {tree.size}"
                continue
            if merkle.inclusion_proof(index, tree.size, merkle.subtree_of(leaves)) != path:
                yield f"another path for leaf {index} of {tree.size}"
            try:
                merkle.verify_inclusion(leaves[index], index, tree.size, path, tree.root)
            except InvalidProof as error:
                yield f"leaf {index} of {tree.size}: {error}"


def fold_differences(cases: Sequence[FoldCase], random_orders: int) -> Iterator[str]:
    # Not below the current folder: root lends PostgreSQL an account that may not enter it.
    with (
        tempfile.TemporaryDirectory(prefix="registry-vectors-") as data,
        start_embedded(Path(data), settings={"fsync": "off"}) as server,
        views.connect(server.dsn("vectors")) as connection,
    ):
        views.create(connection, folds.SCHEMA)
        views.use(connection, folds.SCHEMA)
        for case in cases:
            try:
                found = folds.differences(connection, case, random_orders)
            except Exception as error:  # noqa: BLE001 - said as a difference; the other cases are still to be run
                found = [f"{type(error).__name__}: {error}"]
            yield from (f"folds/{case.name}: {difference}" for difference in found)


def run(folder: Path, random_orders: int = 3) -> Iterator[str]:
    """Yield everything that differs, a line each; and a line `# …` for each file that was run.

    A missing file is skipped; one of another form counts as a difference. The records of a fold arrive with
    governance first, with governance last, and in this number of random orders.
    """
    if not any((folder / name).is_file() for name in FILES):
        yield f"{folder} holds none of {', '.join(FILES)}"
    for name, kind in FILES.items():
        if not (file := folder / name).is_file():
            continue
        try:
            cases: Any = load(file, kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield f"{name}: not of the form of vectors: {error}"
            continue
        if isinstance(cases, MerkleCases):
            yield f"# {name}: {len(cases.trees)} trees"
            yield from (f"merkle: {difference}" for difference in merkle_differences(cases))
            continue
        yield f"# {name}: {len(cases)} cases"
        if name == "folds.json":
            yield from fold_differences(cases, random_orders)
            continue
        for case in cases:
            yield from (f"streams/{case.name}: {difference}" for difference in stream_differences(case))


FILES: Final[dict[str, Any]] = {
    "merkle.json": MerkleCases,
    "streams.json": list[StreamCase],
    "folds.json": list[FoldCase],
}


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m tests.vectors.run DIR", file=sys.stderr)
        return 2
    # What the projector has to say about records that are meant to be wrong is not news here.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wrong = 0
    for said in run(Path(sys.argv[1])):
        print(said, flush=True)
        wrong += not said.startswith("#")
    print("no differences" if not wrong else f"{wrong} difference{'s' if wrong > 1 else ''}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
