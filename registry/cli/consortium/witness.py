"""Commands for witnesses: run one, and ask those of a node."""

import socket
import threading
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from consumers.witness.witness import Witness
from registry import observability
from registry.cli.consortium.node_options import parse_founded
from registry.cli.listing import Column, print_list
from registry.cli.opening import node_of
from registry.cli.output import AsCsv, AsJson, Wide, errors, print_json, say
from registry.keys.keystore import Keystore
from registry.log import open_log
from registry.node.cosigning import gather_cosignatures
from registry.node.new_folder import log_url
from registry.node.passphrases import ask_passphrase, read_passphrase
from registry.node.services.signals import ignore_hangup
from registry.settings.settings import SettingsError
from registry.supervision import TRANSIENT_ERRORS, supervise
from registry.wire.cosignature import CosignerKey

if TYPE_CHECKING:
    from consumers.witness.witness_http import Followed

_FILE = "witness.json"
_KEY = "witness"
_PATIENCE_SECONDS = 10.0
_MAX_CONNECTIONS = 500
_MAX_CONNECTIONS_PER_ADDRESS = 50

witness_app = typer.Typer(help="A witness, which follows all members and cosigns their heads.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="The witness's folder.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(witness_app, name="witness")


class WitnessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A witness's settings, in its folder."""

    name: str
    consortium: str
    founded: str
    log: str


@witness_app.command("init")
def init(
    folder: Folder,
    *,
    name: Annotated[str, typer.Option(help="The witness's name, like witness.example/w1.")],
    consortium: Annotated[str, typer.Option(help="The consortium that it follows.")],
    founded: Annotated[str, typer.Option(help="The founding's hash, from somebody you trust.")],
    log: Annotated[str, typer.Option(help="The shared log: file:PATH (from the folder) or kafka://HOST:PORT.")],
) -> None:
    """Create a witness: its settings and its key. Prints the public key, for the policies of those who rely on it.

    Example: registry witness init w1 --name witness.example/w1 --consortium eciu.example --founded 9f2c…
    --log file:/srv/log
    """
    file = folder / _FILE
    if file.exists():
        raise SettingsError(f"{file} exists; a witness is made once")
    parse_founded(founded)
    folder.mkdir(parents=True, exist_ok=True)
    signer = Keystore(folder / "keys", read_passphrase()).create_signer(_KEY, name)
    file.write_bytes(
        msgspec.json.format(msgspec.json.encode(WitnessSettings(name, consortium, founded, log_url(folder, log))))
        + b"\n"
    )
    say(str(CosignerKey.of(name, signer.vkey.public)))


def _open_witness(folder: Path) -> Witness:
    try:
        settings = msgspec.json.decode((folder / _FILE).read_bytes(), type=WitnessSettings)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{folder / _FILE}: {error}; make a witness with `registry witness init`") from error
    signer = Keystore(folder / "keys", read_passphrase(), ask_passphrase).signer(_KEY, settings.name)
    log = open_log(settings.log, settings.consortium, read_only=True)
    return Witness(log, settings.consortium, bytes.fromhex(settings.founded), settings.name, signer, folder)


@witness_app.command("run")
def run(
    folder: Folder,
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port.")] = 8321,
) -> None:
    """Follow the members, cosign their heads and answer over HTTP, until stopped.

    Example: registry witness run w1 --port 8321
    """
    from consumers.witness.witness_http import Followed, create_app  # noqa: PLC0415 - only this command needs a server
    from registry.http.server import server_for  # noqa: PLC0415 - likewise

    observability.begin_service()
    witness = _open_witness(folder)
    lock, stop = threading.Lock(), threading.Event()
    followed = Followed()
    following = threading.Thread(target=_follow, args=(witness, lock, stop, followed), name="following")
    listening = _listen(host, port)
    server = server_for(
        create_app(witness, lock, followed),
        patience_seconds=_PATIENCE_SECONDS,
        max_connections=_MAX_CONNECTIONS,
        max_connections_per_address=_MAX_CONNECTIONS_PER_ADDRESS,
    )
    ignore_hangup()
    following.start()
    address = "{}:{}".format(*listening.getsockname()[:2])
    errors.print(f"{witness.key.name} is running at http://{address}; Ctrl-C ends it", markup=False)
    try:
        server.run(sockets=[listening])
    finally:
        stop.set()
        following.join()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(f"cannot listen at {host} port {port}: {error.strerror}") from error


def _follow(witness: Witness, lock: threading.Lock, stop: threading.Event, followed: "Followed") -> None:
    reported: set[str] = set()

    def follow() -> None:
        with lock:
            commits = witness.follow()
            caught = {f"{fork.origin} at {fork.size}" for fork in witness.caught}
        for name in sorted(caught - reported):
            errors.print(f"two histories: {name} (`registry witness caught`)", style="red")
        reported.update(caught)
        if not commits:
            witness.wait(1.0)
        followed.now()

    def note_error(error: Exception) -> None:
        followed.error = str(error) if isinstance(error, TRANSIENT_ERRORS) else type(error).__name__

    supervise("following the log", follow, stop, pause_seconds=0.0, survives_faults=True, on_error=note_error)


@witness_app.command("caught")
def caught(folder: Folder, *, as_json: AsJson = False) -> None:
    """List the logs that showed two histories, with both signed notes, which are evidence without the witness.

    Example: registry witness caught w1
    """
    forks = _open_witness(folder).caught
    if as_json:
        print_json({"items": forks})
    else:
        for fork in forks:
            say(f"{fork.origin} showed two histories at {fork.size}:", style="red")
            for note in fork.notes:
                say("    " + note.replace("\n", "\n    "))
        if not forks:
            say("no log was caught")
    if forks:
        raise typer.Exit(1)


@witness_app.command("request")
def request_cosignatures(
    context: typer.Context, *, as_json: AsJson = False, as_csv: AsCsv = False, wide: Wide = False
) -> None:
    """Ask the witnesses in the settings for cosignatures of all heads, this node's own among them.

    A member that has published nothing has no head, which is noted and is not a fault. Exits 1 if a head was not
    cosigned.

    Example: registry witness request
    """
    node = node_of(context)
    if not node.settings.witness:
        raise SettingsError("no [[witness]] in the settings: add one with its url and key")
    rows = gather_cosignatures(node)
    names = {"stream": "stream", "witness": "witness", "size": "cosigned size", "error": "why not", "note": "note"}
    columns = [Column(heading, itemgetter(name)) for name, heading in names.items()]
    print_list(rows, columns, as_json=as_json, as_csv=as_csv, wide=wide)
    if any(row["error"] for row in rows):
        raise typer.Exit(1)
