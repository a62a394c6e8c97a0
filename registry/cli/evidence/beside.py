"""The files next to a receipt: governance's log and its newest cosigned head, for checking offline."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec

from consumers.governance.governance import GovernanceFold
from consumers.proofs import receipts
from consumers.proofs.receipts import NoReceipt
from consumers.witness.policy import PolicyUnmet
from registry.cli.evidence.verifying import GOVERNANCE_HEAD
from registry.cli.files import write_file
from registry.log import GOVERNANCE, open_log
from registry.node.node import Node
from registry.values.plural import plural


class GovernanceFiles(msgspec.Struct, frozen=True):
    """Governance's files for a folder of receipts. They are written only after everything else was created."""

    folder: Path
    log: bytes | None
    """None if the folder has this governance log already, or a longer one of the same consortium."""
    events: int
    head: str | None
    head_size: int = 0

    @classmethod
    def of(cls, node: Node, folder: Path) -> Self:
        """Return governance's files for receipts in this folder.

        Raises `NoReceipt` if the folder has another consortium's governance log, and `PolicyUnmet` if the node relies
        on witnesses and none has cosigned governance.
        """
        fold = node.governance()
        log = b"".join(record.data + b"\n" for record in node.log().records(GOVERNANCE))
        is_current = _has_current_log(node, folder, fold)
        policy = node.policy()
        note = node.cosignatures().newest(node.settings.consortium, fold.size)
        if note is None:
            if policy.needed:
                raise PolicyUnmet("no witness has cosigned governance yet; `registry witness request` asks for it")
            return cls(folder, None if is_current else log, fold.size, None)
        policy.check(note, datetime.now(UTC))
        receipts.governance_size_of(note, fold)
        return cls(folder, None if is_current else log, fold.size, str(note), note.checkpoint.size)

    def write(self) -> list[str]:
        """Write the log and the head; return what was written, a sentence for each file."""
        log, head = self.folder / f"{GOVERNANCE}.log", self.folder / GOVERNANCE_HEAD
        if self.log is not None:
            write_file(log, self.log)
        written = [
            f"{log}: governance, {plural(self.events, 'event')}; pass it on with the receipt, to check it offline"
        ]
        if self.head is not None:
            write_file(head, self.head.encode())
            written.append(f"{head}: its head at {self.head_size}, cosigned")
        elif self.log is not None:
            head.unlink(missing_ok=True)  # it was written with an earlier receipt, of another state of governance
        return written


def _has_current_log(node: Node, folder: Path, fold: GovernanceFold) -> bool:
    """Return True if a folder has a governance log of this consortium that is not shorter than the node's.

    Raises `NoReceipt` if it is of another consortium.
    """
    file = folder / f"{GOVERNANCE}.log"
    if not file.exists():
        return False
    settings = node.settings
    log = open_log(f"file:{folder}", settings.consortium, read_only=True)
    existing = GovernanceFold(settings.consortium, settings.founded_hash).read(log)
    shorter = min(existing.size, fold.size)
    if not existing.size or existing.leaves[:shorter] != fold.leaves[:shorter]:
        raise NoReceipt(
            f"{file} is the governance log of another consortium, or another history of this one; a receipt next to it"
            " could not be checked. Nothing was written. Name another folder with --out."
        )
    return existing.size >= fold.size
