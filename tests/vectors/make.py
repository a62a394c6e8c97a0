"""The project's own vectors, in the form of the shared ones: `python -m tests.vectors.make [DIR]`.

The streams are made by the project's code; what must come of them is written down by hand, case by case.
Everything is derived from one seed, so that making them again yields the same bytes.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from registry.wire import commit, merkle
from registry.wire.merkle import Tree
from tests.vectors.fold_cases import fold_cases
from tests.vectors.writer import CONSORTIUM, Writer, secret, signer, text

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
        lambda _: [commit.sign_commit(origin, Tree(), [b"{}"], [signer(origin, 2)])[0]],
        ["key-not-valid"],
        0,
    )
    case(
        "two-histories",
        "another root for the current size",
        lambda r: [r[0], commit.sign_commit(origin, Tree(), [b"{}"], [signer(origin)])[0]],
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
