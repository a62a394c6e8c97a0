"""Requests to the identity provider, with a limit on the size and the time of each answer."""

import ssl
import time
from functools import cache
from typing import Any, Final, TypeVar

import httpx
import msgspec
from authlib.oauth2.auth import ClientAuth

from registry.accounts.errors import ProviderFault

_SECONDS: Final = 10.0
_MAX_BYTES: Final = 256 * 1024
T = TypeVar("T")


class ProviderAnswer:
    """An answer of the provider, as Authlib's client reads it."""

    def __init__(self, status_code: int, body: bytes) -> None:
        self.status_code = status_code
        self._body = body

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the content. Raises `ValueError` if it is not JSON."""
        return msgspec.json.decode(self._body)

    def read(self, kind: type[T]) -> T:
        """Return the content of a good answer. Raises `ProviderFault` for any other answer."""
        if self.status_code != httpx.codes.OK:
            raise ProviderFault("provider-error", f"the identity provider answers {self.status_code}")
        try:
            return msgspec.json.decode(self._body, type=kind)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ProviderFault("provider-error", "the identity provider's answer cannot be read") from error

    def raise_for_status(self) -> None:
        """Raise `ProviderFault` for an answer that is an error."""
        if self.status_code >= httpx.codes.BAD_REQUEST:
            raise ProviderFault("provider-error", f"the identity provider answers {self.status_code}")


class ProviderHttp:
    """The HTTP client that Authlib's client is given as its session. It follows no redirects."""

    def get(self, url: str, token: str | None = None) -> ProviderAnswer:
        """Get what is at a URL, with an access token if there is one. Raises `ProviderFault`."""
        headers = {"Accept": "application/json"} | ({} if token is None else {"Authorization": f"Bearer {token}"})
        return _send("GET", url, headers, "")

    def post(self, url: str, data: dict[str, str], headers: dict[str, str], auth: ClientAuth) -> ProviderAnswer:
        """Post a form, with what shows that this node is the client. Raises `ProviderFault`."""
        body = str(httpx.QueryParams(data))
        address, signed, content = auth.prepare("POST", url, dict(headers), body)
        return _send("POST", address, signed, content)


@cache
def _load_authorities() -> ssl.SSLContext:
    """Return the system's certificate authorities: a university may use its own for an internal provider."""
    return ssl.create_default_context()


def _send(method: str, url: str, headers: dict[str, str], content: str) -> ProviderAnswer:
    until, body = time.monotonic() + _SECONDS, bytearray()
    try:
        with (
            httpx.Client(verify=_load_authorities(), timeout=_SECONDS / 2) as client,
            client.stream(method, url, headers=headers, content=content or None) as response,
        ):
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MAX_BYTES or time.monotonic() > until:
                    raise ProviderFault("provider-error", "the identity provider sends too much, or takes too long")
            return ProviderAnswer(response.status_code, bytes(body))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise ProviderFault(
            "provider-away", f"the identity provider cannot be reached: {type(error).__name__}"
        ) from error
