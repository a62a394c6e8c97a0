"""The end of the demo: a university and a recognition office run until somebody stops them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httpx

from registry.access.keys import ApiKeys
from registry.cli.demo.demo_people import OFFICE_STAFF, UNIVERSITY_STAFF, Person, add_people, open_cases
from registry.cli.demo.demo_sheet import write_sheet
from registry.cli.files import write_file
from registry.cli.output import say
from registry.http.access import SCOPES
from registry.node.node import open_node
from registry.node.services.signals import stop_on_signals
from registry.settings.settings import SettingsError
from registry.values.plural import plural

KEYS: Final = "keys"
"""The file with addresses and keys, for a shell to read."""
_FIRST_PORT: Final = 8000
_READY_SECONDS: Final = 120
_END_SECONDS: Final = 30


Accounts = tuple[tuple[str, tuple[str, ...]], ...]


class _Running(NamedTuple):
    """A node that answers over HTTP."""

    member: str
    url: str
    key: str
    people: list[Person]

    @property
    def pages(self) -> str:
        """The address of its pages: passkeys need a name in place of the number."""
        return self.url.replace("127.0.0.1", "localhost")


def is_interactive() -> bool:
    """Return True at a terminal. In CI, and with its output in a file, the demo ends by itself."""
    return sys.stdout.isatty() and os.environ.get("CI") != "true"


def serve(folder: Path, university: str, office: str, year: int) -> None:
    """Run two nodes of a demo until Ctrl-C or SIGTERM, and say what to try."""
    with stop_on_signals() as stop, contextlib.ExitStack() as stack:
        cases = open_cases(folder / office, university)
        sheet = write_sheet(folder, university, year)
        running = [
            stack.enter_context(_node(folder, university, UNIVERSITY_STAFF)),
            stack.enter_context(_node(folder, office, OFFICE_STAFF)),
        ]
        file = folder / KEYS
        lines = "".join(f"{node.member.upper()}={node.url}\n{node.member.upper()}_KEY={node.key}\n" for node in running)
        write_file(file, lines.encode(), 0o600)
        _say(running, file, cases, sheet)
        stop.wait()
        say("\nStopping both.")


def _say(running: list[_Running], file: Path, cases: int, sheet: Path) -> None:
    first, second = running
    say(f"\n{first.member.title()}, a university, and {second.member.title()}, a recognition office, are running:")
    for node in running:
        say(f"  {node.member:<10} {node.pages}")
    say("Anybody can find a course, verify a credential and look at the log. Each of these links signs a browser in")
    say(f"once; use a private window for each person. {plural(cases, 'case')} wait in the office:")
    for node in running:
        for person in node.people:
            say(f"  {person.name:<22} {person.address}")
    say(f"The clerk can import {sheet}: five of its rows have a fault.")
    say(f"The API is described at {first.url}/docs.")
    say(f"Their addresses and keys are in {file}, which only you can read. In another terminal:")
    say(f"  . {file}")
    university, office = first.member.upper(), second.member.upper()
    say(f'  curl "${university}/v1/catalogue?text=data"')
    say(f'  curl -H "X-API-Key: ${office}_KEY" "${office}/v1/precedents?member={first.member}"')
    say(f'  curl -H "X-API-Key: ${university}_KEY" "${university}/v1/feed"')
    say("Ctrl-C stops both.")


@contextlib.contextmanager
def _node(folder: Path, member: str, accounts: Accounts) -> Iterator[_Running]:
    home = folder / member
    with open_node(home) as node:
        key = ApiKeys(node.registry.dsn, member).add("the demo", SCOPES, days=30)
        port = urlsplit(node.settings.public_url or "").port or find_free_ports(1)[0]
    people = add_people(home, port, accounts)
    process = subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-m", "registry.cli", "--home", home, "serve", "--port", str(port), "--workers", "1"],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, url, home)
        yield _Running(member, url, key, people)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, home: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while True:
        with contextlib.suppress(httpx.TransportError):  # it does not listen yet
            if httpx.get(f"{url}/ready", timeout=5).status_code == httpx.codes.OK:
                return
        if process.poll() is not None or time.monotonic() > until:
            raise SettingsError(f"the node does not answer; `registry --home {home} serve` says why")
        time.sleep(0.1)


def find_free_ports(count: int) -> list[int]:
    """Return the first free ports among those that are easy to remember, else any."""
    ports: list[int] = []
    with contextlib.ExitStack() as stack:
        for port in (*range(_FIRST_PORT, _FIRST_PORT + 20), *[0] * count):
            tried = stack.enter_context(socket.socket())
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(int(tried.getsockname()[1]))
            if len(ports) == count:
                return ports
    raise SettingsError("there is no free port at 127.0.0.1")
