"""Files that pages load: styles, fonts, scripts. Their addresses carry a digest of the content."""

import base64
import hashlib
import mimetypes
from functools import cache
from importlib import resources
from typing import Any, Final

from litestar import Request, Response, get

from registry.http import HttpProblem
from registry.http.constant_response import ConstantResponse

_FOREVER: Final = "public, max-age=31536000, immutable"
_NAMES: Final = {
    "registry.css": "registry.css",
    "mark.svg": "mark.svg",
    "htmx.js": "vendor/htmx-4.0.1.min.js",
    "passkeys.js": "passkeys.js",
    "hx-csp.js": "vendor/hx-csp-4.0.1.min.js",
    "proof.js": "proof.js",
    "keyboard.js": "keyboard.js",
    "latin.woff2": "vendor/atkinson-hyperlegible-next-latin-wght-normal.woff2",
    "latin-ext.woff2": "vendor/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2",
}
"""The file behind each name. A name in a request is looked up here and never becomes a path."""
_STYLES: Final = ("tokens", "base", "layout", "components", "data", "print")
"""The parts of the stylesheet, in the order of their layers."""
mimetypes.add_type("font/woff2", ".woff2")


@cache
def _contents() -> dict[str, bytes]:
    folder = resources.files(__package__).joinpath("static")
    files = {name: folder.joinpath(path).read_bytes() for name, path in _NAMES.items() if name != "registry.css"}
    styles = "\n".join(folder.joinpath("styles", f"{part}.css").read_text() for part in _STYLES)
    for name, content in files.items():
        styles = styles.replace(f"url({name})", f"url({name}?v={_digest(content)})")
    return files | {"registry.css": styles.encode()}


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()


@cache
def static_path(name: str) -> str:
    """Return the path of a file, with the digest of its content. Raises `KeyError` if there is no such file."""
    return f"/static/{name}?v={_digest(_contents()[name])}"


@cache
def integrity_of(name: str) -> str:
    """Return a file's digest for the attribute `integrity`. Raises `KeyError` if there is no such file."""
    return "sha256-" + base64.b64encode(hashlib.sha256(_contents()[name]).digest()).decode()


@cache
def _responses() -> dict[str, ConstantResponse]:
    return {
        name: ConstantResponse(content, mimetypes.guess_type(name)[0] or "application/octet-stream")
        for name, content in _contents().items()
    }


@get("/static/{name:str}", include_in_schema=False, sync_to_thread=False, uncompressed=True)
def static_file(request: Request[Any, Any, Any], name: str, v: str = "") -> Response[bytes]:
    """Return one of the files. `v` only makes the address change with the content."""
    del v
    if name not in _responses():
        raise HttpProblem("not-found", "the pages have no such file")
    response = _responses()[name].answer(request)
    response.headers["Cache-Control"] = _FOREVER
    return response
