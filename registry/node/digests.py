"""The signed digest of the views, so that auditors can hold a node to what it served."""

import time
from typing import Final

from projections.core.digest import ViewsDigest, digest
from projections.core.tables import VERSION
from registry.keys.keystore import SIGNING
from registry.node.node import Node
from registry.wire.views_note import ViewsNote

FILE: Final = "views.note"
"""In the node's folder: what `registry run` signed last."""


_DAY: Final = 24 * 3600


def sign_digest(node: Node, found: ViewsDigest) -> str:
    """Return a digest as a signed note (SPEC.md, section 10)."""
    positions, total = bytes.fromhex(found.positions), bytes.fromhex(found.total)
    signer = node.keystore.signer(SIGNING, node.settings.origin)
    return str(ViewsNote(node.settings.origin, VERSION, positions, total).sign(signer))


def sign_daily(node: Node) -> bool:
    """Sign the digest of what is served, where the last one is older than a day; whether one was signed."""
    file = node.settings.home / FILE
    if file.exists() and time.time() - file.stat().st_mtime < _DAY:
        return False
    beside = file.with_suffix(".new")
    beside.write_text(sign_digest(node, digest(node.views())))
    beside.replace(file)
    return True
