"""The consortium's ceremony at a node: proposals compared with the log, signed with its root keys, and published."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from consumers.governance.governance import GovernanceFold
from consumers.proofs.receipts import commits_from
from registry.ceremony import ceremony
from registry.ceremony.ceremony import CeremonyRefused, GovernanceOnLog, NoRootKey, Proposal
from registry.ceremony.founding import founding_keys, is_founding
from registry.ceremony.proposal_file import free_proposal_file, read_proposal, write_proposal
from registry.ceremony.signed_heads import SignedHead, SignedHeads
from registry.keys import key_proof
from registry.keys.key_proof import OfferedKey
from registry.keys.keystore import Keystore
from registry.log import GOVERNANCE, LogUnavailable
from registry.node.node import Node
from registry.values.plural import plural
from registry.wire.events import Event, Reader
from registry.wire.governance import Head, head
from registry.wire.keys import Signer


class SignedOther(CeremonyRefused):
    """A key has signed another proposal for the same place in governance."""


def read_governance(node: Node) -> GovernanceFold:
    """Return governance as the log has it. Raises `LogUnavailable` if the log holds none."""
    fold = node.governance()
    if fold.size == 0:
        raise LogUnavailable(
            f"there is no governance log of {node.settings.consortium} at {node.settings.log_url}; is the share"
            " mounted? (Only the consortium's founder founds.)"
        )
    return fold


def governance_for(node: Node, proposal: Proposal | None = None) -> tuple[GovernanceOnLog, GovernanceFold]:
    """Return governance as a proposal is judged by; for a trusted founding, with the root keys that it names itself.

    The node remembers it: it signs and proposes nothing under a shorter governance later.
    """
    founding = None
    fold = node.governance() if proposal is not None and is_founding(proposal) else read_governance(node)
    if fold.size:
        node.remember_governance()
    elif proposal is not None:
        founding = founding_keys(proposal, node.settings.founded_hash)
    return GovernanceOnLog(fold.state, fold.tree, founding, fold.leaves), fold


def check_proposal(node: Node, proposal: Proposal) -> tuple[GovernanceOnLog, list[str]]:
    """Compare a proposal with the log; return governance, and the acts in plain words. Raises `CeremonyRefused`."""
    governance, fold = governance_for(node, proposal)
    return governance, ceremony.check(proposal, governance, _verify_head(node, fold), datetime.now(UTC))


def _verify_head(node: Node, fold: GovernanceFold) -> ceremony.VerifyHead:
    """Return a function that looks for a head in the member's own stream, verifying every commit on the way."""

    def verify(member: str, anchor: Head) -> None:
        tiles = node.tiles(member, fold)
        if anchor.size > tiles.size or tiles.root(anchor.size) != anchor.root_bytes:
            raise CeremonyRefused(
                f"the log of {member} has no head of {anchor.size} events with that root, as this node has verified it"
            )
        if anchor.size == tiles.size:
            return
        reader = Reader(f"{node.settings.consortium}/{member}")
        for parsed in commits_from(node.log(), member, anchor.size):
            if parsed.base == anchor.size:
                event = reader.decode_one(parsed.lines[0])
                yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
                if isinstance(event, Event) and event.time[:10] < yesterday:
                    raise CeremonyRefused(f"the log of {member} went on from {anchor.size} events more than a day ago")
                return
            if parsed.base < anchor.size < parsed.checkpoint.size:
                break
        raise CeremonyRefused(f"{anchor.size} is within a commit of {member}, and no head of it")

    return verify


def newest_head(node: Node, member: str, size: int | None) -> Head:
    """Return a head of a member's log, the newest without a size, from this node's verified copy."""
    fold = read_governance(node)
    if member not in fold.state.members:
        raise CeremonyRefused(f"{member} is not a member; `registry member list` shows who is")
    node.log().create(member)
    tiles = node.tiles(member, fold)
    if size is not None and size > tiles.size:
        raise CeremonyRefused(
            f"--head {size}: only {plural(tiles.size, 'event')} of the log of {member} can be verified, so that an"
            f" anchor lies at {tiles.size} or before. Commits after that do not count: `registry log quarantine list`."
        )
    at = tiles.size if size is None else size
    return head(at, tiles.root(at))


