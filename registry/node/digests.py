"""The signed digest of the views, with which auditors can prove what a node served."""

import time
from typing import Final

from projections.core.digest import ViewsDigest, digest
from projections.core.tables import VERSION
from registry.keys.keystore import SIGNING
from registry.node.node import Node
from registry.wire.views_note import ViewsNote

FILE: Final = "views.note"
"""The file in the node's folder with the last digest that `registry run` signed."""
_DAY_SECONDS: Final = 24 * 3600


def sign_digest(node: Node, views_digest: ViewsDigest) -> str:
    """Return a digest as a signed note (SPEC.md, section 10)."""
    positions, total = bytes.fromhex(views_digest.positions), bytes.fromhex(views_digest.total)
    signer = node.keystore.signer(SIGNING, node.settings.origin)
    return str(ViewsNote(node.settings.origin, VERSION, positions, total).sign(signer))


def sign_daily(node: Node) -> bool:
    """Sign a digest of the views if the last one is older than a day; return True if one was signed."""
    file = node.settings.home / FILE
    if file.exists() and time.time() - file.stat().st_mtime < _DAY_SECONDS:
        return False
    new_file = file.with_suffix(".new")
    new_file.write_text(sign_digest(node, digest(node.views())))
    new_file.replace(file)
    return True
