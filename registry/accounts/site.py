"""The address at which people sign in: what passkeys and cookies are bound to."""

from typing import Final, NamedTuple
from urllib.parse import urlsplit

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Site(NamedTuple):
    """The address of the pages as browsers reach them."""

    origin: str
    """For example `https://registry.example.org`."""
    path: str
    """The path under which the pages are, empty or for example `/registry`."""

    @property
    def host(self) -> str:
        """The host's name: the relying party of passkeys (WebAuthn)."""
        return urlsplit(self.origin).hostname or ""

    @property
    def is_secure(self) -> bool:
        """True if browsers reach the pages by https."""
        return self.origin.startswith("https://")

    @property
    def can_sign_in(self) -> bool:
        """True if browsers let people sign in here: by https, or on their own machine."""
        return self.is_secure or self.host in _LOCAL

    @property
    def session_cookie(self) -> str:
        """The name of the cookie with the session's secret. With `__Host-` no other host can set it."""
        return "__Host-session" if self.is_secure else "session"

    @property
    def visit_cookie(self) -> str:
        """The name of the cookie that binds forms to a browser that has not signed in."""
        return "__Host-visit" if self.is_secure else "visit"

    @property
    def notice_cookie(self) -> str:
        """The name of the cookie that tells the next page what a form did."""
        return "__Host-notice" if self.is_secure else "notice"

    @property
    def next_cookie(self) -> str:
        """The name of the cookie with the page to go on to after the identity provider has answered."""
        return "__Host-next" if self.is_secure else "next"

    def origin_at(self, host: str) -> str:
        """Return the origin of a browser that sent this `Host`.

        On this machine a server may take any free port, so the port is the browser's; elsewhere `Host` says nothing.
        """
        port = host.rpartition(":")[2]
        return f"http://localhost:{port}" if self.host in _LOCAL and port.isdigit() else self.origin

    def address(self, path: str) -> str:
        """Return the whole address of a page."""
        return f"{self.origin}{self.path}{path}"


def site_of(public_url: str | None, base_path: str, port: int) -> Site:
    """Return the site of a node: its public address, else this machine under its own name.

    An address of numbers cannot have passkeys, so this machine is always `localhost`.
    """
    if public_url is None:
        return Site(f"http://localhost:{port}", base_path)
    parts = urlsplit(public_url)
    host = "localhost" if parts.hostname in _LOCAL else parts.hostname
    number = f":{parts.port}" if parts.port is not None else ""
    return Site(f"{parts.scheme}://{host}{number}", parts.path.rstrip("/") or base_path)
