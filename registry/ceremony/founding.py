"""The founding of a consortium: its proposal, and the root keys that it names."""

from collections.abc import Sequence
from datetime import datetime

from registry.ceremony.ceremony import CeremonyRefused, GovernanceOnLog, Proposal, propose, size_after
from registry.keys.key_proof import OfferedKey
from registry.rules.governance import Governance, RootKeys
from registry.wire.events import Event, Reader
from registry.wire.governance import ConsortiumFounded
from registry.wire.keys import VerifierKey
from registry.wire.merkle import Tree, leaf_hash


def propose_founding(consortium: str, keys: Sequence[OfferedKey], threshold: int, now: datetime) -> Proposal:
    """Return the proposal that founds a consortium with these root keys."""
    act = ConsortiumFounded(consortium, [str(key.vkey) for key in keys], threshold)
    return propose(GovernanceOnLog(Governance(consortium), Tree()), [act], now, keys)


def is_founding(proposal: Proposal) -> bool:
    """Return True if a proposal is to be the beginning of governance."""
    return bool(proposal.events) and len(proposal.events) == size_after(proposal)


def founding_keys(proposal: Proposal, trusted: bytes) -> RootKeys | None:
    """Return the root keys that a founding names; None if it names none.

    Raises `CeremonyRefused` if its hash is not `trusted` (32 bytes).
    """
    line = proposal.events[0].encode()
    if leaf_hash(line) != trusted:
        raise CeremonyRefused("governance is empty, and this is not the founding that this node trusts")
    event = Reader(proposal.consortium).decode_one(line)
    if isinstance(event, Event) and isinstance(event.data, ConsortiumFounded):
        return RootKeys(0, tuple(map(VerifierKey.parse, event.data.root_keys)), event.data.threshold)
    return None
