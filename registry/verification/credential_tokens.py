"""Credentials that are JWTs: VC-JOSE-COSE (`vc+jwt`), the VC-JWT of VC 1.1 and of Open Badges 3.0.

In VC 2.0 the token's content is the credential; in VC 1.1 its claim `vc` is, and registered claims repeat parts of it
(VC 1.1, section 6.3.1; Open Badges 3.0, section 8.2).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from registry.documents.jose import InvalidJws, Jws, parse_jws, verify_jws
from registry.verification.checks import Check
from registry.verification.credential_form import MalformedCredential, check_form, issuer_of
from registry.verification.credential_proofs import CheckedCredential, CheckedSignature
from registry.verification.ports import KeyResolver, ResolvedKey, UnresolvedKey

_RSA: Final = ("RS256", "PS256")
"""Open Badges 3.0 asks every verifier for RS256 (section 8.2.1)."""
_RSA_BITS: Final = (2_048, 8_192)
_ENDS: Final = ("expirationDate", "validUntil")
_DATA_URLS: Final = ("data:application/vc+jwt,", "data:application/vc+ld+jwt,")


def open_token(content: bytes, keys: KeyResolver, at: datetime) -> CheckedCredential:
    """Read a credential that is a JWT in its compact form, and check its signature. Raises `MalformedCredential`."""
    try:
        token = parse_jws(content.strip().decode("ascii"))
        claims = token.claims()
    except (InvalidJws, UnicodeDecodeError) as error:
        raise MalformedCredential(str(error)) from error
    document = read_credential(claims)
    check_form(document)
    return CheckedCredential(document, _check_token(token, claims, document, keys, at))


def find_token(value: Any) -> bytes | None:  # noqa: ANN401 - any JSON value
    """Return the token that a text is, or that an EnvelopedVerifiableCredential holds (VC 2.0, section 4.13)."""
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, dict) or value.get("type") != "EnvelopedVerifiableCredential":
        return None
    address = value.get("id")
    prefix = next((prefix for prefix in _DATA_URLS if str(address).startswith(prefix)), None)
    return None if prefix is None else str(address).removeprefix(prefix).encode()


def read_credential(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the credential in a token's claims. Raises `MalformedCredential`."""
    inner = claims.get("vc")
    if inner is None:
        return {name: value for name, value in claims.items() if name not in {"iss", "jti", "sub", "nbf", "exp", "iat"}}
    if not isinstance(inner, dict):
        raise MalformedCredential("its claim vc is not an object")
    if "credentialSubject" in claims:
        raise MalformedCredential("it holds a credential in its claim vc and another one beside it")
    stated = {
        "expirationDate": _time(claims.get("exp")),
        "issuanceDate": _time(claims.get("nbf")),
        "id": claims.get("jti"),
        "issuer": claims.get("iss"),
    }
    later = {"expirationDate": "validUntil", "issuanceDate": "validFrom"}
    missing = {name: value for name, value in stated.items() if value and later.get(name) not in inner}
    end = _time(claims.get("exp"))
    earlier = {name: end for name in _ENDS if end is not None and _is_later(inner.get(name), end)}
    return missing | inner | earlier


def _is_later(stated: object, end: str) -> bool:
    """Return whether a credential states a later end than its token: the earlier one counts."""
    moment = _moment(stated)
    return moment is not None and moment > datetime.fromisoformat(end)


