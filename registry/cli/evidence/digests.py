"""Digests of the views: shown, and signed, so that auditors can hold a node to what it served."""

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from projections.core.digest import ViewsDigest, digest
from projections.core.tables import VERSION
from registry.cli.output import AsJson, print_json, say, table
from registry.keys.keystore import SIGNING
from registry.node.node import Node, node_of
from registry.wire.views_note import ViewsNote

FILE: Final = "views.note"
"""In the node's folder: what `registry run` signed last."""
_DAY: Final = 24 * 3600


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("digest")(digest_command)


def digest_command(
    context: typer.Context,
    *,
    sign: Annotated[Path | None, typer.Option(help="Write it signed with the node's key, for auditors.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the digest of this node's views, by which members compare them.

    Example: registry digest --sign views.note
    """
    node = node_of(context)
    found = digest(node.views())
    if sign is not None:
        sign.write_text(_signed(node, found))
    if as_json:
        print_json({"digest": found.total, "members": found.members})
        return
    table(("stream", "events", "root"), [(m.member, f"{m.size:,}", m.root) for m in found.members])
    say(found.total)


def _signed(node: Node, found: ViewsDigest) -> str:
    positions, total = bytes.fromhex(found.positions), bytes.fromhex(found.total)
    signer = node.keystore.signer(SIGNING, node.settings.origin)
    return str(ViewsNote(node.settings.origin, VERSION, positions, total).signed(signer))


def sign_daily(node: Node) -> bool:
    """Sign the digest of what is served, where the last one is older than a day; whether one was signed."""
    file = node.settings.home / FILE
    if file.exists() and time.time() - file.stat().st_mtime < _DAY:
        return False
    beside = file.with_suffix(".new")
    beside.write_text(_signed(node, digest(node.views())))
    beside.replace(file)
    return True
