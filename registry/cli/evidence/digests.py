"""Digests of the views: shown, and signed, so that auditors can hold a node to what it served."""

from pathlib import Path
from typing import Annotated

import typer

from projections.core.digest import digest
from registry.cli.opening import node_of
from registry.cli.output import AsJson, print_json, say, table
from registry.node.digests import sign_digest


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
        sign.write_text(sign_digest(node, found))
    if as_json:
        print_json({"digest": found.total, "members": found.members})
        return
    table(("stream", "events", "root"), [(m.member, f"{m.size:,}", m.root) for m in found.members])
    say(found.total)
