"""Opens an SD-JWT VC, ours or others': signature, disclosures, rules of the format, and the holder's signature.

Source: RFC 9901, section 7; draft-ietf-oauth-sd-jwt-vc, section 2.5 (Verification and Processing).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import jsonschema_rs

from registry.documents.jose import BrokenSignature, InvalidJws, verify_jws
from registry.documents.key_binding import verify_key_binding
from registry.documents.processed_payload import ProcessedPayload, process_payload
from registry.documents.sd_jwt import InvalidSdJwt, SdJwt, parse_sd_jwt
from registry.export.credential_type import COMMON_TYPES, SCHEMA
from registry.export.sd_jwt_vc import PERSON_CLAIMS
from registry.verification.checks import Check, OpenedDocument, StatusPlace, check_certificate
from registry.verification.ports import HolderRequest, KeyResolver, ResolvedKey, UnresolvedKey

FORMAT: Final = "sd-jwt-vc"
_TYPES: Final = frozenset({"dc+sd-jwt", "vc+sd-jwt"})
"""`vc+sd-jwt` is the name before draft 06; wallets still have such credentials."""
_NEVER_DISCLOSED: Final = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
"""Claims that must not come from disclosures (SD-JWT VC, section 2.2.2)."""
_LATEST: Final = 253_402_300_799
"""Seconds: the end of the year 9999."""
_VALIDATOR: Final = jsonschema_rs.Draft202012Validator(dict(SCHEMA))
_SHOWN: Final = {"awarding_date": "awardingDate", "ects": "ects", "parts": "parts", "achievement": "achievement"}


def open_sd_jwt_vc(
    content: bytes, keys: KeyResolver, *, at: datetime, request: HolderRequest | None = None
) -> OpenedDocument:
    """Open an SD-JWT VC, with a key binding or without.

    Args:
        content: The text of the SD-JWT.
        keys: Finds the issuer's key.
        at: Now.
        request: What this verifier asked the holder to sign; None for a file, where nobody was asked.

    """
    try:
        sd_jwt = parse_sd_jwt(content.strip().decode("ascii"))
        payload = sd_jwt.jwt.claims()
    except (InvalidSdJwt, InvalidJws) as error:
        return _refuse(Check("parsed", "failed", f"This is not a readable SD-JWT: {error}."))
    except UnicodeDecodeError:
        return _refuse(Check("parsed", "failed", "This is not a readable SD-JWT: it has foreign characters."))
    checks = [Check("parsed", "passed", "The file is an SD-JWT with selective disclosure.")]
    issuer = payload.get("iss") if isinstance(payload.get("iss"), str) else None
    signature, key = _check_signature(sd_jwt, issuer, keys)
    if key is None:
        return _refuse(*checks, signature, issuer=issuer)
    try:
        processed = process_payload(sd_jwt)
    except InvalidSdJwt as error:
        return _refuse(
            *checks,
            Check("signature", "failed", f"The issuer's signature does not cover what is disclosed: {error}."),
            issuer=issuer,
        )
    schema = _check_schema(sd_jwt, processed)
    checks += [schema, signature]
    if schema.result == "failed":
        return _refuse(*checks, issuer=issuer)
    if key.revocation is not None:
        checks.append(check_certificate(key.revocation))
    holder = _check_holder(sd_jwt, processed, request, at)
    return OpenedDocument(
        format=FORMAT,
        checks=[*checks, holder],
        issuer=issuer,
        key=key.jwk,
        key_source=key.source,
        claims={} if holder.result == "failed" else _read_claims(processed.claims),
        status=_read_status(processed.claims),
        tie=_read_tie(processed.claims),
    )


def _refuse(*checks: Check, issuer: str | None = None) -> OpenedDocument:
    return OpenedDocument(format=FORMAT, checks=checks, issuer=issuer)


def _check_signature(sd_jwt: SdJwt, issuer: str | None, keys: KeyResolver) -> tuple[Check, ResolvedKey | None]:
    header = sd_jwt.jwt.header
    x5c, key_id = header.get("x5c", []), header.get("kid")
    if issuer is None:
        return Check("signature", "failed", "The credential does not name its issuer (iss)."), None
    if not isinstance(x5c, list) or not (key_id is None or isinstance(key_id, str)):
        return Check("signature", "failed", "The header names the issuer's key in a wrong form (kid, x5c)."), None
    key = keys.resolve(issuer, key_id, x5c)
    if isinstance(key, UnresolvedKey):
        return Check("signature", "failed" if key.contradicts else "notChecked", key.reason), None
    try:
        verify_jws(sd_jwt.jwt, key.jwk)
    except BrokenSignature:
        sentence = "The signature does not hold: the credential was changed, or another key signed it."
        return Check("signature", "failed", sentence), None
    except InvalidJws as error:
        return Check("signature", "failed", f"The signature cannot count: {error}."), None
    values = {"algorithm": sd_jwt.jwt.algorithm, "keySource": key.source}
    return Check("signature", "passed", "The issuer's signature holds over all that is disclosed.", values), key


def _check_schema(sd_jwt: SdJwt, payload: ProcessedPayload) -> Check:
    """Check the rules of the format, and of our own type those of its schema."""
    claims = payload.claims
    if sd_jwt.jwt.header.get("typ") not in _TYPES:
        return Check("schema", "failed", "The file is not typed as a verifiable credential (typ).")
    if not isinstance(claims.get("vct"), str) or not claims["vct"]:
        return Check("schema", "failed", "The credential does not say of which type it is (vct).")
    hidden = sorted({path[0] for path in payload.disclosed if path[0] in _NEVER_DISCLOSED and path[0] in claims})
    if hidden:
        return Check("schema", "failed", f"Claims that must be open are in disclosures: {', '.join(map(str, hidden))}.")
    for name in ("iat", "nbf", "exp"):
        if name in claims and not _is_time(claims[name]):
            return Check("schema", "failed", f"The time {name} is not a number of seconds.")
    if not _has_usable_status(claims):
        return Check("schema", "failed", "The place in the status list has a wrong form (status).")
    if "cnf" in claims and not isinstance(claims["cnf"], dict):
        return Check("schema", "failed", "The holder's key has a wrong form (cnf).")
    if not _is_ours(claims):
        return Check("schema", "passed", "The file follows the rules of SD-JWT VC. Its type is not of this registry.")
    if (error := next(iter(_VALIDATOR.iter_errors(claims)), None)) is not None:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        return Check("schema", "failed", f"The claim ${place[:200]} does not have the form of its type.")
    return Check("schema", "passed", "The credential follows the rules of SD-JWT VC and of its type.")


def _check_holder(sd_jwt: SdJwt, payload: ProcessedPayload, request: HolderRequest | None, at: datetime) -> Check:
    claims = payload.claims
    if sd_jwt.key_binding is None:
        if request is not None:
            return Check("holder", "failed", "The holder did not sign this presentation, and was asked to.")
        if "cnf" in claims:
            return Check(
                "holder",
                "notChecked",
                "The credential belongs to the holder of a key. The file alone does not show who has that key.",
            )
        return Check("holder", "notChecked", "The credential is bound to no key: anybody can present it.")
    try:
        signed = verify_key_binding(
            sd_jwt,
            claims,
            payload.hash_algorithm,
            nonce=request.nonce if request else None,
            audience=request.audience if request else None,
            at=at,
        )
    except InvalidSdJwt as error:
        return Check("holder", "failed", f"The presentation is not the holder's: {error}.")
    values = {"signed": signed.isoformat()}
    if request is None:
        sentence = "The holder's key signed this presentation, for somebody else or another time: it can be a copy."
        return Check("holder", "warning", sentence, values)
    return Check("holder", "passed", "The holder of the credential signed this presentation for you.", values)


def _is_ours(claims: Mapping[str, Any]) -> bool:
    types = claims.get("aka_vcts", [])
    return isinstance(types, list) and any(kind in types for kind in COMMON_TYPES.values())


def _read_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the credential says: in our words where it is of our type, else as it is."""
    values: dict[str, Any] = {}
    if _is_ours(claims):
        values = {shown: claims[name] for name, shown in _SHOWN.items() if name in claims}
        values["title"] = claims["achievement"]["title"]
        values |= {name: claims[claim] for name, claim in PERSON_CLAIMS.items() if claim in claims}
        if (tie := _read_tie(claims)) is not None:
            values["credential"] = tie["credential"]
    else:
        technical = _NEVER_DISCLOSED | {"iat"}
        values = {name: value for name, value in claims.items() if name not in technical}
    values["type"] = claims["vct"]
    if "nbf" in claims:
        values["validFrom"] = _write_time(claims["nbf"])
    if "exp" in claims:  # the first second at which it does not hold (RFC 7519, section 4.1.4)
        values["validUntil"] = _write_time(claims["exp"] - 1)
    return values


def _write_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _has_usable_status(claims: Mapping[str, Any]) -> bool:
    status = claims.get("status", {})
    return isinstance(status, dict) and ("status_list" not in status or _find_place(claims) is not None)


def _read_status(claims: Mapping[str, Any]) -> Sequence[StatusPlace]:
    """Return the place in a status list; of a mechanism that is not known here its name alone."""
    if (place := _find_place(claims)) is not None:
        return [StatusPlace(type="TokenStatusList", list=place[0], index=place[1], purpose="status")]
    return [StatusPlace(type=name) for name in claims.get("status", {})]


def _find_place(claims: Mapping[str, Any]) -> tuple[str, int] | None:
    status = claims.get("status")
    place = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(place, dict) or not isinstance(place.get("uri"), str):
        return None
    index = place.get("idx")
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        return None
    return place["uri"], index


def _read_tie(claims: Mapping[str, Any]) -> Mapping[str, Any] | None:
    entry = claims.get("log_entry")
    if not _is_ours(claims) or not isinstance(entry, dict):
        return None
    tie = {name: entry[name] for name in ("origin", "credential", "receipt")}
    return {**tie, "disclosures": entry.get("disclosures", [])}


def _is_time(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST
