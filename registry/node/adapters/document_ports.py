"""Verification of documents put together: by a node, or by governance in a folder alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from consumers.governance.governance import GovernanceFold
from projections.core.positions import all_positions
from registry.documents.did_resolver import Fetch
from registry.log import GOVERNANCE, LogError, open_log
from registry.node.adapters.document_fetch_limits import KeptFetch, LimitedFetch, TimedFetch, refuse_fetch
from registry.node.adapters.document_issuers import (
    AnnouncedKeys,
    create_keys,
    create_status_lists,
    own_identifier,
    with_own_lists,
)
from registry.node.adapters.document_lookups import GovernedMembers, NodeLog
from registry.node.adapters.issuing_keys import ViewsIssuingKeys
from registry.verification.ports import HolderRequest, Ports
from registry.verification.trust import Trust, add_revocation_lists, read_trust

if TYPE_CHECKING:
    from registry.node.node import Node

_MAX_NAME: Final = 300


class VerificationSetup(msgspec.Struct, frozen=True, kw_only=True):
    """The sources with which a command verifies. They can be sent to another process."""

    home: Path | None = None
    """A node's folder."""
    governance: Path | None = None
    """A folder with governance.log, in the place of a node's."""
    founded: bytes | None = None
    """The founding's hash, for `governance`."""
    trust: bytes = b""
    """The content of a file of trust."""
    crls: tuple[bytes, ...] = ()
    """The content of files with lists of revoked certificates."""
    nonce: str | None = None
    audience: str | None = None
    offline: bool = False
    """True if nothing is fetched."""


@contextmanager
def open_ports(setup: VerificationSetup) -> Iterator[Callable[[], Ports]]:
    """Open what a run of verifications asks; yield what makes the ports of one document.

    Each document may lead to a few addresses, and what is fetched is kept for the run. Raises what opening the node
    raises, and `InvalidTrust`.
    """
    trust = add_revocation_lists(read_trust(setup.trust) if setup.trust else Trust(), setup.crls)
    holder = None
    if setup.nonce is not None and setup.audience is not None:
        holder = HolderRequest(nonce=setup.nonce, audience=setup.audience)
    if setup.home is None:
        governance = _read_folder(setup.governance, setup.founded)
        run_fetch = refuse_fetch if setup.offline else _open_fetch()
        members, log = GovernedMembers(governance), NodeLog(governance)
        yield lambda: create_ports(members, log, LimitedFetch(run_fetch), None, trust, holder)
        return
    from registry.node.node import open_node  # noqa: PLC0415 - seconds of imports that nobody without a node needs

    with open_node(setup.home) as node:
        yield _ports_of_node(node, trust, holder, _open_fetch())


def create_ports(
    members: GovernedMembers,
    log: NodeLog,
    fetch: Fetch,
    announced: AnnouncedKeys | None,
    trust: Trust,
    holder: HolderRequest | None = None,
) -> Ports:
    """Return everything that the verification of one document asks."""
    at = datetime.now(UTC)
    keys = create_keys(at, trust, fetch, announced, members)
    return Ports(
        keys=keys,
        members=members,
        log=log,
        statuses=create_status_lists(fetch, keys, at),
        at=at,
        anchors=trust.anchors,
        revocation_lists=trust.revocation_lists,
        known_issuers=trust.known_issuers,
        holder=holder,
    )


def _open_fetch() -> TimedFetch:
    from registry.node.adapters.document_fetch import open_public_fetch  # noqa: PLC0415 - offline nobody needs it

    return KeptFetch(open_public_fetch())


def _ports_of_node(
    node: "Node", trust: Trust, holder: HolderRequest | None, run_fetch: TimedFetch
) -> Callable[[], Ports]:
    folds: list[GovernanceFold] = []

    def governance() -> GovernanceFold:
        if not folds:
            folds.append(node.governance())
        return folds[0]

    @contextmanager
    def views() -> Iterator[Any]:
        yield node.views()

    log = NodeLog(
        governance,
        node.policy(),
        views=views,
        standing=node.governance_follower.standings_at,
        is_current=lambda connection, member: _is_current(node, connection, member),
    )
    announced = AnnouncedKeys(ViewsIssuingKeys(views))
    members = GovernedMembers(governance, announced, own_identifier(node))
    return lambda: create_ports(members, log, with_own_lists(node, LimitedFetch(run_fetch)), announced, trust, holder)


def _is_current(node: "Node", connection: Any, member: str) -> bool:  # noqa: ANN401 - a connection
    """Return whether the views have all that the log has of a stream now."""
    position = all_positions(connection).get(member)
    try:
        return position is not None and node.log().end(member) <= position.next
    except LogError:
        return False


def _read_folder(folder: Path | None, founded: bytes | None) -> Callable[[], GovernanceFold] | None:
    """Return the reader of governance in a folder; None where none is named."""
    if folder is None or founded is None:
        return None
    folds: list[GovernanceFold] = []

    def governance() -> GovernanceFold:
        if not folds:
            consortium = _name_of(folder / f"{GOVERNANCE}.log")
            log = open_log(f"file:{folder}", consortium, read_only=True)
            folds.append(GovernanceFold(consortium, founded).read(log))
        return folds[0]

    return governance


def _name_of(file: Path) -> str:
    """Return the consortium's name as a log begins with it; the founding's hash decides whether it counts."""
    with file.open("rb") as opened:
        return opened.readline(_MAX_NAME).decode("ascii", "replace").strip()
