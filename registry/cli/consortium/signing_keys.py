"""A member's signing keys: show them, and change the one that the node signs by."""

import time
from typing import Annotated, Any

import typer

from registry.cli.consortium.governance import governance_of
from registry.cli.consortium.governance_show import window_words
from registry.cli.consortium.key_rotation import Rotation
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json, say
from registry.keys.member_keys import NodeKey, list_node_keys
from registry.log import GOVERNANCE, ForeignLog, LogError
from registry.node.node import Node
from registry.rules.governance import MemberRecord
from registry.settings.settings import SettingsError

POLL_SECONDS = 5.0

key_app = typer.Typer(
    help="The keys that this member signs its log by. (Keys of systems that use the API: `registry api-key`. Root keys:"
    " `registry governance`.)",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(key_app, name="key")


@key_app.command("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show this node's signing keys, whole, each with its proof and whether governance lets it sign.

    Exit code 1: the key in use does not count. 5: governance cannot be read, so that nobody can tell.

    Example: registry key show
    """
    node = _member_node(context)
    problem: str | None = None
    record: MemberRecord | None = None
    try:
        record = governance_of(node).state.members.get(node.settings.member)
    except ForeignLog:
        raise
    except LogError as error:
        problem = str(error)
    keys = list_node_keys(node.keystore, node.settings.origin, record)
    if as_json:
        print_json({"member": node.settings.member, "problem": problem, "keys": [_as_json(key) for key in keys]})
    else:
        for key in keys:
            say(f"{key.use}: {key.id}" + (f" ({key.file}.pem)" if key.file else ": the private half is not here"))
            say(f"  {key.offered}")
            say(f"  {_standing(node, key, record, problem)}")
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
        bool, typer.Option("--restarted", help="`registry run` and `serve` were restarted after the new key came in.")
    ] = False,
    another: Annotated[
        bool, typer.Option("--another", help="Begin another change within a day of one that is complete.")
    ] = False,
) -> None:
    """Change the key that this member signs by, step by step. Run it again whenever it says so, or was interrupted.

    1. It makes the new key beside the old one and writes a proposal that governance signs and publishes.
    2. Once that is on the log, it puts the new key in the old one's place, publishes what waits, and writes the
       proposal that retires the old key.
    3. Once that is on the log, it says that the change is complete.

    Until a step is done the node goes on signing by the old key. See docs/keys.md, also for a stolen key.

    Example: registry key rotate
    """
    node = _member_node(context)
    rotation = Rotation(node, restarted=restarted, another=another)
    while True:
        size = governance_of(node).size
        if not rotation.step() or not wait:
            return
        while governance_of(node).size == size:
            time.sleep(POLL_SECONDS)


def _member_node(context: typer.Context) -> Node:
    node = node_of(context)
    if node.settings.member == GOVERNANCE:
        raise SettingsError(
            "this is the consortium's own node. `registry governance show` shows the root keys, and `registry"
            " governance propose root-keys` changes them."
        )
    return node


def _standing(node: Node, key: NodeKey, record: MemberRecord | None, problem: str | None) -> str:
    if problem is not None:
        return "not checked: governance cannot be read"
    if record is None:
        return f"{node.settings.member} is not admitted yet: give the consortium this key"
    return "governance does not know it" if key.window is None else window_words(key.window)


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
