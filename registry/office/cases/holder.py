"""The comparison of a credential's holder with the applicant.

Three sources say who holds a credential: the disclosures that the applicant hands in (checked against the digest on the
log), this node's own vault where it issued the credential, and the names in a document (by its own word only).
Where none of them says it, the check says *not checked*; nothing is taken for agreed.

The comparison is made again at each reading, so a corrected applicant is compared at once. `check_holders` is the one
way to ask; `mismatches` says in sentences what holds a case back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from registry.application.registry import Registry
from registry.domain.case import Case
from registry.domain.case_events import Subject
from registry.office.cases.applicants import read_applicant
from registry.office.cases.rows import Written, read_texts
from registry.values.persons import PERSON, differences, name_parts
from registry.vault.vault import Learner
from registry.wire.disclosures import InvalidDisclosure, claims_digest, open_disclosures

HolderState = Literal["matches", "partly", "differs", "notChecked"]
"""`partly`: nothing contradicts, but the name or the date of birth could not be compared whole."""
HolderSource = Literal["disclosures", "vault", "document"]
"""`disclosures` are proven by the log, `vault` is this university's own record, `document` is the file's own word."""
TEXT_KIND: Final = "holder"
"""The kind of the sealed text that keeps whom disclosures or a document name."""
_STRENGTH: Final[tuple[HolderSource, ...]] = ("disclosures", "vault", "document")


class HolderCheck(msgspec.Struct, frozen=True, rename="camel"):
    """The result of comparing a credential's holder with the applicant. It has no personal values."""

    subject: int
    state: HolderState
    source: HolderSource | None
    """None where nothing was checked."""
    compared: list[str]
    """Of `name` and `dateOfBirth`, what both sides have."""
    differs_in: list[str]
    """Of these, what contradicts."""
    detail: str
    """The check in one sentence, for the persons who propose and approve."""


class Holder(NamedTuple):
    """Whom one source names as the holder of a credential."""

    source: HolderSource
    person: Mapping[str, str]
    same_learner: bool = False
    """True if this node's vault has the credential under the applicant's own learner."""
    from_source: Collection[str] = ()
    """The applicant's values that come from this source: they contradict nothing, and confirm nothing."""


def check_holders(registry: Registry, case: Case, written: Sequence[Written] | None = None) -> list[HolderCheck]:
    """Compare the holder of each credential of a case with its applicant; one check for each, in their order.

    `written` are the case's texts where they were read already. Of an applicant who was erased nothing is checked.
    """
    owner = registry.vault.read_learner(registry.cursor(), case.data.learner)
    if owner is None:
        return [_not_checked(number, "the applicant was erased") for number in range(len(case.subjects))]
    texts = written if written is not None else _read_texts(registry, case, owner[0])
    stated: dict[str, str] = {}
    for text in texts:
        if text.kind == "applicant":
            stated |= text.content
    applicant = read_applicant(registry, case.data.learner, stated)
    values: dict[str, str] = msgspec.to_builtins(applicant) if applicant is not None else {}
    contents = [text.content for text in texts if text.kind == TEXT_KIND]
    return check_subjects(registry, case.data.learner, values, case.subjects, contents)


def check_subjects(
    registry: Registry,
    learner: str,
    applicant: Mapping[str, str],
    subjects: Sequence[Subject],
    contents: Sequence[Mapping[str, Any]],
) -> list[HolderCheck]:
    """Compare the holder of each of these credentials with an applicant; `kept` are contents of `TEXT_KIND`."""
    return [
        compare(
            number,
            applicant,
            [*_kept_holders(number, subject, contents), *_own_holder(registry, learner, subject)],
        )
        for number, subject in enumerate(subjects)
    ]


def mismatches(checks: Iterable[HolderCheck]) -> list[str]:
    """Return a sentence for each credential whose holder is not the applicant; a case with any is held back."""
    return [check.detail for check in checks if check.state == "differs"]


def reminders(checks: Iterable[HolderCheck]) -> list[str]:
    """Return a sentence for each credential whose holder is not, or not wholly, known to be the applicant."""
    return [check.detail for check in checks if check.state in ("partly", "notChecked")]


def compare(subject: int, applicant: Mapping[str, str], holders: Sequence[Holder]) -> HolderCheck:
    """Compare an applicant with all who are named as the holder of a credential.

    A source that contradicts decides; where none does, the strongest source that agrees.
    """
    checks = [
        _compare_one(subject, applicant, holder)
        for holder in sorted(holders, key=lambda each: _STRENGTH.index(each.source))
    ]
    for state in ("differs", "matches", "partly"):
        for check in checks:
            if check.state == state:
                return check
    if checks:
        return checks[0]
    return _not_checked(subject, "no disclosures, no document and no record of this university names its holder")


def holder_text(source: HolderSource, person: Mapping[str, Any], *, subject: int, about: str | None) -> dict[str, Any]:
    """Return what the sealed text of kind `TEXT_KIND` says; `about` is the credential, `member/id`, if it has one."""
    named = {name: str(person[name]) for name in (*PERSON, "email") if person.get(name)}
    return {"source": source, "subject": subject, "about": about, "person": named}