def _moment(stated: object) -> datetime | None:
    """Return a time of a credential; None for one that cannot be read, which another check refuses."""
    try:
        moment = datetime.fromisoformat(str(stated))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _check_token(
    token: Jws, claims: Mapping[str, Any], document: Mapping[str, Any], keys: KeyResolver, at: datetime
) -> CheckedSignature:
    if "proof" in document:
        return _fail("The credential is in two envelopes, a token and a proof; one of them must go.")
    fault = _find_contradiction(claims, document, at)
    if fault is not None:
        return _fail(f"The token cannot stand for the credential: {fault}.")
    own = _read_own_key(token)
    key = _find_key(token, str(issuer_of(document)), keys)
    try:
        if own is not None:
            _verify(token, own)
        if isinstance(key, ResolvedKey):
            _verify(token, key.jwk)
    except InvalidJws as error:
        return _fail(f"The signature does not hold: {error}.")
    if isinstance(key, UnresolvedKey):
        return CheckedSignature(Check("signature", "failed" if key.contradicts else "notChecked", key.reason))
    values = {"suite": token.algorithm} | ({"verificationMethod": token.header["kid"]} if "kid" in token.header else {})
    return CheckedSignature(Check("signature", "passed", "The document is as its issuer signed it.", values), key)


def _read_own_key(token: Jws) -> Mapping[str, str] | None:
    """Return the key that a token brings itself. Anybody can make one: it may refute a signature, and proves none."""
    own = token.header.get("jwk")
    if not isinstance(own, dict):
        return None
    return {name: str(value) for name, value in own.items() if name in {"kty", "crv", "x", "y", "n", "e"}}


def _find_key(token: Jws, issuer: str, keys: KeyResolver) -> ResolvedKey | UnresolvedKey:
    key_id, chain = token.header.get("kid"), token.header.get("x5c", [])
    if not isinstance(chain, list) or not all(isinstance(each, str) for each in chain):
        return UnresolvedKey("The token's chain of certificates cannot be read.", contradicts=True)
    key = keys.resolve(issuer, None if key_id is None else str(key_id), chain)
    if isinstance(key, UnresolvedKey) and "jwk" in token.header and key_id is None and not chain:
        return UnresolvedKey(
            "The document is signed with a key that it brings itself. Anybody could have made that key; the issuer's"
            f" own could not be compared: {key.reason}"
        )
    return key


def _verify(token: Jws, jwk: Mapping[str, Any]) -> None:
    """Verify a token's signature. Raises `InvalidJws`."""
    if token.algorithm not in _RSA:
        verify_jws(token, jwk)
        return
    if jwk.get("kty") != "RSA":
        raise InvalidJws(f"the algorithm {token.algorithm} needs a key of type RSA")
    try:
        key = RSAKey.import_key({"kty": "RSA", "n": str(jwk.get("n", ""))[:2_000], "e": str(jwk.get("e", ""))[:12]})
        bits = key.public_key.key_size
        if not _RSA_BITS[0] <= bits <= _RSA_BITS[1]:
            raise InvalidJws(f"a key of RSA with {bits} bits is not accepted")
        is_valid = JWSRegistry.algorithms[token.algorithm].verify(token.signing_input, token.signature, key)
    except (JoseError, ValueError) as error:
        raise InvalidJws("the public key cannot be used") from error
    if not is_valid:
        raise InvalidJws("the document was changed, or another key signed it")


def _find_contradiction(claims: Mapping[str, Any], document: Mapping[str, Any], at: datetime) -> str | None:
    """Return how the registered claims and the credential differ; None where they don't."""
    subject = document.get("credentialSubject")
    stated = {
        "iss": issuer_of(document),
        "jti": document.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
    }
    for claim, value in stated.items():
        if claims.get(claim) is not None and value is not None and claims[claim] != value:
            return f"{claim} of the token is not the same as in the credential"
    end = _time(claims.get("exp"))
    # VC 1.1, section 6.3.1: exp is the expirationDate; the fractions of a second may be cut
    copied = _moment(claims["vc"].get("expirationDate")) if "vc" in claims else None
    if end is not None and copied is not None and int(copied.timestamp()) != int(claims["exp"]):
        return "exp of the token is not the same as in the credential"
    if "vc" not in claims and end is not None and end < at.isoformat():  # VC-JOSE-COSE: the end of the signature
        return f"its signature expired on {end[:10]}"
    return None


def _time(seconds: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a time of a token as a credential has it; None for anything else."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def _fail(sentence: str) -> CheckedSignature:
    return CheckedSignature(Check("signature", "failed", sentence))
