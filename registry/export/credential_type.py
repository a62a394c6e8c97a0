"""The type of this registry's SD-JWT credentials: its identifier, and the type metadata that a node serves.

A version of the metadata never changes, since credentials carry its hash (`vct#integrity`); a change makes a version.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from registry.export.facts import Organisation

DRAFT: Final = "draft-ietf-oauth-sd-jwt-vc-19"
"""The version of SD-JWT VC that credentials follow."""
VERSION: Final = 1
PATH: Final = f"/credentials/types/micro-credential/{VERSION}"
"""The path of the type metadata, below a node's public address."""
COMMON_TYPES: Final[Mapping[str, str]] = {
    "microCredential": "urn:credential-registry:micro-credential:1",
    "module": "urn:credential-registry:module:1",
    "programme": "urn:credential-registry:programme:1",
    "degree": "urn:credential-registry:degree:1",
}
"""One type for all members, by the kind of the achievement: what a verifier asks for who accepts any member's."""

_NAMES: Final = {
    "en": "Micro-credential",
    "de": "Microcredential",
    "fr": "Microcertification",
    "nl": "Microcredential",
    "pt": "Microcredencial",
    "sv": "Mikromeritering",
}
_LABELS: Final[Mapping[tuple[str, ...], tuple[str, str, str, str, str, str]]] = {
    # en, de, fr, nl, pt, sv
    ("family_name",): ("Family name", "Familienname", "Nom", "Achternaam", "Apelido", "Efternamn"),
    ("given_name",): ("Given name", "Vorname", "Prénom", "Voornaam", "Nome próprio", "Förnamn"),
    ("birthdate",): (
        "Date of birth",
        "Geburtsdatum",
        "Date de naissance",
        "Geboortedatum",
        "Data de nascimento",
        "Födelsedatum",
    ),
    ("personal_administrative_number",): (
        "National identification number",
        "Nationale Kennnummer",
        "Numéro d\u2019identification national",
        "Nationaal identificatienummer",
        "Número de identificação nacional",
        "Nationellt identitetsnummer",
    ),
    ("student_number",): (
        "Student number",
        "Matrikelnummer",
        "Numéro d\u2019étudiant",
        "Studentnummer",
        "Número de estudante",
        "Studentnummer",
    ),
    ("grade",): ("Grade", "Note", "Note", "Cijfer", "Classificação", "Betyg"),
    ("original_grade",): (
        "Original grade",
        "Ursprüngliche Note",
        "Note d\u2019origine",
        "Oorspronkelijk cijfer",
        "Classificação original",
        "Ursprungligt betyg",
    ),
    ("note",): ("Note", "Anmerkung", "Remarque", "Opmerking", "Observação", "Anmärkning"),
    ("parts",): ("Parts", "Teile", "Parties", "Onderdelen", "Partes", "Delar"),
    ("log_entry",): (
        "Entry on the log",
        "Eintrag im Protokoll",
        "Entrée du journal",
        "Vermelding in het logboek",
        "Entrada no registo",
        "Post i loggen",
    ),
    ("issuing_authority",): (
        "Issued by",
        "Ausgestellt von",
        "Délivré par",
        "Uitgegeven door",
        "Emitido por",
        "Utfärdat av",
    ),
    ("issuing_country",): ("Country", "Land", "Pays", "Land", "País", "Land"),
    ("awarding_date",): (
        "Date of award",
        "Datum der Verleihung",
        "Date de délivrance",
        "Datum van toekenning",
        "Data de atribuição",
        "Datum för tilldelning",
    ),
    ("ects",): ("ECTS credits", "ECTS-Punkte", "Crédits ECTS", "ECTS-studiepunten", "Créditos ECTS", "ECTS-poäng"),
    ("achievement",): ("Achievement", "Leistung", "Acquis", "Prestatie", "Realização", "Prestation"),
    ("achievement", "title"): ("Title", "Titel", "Intitulé", "Titel", "Título", "Titel"),
    ("achievement", "learningOutcomes"): (
        "Learning outcomes",
        "Lernergebnisse",
        "Acquis d\u2019apprentissage",
        "Leeruitkomsten",
        "Resultados de aprendizagem",
        "Läranderesultat",
    ),
    ("achievement", "eqfLevel"): ("EQF level", "EQR-Niveau", "Niveau CEC", "EQF-niveau", "Nível QEQ", "EQF-nivå"),
    ("achievement", "qualityAssurance"): (
        "Quality assurance",
        "Qualitätssicherung",
        "Assurance qualité",
        "Kwaliteitsborging",
        "Garantia da qualidade",
        "Kvalitetssäkring",
    ),
}
DISCLOSABLE: Final = (
    "family_name",
    "given_name",
    "birthdate",
    "personal_administrative_number",
    "student_number",
    "grade",
    "original_grade",
    "note",
    "parts",
)
"""The claims that the holder may always keep. `log_entry` is among them unless the learner publishes the credential."""
_MANDATORY: Final = ("issuing_authority", "issuing_country", "awarding_date", "achievement")
_PERSON: Final = ("family_name", "given_name", "birthdate")
_ACHIEVEMENT: Final = ("title", "kind", "learningOutcomes", "fieldsOfEducation", "language", "qualityAssurance")


