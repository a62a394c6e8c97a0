"""Disclosures that an applicant hands in after a case was opened."""

from collections.abc import Sequence

from registry.domain.case import Case
from registry.domain.case_errors import ApplicantErased
from registry.office.cases.evidence import match_disclosures
from registry.office.cases.holder import TEXT_KIND, HolderCheck, check_holders
from registry.office.cases.opening import key_of
from registry.office.cases.rows import Texts
from registry.office.cases.service import Office


def disclose(office: Office, case: Case, sets: Sequence[Sequence[str]], by: str) -> list[HolderCheck]:
    """Keep what disclosures say of the holder, once they are checked against the log; return all checks of the case.

    `sets` has all disclosures of one credential in each list, in any order. Raises `UnknownSubject` for disclosures of
    none of the case's credentials, `ApplicantErased`.
    """
    registry = office.registry
    holder = registry.vault.read_learner(registry.cursor(), case.data.learner)
    if holder is None:
        raise ApplicantErased("the applicant was erased; nothing can be compared with them", "$.case")
    keys = [key_of(subject) for subject in case.subjects]
    digests = {key: facts.claims for key, facts in office.facts(case).items()}
    texts = Texts(registry.vault, str(case.id), holder[0], by)
    for proven in match_disclosures(sets, digests):
        texts.add(TEXT_KIND, proven.text(keys.index(proven.key)))
    registry.store_rows(texts)
    return check_holders(registry, case)