def add_act(node: Node, file: Path, act: Any, offered: Sequence[OfferedKey]) -> Proposal:  # noqa: ANN401 - any act
    """Return a proposal of an act, after the acts of the proposal that a file holds, if it exists.

    Raises `CeremonyRefused` if that proposal was signed or published already.
    """
    governance, _ = governance_for(node)
    acts: list[Any] = []
    keys = list(offered)
    if file.exists():
        before = read_proposal(file)
        if before.signatures:
            raise CeremonyRefused(f"{file} has been signed already; propose in another file")
        if ceremony.place_on_log(before, governance) is not None:
            raise CeremonyRefused(f"{file} was published already; propose in another file")
        reader = Reader(node.settings.consortium)
        events = [reader.decode_one(line) for line in before.lines]
        acts = [event.data for event in events if isinstance(event, Event)]
        keys = [*map(key_proof.parse, before.proofs), *keys]
    return ceremony.propose(governance, [*acts, act], datetime.now(UTC), keys)


def add_signatures(
    node: Node, proposal: Proposal, governance: GovernanceOnLog, keys: Keystore, file: Path, *, again: bool
) -> tuple[Proposal, list[str]]:
    """Sign with all root keys of a folder that are in force; return the proposal and the names of their files.

    A key signs each place of governance once. Raises `SignedOther` if it signed another proposal for one of these
    places, and `NoRootKey` if none of them is a root key in force. `file` is the proposal's.
    """
    signers: list[Signer] = []
    names: list[str] = []
    proposed = _proposed_head(proposal)
    for name in keys.names():
        signer = keys.signer(name, node.settings.consortium)
        if governance.roots is None or signer.vkey not in governance.roots.keys:
            continue
        signed_heads = SignedHeads(keys.signed_file(name))
        before = next((signed for signed in signed_heads.read() if proposed.contradicts(signed)), None)
        if before is not None and not again:
            raise SignedOther(
                f"the key {name} has signed another proposal for the same place: that one leads to"
                f" {plural(before.size, 'entry')}, and this one follows {plural(proposed.after, 'entry')} and leads to"
                f" {proposed.size:,}. Should both be published, it is a fork. If that one was given up, sign this one:"
                f" registry governance sign {file} --again"
            )
        signed_heads.add(proposed)
        signers.append(signer)
        names.append(name)
    return ceremony.sign(proposal, signers, governance), names


def _proposed_head(proposal: Proposal) -> SignedHead:
    lines = proposal.checkpoint.split("\n")
    return SignedHead(int(lines[1]) - len(proposal.events), int(lines[1]), lines[2])


def publish_proposal(node: Node, proposal: Proposal) -> int:
    """Append a proposal that has its signatures, and remember it; return governance's new size."""
    log = node.log()
    log.create(GOVERNANCE)
    with log.writer(GOVERNANCE):
        governance, _ = check_proposal(node, proposal)
        log.append(GOVERNANCE, [ceremony.ready(proposal, governance)])
        node.remember_governance()
    return node.governance().size


def act_now(node: Node, acts: Sequence[Any], offered: Sequence[OfferedKey]) -> int:
    """Propose acts, sign them with the root keys of this node, and publish them; return governance's new size.

    Raises `CeremonyRefused` if these keys are too few; the message names the file of the proposal, which is left for
    the people who must sign.
    """
    governance, _ = governance_for(node)
    proposal = ceremony.propose(governance, acts, datetime.now(UTC), offered)
    file = free_proposal_file(node.settings.home, governance.tree.size)
    try:
        proposal, _ = add_signatures(node, proposal, governance, node.keystore, file, again=False)
    except NoRootKey:
        pass  # they are where their holders are
    except SignedOther:
        write_proposal(file, proposal)
        raise
    if missing := ceremony.missing_signatures(proposal, governance):
        write_proposal(file, proposal)
        raise CeremonyRefused(
            f"nothing is published yet. The proposal is in {file}. It has {missing}. Pass the file on to who holds"
            f" them: `registry governance sign {file.name} --key THEIR-KEY.pem` (docs/keys.md); then, here: `registry"
            f" governance publish {file}`. A proposal is good for a day."
        )
    return publish_proposal(node, proposal)
