"""A credential's file that an applicant sends in: read by the formats of `registry.intake`, and proving nothing."""

from typing import Final

import msgspec

from registry.domain.case_errors import NoCredential
from registry.intake import IntakeError, read_document
from registry.intake.document import External as Stated
from registry.wire.forms import checker
from registry.wire.misfits import told
from registry.wire.recognition import External

MAX_CHARACTERS: Final = 1_500_000


class Uploaded(msgspec.Struct, frozen=True, rename="camel"):
    """What a file says of one credential."""

    external: External
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
        document = read_document(content.encode(), "the file")
    except (IntakeError, UnicodeEncodeError) as error:
        raise NoCredential(f"{error}", where) from error
    notes = ["what the file says is not proved by it: ask its issuer (`enquire`)", *document.notes]
    stated = document.external()
    if not stated:
        raise NoCredential("the file holds no credential", where)
    return [
        Uploaded(_external(one, country, where), one.family_name, one.given_name, one.date_of_birth, notes)
        for one in stated
    ]


def _external(stated: Stated, country: str | None, where: str) -> External:
    title = stated.title.get("en") or next(iter(stated.title.values()), "")
    values = {"issuerName": stated.issuer_name, "country": stated.country or country, "title": title}
    if missing := [name for name, value in values.items() if not value]:
        raise NoCredential(f"the file does not say {', '.join(missing)}; say it beside the file", where)
    try:
        made = msgspec.convert(values, External)
    except msgspec.ValidationError as error:
        raise NoCredential(told(error, External), where) from error
    check = checker(External)
    if check is not None and (fault := check(made)) is not None:
        raise NoCredential(f"{fault[0]}: {fault[1]}", where)
    return made
