"""A credential's file that an applicant sends in: read by the formats of `registry.intake`, and proving nothing."""

from itertools import combinations
from typing import Final

import msgspec

from registry.domain.case_errors import NoCredential
from registry.intake.formats.document import Document
from registry.intake.formats.documents import read_document
from registry.intake.formats.external import External as Stated
from registry.intake.rows.report import IntakeError
from registry.values.persons import differences
from registry.wire.forms import checker
from registry.wire.recognition import External
from registry.wire.validation_messages import format_error

MAX_CHARACTERS: Final = 1_500_000
_MOST_NOT_READ: Final = 25
_SAID_BESIDE: Final = {
    "issuerName": "--issuer NAME (`issuer`)",
    "country": "--country CC (`country`)",
    "title": "--external COUNTRY:ISSUER:TITLE (`external`)",
}


class Uploaded(msgspec.Struct, frozen=True, rename="camel"):
    """The statements of a file about one credential."""

    external: External
    family_name: str | None
    given_name: str | None
    date_of_birth: str | None
    notes: list[str]
    """All that is known of this credential's reading; the first one's also of the whole file's."""
    stated: Stated
    """All that the file says of it, each value with its place in the file (`sources`), for a comparison."""

    identity: dict[str, str] = {}
    """Whom the file identifies as the holder where it states no names: a whole name, an e-mail address."""

    def __repr__(self) -> str:
        return f"Uploaded({self.external})"  # a person is never shown by accident


def read_upload(content: str, country: str | None, where: str, issuer: str | None = None) -> list[Uploaded]:
    """Return the credentials that a file holds, all of them.

    `issuer` and `country` are the issuer's where the file does not say them. Raises `NoCredential` for a file of which
    something cannot be read, and for one that is about several persons.
    """
    if len(content) > MAX_CHARACTERS:
        raise NoCredential(f"the file has over {MAX_CHARACTERS:,} characters", where)
    try:
        document = read_document(content.encode(), "the file")
    except (IntakeError, UnicodeEncodeError) as error:
        raise NoCredential(f"{error}", where) from error
    stated = document.external()
    if not stated:
        raise NoCredential("the file holds no credential", where)
    if unread := [credential for credential in stated if credential.refusals and not credential.title]:
        refusal = unread[0].refusals[0]
        raise NoCredential(
            f"the file holds {len(stated)} credentials, of which {len(unread)} cannot be read: {refusal.where}"
            f" {refusal.detail}",
            where,
        )
    _one_person(stated, where)
    notes = [*_of_the_file(document), *_not_used(stated[0], issuer, country)]
    credentials, identity = [], document.holder_identity()
    for number, credential in enumerate(stated, 1):
        of_award = [f"credential {number} of the file: {note}" for note in _of_a_credential(credential)]
        external = _external(credential, issuer, country, where)
        credentials.append(
            Uploaded(
                external,
                credential.family_name,
                credential.given_name,
                credential.date_of_birth,
                [*notes, *of_award],
                credential,
                identity,
            )
        )
        notes = []
    return credentials


def _of_the_file(document: Document) -> list[str]:
    notes = ["what the file says is not proved by it: ask its issuer (`enquire`)", *document.notes]
    if len(document.awards) > 1:
        notes.append(f"the file holds {len(document.awards)} credentials; the case is about all of them")
    return notes + document.list_unmapped().up_to(_MOST_NOT_READ).notes


def _of_a_credential(stated: Stated) -> list[str]:
    return [f"{value.where} {value.value!r} {value.detail}" for value in [*stated.refusals, *stated.unclear]]


def _not_used(stated: Stated, issuer: str | None, country: str | None) -> list[str]:
    """Return notes on values of the request that differ from the file's, which count."""
    notes = []
    if issuer and stated.issuer_name and issuer != stated.issuer_name:
        notes.append(f"by its own word the file is issued by {stated.issuer_name}; that was taken, and not {issuer}")
    if country and stated.country and country != stated.country:
        notes.append(f"by its own word the issuer's country is {stated.country}; that was taken, and not {country}")
    return notes


def _one_person(stated: list[Stated], where: str) -> None:
    persons = [
        {
            "familyName": credential.family_name or "",
            "givenName": credential.given_name or "",
            "dateOfBirth": credential.date_of_birth or "",
        }
        for credential in stated
    ]
    distinct = [dict(items) for items in dict.fromkeys(tuple(person.items()) for person in persons)]
    if any(differences(first, second) for first, second in combinations(distinct[:50], 2)):
        raise NoCredential(
            f"the file holds {len(stated)} credentials of different persons; open a case for each person, with a file"
            " of their own",
            where,
        )


def _external(stated: Stated, issuer: str | None, country: str | None, where: str) -> External:
    title = stated.title.get("en") or next(iter(stated.title.values()), "")
    values = {"issuerName": stated.issuer_name or issuer, "country": stated.country or country, "title": title}
    if missing := [name for name, value in values.items() if not value]:
        options = ", ".join(_SAID_BESIDE[name] for name in missing)
        raise NoCredential(f"the file does not say {', '.join(missing)}; say it beside the file: {options}", where)
    try:
        external = msgspec.convert(values, External)
    except msgspec.ValidationError as error:
        raise NoCredential(format_error(error, External), where) from error
    check = checker(External)
    if check is not None and (fault := check(external)) is not None:
        raise NoCredential(f"{fault[0]}: {fault[1]}", where)
    return external
