"""The access journal's part in requests: an answer with a learner's data is sent once its read is in the journal."""

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
        """Pass the request on. Raises `HttpProblem` where the read cannot be journaled: then nothing is shown."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        failure: Exception | None = None

        async def send_once_journaled(message: Message) -> None:
            nonlocal failure
            if failure is None and message["type"] == "http.response.start" and learners:
                try:
                    await self._add(scope, frozenset(learners))
                except DATABASE_ERRORS as error:
                    failure = error
            if failure is None:
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
