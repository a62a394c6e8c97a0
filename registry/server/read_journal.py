"""The access journal's part in requests: bytes of a learner's data are sent once their read is in the journal."""

from collections.abc import Collection
from typing import Any

from anyio.to_thread import run_sync
from litestar.types import ASGIApp, Message, Receive, Send

from registry.http import HttpProblem
from registry.http.access import ANYBODY
from registry.privacy.access_journal import AccessJournal
from registry.supervision import DATABASE_ERRORS
from registry.vault.openings import watch_openings


class ReadJournal:
    """ASGI middleware around all routes, inside of what identifies the caller."""

    def __init__(self, app: ASGIApp, journal: AccessJournal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on. Raises `HttpProblem` where the read cannot be journaled: then nothing is shown.

        An answer that opens more data while it is sent has a read for each piece that does, before that piece. Where
        the journal fails then, the answer breaks off: the database's error is raised.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        journaled: frozenset[str] = frozenset()
        started = False
        failure: Exception | None = None

        async def send_once_journaled(message: Message) -> None:
            nonlocal journaled, started, failure
            opened = frozenset(learners) - journaled
            if failure is None and opened:
                try:
                    await self._add(scope, opened)
                except DATABASE_ERRORS as error:
                    failure = error
                    if started:
                        raise  # an archive, for example, opens nothing more
                journaled |= opened
            if failure is None:
                started = True
                await send(message)

        with watch_openings() as learners:
            await self._app(scope, receive, send_once_journaled)
        if failure is not None:
            raise HttpProblem(
                "unavailable",
                "the access journal cannot be written now, so no personal data is shown; try again",
                headers={"Retry-After": "5"},
            ) from failure

    async def _add(self, scope: Any, learners: Collection[str]) -> None:  # noqa: ANN401 - an ASGI scope
        act = f"{scope['method']} {scope.get('path_template', '')}".strip()
        await run_sync(self._journal.add, scope.get("user", ANYBODY).actor, act, learners)
