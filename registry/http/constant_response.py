"""Answers that are the same for everybody: compressed and tagged once in a process, not once for each request.

The API's description and the scripts of its documentation are large. Compressing one takes longer than the rest of a
request together, and anybody may ask for them.
"""

import gzip
from functools import cached_property
from typing import Any, Final

from litestar import Request, Response

from registry.http.responses import tag_of

_LEVEL: Final = 6
_MIN_BYTES: Final = 2048
"""Smaller answers are not compressed."""


class ConstantResponse:
    """One such answer. Its route needs `uncompressed=True`, so that the framework does not compress it again."""

    def __init__(self, body: bytes, media_type: str) -> None:
        self._plain = body
        self._media_type = media_type

    @cached_property
    def _compressed(self) -> bytes:
        return gzip.compress(self._plain, _LEVEL, mtime=0)

    @cached_property
    def _plain_tag(self) -> str:
        return tag_of(self._plain)

    @cached_property
    def _compressed_tag(self) -> str:
        return tag_of(self._compressed)

    def answer(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the answer, compressed if the client accepts that."""
        headers = {"Vary": "Accept-Encoding"}
        body, headers["ETag"] = self._plain, self._plain_tag
        if len(body) >= _MIN_BYTES and _accepts_gzip(request.headers.get("accept-encoding", "")):
            body, headers["ETag"], headers["Content-Encoding"] = self._compressed, self._compressed_tag, "gzip"
        return Response(body, media_type=self._media_type, headers=headers)


def _accepts_gzip(accepted: str) -> bool:
    for entry in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if name == "gzip":
            return not any(weight.replace(" ", "").rstrip("0") in ("q=", "q=0.") for weight in parameters)
    return False
