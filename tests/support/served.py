"""A node that answers over HTTP: `registry serve` in processes of its own, and clients that speak to it."""

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from registry.access.keys import ApiKeys
from registry.accounts.services import AccountServices
from registry.accounts.site import site_of
from registry.http.access import SCOPES
from registry.settings.sign_in import AccountSetting
from tests.support.command import Consortium, registry, start, until

ADDRESS = re.compile(r"answers at (http://[0-9.]+:\d+)")
PROBLEM = "application/problem+json"
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: nodes answer without TLS. Each client that is given none reads all authorities, for 30 ms of CPU."""


class Served:
    """A university's node and its clients. `said` is what it printed."""

    lund: Any
    achievement: Any
    credential: Any
    credentials: Any
    officer: Any
    approver: Any
    assessor: Any

    def __init__(self, folder, server, settings="", log_level="info"):
        self.consortium = Consortium(folder, server)
        self.home = self.consortium.home
        self.dsn = server.dsn(self.consortium.name("twente"))
        self.settings(settings, log_level)
        self.process = None
        self.url = ""
        self._open = contextlib.ExitStack()

    def settings(self, text, log_level="info"):
        """Add settings: top-level ones first, as TOML has it."""
        file = self.home / "registry.toml"
        file.write_text(f'log_level = "{log_level}"\n' + file.read_text() + text)

    def start(self, *, run=True, services=None, workers=1, before=(), options=(), execute=False):
        """Serve, and wait until it is ready; without `run` of all services only batches runs.

        `services` are the options that name them otherwise.

        `before` are the words of a program that runs it, as `bash -c` with a limit; `options` stand before `serve`.
        To `execute` it is to start it from nothing, as people do, and not by a fork.
        """
        self._output = tempfile.NamedTemporaryFile("w+")  # noqa: SIM115 - closed by `stop`
        if services is None:
            services = () if run else ("--only", "batches")
        self.process = start(
            *options, "serve", "--port", 0, "--workers", workers, *services, home=self.home,
            output=Path(self._output.name), before=before, execute=execute, new_session=True,
        )  # fmt: skip
        until(lambda: self.process.poll() is not None or ADDRESS.search(self.said), 60, says=lambda: self.said)
        assert self.process.poll() is None, self.said
        self.url = ADDRESS.search(self.said)[1]
        answers = []
        until(
            lambda: self.process.poll() is not None or self._ready(answers), 60, says=lambda: f"{answers}\n{self.said}"
        )
        assert self.process.poll() is None, self.said
        return self

    def _ready(self, answers):
        """Whether it is ready; what it answered otherwise is kept."""
        try:
            answer = httpx.get(f"{self.url}/ready", timeout=5, verify=PLAIN)
        except httpx.TransportError as error:
            answers.append(repr(error))
            return False
        answers.append(answer.text)
        return answer.status_code == 200

    @property
    def said(self):
        return Path(self._output.name).read_text()

    def logged(self, event):
        """The lines of its log that tell of an event."""
        return [line for line in self.lines() if line.get("event") == event]

    def lines(self):
        """All lines of its log."""
        return [json.loads(line) for line in self.said.splitlines() if line.startswith("{")]

    def children(self):
        """The processes that answer and the one that works through batches: forked from one that `serve` started."""
        running = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        parents = dict(map(int, line.split()) for line in running.stdout.splitlines())
        return [pid for pid, parent in parents.items() if parents.get(parent) == self.process.pid]

    def stop(self):
        """End it as an administrator does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def kill(self):
        """Kill the node and all its processes, as a machine that loses its power does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self):
        self._open.close()
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self._output.close()

    def key(self, *scopes, name=None, days=30):
        """An API key with scopes, with all where none are named; without a name it is nobody else's."""
        return ApiKeys(self.dsn, "twente").add(name or f"system {uuid4()}", scopes or SCOPES, days)

    def client(self, *scopes, key=None):
        """A client with a key of its own; `anybody` is one without."""
        return self._client({"X-API-Key": key or self.key(*scopes)})

    def anybody(self):
        return self._client({})

    def browser(self):
        """A browser that keeps its cookies, as far as pages without scripts need."""
        return self._client({"Accept": "text/html"})

    def link(self, *roles, name=None):
        """The path of a one-time link of a new account."""
        with contextlib.closing(AccountServices(self.dsn, AccountSetting(), site_of(None, "", 8000))) as services:
            account = services.accounts.add(name or f"Ada {uuid4()}", roles or ("clerk",), "test")
            return f"/signin/link/{services.links.create(account.account, 'test')}"

    def sign_in(self, *roles, name=None):
        """A browser of a person with these roles, who has signed in. `form` adds the token to what it sends."""
        client, path = self.browser(), self.link(*roles, name=name)
        answer = client.post(path, data=form(client.get(path)))
        assert (answer.status_code, answer.headers["location"]) == (303, "/account"), answer.text
        return client

    def bearer(self, token):
        return self._client({"Authorization": f"Bearer {token}"})

    def _client(self, headers):
        return self._open.enter_context(httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=PLAIN))


def form(page, **fields):
    """What a form of a page sends, with the page's token."""
    return {"csrf": re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)[1], **fields}


def row(achievement, record="r1", student="s1", **more):
    """One award as a system sends it."""
    return {
        "record": record, "achievement": achievement, "student": student, "family_name": "Jansen",
        "given_name": "Ada", "date_of_birth": "2001-02-03", "awarding_date": "2026-06-30", **more,
    }  # fmt: skip


def achievement():
    """An achievement as a system sends it."""
    return json.loads(registry("import", "template", "achievement").stdout)


def csv_of(rows):
    """Rows in CSV with the columns that the first one has."""
    names = list(rows[0])
    return "\n".join([",".join(names), *(",".join(str(one[name]) for name in names) for one in rows), ""])


def once(key):
    """The header that lets a request take effect once."""
    return {"Idempotency-Key": key}


def problem(answer, status, kind):
    """The problem document that an answer must be."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"].startswith(PROBLEM)
    found = answer.json()
    assert found["type"] == f"/problems/{kind}", found
    assert (found["status"], found["instance"][:9]) == (status, "urn:uuid:")
    return found
