"""Commands for a member's signing keys: show them, and change the key that the node signs with."""

import time
from typing import Annotated, Any

import typer

from registry.ceremony.members import describe_window
from registry.cli.consortium.key_rotation import Rotation
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json, say
from registry.keys.member_keys import NodeKey
from registry.log import GOVERNANCE
from registry.node.ceremony import read_governance
from registry.node.node import Node
from registry.node.signing_keys import SigningKeys, read_signing_keys
from registry.settings.settings import SettingsError

POLL_SECONDS = 5.0

key_app = typer.Typer(
    help="The keys with which this member signs its log. (Keys of systems that use the API: `registry api-key`. Root"
    " keys: `registry governance`.)",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(key_app, name="key")


@key_app.command("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show this node's signing keys, whole, each with its proof and whether governance lets it sign.

    Exit code 1: the key in use does not count. 5: that is unknown, because governance cannot be read.

    Example: registry key show
    """
    node = _member_node(context)
    member, signing_keys = node.settings.member, read_signing_keys(node)
    keys, problem = signing_keys.keys, signing_keys.problem
    if as_json:
        print_json({"member": member, "problem": problem, "keys": [_as_json(key) for key in keys]})
    else:
        for key in keys:
            say(f"{key.use}: {key.id}" + (f" ({key.file}.pem)" if key.file else ": the private half is not here"))
            say(f"  {key.offered}")
            say(f"  {_standing(member, key, signing_keys)}")
    if problem is not None:
        errors.print(f"whether these keys count could not be checked: {problem}", markup=False, highlight=False)
        raise typer.Exit(5)
    if not any(key.counts for key in keys if key.use == "in use"):
        raise typer.Exit(1)


@key_app.command("rotate")
def rotate(
    context: typer.Context,
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until governance lets the new key sign.")] = False,
    restarted: Annotated[
        bool,
        typer.Option("--restarted", help="`registry run` and `serve` were restarted after the keys were exchanged."),
    ] = False,
    another: Annotated[
        bool, typer.Option("--another", help="Begin another change within a day of the last one.")
    ] = False,
) -> None:
    """Change the key with which this member signs, step by step. Run it again when it says so, or was interrupted.

    1. It makes the new key and writes a proposal, which governance signs and publishes.
    2. Once that is on the log, it replaces the old key by the new one, publishes what waits, and writes the proposal
       that retires the old key.
    3. Once that is on the log, it says that the change is complete.

    Until step 2 is done, the node signs with the old key. See docs/keys.md, also for a stolen key.

    Example: registry key rotate
    """
    node = _member_node(context)
    rotation = Rotation(node, restarted=restarted, another=another)
    while True:
        size = read_governance(node).size
        if not rotation.step() or not wait:
            return
        while read_governance(node).size == size:
            time.sleep(POLL_SECONDS)


def _member_node(context: typer.Context) -> Node:
    node = node_of(context)
    if node.settings.member == GOVERNANCE:
        raise SettingsError(
            "this is the consortium's own node. `registry governance show` shows the root keys, and `registry"
            " governance propose root-keys` changes them."
        )
    return node


def _standing(member: str, key: NodeKey, signing_keys: SigningKeys) -> str:
    if signing_keys.problem is not None:
        return "not checked: governance cannot be read"
    if not signing_keys.admitted:
        return f"{member} is not admitted yet: give the consortium this key"
    return "governance does not know it" if key.window is None else describe_window(key.window)


def _as_json(key: NodeKey) -> dict[str, Any]:
    return {
        "use": key.use.replace(" ", "_"),
        "key_id": key.id,
        "vkey": str(key.offered.vkey),
        "with_proof": str(key.offered) if key.offered.proof is not None else None,
        "file": None if key.file is None else f"{key.file}.pem",
        "start": key.window.start if key.window is not None else None,
        "end": key.window.end if key.window is not None else None,
        "counts": key.counts,
    }
