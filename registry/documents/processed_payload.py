"""The processed payload of an SD-JWT: its claims after each disclosure was put in its place (RFC 9901, section 7.1)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from registry.documents.jose import InvalidJws
from registry.documents.sd_jwt import (
    DIGESTS,
    ELEMENT,
    HASH,
    HASHES,
    RESERVED,
    InvalidSdJwt,
    SdJwt,
    hash_disclosure,
    parse_disclosure,
)
from registry.documents.strict_json import MAX_DEPTH

Path = tuple[str | int, ...]


class ProcessedPayload(msgspec.Struct, frozen=True):
    """The claims of an SD-JWT, and which of them came from disclosures."""

    claims: Mapping[str, Any]
    disclosed: frozenset[Path]
    """The paths of the disclosed claims; of an element of an array its place as it was issued."""
    hash_algorithm: str

    def __repr__(self) -> str:
        return f"ProcessedPayload({len(self.claims)} claims)"  # a person is never shown by accident


def process_payload(sd_jwt: SdJwt) -> ProcessedPayload:
    """Return the claims of an SD-JWT; the signature is another question. Raises `InvalidSdJwt`."""
    try:
        payload = sd_jwt.jwt.claims()
    except InvalidJws as error:
        raise InvalidSdJwt(str(error)) from error
    algorithm = payload.pop(HASH, "sha-256")
    if algorithm not in HASHES:
        raise InvalidSdJwt(f"the hash algorithm {algorithm!r} is not accepted; accepted are {', '.join(HASHES)}")
    processing = _Processing(sd_jwt, algorithm)
    claims = processing.process_object(payload, ())
    if processing.waiting:
        raise InvalidSdJwt(
            f"{len(processing.waiting)} disclosures do not belong to this SD-JWT: no digest in it is theirs"
        )
    return ProcessedPayload(claims, frozenset(processing.paths), algorithm)


class _Processing:
    def __init__(self, sd_jwt: SdJwt, algorithm: str) -> None:
        self.waiting = {hash_disclosure(item, algorithm): item for item in sd_jwt.disclosures}
        if len(self.waiting) != len(sd_jwt.disclosures):
            raise InvalidSdJwt("the SD-JWT has one disclosure twice")
        self.paths: set[Path] = set()
        self._seen: set[str] = set()

    def process_object(self, value: Mapping[str, Any], path: Path) -> dict[str, Any]:
        if ELEMENT in value:
            raise InvalidSdJwt(f"the name {ELEMENT!r} is reserved for digests of elements")
        if HASH in value:
            raise InvalidSdJwt(f"{HASH!r} is only allowed at the top, once")
        digests = value.get(DIGESTS, [])
        if not isinstance(digests, list) or not all(isinstance(digest, str) for digest in digests):
            raise InvalidSdJwt(f"{DIGESTS!r} is not a list of digests")
        whole = {name: self._process(item, (*path, name)) for name, item in value.items() if name != DIGESTS}
        for digest in digests:
            if (parts := self._take(digest)) is None:
                continue
            if len(parts) != 3 or not isinstance(parts[1], str):
                raise InvalidSdJwt("the disclosure of an array's element is referred to as a claim")
            _, name, item = parts
            if name in RESERVED:
                raise InvalidSdJwt(f"a disclosure has the reserved name {name!r}")
            if name in whole:
                raise InvalidSdJwt("a disclosure has the name of a claim that is there already")
            self.paths.add((*path, name))
            whole[name] = self._process(item, (*path, name))
        return whole

    def _process(self, value: Any, path: Path) -> Any:  # noqa: ANN401 - any JSON value
        if len(path) > MAX_DEPTH:
            raise InvalidSdJwt(f"the claims have more than {MAX_DEPTH} levels")
        if isinstance(value, dict):
            return self.process_object(value, path)
        if isinstance(value, list):
            return self._process_elements(value, path)
        return value

    def _process_elements(self, values: list[Any], path: Path) -> list[Any]:
        whole = []
        for place, value in enumerate(values):
            if not (isinstance(value, dict) and ELEMENT in value):
                whole.append(self._process(value, (*path, place)))
                continue
            if len(value) != 1 or not isinstance(value[ELEMENT], str):
                raise InvalidSdJwt(f"an element with {ELEMENT!r} has more than one digest in it")
            if (parts := self._take(value[ELEMENT])) is None:
                continue
            if len(parts) != 2:
                raise InvalidSdJwt("the disclosure of a claim is referred to as an element of an array")
            self.paths.add((*path, place))
            whole.append(self._process(parts[1], (*path, place)))
        return whole

    def _take(self, digest: str) -> list[Any] | None:
        """Return the disclosure of a digest, each digest once; None for a decoy or what the holder keeps."""
        if digest in self._seen:
            raise InvalidSdJwt("one digest is in the SD-JWT twice")
        self._seen.add(digest)
        item = self.waiting.pop(digest, None)
        return None if item is None else parse_disclosure(item)
