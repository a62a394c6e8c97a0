"""Wrappers around a credential: signatures, presentations, and the forms that tools exchange.

Wrappers are JSON Web Signatures in their compact form (`eyJ…`, with the claim `vc` or `vp`, or a credential itself) and
in JSON (JAdES: `payload` and `signatures`, the payload in base64url or as it is), verifiable presentations, enveloped
credentials, and the upload of the European Digital Credentials (`credential` beside `deliveryDetails`). They may be
inside each other, up to a limit.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from registry.intake.formats import json_content
from registry.intake.formats.completions import Values
from registry.intake.formats.signatures import decode, header_of, judge
from registry.intake.rows.report import IntakeError

MAX_CREDENTIALS: Final = 200
_MAX_WRAPPERS: Final = 8
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_DATA_URL: Final = re.compile(r"data:application/(?:vc|vp)(?:\+ld)?\+jwt[;,](?:charset=[^,]*,)?")
_OF_WRAPPERS: Final = frozenset(
    {"@context", "id", "type", "proof", "holder", "issuer", "credentialSchema", "credentialStatus", "status", "revoked",
     "suspended", "validUntil", "expirationDate", "expiryDate", "expires", "iss", "sub", "aud", "jti", "nonce", "iat",
     "nbf", "exp"}
)  # fmt: skip
"""Fields of a wrapper that describe the wrapper, or that are read elsewhere."""
_TIMES: Final = {"exp": "expires", "nbf": "issuanceDate"}
"""Claims of a token that correspond to fields of a credential: its end, and its beginning."""


class Wrapped(NamedTuple):
    """A credential and its wrappers."""

    content: Values
    path: str
    notes: list[str]
    """Notes on the signatures and wrappers around it."""
    signed: bool
    record: "Record | None" = None
    outer: tuple[tuple[Values, str], ...] = ()
    """The wrappers that may state a status of their own, with their paths."""


class Record(NamedTuple):
    """A learner record (CLR 2.0): a subject with credentials, their achievements and the associations between them."""

    subject: Values
    path: str


class _Around(NamedTuple):
    """The wrappers around a value."""

    notes: tuple[str, ...] = ()
    signed: bool = False
    depth: int = 0
    record: Record | None = None
    outer: tuple[tuple[Values, str], ...] = ()

    def add_layer(self, *notes: str, signed: bool = False, where: str) -> "_Around":
        if self.depth >= _MAX_WRAPPERS:
            raise IntakeError(f"{where} is wrapped more than {_MAX_WRAPPERS} times; send the credential itself")
        return self._replace(notes=(*self.notes, *notes), signed=self.signed or signed, depth=self.depth + 1)

    def within(self, value: Values, path: str, *, silent: Collection[str]) -> "_Around":
        """Add a wrapper, with notes on its fields that are not read. `silent` are fields without a note."""
        unread = sorted(value.keys() - _OF_WRAPPERS - set(silent))
        notes = [f"{path}: {', '.join(unread)[:300]} beside the credential was not read"] if unread else []
        if "proof" in value:
            notes.append(f"{path}: the proof of the whole was not checked (unverified)")
        outer = {name: stated for name, stated in value.items() if name not in silent}
        return self._replace(notes=(*self.notes, *notes), outer=(*self.outer, (outer, path)))

    def wrap(self, value: Values, path: str) -> Wrapped:
        return Wrapped(value, path, list(self.notes), self.signed, self.record, self.outer)


def is_token(text: str) -> bool:
    """Return True if a text is a compact token, and not JSON."""
    return text.startswith("eyJ") and _COMPACT.fullmatch(text.strip()) is not None


def unwrap(content: bytes, name: str) -> list[Wrapped]:
    """Return the credentials that a file holds, each as JSON. Raises `IntakeError` for what cannot be read."""
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(b"eyJ"):
        try:
            value: Any = text.decode("ascii")
        except UnicodeDecodeError as error:
            raise IntakeError(f"{name} begins as a signed token does, and is none") from error
    else:
        value = json_content.load(content, name)
    credentials: list[Wrapped] = []
    for wrapped in _inside(value, "$", _Around(), name):
        credentials.append(wrapped)
        if len(credentials) > MAX_CREDENTIALS:
            raise IntakeError(f"{name} holds more than {MAX_CREDENTIALS} credentials; send them in several files")
    if not credentials:
        raise IntakeError(f"{name} holds no credential")
    return credentials


def _inside(value: Any, path: str, around: _Around, name: str) -> Iterator[Wrapped]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield from _token(value, path, around, name)
        return
    if not isinstance(value, dict):
        raise IntakeError(f"{name}: {path} is neither a credential nor a signed token")
    types = value.get("type")
    kinds = types if isinstance(types, list) else [types]
    if "signatures" in value or ("payload" in value and "signature" in value):
        yield from _signed_json(value, path, around, name)
    elif "EnvelopedVerifiableCredential" in kinds or "EnvelopedVerifiablePresentation" in kinds:
        yield from _inside(value.get("id"), f"{path}.id", around.add_layer(where=f"{name}: {path}"), name)
    elif "credentialSubject" in value:
        yield from _subjects(value, path, around, name)
    elif "vc" in value or "vp" in value:
        yield from _claims(value, path, around, name)
    elif "VerifiablePresentation" in kinds or "verifiableCredential" in value:
        within = around.add_layer(where=f"{name}: {path}").within(value, path, silent=["verifiableCredential"])
        yield from _members(value, "verifiableCredential", path, within, name)
    elif "credential" in value or "credentials" in value:
        inner = "credential" if "credential" in value else "credentials"
        within = around.add_layer(where=f"{name}: {path}").within(value, path, silent=[inner])
        yield from _members(value, inner, path, within, name)
    else:
        yield around.wrap(value, path)


def _members(value: Values, inner: str, path: str, around: _Around, name: str) -> Iterator[Wrapped]:
    """Yield the credentials under a name, which has one credential or a list."""
    members = value.get(inner)
    if members in (None, []):
        raise IntakeError(f"{name}: {path}.{inner} holds no credential")
    if not isinstance(members, list):
        yield from _inside(members, f"{path}.{inner}", around, name)
        return
    for place, member in enumerate(members):
        yield from _inside(member, f"{path}.{inner}[{place}]", around, name)


def _subjects(value: Values, path: str, around: _Around, name: str) -> Iterator[Wrapped]:
    """Yield a credential; of a learner record, the credentials of its subjects."""
    stated = value["credentialSubject"]
    subjects = stated if isinstance(stated, list) else [stated]
    records = [subject for subject in subjects if isinstance(subject, dict) and subject.get("verifiableCredential")]
    if not records:
        yield around.wrap(value, path)
        return
    if len(records) < len(subjects):
        raise IntakeError(f"{name}: {path}.credentialSubject has {len(subjects)} subjects, of which only"
                          f" {len(records)} hold credentials; send a record each")  # fmt: skip
    whole = around.add_layer(where=f"{name}: {path}").within(value, path, silent=["credentialSubject"])
    for place, subject in enumerate(subjects):
        at = f"{path}.credentialSubject[{place}]" if isinstance(stated, list) else f"{path}.credentialSubject"
        yield from _members(subject, "verifiableCredential", at, whole._replace(record=Record(subject, at)), name)


def _token(text: str, path: str, around: _Around, name: str) -> Iterator[Wrapped]:
    compact = _DATA_URL.sub("", text.strip(), count=1)
    if "~" in compact and compact.startswith("eyJ"):
        raise IntakeError(f"{name}: {path} is an SD-JWT, which hides what it says; send the credential as JSON")
    if not is_token(compact):
        raise IntakeError(f"{name}: {path} is a text and no signed token (a JWS has three parts and begins with eyJ)")
    protected, payload, signature = compact.split(".")
    header = header_of(protected, f"{name}: {path}")
    note = judge(header, f"{protected}.{payload}".encode(), signature, path)
    claims = _load_signed(decode(payload, f"{name}: {path}"), f"{name}: {path}")
    yield from _claims(claims, path, around.add_layer(note, signed=True, where=f"{name}: {path}"), name)


def _signed_json(value: Values, path: str, around: _Around, name: str) -> Iterator[Wrapped]:
    """Yield the credentials of a signature in JSON, general (`signatures`) or flattened (`signature`), as in JAdES."""
    where = f"{name}: {path}"
    payload = value.get("payload")
    signatures = value.get("signatures", [value])
    if not isinstance(signatures, list) or not all(isinstance(each, dict) for each in signatures):
        raise IntakeError(f"{where}.signatures is not a list of signatures")
    if len(signatures) > _MAX_WRAPPERS:
        raise IntakeError(f"{where} has more than {_MAX_WRAPPERS} signatures")
    notes: list[str] = []
    if isinstance(payload, str):
        content = payload.encode() if payload.lstrip().startswith("{") else decode(payload, where)
        for each in signatures:
            protected, unprotected = str(each.get("protected", "")), each.get("header")
            extra = unprotected if isinstance(unprotected, dict) else {}
            header = extra | header_of(protected, where)
            plain = header.get("b64") is False or payload.lstrip().startswith("{")
            signed = protected.encode() + b"." + (content if plain else payload.encode())
            notes.append(judge(header, signed, str(each.get("signature", "")), path))
        inner = _load_signed(content, where)
    elif isinstance(payload, dict):
        notes.append(f"{path}: the signature is unverified: the payload is JSON, whose signed bytes are not known")
        inner = payload
    else:
        raise IntakeError(f"{where} has signatures and no payload: its content stands elsewhere")
    if not signatures:
        notes.append(f"{path}: there is no signature: the content is unverified")
    yield from _claims(inner, f"{path}.payload", around.add_layer(*notes, signed=True, where=where), name)


def _claims(claims: Values, path: str, around: _Around, name: str) -> Iterator[Wrapped]:
    """Yield the credentials of a token: of its claim `vc`, of a presentation in `vp`, or the token itself is one."""
    for claim in ("vc", "vp"):
        if isinstance(claims.get(claim), dict):
            inner = claims[claim] | _from_claims(claims, claims[claim]) if claim == "vc" else claims[claim]
            within = around.add_layer(where=f"{name}: {path}").within(claims, path, silent=[claim])
            yield from _inside(inner, f"{path}.{claim}", within, name)
            return
    yield from _inside(claims | _from_claims(claims, claims), path, around.add_layer(where=f"{name}: {path}"), name)


def _from_claims(claims: Mapping[str, Any], credential: Mapping[str, Any]) -> Values:
    """Return the fields of a credential that only the token's registered claims state."""
    if "credentialSubject" not in credential:
        return {}
    stated: Values = {}
    for claim, field in _TIMES.items():
        begins = field == "issuanceDate" and ("validFrom" in credential or "issuanceDate" in credential)
        if claim in claims and not begins:
            stated[field] = _moment(claims[claim])
    if "id" not in credential and isinstance(claims.get("jti"), str):
        stated["id"] = claims["jti"]
    if "issuer" not in credential and isinstance(claims.get("iss"), str):
        stated["issuer"] = claims["iss"]
    return stated


def _moment(seconds: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a token's time in the form of a credential; another value stays as it is, and is asked about later."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return str(seconds)
    try:
        return dt.datetime.fromtimestamp(int(seconds), dt.UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _load_signed(content: bytes, where: str) -> Values:
    return json_content.load(content, f"{where}, the signed content,")
