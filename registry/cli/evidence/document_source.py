"""The document behind an address."""

import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO, Final
from urllib.request import Request

from registry.cli.files import FileError
from registry.verification.format_detection import MAX_BYTES

_SECONDS: Final = 15.0


def is_address(source: str) -> bool:
    """Return whether a source is an address and not a file."""
    return source.startswith(("https://", "http://"))


def fetch_document(address: str) -> bytes:
    """Return what is at an https address, within a bound of size and time. Raises `FileError`."""
    if not address.startswith("https://"):
        raise FileError(f"{address[:200]} is not an https address: anybody on the way could change what comes from it.")
    request = Request(address, headers={"Accept": "*/*"})  # noqa: S310 - https alone, see above
    opener = urllib.request.build_opener(_HttpsOnly())
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            content: bytes = answer.read(MAX_BYTES + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise FileError(f"Cannot fetch {address[:200]}: {error}.") from error
    if len(content) > MAX_BYTES:
        raise FileError(f"{address[:200]} has over {MAX_BYTES:,} bytes.")
    return content


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirections to https addresses alone."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the next request. Raises `ValueError` for another scheme."""
        if not newurl.startswith("https://"):
            raise ValueError("it leads to an address that is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
