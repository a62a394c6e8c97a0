"""Cosigned heads of every stream, fetched from the witnesses that the settings name."""

from datetime import UTC, datetime
from typing import Any

from consumers.proofs.receipts import NoReceipt, head_of
from consumers.witness.cosignatures import Cosignatures, DamagedCosignatures
from consumers.witness.policy import PolicyUnmet
from projections.core.positions import all_positions
from registry.log import GOVERNANCE, NoSuchStream, origin_of
from registry.node.node import Node
from registry.wire.checkpoint import SignedNote
from registry.wire.cosignature import CosignerKey


def gather_cosignatures(node: Node) -> list[dict[str, Any]]:
    """Fetch each stream's newest cosigned head from the witnesses, and offer them this node's own head."""
    from consumers.witness import witness_client  # noqa: PLC0415 - an HTTP client is loaded by who asks
    from consumers.witness.witness_client import WitnessRefused, WitnessUnavailable  # noqa: PLC0415 - likewise

    fold = node.governance()
    store = node.cosignatures()
    rows: list[dict[str, Any]] = []
    for stream in [GOVERNANCE, *sorted(fold.state.members)]:
        origin = origin_of(node.settings.consortium, stream)
        for witness in node.settings.witness:
            if (nothing := _nothing_to_cosign(node, stream)) is not None:
                rows.append({"stream": stream, "witness": witness.url, "size": 0, "error": None, "note": nothing})
                continue
            size, error = None, None
            try:
                if stream == node.settings.member:
                    tiles = node.tiles(stream, fold)
                    note = witness_client.add_checkpoint(
                        witness.url, head_of(node.log(), stream, tiles), tiles.consistency
                    )
                else:
                    newest = witness_client.newest(witness.url, origin)
                    if newest is None:
                        raise WitnessRefused("has cosigned nothing of it")  # noqa: TRY301 - reported like a refusal
                    note = newest
                _store(store, note, origin, CosignerKey.parse(witness.key))
                size = note.checkpoint.size
            except (WitnessRefused, WitnessUnavailable, NoReceipt, NoSuchStream, DamagedCosignatures) as problem:
                error = str(problem)
            rows.append({"stream": stream, "witness": witness.url, "size": size, "error": error, "note": None})
    return rows


def _nothing_to_cosign(node: Node, stream: str) -> str | None:
    """Return why a stream has no head to cosign, which is not a fault; None if it may have one."""
    try:
        end = node.log().end(stream)
    except NoSuchStream:
        end = 0
    if not end:
        return "has published nothing yet: there is nothing to cosign"
    read = all_positions(node.views()).get(stream)
    if read is not None and not read.tree.size and read.next >= end:
        return "nothing on its log counts yet: there is nothing to cosign"
    return None


def _store(store: Cosignatures, note: SignedNote, origin: str, key: CosignerKey) -> None:
    """Store a cosigned head. Raises `WitnessRefused`, and stores nothing, if it is not the requested one."""
    from consumers.witness.witness_client import WitnessRefused  # noqa: PLC0415 - an HTTP client is loaded by who asks

    head = note.checkpoint
    if head.origin != origin:
        raise WitnessRefused(f"answered with a head of {head.origin}")
    if key.time_of(note) is None:
        raise WitnessRefused(f"its answer is not cosigned by the key of {key.name} that the settings name")
    before = store.at(origin, head.size)
    if before is not None and before.checkpoint.root != head.root:
        raise WitnessRefused(
            f"it cosigned another root at {head.size:,} events than before: the member showed two histories, or a"
            " witness lies. Keep both copies, and ask the member and the witness"
        )
    store.add(note)


def explain_unmet_policy(node: Node, stream: str, size: int) -> str | None:
    """Return why a stream's newest cosigned head does not satisfy this node's policy; None if it does."""
    policy = node.policy()
    if not policy.needed or not size:
        return None
    note = node.cosignatures().newest(origin_of(node.settings.consortium, stream), size)
    if note is None:
        return "no witness has cosigned it, as far as this node has asked (`registry witness request`)"
    try:
        policy.check(note, datetime.now(UTC))
    except PolicyUnmet as problem:
        return str(problem)
    return None
