"""The form of vectors' files. Bytes are base64; what a file has beside these names is not looked at."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class Key(msgspec.Struct):
    """A key of a stream's owner: it counts from one tree size on, to another or without end."""

    vkey: str
    from_: int = msgspec.field(name="from")
    to: int | None


class Anchor(msgspec.Struct):
    size: int
    root: bytes


class StreamCase(msgspec.Struct):
    """`streams.json`: a stream, and what each of its records is."""

    name: str
    origin: str
    keys: list[Key]
    anchors: list[Anchor]
    records: list[bytes]
    verdicts: list[str]
    size: int
    root: bytes


class Proof(msgspec.Struct):
    index: int
    path: list[bytes]


class TreeCase(msgspec.Struct):
    size: int
    root: bytes
    proofs: list[Proof]


class MerkleCases(msgspec.Struct):
    """`merkle.json`: trees of these leaves, first to last."""

    leaves: list[bytes]
    trees: list[TreeCase]


class FoldCase(msgspec.Struct):
    """`folds.json`: the streams of a consortium by origin, and what they mean."""

    name: str
    consortium: str
    founded: bytes
    streams: dict[str, list[bytes]]
    expect: dict[str, Any]

    def stream_name(self, origin: str) -> str:
        """The stream's name in a log."""
        return "governance" if origin == self.consortium else origin.rpartition("/")[2]


def load(file: Path, kind: type[T]) -> T:
    """The cases of a file. Raises `msgspec.DecodeError`, which names the place in it."""
    return msgspec.json.decode(file.read_bytes(), type=kind)