def _compare_one(subject: int, applicant: Mapping[str, str], holder: Holder) -> HolderCheck:
    what = f"credential {subject}"
    if holder.same_learner:
        return HolderCheck(
            subject, "matches", holder.source, ["name", "dateOfBirth"], [],
            f"{what}: this university issued it to the applicant",
        )  # fmt: skip
    source = _SOURCE_WORDS[holder.source]
    compared, different = _comparable(applicant, holder.person), list(differences(holder.person, applicant))
    if not different:
        independent = {name: value for name, value in holder.person.items() if name not in holder.from_source}
        if not (confirmed := _comparable(applicant, independent)):
            return _compare_address(subject, applicant, holder, source, is_from_source=bool(compared))
        compared = confirmed
    if different:
        words = " and ".join(_ASPECT_WORDS[each] for each in different)
        verb = "differ" if len(different) > 1 else "differs"
        return HolderCheck(
            subject, "differs", holder.source, compared, different,
            f"{what} names another person than the applicant: {words} in {source} {verb}",
        )  # fmt: skip
    missing = [_ASPECT_WORDS[each] for each in ("name", "dateOfBirth") if each not in compared]
    if missing:
        return HolderCheck(
            subject, "partly", holder.source, compared, [],
            f"{what}: {' and '.join(missing)} of its holder could not be compared with the applicant",
        )  # fmt: skip
    if not _one_name_has_the_other(applicant, holder.person):
        return HolderCheck(
            subject, "partly", holder.source, compared, [],
            f"{what}: the date of birth agrees, and only a part of the name in {source} is the applicant's",
        )  # fmt: skip
    return HolderCheck(
        subject, "matches", holder.source, compared, [], f"{what}: {source} name the applicant"
    )  # fmt: skip


def _compare_address(
    subject: int, applicant: Mapping[str, str], holder: Holder, source: str, *, is_from_source: bool
) -> HolderCheck:
    """Return the check of a holder who has neither a name nor a date of birth to be compared."""
    if is_from_source:
        return _not_checked(subject, f"the applicant's name or date of birth was taken from {source}")
    address = holder.person.get("email")
    if address is None:
        return _not_checked(subject, f"{source} name nobody who could be compared with the applicant")
    if address.casefold() != applicant.get("email", "").casefold():
        return _not_checked(subject, f"{source} name an e-mail address that is not known to be the applicant's")
    return HolderCheck(
        subject, "partly", holder.source, [], [],
        f"credential {subject}: the e-mail address in {source} is the applicant's; no name could be compared",
    )  # fmt: skip


_SOURCE_WORDS: Final[Mapping[HolderSource, str]] = {
    "disclosures": "the disclosures",
    "vault": "this university's records",
    "document": "the document's own words",
}
_ASPECT_WORDS: Final[Mapping[str, str]] = {"name": "the name", "dateOfBirth": "the date of birth"}


def _comparable(person: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return of `name` and `dateOfBirth` what both have."""
    fields = ["name"] if name_parts(person) and name_parts(other) else []
    return [*fields, "dateOfBirth"] if person.get("dateOfBirth") and other.get("dateOfBirth") else fields


def _one_name_has_the_other(person: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether all parts of the shorter name are in the longer: a further given name is not a difference."""
    first, second = name_parts(person), name_parts(other)
    return first <= second or second <= first or "".join(sorted(first)) == "".join(sorted(second))


def _not_checked(subject: int, why: str) -> HolderCheck:
    return HolderCheck(
        subject, "notChecked", None, [], [], f"credential {subject}: whose it is was not checked: {why}"
    )  # fmt: skip


def _read_texts(registry: Registry, case: Case, learner: Learner) -> list[Written]:
    return read_texts(registry.cursor(), registry.vault, str(case.id), learner, kinds=("applicant", TEXT_KIND))


def _kept_holders(number: int, subject: Subject, contents: Sequence[Mapping[str, Any]]) -> list[Holder]:
    """Return the holders that the case's disclosures and documents name."""
    about = None if subject.credential is None else f"{subject.credential.member}/{subject.credential.credential}"
    return [
        Holder(text["source"], text["person"], from_source=text.get("taken", ()))
        for text in contents
        if (text["about"] == about if text["about"] is not None else text["subject"] == number)
    ]


def _own_holder(registry: Registry, learner: str, subject: Subject) -> list[Holder]:
    """Return whom this university's vault has a credential for, where it issued it and the learner is not erased."""
    if subject.credential is None or subject.credential.member != registry.member:
        return []
    credential = subject.credential.credential
    row = (
        registry.cursor()
        .execute("SELECT learner::text FROM vault.records WHERE credential = %s", (credential,))
        .fetchone()
    )
    if row is None:
        return []
    if row["learner"] == learner:
        return [Holder("vault", {}, same_learner=True)]
    disclosures = registry.vault.read_disclosures(registry.cursor(), credential)
    try:
        claims = open_disclosures(claims_digest(disclosures), disclosures) if disclosures else {}
    except InvalidDisclosure:  # a record that cannot be read names nobody
        return []
    return [Holder("vault", {name: str(claims[name]) for name in PERSON if claims.get(name)})]
