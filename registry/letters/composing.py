"""From a published decision to a letter's content. A port resolves its references."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Final, Literal, Protocol

import msgspec
from msgspec import Meta

from registry.letters.changing import changes_between
from registry.letters.content import (
    UNDETERMINED,
    Addressee,
    DecisionEnd,
    GrantChange,
    GrantFindings,
    Language,
    LeftOutQualification,
    LetterContent,
    LetterRequirements,
    Office,
    Qualification,
    Standing,
    Words,
)
from registry.letters.errors import CannotWrite
from registry.letters.wording import wording
from registry.wire.achievements import AchievementContent, QualityAssurance
from registry.wire.disclosures import claims_digest, open_disclosures
from registry.wire.forms import CredentialRef, Text, VersionedRef, check_date
from registry.wire.governance import MemberRevised
from registry.wire.recognition import Basis, RecognitionDecided, Towards


class LetterLookup(Protocol):
    """A port that resolves a letter's references. None means not known here, because a stream was not read so far."""

    def member(self, member: str) -> MemberRevised | None:
        """Return a member as governance describes it."""
        ...

    def achievement(self, member: str, achievement: str, version: int | None) -> AchievementContent | None:
        """Return a version of an achievement; the newest where none is named."""
        ...

    def awarding_date(self, credential: CredentialRef) -> date | None:
        """Return the day on which a credential was awarded."""
        ...

    def reason(self, code: str, language: Language) -> str:
        """Return the office's text for a ground's or a condition's code. Every code has one."""
        ...


