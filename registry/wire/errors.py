"""Errors in bytes of the published language.

WireError
├── MalformedCommit     the record is not a commit; no more of it is read
│   └── CommitTooLarge  it may be one, and is over a limit
├── MalformedNote       a checkpoint, a signature line or a verifier key that breaks its form
├── InvalidProof        an inclusion or consistency proof that does not prove what it should
└── InvalidEvent        one event that cannot be read; the others of its commit can
"""


class WireError(ValueError):
    """Bytes that break the form of the published language. The message says what is wrong, and where."""

    code = "malformed"


class MalformedCommit(WireError):
    """A record that is not a commit (SPEC.md, section 4)."""


class CommitTooLarge(MalformedCommit):
    """A record over 768 KiB, of over 1,024 events, or with an event of over 65,535 bytes."""

    code = "too-large"


class MalformedNote(WireError):
    """A checkpoint, a signature line or a verifier key that is not in canonical form."""


class InvalidProof(WireError):
    """A Merkle proof that does not lead from its leaf or tree to the trusted root."""

    code = "invalid-proof"


class InvalidEvent(WireError):
    """An event's line that is refused: `code`, the JSON `path` at fault, and why."""

    def __init__(self, code: str, path: str, detail: str) -> None:
        super().__init__(f"{code} at {path}: {detail}")
        self.code = code
        self.path = path
        self.detail = detail
        self.faults = [(path, detail)]
        """All faults, each with its path; a reader of the log stops at the first."""
