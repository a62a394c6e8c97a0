"""A credential's file that an applicant sends in: read by the formats of `registry.intake`, and proving nothing."""

import msgspec

from registry.domain.case_errors import NoCredential
from registry.intake import External as Stated
from registry.intake import IntakeError, read_document
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
        document = read_document(content.encode(), "the file")
    except (IntakeError, UnicodeEncodeError) as error:
        raise NoCredential(f"the file is no credential that can be read here: {error}", where) from error
    return [
        Uploaded(
            _external(stated, country, where),
            stated.awarding_date,
            stated.family_name,
            stated.given_name,
            stated.date_of_birth,
            ["what the file says is not proved by it: ask its issuer (`enquire`)"],
        )
        for stated in document.external()
    ]


def _external(stated: Stated, country: str | None, where: str) -> External:
    title = stated.title.get("en") or next(iter(stated.title.values()), "")
    values = {"issuerName": stated.issuer_name, "country": country or stated.country, "title": title}
    if missing := [name for name, value in values.items() if not value]:
        raise NoCredential(f"the file does not say {', '.join(missing)}; say it beside the file", where)
    try:
        return msgspec.convert(values, External)
    except msgspec.ValidationError as error:
        raise NoCredential(f"{error}", where) from error