class LetterRequest(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """The office's choices for a letter, which are not in the decision."""

    language: Language = "en"
    applicant: Addressee | None = None
    """Left out, the vault says who the applicant is."""
    file_number: Annotated[str, Meta(max_length=200)] | None = None
    appeal_until: date | None = None
    letter_date: date | None = None
    required: LetterRequirements | None = None
    remarks: Annotated[list[Words], Meta(max_length=50)] = msgspec.field(default_factory=list)
    """Paragraphs that the office adds in its own words."""


class ProvenDecision(msgspec.Struct, frozen=True):
    """A decision with its receipt and disclosures."""

    member: str
    """The member that decided."""
    data: RecognitionDecided
    receipt: str
    """The C2SP tlog-proof."""
    credentials: list[CredentialRef | None]
    """The credential of each basis, in their order: as it is named openly, or as the disclosure says."""
    disclosures: list[str]
    ended: DecisionEnd | None = None
    """The reason why it is no longer in force."""


class EstablishedFacts(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Facts about an external credential that the office established, or that a document states."""

    source: Literal["office", "document"]
    awarded: date | None = None
    ects: float | None = None
    workload_hours: float | None = None
    eqf_level: int | None = None
    nqf_level: str | None = None
    fields_of_education: list[str] = msgspec.field(default_factory=list)
    learning_outcomes: list[Text] = msgspec.field(default_factory=list)
    quality_assurance: list[QualityAssurance] = msgspec.field(default_factory=list)


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a case's file that go into the letter. Lists follow the decision's bases, or its grants."""

    established: list[EstablishedFacts | None] = msgspec.field(default_factory=list)
    judged: list[GrantFindings | None] = msgspec.field(default_factory=list)
    compared_with: list[list[Towards]] = msgspec.field(default_factory=list)
    """For each grant, the programmes that its bases were compared with."""
    applied_for: list[Towards] = msgspec.field(default_factory=list)
    left: list[LeftOutQualification] = msgspec.field(default_factory=list)
    standings: list[tuple[Standing, date] | None] = msgspec.field(default_factory=list)
    """The objection to each basis when the decision was made, and the day on which it was seen."""
    before: RecognitionDecided | None = None
    """The decision that this one supersedes."""


NO_FILE: Final = CaseFile()


def office_of_member(member: str, lookup: LetterLookup, address: Sequence[str]) -> Office:
    """Return the letterhead of a member's office. Raises `CannotWrite` where governance does not know the member."""
    content = lookup.member(member)
    if content is None:
        raise CannotWrite(f"governance does not know the member {member}")
    return Office(
        content.legal_name, content.country, content.locality, content.homepage, content.appeal_body, list(address)
    )


def compose(
    decision: ProvenDecision,
    request: LetterRequest,
    applicant: Addressee,
    lookup: LetterLookup,
    public_url: str | None,
    file: CaseFile = NO_FILE,
    address: Sequence[str] = (),
) -> LetterContent:
    """Return the content of a decision's letter. Raises `CannotWrite` where one of its references is not known here."""
    data = decision.data
    codes = _codes(data) | {
        code for findings in file.judged if findings is not None for code in _further_codes(findings)
    }
    established = file.established or [None] * len(data.basis)
    standings = file.standings or [None] * len(data.basis)
    return LetterContent(
        language=request.language,
        office=office_of_member(decision.member, lookup, address),
        applicant=applicant,
        decision=data.decision,
        decision_date=date.fromisoformat(data.decision_date),
        purpose=data.purpose,
        effect=data.effect,
        qualifications=[
            _with_standing(_qualification(basis, credential, lookup, facts), standing)
            for basis, credential, facts, standing in zip(
                data.basis, decision.credentials, established, standings, strict=True
            )
        ],
        grants=data.grants,
        towards=[title_of_programme(grant.towards, lookup) for grant in data.grants],
        reasons={code: lookup.reason(code, request.language) for code in sorted(codes)},
        receipt=decision.receipt,
        disclosures=decision.disclosures,
        letter_date=request.letter_date,
        file_number=request.file_number,
        appeal_until=request.appeal_until,
        supersedes=data.supersedes,
        verify_url=verification_url(public_url, decision.member, data.decision),
        required=request.required,
        remarks=request.remarks,
        judged=file.judged,
        compared_with=[_titles(programmes, lookup) for programmes in file.compared_with],
        applied_for=_titles(file.applied_for, lookup),
        left=[_with_legal_name(qualification, lookup) for qualification in file.left],
        changes=None if file.before is None else _changes(file.before, data, request.language, lookup),
        ended=decision.ended,
    )


def _titles(programmes: Sequence[Towards], lookup: LetterLookup) -> list[Text]:
    """Return the titles of programmes, as far as they are known."""
    titles = [title_of_programme(programme, lookup) for programme in programmes]
    return [title for title in titles if title is not None]


def _changes(
    before: RecognitionDecided, data: RecognitionDecided, language: Language, lookup: LetterLookup
) -> list[GrantChange]:
    return changes_between(
        before,
        data,
        wording(language),
        lambda towards: title_of_programme(towards, lookup),
        lambda code: lookup.reason(code, language),
    )


def _codes(data: RecognitionDecided) -> set[str]:
    grounds = {ground.difference for grant in data.grants for ground in grant.grounds or ()}
    return {*grounds, *(condition.code for grant in data.grants for condition in grant.conditions or ())}


def _further_codes(findings: GrantFindings) -> set[str]:
    return {code for _, code in findings.not_possible} | {measure.code for measure in findings.measures}


def whole_date(text: str | None) -> date | None:
    """Return a date of birth; None where only a part of it is known."""
    return date.fromisoformat(text) if text is not None and check_date(text) is None else None


def applicant_of(persons: Sequence[Mapping[str, str]]) -> Addressee:
    """Return the applicant, from the vault's holders of the decision's credentials.

    Raises `CannotWrite` where they are not one person with a name.
    """
    people = {
        (name, person.get("dateOfBirth"))
        for person in persons
        if (name := " ".join(filter(None, [person.get("givenName"), person.get("familyName")])))
    }
    if len(people) != 1:
        raise CannotWrite(
            "the vault does not say who the letter is to; name the applicant (--applicant FILE, or in the request)"
        )
    [(name, born)] = people
    return Addressee(name, date_of_birth=whole_date(born))


def credential_of(basis: Basis, disclosures: Sequence[str]) -> CredentialRef | None:
    """Return the credential that a basis names openly or by a disclosed digest; None where neither names one."""
    if basis.credential is not None:
        return basis.credential
    for disclosure in disclosures:
        digest = claims_digest([disclosure])
        if digest == basis.credential_digest:
            return msgspec.convert(open_disclosures(digest, [disclosure])["credential"], CredentialRef)
    return None


def verification_url(public_url: str | None, member: str, decision: str) -> str | None:
    """Return the address at which anybody can verify a decision. It contains nothing but the decision's id."""
    return None if public_url is None else f"{public_url.rstrip('/')}/decisions/{member}/{decision}"


def _with_legal_name(qualification: LeftOutQualification, lookup: LetterLookup) -> LeftOutQualification:
    """Return a qualification with its issuer's legal name, where that is a member."""
    issuer = lookup.member(qualification.issuer) if qualification.member else None
    return qualification if issuer is None else msgspec.structs.replace(qualification, issuer=issuer.legal_name)


def _with_standing(qualification: Qualification, standing: tuple[Standing, date] | None) -> Qualification:
    if standing is None:
        return qualification
    return msgspec.structs.replace(qualification, standing=standing[0], standing_on=standing[1])


def _qualification(
    basis: Basis, credential: CredentialRef | None, lookup: LetterLookup, facts: EstablishedFacts | None
) -> Qualification:
    if basis.external is not None:
        external = basis.external
        values = {} if facts is None else {name: getattr(facts, name) for name in facts.__struct_fields__}
        return Qualification(
            {UNDETERMINED: external.title}, external.issuer_name, external.country, basis.evidence, **values
        )
    ref = basis.achievement
    if ref is None:
        raise CannotWrite("a basis of the decision names neither an achievement nor an external credential")
    content, issuer = lookup.achievement(ref.member, ref.achievement, ref.version), lookup.member(ref.member)
    if content is None or issuer is None:
        raise CannotWrite(f"{_in_words(ref)} is not known here: this node has not read {ref.member}'s log so far")
    return Qualification(
        title=content.title,
        issuer=issuer.legal_name,
        country=issuer.country,
        evidence=basis.evidence,
        awarded=lookup.awarding_date(credential) if credential is not None else None,
        ects=content.ects,
        workload_hours=content.workload_hours,
        eqf_level=content.eqf_level,
        nqf_level=content.nqf_level,
        fields_of_education=content.fields_of_education,
        learning_outcomes=[outcome.title for outcome in content.learning_outcomes],
        quality_assurance=content.quality_assurance,
    )


def _in_words(ref: VersionedRef) -> str:
    return f"{ref.member}/{ref.achievement} in version {ref.version}"


def title_of_programme(towards: Towards | None, lookup: LetterLookup) -> Text | None:
    """Return the title of a programme; None where none is named. Raises `CannotWrite` where it is not known here."""
    if towards is None or towards.title is not None:
        return towards.title if towards is not None else None
    if towards.member is None or towards.achievement is None:
        return None
    content = lookup.achievement(towards.member, towards.achievement, None)
    if content is None:
        raise CannotWrite(
            f"{towards.member}/{towards.achievement}, which it counts towards, is not known here: this node has"
            f" not read {towards.member}'s log so far"
        )
    return content.title
