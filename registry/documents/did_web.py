"""Identifiers of the method did:web, and the addresses of their documents (its specification, section 2.5)."""

import re
from typing import Final
from urllib.parse import quote, unquote, urlsplit

PREFIX: Final = "did:web:"
MAX_CHARACTERS: Final = 1000
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=@-]{1,200}")


class MalformedDid(ValueError):
    """An identifier that does not follow its method's rules. The message says why."""


def did_of(address: str) -> str:
    """Return the identifier of a node with this public address. Its document is at `document_path` there.

    Raises `MalformedDid` for an address that did:web cannot express: it always means https.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1"):
        raise MalformedDid(f"did:web needs an address that begins with https://, and {address} does not")
    segments = [segment for segment in parts.path.split("/") if segment]
    host = (parts.hostname or "") + (f"%3A{parts.port}" if parts.port is not None else "")
    did = PREFIX + ":".join([host, *(quote(unquote(segment), safe="") for segment in segments)])
    address_of(did)
    return did


def document_path(address: str) -> str:
    """Return the path of the document below a node's public address."""
    return "/did.json" if urlsplit(address).path.strip("/") else "/.well-known/did.json"


def address_of(did: str) -> str:
    """Return the address of an identifier's document. Raises `MalformedDid`."""
    if not did.startswith(PREFIX) or len(did) > MAX_CHARACTERS:
        raise MalformedDid("is not a did:web identifier")
    host, *segments = (unquote(part) for part in did.removeprefix(PREFIX).split(":"))
    if not _HOST.fullmatch(host):
        raise MalformedDid("names no host")
    if any(not _SEGMENT.fullmatch(segment) or set(segment) == {"."} for segment in segments):
        raise MalformedDid("has a path that is not made of plain names")
    path = "/".join(quote(segment, safe="~!$&'()*+,;=@") for segment in segments)
    return f"https://{host}/{path or '.well-known'}/did.json"
