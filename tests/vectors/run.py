"""Run a folder of vectors: `python -m tests.vectors.run DIR`. Prints what differs; exits 1 if anything does."""

import base64
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import structlog

from consumers.verifier import Verifier
from projections import views
from registry.postgres import embedded
from registry.rules.governance import KeyWindow
from registry.wire import merkle
from registry.wire.commit import Commit
from registry.wire.errors import InvalidProof
from registry.wire.keys import VerifierKey
from tests.vectors import folds


class CaseTrust:
    """The keys and anchors that a case of `streams.json` gives."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.origin = case["origin"]
        self._windows = [KeyWindow(VerifierKey.parse(k["vkey"]), k["from"], k["to"]) for k in case["keys"]]
        self.anchors = [(a["size"], base64.b64decode(a["root"])) for a in case["anchors"]]

    def keys_for(self, commit: Commit) -> tuple[Sequence[VerifierKey], int]:
        return [w.key for w in self._windows if w.counts(commit.base, commit.checkpoint.size)], 1


def stream_differences(case: dict[str, Any]) -> Iterator[str]:
    verifier = Verifier(CaseTrust(case))
    for number, (record, expected) in enumerate(zip(case["records"], case["verdicts"], strict=True)):
        verdict = verifier.judge(base64.b64decode(record))
        if verdict.code != expected:
            yield f"record {number}: {verdict.code} instead of {expected} ({verdict.detail})"
    if verifier.tree.size != case["size"]:
        yield f"size {verifier.tree.size} instead of {case['size']}"
    if (root := base64.b64encode(verifier.tree.root).decode()) != case["root"]:
        yield f"root {root} instead of {case['root']}"


def merkle_differences(vectors: dict[str, Any]) -> Iterator[str]:
    leaves = [merkle.leaf_hash(base64.b64decode(leaf)) for leaf in vectors["leaves"]]
    for tree in vectors["trees"]:
        size, root = tree["size"], base64.b64decode(tree["root"])
        if merkle.root_of(leaves[:size]) != root:
            yield f"another root for {size} leaves"
        for proof in tree["proofs"]:
            index, path = proof["index"], [base64.b64decode(node) for node in proof["path"]]
            if merkle.inclusion_proof(index, size, merkle.subtree_of(leaves)) != path:
                yield f"another path for leaf {index} of {size}"
            try:
                merkle.verify_inclusion(leaves[index], index, size, path, root)
            except InvalidProof as error:
                yield f"leaf {index} of {size}: {error}"


def run(folder: Path) -> Iterator[str]:
    """Everything that differs, a line each; and a line `# …` for each file that was run."""
    if not any((folder / name).exists() for name in ("streams.json", "merkle.json", "folds.json")):
        yield f"{folder} holds none of streams.json, merkle.json, folds.json"
    if (file := folder / "merkle.json").exists():
        vectors = json.loads(file.read_text())
        yield f"# merkle.json: {len(vectors['trees'])} trees"
        yield from (f"merkle: {difference}" for difference in merkle_differences(vectors))
    if (file := folder / "streams.json").exists():
        cases = json.loads(file.read_text())
        yield f"# streams.json: {len(cases)} cases"
        for case in cases:
            yield from (f"streams/{case['name']}: {difference}" for difference in stream_differences(case))
    if (file := folder / "folds.json").exists():
        cases = json.loads(file.read_text())
        yield f"# folds.json: {len(cases)} cases"
        # Not below the current folder: root lends PostgreSQL an account that may not enter it.
        with (
            tempfile.TemporaryDirectory(prefix="registry-vectors-") as data,
            embedded(Path(data), settings={"fsync": "off"}) as server,
            views.connect(server.dsn("vectors")) as connection,
        ):
            for case in cases:
                yield from (f"folds/{case['name']}: {d}" for d in folds.differences(connection, case))


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
    print(f"{wrong} differences" if wrong else "no differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
