"""New nodes: a member's, and the consortium's own with the founding."""

import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from registry.application.owner import Owner, withdraw
from registry.ceremony.ceremony import Proposal
from registry.ceremony.founding import propose_founding
from registry.ceremony.proposal_file import write_proposal
from registry.keys import key_proof
from registry.keys.key_proof import OfferedKey
from registry.keys.keystore import SIGNING, Keystore
from registry.log import GOVERNANCE, LogError, NoSuchStream
from registry.node.ceremony import add_signatures, governance_for, publish_proposal
from registry.node.new_folder import NewFolder
from registry.node.node import Node, open_node
from registry.node.passphrases import ask_passphrase
from registry.postgres.embedded import DatabaseUnavailable
from registry.settings.settings import SettingsError
from registry.wire.merkle import leaf_hash

FOUNDING_FILE = "founding.json"
"""The founding's proposal, in the folder of the consortium's node."""


def create_member_node(folder: Path, values: dict[str, Any], passphrase: bytes | None) -> OfferedKey:
    """Create a member's node with these settings; return its public key with the proof."""
    with NewFolder(folder) as new:
        keys = Keystore(new.path / "keys", passphrase)
        signer = keys.create_signer(SIGNING, f"{values['consortium']}/{values['member']}")
        keys.create_master()
        new.place(values)
        with open_node(folder) as node:
            node.views()
    return key_proof.prove(signer)


def create_consortium_node(
    folder: Path,
    values: dict[str, Any],
    threshold: int,
    keys: int | Sequence[OfferedKey],
    passphrase: bytes | None,
    on_kept: Callable[[], None] = lambda: None,
) -> str:
    """Create the consortium's own node; return the founding's hash.

    `keys` are the root keys, or the number of keys to create here. If they are created here, the founding is signed
    and published; else it is left in the folder as a proposal. `on_kept` is called if this fails and the folder stays,
    because the founding may be on the log: other keys could not sign it again.
    """
    consortium = values["consortium"]
    with NewFolder(folder) as new:
        if isinstance(keys, int):
            keystore = Keystore(new.path / "keys", passphrase)
            root_keys = [key_proof.prove(keystore.create_signer(f"root-{n + 1}", consortium)) for n in range(keys)]
        else:
            root_keys = list(keys)
        proposal = propose_founding(consortium, root_keys, threshold, datetime.now(UTC))
        founded = leaf_hash(proposal.lines[0]).hex()
        write_proposal(new.path / FOUNDING_FILE, proposal)
        new.place({**values, "founded": founded})
        with open_node(folder) as node:
            appending = False
            try:
                node.views()
                if isinstance(keys, int):
                    signed = _sign_founding(node, proposal, Keystore(folder / "keys", passphrase, ask_passphrase))
                    appending = True
                    publish_proposal(node, signed)
            except BaseException:  # Ctrl-C too: all of it, or nothing
                if appending and _may_be_founded(node):
                    new.keep()
                    on_kept()
                else:
                    with contextlib.suppress(psycopg.Error, DatabaseUnavailable, SettingsError):
                        withdraw(node.dsn(), Owner(GOVERNANCE, consortium, founded))
                raise
    return founded


def _sign_founding(node: Node, proposal: Proposal, keystore: Keystore) -> Proposal:
    governance, _ = governance_for(node, proposal)
    file = node.settings.home / FOUNDING_FILE
    signed, _ = add_signatures(node, proposal, governance, keystore, file, again=False)
    write_proposal(file, signed)
    return signed


def _may_be_founded(node: Node) -> bool:
    """Return True if the log holds a founding, or cannot be read."""
    try:
        return next(iter(node.log().records(GOVERNANCE)), None) is not None
    except NoSuchStream:
        return False
    except LogError:
        return True
