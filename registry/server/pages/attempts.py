"""The limit on failed attempts to sign in, for each client and for each key that is tried."""

from typing import Any

from litestar import Request

from registry.accounts.services import AccountServices
from registry.http.clients import client_of
from registry.http.problems import HttpProblem


class Attempts:
    """Attempts to sign in that count for the client of a request and, once it is known, for the key that is tried."""

    def __init__(self, request: Request[Any, Any, Any], services: AccountServices) -> None:
        """Raises `HttpProblem` if the client has failed too often."""
        self._failures = services.failures
        self._counted = [client_of(request.scope)]
        self._check(self._counted[0])

    def on(self, key: str) -> None:
        """Count for this key, too, whichever client tries it. Raises `HttpProblem` if it has failed too often."""
        self._check(key)
        self._counted.append(key)

    def fail(self) -> None:
        """Count a failure."""
        for name in self._counted:
            self._failures.add(name)

    def _check(self, name: str) -> None:
        if self._failures.remaining(name) == 0:
            wait = str(self._failures.seconds_left(name))
            raise HttpProblem("too-many-requests", "too many failed attempts to sign in", headers={"Retry-After": wait})
