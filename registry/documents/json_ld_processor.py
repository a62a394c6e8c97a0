"""pyld's processor of JSON-LD, without work that it does twice.

Both classes change how long pyld takes and nothing of what it returns.
"""

from collections.abc import Mapping
from typing import Any, Final

from cachetools import LRUCache
from pyld.jsonld import JsonLdProcessor

_MAX_SCOPED: Final = 500
_scoped: Final[Any] = LRUCache(maxsize=_MAX_SCOPED)
"""Contexts that belong to a type, processed, by the context within which they were and by themselves."""


class ExpandedProcessor(JsonLdProcessor):  # type: ignore[misc] # pyld carries no types
    """Makes RDF of a document that is expanded already. pyld expands it again, which changes nothing."""

    def expand(self, input_: list[Mapping[str, Any]], options: Mapping[str, Any]) -> list[Mapping[str, Any]]:  # noqa: ARG002 - pyld's own
        """Return the document as it is."""
        return input_


class CachingProcessor(JsonLdProcessor):  # type: ignore[misc] # pyld carries no types
    """Expands documents. It processes the contexts of types once, and not for each object of the type.

    For one thread at a time.
    """

    def __init__(self, is_cached: bool, **values: Any) -> None:  # noqa: ANN401, FBT001 - pyld's own
        """`is_cached` is True for the shipped contexts, which never change."""
        super().__init__(**values)
        self._is_cached = is_cached

    def _process_context(
        self,
        active_ctx: dict[str, Any],
        local_ctx: Any,  # noqa: ANN401 - any JSON value
        options: Mapping[str, Any],
        *rest: Any,  # noqa: ANN401 - pyld's own
        **more: Any,  # noqa: ANN401 - pyld's own
    ) -> Any:  # noqa: ANN401 - pyld's own
        is_of_type = not rest and more == {"propagate": False} and "_uuid" in active_ctx
        if not (self._is_cached and is_of_type):
            return super()._process_context(active_ctx, local_ctx, options, *rest, **more)
        # The number of an object is given again when the object is gone: so the entry holds it
        key = (active_ctx["_uuid"], id(local_ctx))
        entry = _scoped.get(key)
        if entry is None:
            entry = (local_ctx, super()._process_context(active_ctx, local_ctx, options, *rest, **more))
            _scoped[key] = entry
        return entry[1]
