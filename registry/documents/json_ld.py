"""Canonical RDF of a JSON-LD document (RDFC-1.0, by pyld), in a safe mode: nothing of it may be lost on the way.

What JSON-LD drops in silence is not signed: an unknown term, a relative address, a malformed language. Each is an error
here, wherever it stands. Whatever costs time has a bound, as anybody may send a document to be verified.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any, Final, Literal

from cachetools import LRUCache
from pyld.canon import URDNA2015
from pyld.context_resolver import ContextResolver
from pyld.jsonld import JsonLdError

from registry.documents.contexts import SHIPPED
from registry.documents.json_ld_processor import CachingProcessor, ExpandedProcessor

HashName = Literal["sha256", "sha384"]
MAX_DEPTH: Final = 40
MAX_VALUES: Final = 15_000
MAX_QUADS: Final = 6_000
MAX_CONTEXTS: Final = 1_000
MAX_INLINE_CONTEXTS: Final = 20
"""Contexts written out in the document: each is processed, while a shipped one is processed once."""
MAX_INLINE_VALUES: Final = 400
MAX_SCOPED_VALUES: Final = 10
"""Values of contexts within contexts that are written out: they are processed for each node that they are for."""
MAX_HASHES: Final = 2_000
"""Steps of the algorithm for blank nodes that look alike (RDFC-1.0, section 4.8). It can be made to run for years."""
MAX_ALIKE: Final = 6
"""Blank nodes that look alike around another one: each order of them is tried."""
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_KEYWORDS: Final = frozenset({"@context", "@id", "@type", "@value", "@language", "@direction"})
_LARGEST: Final = 1e21
_BASE: Final = "relative://relative/"
"""A base by which relative addresses are recognised: left to itself, pyld takes one of its own."""
_cache: Final[Any] = LRUCache(maxsize=200)
_lock: Final = Lock()  # pyld's caches of contexts are not made for threads


class UnsafeDocument(ValueError):
    """A document that is not JSON-LD, exceeds a bound, or would lose something when it is made RDF."""


class UnknownContext(UnsafeDocument):
    """A document that names a context which is not shipped, so that nobody here can tell what its terms mean."""


def canonize(document: Mapping[str, Any], loader: Callable[..., Any] = SHIPPED, hash_name: HashName = "sha256") -> str:
    """Return the canonical N-Quads of a document. Raises `UnsafeDocument`, `UnknownContext`."""
    return canonize_node(expand(document, loader), hash_name)


def canonize_node(node: Mapping[str, Any], hash_name: HashName = "sha256") -> str:
    """Return the canonical N-Quads of what `expand` returned. Raises `UnsafeDocument`.

    The hash puts blank nodes into an order (RDFC-1.0, section 4.3).
    """
    dataset = ExpandedProcessor().to_rdf([node], _options(SHIPPED))
    if sum(len(quads) for quads in dataset.values()) > MAX_QUADS:
        raise UnsafeDocument(f"it has more than {MAX_QUADS:,} statements")
    return str(_BoundedCanonizer(hash_name).main(dataset, {"format": "application/n-quads"}))


def expand(document: Mapping[str, Any], loader: Callable[..., Any] = SHIPPED) -> dict[str, Any]:
    """Return a document with addresses for its terms. Raises `UnsafeDocument`, `UnknownContext`."""
    check_shape(document)
    with _lock:
        try:
            processor = CachingProcessor(loader is SHIPPED, on_property_dropped=_refuse_dropped)
            expanded = processor.expand(_write_numbers(document), _options(loader))
        except JsonLdError as error:
            raise _explain(error) from error
        except RecursionError as error:
            raise UnsafeDocument("it nests too deeply") from error
    if len(expanded) != 1:
        raise UnsafeDocument("it is not one object")
    node: dict[str, Any] = expanded[0]
    _check_expanded(node, "$")
    return node


def _options(loader: Callable[..., Any]) -> dict[str, Any]:
    resolver = ContextResolver(_cache if loader is SHIPPED else LRUCache(maxsize=50), loader)
    return {"documentLoader": loader, "contextResolver": resolver, "base": _BASE, "extractAllScripts": False}


def _write_numbers(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value in which 5.0 is 5, as everywhere but in Python (JSON-LD 1.1 API, section 8.6)."""
    if isinstance(value, dict):
        return {name: _write_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_write_numbers(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return int(value)
    return value


def check_shape(document: Any) -> None:  # noqa: ANN401 - any JSON value
    """Refuse a document that is too deep or too large, or uses JSON-LD's rarer keywords. Raises `UnsafeDocument`.

    `@graph`, `@nest`, `@included` and the like say the same in other places, where a reader of the JSON does not look.
    """
    contexts = 0
    inline: dict[str, Any] = {}
    for number, (depth, name, value, within) in enumerate(_walk(document)):
        if number > MAX_VALUES:
            raise UnsafeDocument(f"it has more than {MAX_VALUES:,} values")
        if depth > MAX_DEPTH:
            raise UnsafeDocument(f"it nests deeper than {MAX_DEPTH} levels")
        if name == "@context" and not within and not isinstance(value, list):  # a list's items come by themselves
            contexts += 1
            if isinstance(value, Mapping):
                inline[json.dumps(value, sort_keys=True)] = value
        if name.startswith("@") and name not in _KEYWORDS and not within:
            raise UnsafeDocument(f"it uses {name[:40]!r}, which credentials do not need")
        if name == "@base":
            raise UnsafeDocument("it sets @base, so that addresses are others than they seem")
        if isinstance(value, str) and _CONTROL.search(value):
            raise UnsafeDocument(f"{name[:80]} has a control character")
        if isinstance(value, float) and value in (float("inf"), float("-inf")):
            raise UnsafeDocument(f"{name[:80]} is a number without bounds")
    if contexts > MAX_CONTEXTS or len(inline) > MAX_INLINE_CONTEXTS:
        raise UnsafeDocument(f"it has more than {MAX_CONTEXTS} contexts, or {MAX_INLINE_CONTEXTS} written out in it")
    values = [within for context in inline.values() for _, _, _, within in _walk(context)]
    if len(values) > MAX_INLINE_VALUES or sum(within > 0 for within in values) > MAX_SCOPED_VALUES:
        raise UnsafeDocument("the contexts written out in it are too large")


def _walk(document: Any) -> Iterator[tuple[int, str, Any, bool]]:  # noqa: ANN401 - any JSON value
    """Yield each value with its depth, its name, and True if it is in a context."""
    waiting: list[tuple[int, str, Any, bool]] = [(0, "", document, False)]
    while waiting:
        depth, name, value, within = waiting.pop()
        yield depth, name, value, within
        if depth > MAX_DEPTH:
            continue
        if isinstance(value, Mapping):
            waiting += [(depth + 1, str(key), inner, within or name == "@context") for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(depth + 1, name, inner, within) for inner in value]


def _check_expanded(node: Any, at: str) -> None:  # noqa: ANN401 - any JSON value
    """Refuse what would be left out of the RDF, or would be other RDF than it seems."""
    if isinstance(node, list):
        for inner in node:
            _check_expanded(inner, at)
        return
    if not isinstance(node, dict):
        return
    if "@value" in node:
        _check_value(node, at)
        return
    if "@id" in node and not _is_address(node["@id"]):
        raise UnsafeDocument(f"{at} has the address {_quote(node['@id'])}, which is relative or malformed")
    for kind in node.get("@type", ()):
        if not _is_address(kind):
            raise UnsafeDocument(f"{at} is of the type {_quote(kind)}, which no context defines")
    for name, inner in node.items():
        if name in {"@id", "@type"}:
            continue
        if name.startswith("_:") or not (name.startswith("@") or _IRI.fullmatch(name)):
            raise UnsafeDocument(f"{at} has the property {name[:80]!r}, which is no address")
        _check_expanded(inner, f"{at}.{re.split('[/#]', name)[-1]}"[:300])


def _check_value(node: Mapping[str, Any], at: str) -> None:
    if "@language" in node and not _LANGUAGE.fullmatch(str(node["@language"])):
        raise UnsafeDocument(f"{at} is in the language {str(node['@language'])[:40]!r}, which is no language")
    if "@direction" in node:
        raise UnsafeDocument(f"{at} has a direction of writing, which RDF does not keep")
    if "@type" in node and node["@type"] != "@json" and not _is_address(node["@type"]):
        raise UnsafeDocument(f"{at} is of the type {_quote(node['@type'])}, which no context defines")


def _is_address(text: object) -> bool:
    if not isinstance(text, str) or text.startswith(_BASE[:9]):
        return False
    return (re.fullmatch(r"_:[A-Za-z0-9_.-]+", text) or _IRI.fullmatch(text)) is not None


def _quote(text: object) -> str:
    return repr(str(text).removeprefix(_BASE)[:80])


def _refuse_dropped(name: str | None) -> None:
    raise UnsafeDocument(f"it has the term {str(name)[:80]!r}, which no context defines")


def _explain(error: JsonLdError) -> UnsafeDocument:
    """Return the innermost reason of pyld."""
    cause: BaseException = error
    while isinstance(cause.__cause__, JsonLdError):
        cause = cause.__cause__
    details = getattr(cause, "details", None) or {}
    if "url" in details:
        return UnknownContext(f"it names the context {str(details['url'])[:200]!r}, and none is fetched")
    return UnsafeDocument(f"it is not JSON-LD 1.1: {cause.args[0] if cause.args else cause}"[:300])


class _BoundedCanonizer(URDNA2015):  # type: ignore[misc] # pyld carries no types
    """RDFC-1.0 with a bound on the work for blank nodes that look alike."""

    def __init__(self, hash_name: HashName) -> None:
        super().__init__()
        self._hash_name = hash_name
        self._hashes = 0

    def create_hash(self) -> Any:  # noqa: ANN401 - of hashlib
        return hashlib.new(self._hash_name)

    def hash_n_degree_quads(self, id_: str, issuer: Any) -> Any:  # noqa: ANN401 - pyld's own
        self._hashes += 1
        if self._hashes > MAX_HASHES:
            raise UnsafeDocument("it has too many nodes that look alike to be put into one order")
        return super().hash_n_degree_quads(id_, issuer)

    def create_hash_to_related(self, id_: str, issuer: Any) -> Any:  # noqa: ANN401 - pyld's own
        related = super().create_hash_to_related(id_, issuer)
        if any(len(nodes) > MAX_ALIKE for nodes in related.values()):
            raise UnsafeDocument(f"it has more than {MAX_ALIKE} nodes that look alike around another one")
        return related