def make_type_identifier(issuer: Organisation) -> str | None:
    """Return the `vct` of a member's credentials; None where its node has no public address."""
    return None if issuer.url is None else issuer.url + PATH


def make_type_metadata(vct: str) -> bytes:
    """Return the type metadata (SD-JWT VC, section 4) of one identifier, always the same bytes."""
    document = {
        "vct": vct,
        "name": f"Micro-credential, version {VERSION}",
        "description": (
            "An award of a university of the registry: a micro-credential, or what micro-credentials are part of. Its"
            " data is that of Annex I of the Council Recommendation of 16 June 2022 (2022/C 243/02)."
        ),
        "display": [{"locale": locale, "name": name} for locale, name in _NAMES.items()],
        "claims": [_describe_claim(path) for path in _LABELS],
        "schema": SCHEMA,
    }
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


def hash_type_metadata(content: bytes) -> str:
    """Return the value of `vct#integrity`: W3C Subresource Integrity, SHA-256."""
    return "sha256-" + b64encode(hashlib.sha256(content).digest()).decode()


def _describe_claim(path: tuple[str, ...]) -> dict[str, Any]:
    claim: dict[str, Any] = {
        "path": list(path),
        "display": [{"locale": locale, "label": label} for locale, label in zip(_NAMES, _LABELS[path], strict=True)],
    }
    if path[0] in DISCLOSABLE:
        claim["sd"] = "always"
    elif path[0] != "log_entry":
        claim["sd"] = "never"
    if (path[0] in _MANDATORY and (len(path) == 1 or path[1] in _ACHIEVEMENT)) or path[0] in _PERSON:
        claim["mandatory"] = True
    return claim


_DAY: Final = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_TEXTS: Final = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}
_STRING: Final = {"type": "string", "minLength": 1}
_ORGANISATION: Final = {
    "type": "object",
    "required": ["name", "country"],
    "properties": {"name": _STRING, "country": {"type": "string", "pattern": "^[A-Z]{2}$"}},
}
SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["iss", "vct", "iat", *_MANDATORY],
    "properties": {
        "iss": _STRING,
        "vct": _STRING,
        "iat": {"type": "integer"},
        "nbf": {"type": "integer"},
        "exp": {"type": "integer"},
        "cnf": {"type": "object"},
        "status": {"type": "object"},
        "issuing_authority": _STRING,
        "issuing_country": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "awarding_date": _DAY,
        "ects": {"type": "number", "exclusiveMinimum": 0},
        "awarding_bodies": {"type": "array", "minItems": 1, "items": _ORGANISATION},
        "achievement": {
            "type": "object",
            "required": list(_ACHIEVEMENT),
            "properties": {
                "title": _TEXTS,
                "kind": {"enum": list(COMMON_TYPES)},
                "learningOutcomes": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "required": ["title"], "properties": {"title": _TEXTS}},
                },
                "eqfLevel": {"type": "integer", "minimum": 1, "maximum": 8},
                "fieldsOfEducation": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                "language": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                "qualityAssurance": {"type": "array", "minItems": 1, "items": {"type": "object"}},
            },
        },
        "family_name": _STRING,
        "given_name": _STRING,
        "birthdate": _DAY,
        "personal_administrative_number": _STRING,
        "student_number": _STRING,
        "log_entry": {
            "type": "object",
            "required": ["origin", "credential", "receipt"],
            "properties": {
                "origin": _STRING,
                "credential": _STRING,
                "receipt": _STRING,
                "disclosures": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
}
"""The form of the claims of a presentation. The holder may keep any claim of the person, so none is required."""
