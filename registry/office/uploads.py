"""A credential's file that an applicant sends in: read by the formats of `registry.intake`, and proving nothing."""

import json
from typing import Any

import msgspec

from registry.domain.case_errors import NoCredential
from registry.intake import ElmDocument, IntakeError
from registry.wire.recognition import External

MAX_CHARACTERS = 1_500_000


class Uploaded(msgspec.Struct, frozen=True, rename="camel"):
    """What a file says of one credential."""

    external: External
    awarding_date: str | None
    family_name: str | None
    given_name: str | None
    date_of_birth: str | None
    notes: list[str]

    def __repr__(self) -> str:
        return f"Uploaded({self.external})"  # a person is never shown by accident


def uploaded(content: str, country: str | None, where: str) -> list[Uploaded]:
    """The credentials that a file holds; `country` is the issuer's where it does not say. Raises `NoCredential`."""
    if len(content) > MAX_CHARACTERS:
        raise NoCredential(f"the file has over {MAX_CHARACTERS:,} characters", where)
    try:
        root = json.loads(content)
        document = ElmDocument("the file", root) if isinstance(root, dict) and "credentialSubject" in root else None
    except (ValueError, RecursionError, IntakeError) as error:
        raise NoCredential(f"the file is no credential that can be read here: {error}", where) from error
    if document is None:
        raise NoCredential("the file is no European Digital Credential: it has no credentialSubject", where)
    titles, said = document.achievement.get("title") or {}, document.credential
    external = _external(_name(root.get("issuer")), country, titles, where)
    return [
        Uploaded(
            external,
            said.get("awarding_date"),
            said.get("family_name"),
            said.get("given_name"),
            said.get("date_of_birth"),
            ["what the file says is not proved by it: ask its issuer (`enquire`)"],
        )
    ]


def _external(issuer: str, country: str | None, titles: dict[str, str], where: str) -> External:
    values = {"issuerName": issuer, "country": country, "title": titles.get("en") or next(iter(titles.values()), "")}
    if missing := [name for name, value in values.items() if not value]:
        raise NoCredential(f"the file does not say {', '.join(missing)}; say it beside the file", where)
    try:
        return msgspec.convert(values, External)
    except msgspec.ValidationError as error:
        raise NoCredential(f"{error}", where) from error


def _name(issuer: Any) -> str:  # noqa: ANN401 - any JSON value
    named = issuer.get("legalName") if isinstance(issuer, dict) else None
    if not isinstance(named, dict) or not named:
        return ""
    return str(named.get("en") or next(iter(named.values())))
