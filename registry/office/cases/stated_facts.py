"""Facts that uploaded documents state about a case's credentials. None of them is verified."""

from typing import Any, Final

import msgspec

from registry.application.registry import Registry
from registry.domain.case import Case
from registry.intake.formats.documents import read_document
from registry.intake.rows.report import IntakeError
from registry.office.assessments.offered import Offered
from registry.office.cases.rows import read_texts
from registry.wire.forms import check_date

_FACTS: Final = {field.encode_name: field for field in msgspec.structs.fields(Offered)}
_ABOUT_THE_ISSUE: Final = ("issuer", "member", "title", "achievement", "awardingBodies", "country")


def stated_by_documents(registry: Registry, case: Case) -> dict[int, Offered]:
    """Return what a case's uploaded documents state of its credentials, by their numbers.

    Of an applicant who was erased nothing is left to read.
    """
    holder = registry.vault.read_learner(registry.cursor(), case.data.learner)
    if holder is None:
        return {}
    stated: dict[int, Offered] = {}
    for text in read_texts(registry.cursor(), registry.vault, str(case.id), holder[0], kinds=("file",)):
        numbered = enumerate(stated_in(text.content["content"]), text.content["subject"])
        stated |= {number: offered for number, offered in numbered if _is_external(case, number)}
    return stated


def _is_external(case: Case, number: int) -> bool:
    return number < len(case.subjects) and case.subjects[number].external is not None


def stated_in(content: str) -> list[Offered]:
    """Return what a document states of each of its awards, in their order; nothing for a document without data."""
    try:
        document = read_document(content.encode(), "the file")
    except (IntakeError, UnicodeEncodeError):  # a receipt, say: the log speaks for that
        return []
    return [
        _describe_award(
            award.achievement,
            award.credential.get("awarding_date"),
            (award.issuer or document.issuer).name,
            document.FORMAT,
        )
        for award in document.awards
    ]


def _describe_award(achievement: dict[str, Any], awarded: Any, issuer: str, name: str) -> Offered:  # noqa: ANN401 - as it was read
    """Return the facts of an award; a value that has no form is left out, as it would be read by nobody."""
    values: dict[str, Any] = {}
    for key, value in achievement.items():
        field = _FACTS.get(key)
        if field is None or key in _ABOUT_THE_ISSUE or value is None:
            continue
        try:
            values[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError:  # the document is read again whole where it is shown
            continue
    if isinstance(awarded, str) and check_date(awarded) is None:
        values["awarding_date"] = awarded
    title = achievement.get("title") or {"und": ""}
    return Offered(issuer=issuer, member=False, title=title, stated_in=name, **values)
