"""JWTs with selective disclosure (SD-JWT, RFC 9901): issue, parse, and choose what to present.

The compact form alone; the JSON serialisation (section 8) is optional, and nobody sends it.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import msgspec

from registry.documents.jose import InvalidJws, Jws, Signer, dump_json, parse_jws, sign_jws
from registry.documents.strict_json import parse_json
from registry.wire import base64url
from registry.wire.disclosures import disclosure, salts

DIGESTS: Final = "_sd"
ELEMENT: Final = "..."
HASH: Final = "_sd_alg"
RESERVED: Final = frozenset({DIGESTS, ELEMENT})
MAX_SD_JWT: Final = 1_048_576
"""Characters of an SD-JWT with its disclosures."""
MAX_DISCLOSURES: Final = 256
HASHES: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
}
"""The hash algorithms that are accepted, by their names in IANA's registry."""


class InvalidSdJwt(Exception):
    """A text that is not an SD-JWT, or one that breaks a rule of RFC 9901. The message says which."""


class Disclosable(msgspec.Struct, frozen=True):
    """A value of an object or of an array that the holder may disclose or keep.

    What it holds may contain further ones: then they are disclosed after it (section 4.2.6).
    """

    value: Any


class Decoy(msgspec.Struct, frozen=True):
    """An element of an array that stands for nothing: its digest hides how long the array is (section 4.2.5)."""


class SdJwt(msgspec.Struct, frozen=True):
    """An SD-JWT in its parts. Nothing of it is verified yet."""

    text: str
    """The JWT and the disclosures, each followed by a tilde: what a key binding signs a hash of."""
    jwt: Jws
    disclosures: tuple[str, ...]
    key_binding: Jws | None = None

    def __repr__(self) -> str:
        return f"SdJwt({len(self.disclosures)} disclosures)"  # a person is never shown by accident


def issue_sd_jwt(claims: Mapping[str, Any], signer: Signer, header: Mapping[str, Any], *, digests: int = 0) -> str:
    """Return an SD-JWT of claims in which some are `Disclosable`.

    `digests` is the least number of digests in each `_sd`: decoys fill it up, so that nobody can count the claims.
    Raises `InvalidSdJwt` for names that are reserved.
    """
    concealment = _Concealment(digests)
    payload = {**concealment.conceal_object(claims), HASH: "sha-256"}
    if len(concealment.disclosures) > MAX_DISCLOSURES:
        raise InvalidSdJwt(f"{len(concealment.disclosures)} claims to disclose; {MAX_DISCLOSURES} at most")
    jwt = sign_jws(header, dump_json(payload), signer)
    return "~".join([jwt, *concealment.disclosures, ""])


def parse_sd_jwt(text: str) -> SdJwt:
    """Return the parts of an SD-JWT, with a key binding or without. Raises `InvalidSdJwt`."""
    if len(text) > MAX_SD_JWT:
        raise InvalidSdJwt(f"the SD-JWT has {len(text):,} characters; {MAX_SD_JWT:,} at most")
    jwt, *disclosures = text.split("~")
    if not disclosures:
        raise InvalidSdJwt("this is not an SD-JWT: there is no tilde after the JWT")
    binding = disclosures.pop()
    if len(disclosures) > MAX_DISCLOSURES:
        raise InvalidSdJwt(f"the SD-JWT has {len(disclosures)} disclosures; {MAX_DISCLOSURES} at most")
    try:
        return SdJwt(
            text=text.removesuffix(binding) if binding else text,
            jwt=parse_jws(jwt),
            disclosures=tuple(disclosures),
            key_binding=parse_jws(binding) if binding else None,
        )
    except InvalidJws as error:
        raise InvalidSdJwt(str(error)) from error


def parse_disclosure(text: str) -> list[Any]:
    """Return the array of a disclosure: salt, name and value, or salt and value. Raises `InvalidSdJwt`."""
    try:
        parts = parse_json(base64url.decode(text))
    except ValueError as error:
        raise InvalidSdJwt(f"a disclosure cannot be read: {error}") from error
    if not isinstance(parts, list) or len(parts) not in {2, 3} or not isinstance(parts[0], str):
        raise InvalidSdJwt("a disclosure is not an array of salt, name and value, or of salt and value")
    return parts


def present(text: str, names: Collection[str]) -> str:
    """Return an SD-JWT with the disclosures of claims of these names alone, and those inside of them.

    Elements of arrays stay where the value that holds them stays.
    """
    sd_jwt = parse_sd_jwt(text)
    parts = {item: parse_disclosure(item) for item in sd_jwt.disclosures}
    chosen = [item for item, values in parts.items() if len(values) == 3 and values[1] in names]
    inner = "".join(str(parts[item][-1]) for item in chosen) + sd_jwt.jwt.payload.decode()
    chosen += [item for item, values in parts.items() if len(values) == 2 and hash_disclosure(item, "sha-256") in inner]
    return "~".join([sd_jwt.text.partition("~")[0], *chosen, ""])


def hash_disclosure(text: str, algorithm: str) -> str:
    """Return the digest of a disclosure, or of an SD-JWT's text, in base64url."""
    return base64url.encode(HASHES[algorithm](text.encode()).digest())


class _Concealment:
    """Replaces the claims that may be disclosed by their digests, and collects the disclosures."""

    def __init__(self, digests: int) -> None:
        self._digests = digests
        self.disclosures: list[str] = []

    def conceal_object(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if DIGESTS in values or ELEMENT in values:
            raise InvalidSdJwt(f"a claim cannot be called {DIGESTS!r} or {ELEMENT!r}: these names are reserved")
        whole: dict[str, Any] = {}
        hidden: list[str] = []
        for name, value in values.items():
            if type(value) is Disclosable:
                hidden.append(self._add(disclosure(salts(1), name, self._conceal(value.value))))
            else:
                whole[name] = self._conceal(value)
        if hidden:
            # their order must not tell that of the claims
            whole[DIGESTS] = sorted([*hidden, *_make_decoys(max(0, self._digests - len(hidden)))])
        return whole

    def _conceal(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        kind = type(value)  # an achievement has hundreds of values: isinstance takes three times as long
        if kind is dict:
            return self.conceal_object(value)
        if kind is list or kind is tuple:
            return [self._conceal_element(item) for item in value]
        return value

    def _conceal_element(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        kind = type(value)
        if kind is Decoy:
            return {ELEMENT: _make_decoys(1)[0]}
        if kind is Disclosable:
            return {ELEMENT: self._add(base64url.encode(dump_json([salts(1), self._conceal(value.value)])))}
        return self._conceal(value)

    def _add(self, text: str) -> str:
        self.disclosures.append(text)
        return hash_disclosure(text, "sha-256")


def _make_decoys(count: int) -> list[str]:
    """Return random values of the length of a digest: nobody can tell them from the hash of a disclosure."""
    random = os.urandom(32 * count)
    return [base64url.encode(random[at : at + 32]) for at in range(0, len(random), 32)]
