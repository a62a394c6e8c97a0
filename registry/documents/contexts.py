"""The JSON-LD contexts that documents may name: shipped with the package (contexts/README.md) and never fetched."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pyld import FrozenDocumentLoader

CREDENTIALS_V1: Final = "https://www.w3.org/2018/credentials/v1"
CREDENTIALS_V2: Final = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
"""The version that this registry writes."""
OPEN_BADGES_EXTENSIONS: Final = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
"""Defines the type of 1EdTech's JSON Schemas."""
CLR: Final = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"

_FOLDER: Final = Path(__file__).parent / "contexts"
FILES: Final = {
    CREDENTIALS_V1: "credentials-v1.jsonld",
    CREDENTIALS_V2: "credentials-v2.jsonld",
    "https://w3id.org/security/data-integrity/v1": "data-integrity-v1.jsonld",
    "https://w3id.org/security/data-integrity/v2": "data-integrity-v2.jsonld",
    "https://w3id.org/security/suites/ed25519-2020/v1": "ed25519-2020-v1.jsonld",
    "https://purl.imsglobal.org/spec/ob/v3p0/context.json": "open-badges-3.0.0.jsonld",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json": "open-badges-3.0.1.jsonld",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": "open-badges-3.0.2.jsonld",
    OPEN_BADGES: "open-badges-3.0.3.jsonld",
    OPEN_BADGES_EXTENSIONS: "open-badges-extensions.jsonld",
    "https://purl.imsglobal.org/spec/clr/v2p0/context.json": "clr-2.0.0.jsonld",
    CLR: "clr-2.0.1.jsonld",
    "https://w3id.org/dcc/v1": "dcc-v1.jsonld",
    "https://www.w3.org/ns/credentials/status/v1": "bitstring-status-list-v1.jsonld",
    "https://w3id.org/vc/status-list/2021/v1": "status-list-2021-v1.jsonld",
}
"""The address of each context, and its file."""


class ContextLoader(FrozenDocumentLoader):  # type: ignore[misc] # pyld carries no types
    """Serves the shipped contexts and refuses all others. They never change, so what pyld makes of them is cached."""

    def __call__(self, url: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return a shipped context. Raises pyld's `JsonLdError` for another address."""
        return {**super().__call__(url, options), "tag": "static"}


def make_loader(more: Mapping[str, Mapping[str, Any]] | None = None) -> ContextLoader:
    """Return a loader of the shipped contexts, and of more."""
    return ContextLoader({url: _FOLDER / name for url, name in FILES.items()} | dict(more or {}))


SHIPPED: Final = make_loader()
