"""Which credential an enquiry is about, and whom it asks: personal data go to nobody else."""

from registry.domain.case import Case
from registry.domain.case_errors import UnknownSubject
from registry.office.cases.decision import subject_in_words


def choose_subject(case: Case, subject: int | None) -> int:
    """Return the number of the credential that an enquiry is about: the one that is named, or the only one.

    Raises `UnknownSubject` where none is named and there are several.
    """
    if subject is not None:
        return subject
    numbers = [number for number in range(len(case.subjects)) if number not in case.removed]
    if len(numbers) == 1:
        return numbers[0]
    listed = "; ".join(f"{number}: {describe_enquiry(case, number)}" for number in numbers)
    raise UnknownSubject(
        f"the case is about {len(numbers)} credentials; say which one: {listed}",
        "$.subject",
    )


def describe_enquiry(case: Case, subject: int) -> str:
    """Return whom an enquiry about a credential asks, and about what."""
    about = case.subjects[subject]
    issuer = about.external.issuer_name if about.external is not None else ""
    if about.credential is not None:
        issuer = about.credential.member
    return f"{issuer} about {subject_in_words(case, subject)}"
