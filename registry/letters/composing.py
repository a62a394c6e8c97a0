"""From a decision as it was published to a letter's content: what its references mean is asked of whoever knows."""

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
    """What a letter asks of others. None where it is not known here, as before a stream has been read so far."""

    def member(self, member: str) -> MemberRevised | None:
        """A member as governance says."""
        ...

    def achievement(self, member: str, achievement: str, version: int | None) -> AchievementContent | None:
        """A version of an achievement; the newest where none is named."""
        ...

    def awarded(self, credential: CredentialRef) -> date | None:
        """The day on which a credential was awarded."""
        ...

    def reason(self, code: str, language: Language) -> str:
        """What the office says for a ground's or a condition's code. Every code has a text."""
        ...


class LetterRequest(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """What the office says about a letter, beside the decision itself."""

    language: Language = "en"
    applicant: Addressee | None = None
    """Where it is left out, the vault is asked."""
    file_number: Annotated[str, Meta(max_length=200)] | None = None
    appeal_until: date | None = None
    letter_date: date | None = None
    required: LetterRequirements | None = None
    remarks: Annotated[list[Words], Meta(max_length=50)] = msgspec.field(default_factory=list)
    """What the office adds in its own words, a paragraph each."""


class ProvenDecision(msgspec.Struct, frozen=True):
    """A decision, and what proves and explains it."""

    member: str
    """Who decided."""
    data: RecognitionDecided
    receipt: str
    """The C2SP tlog-proof."""
    credentials: list[CredentialRef | None]
    """Which credential each basis is, by their order: as named openly, or as the disclosure says."""
    disclosures: list[str]
    ended: DecisionEnd | None = None
    """Why it is not in force any more."""


class EstablishedFacts(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the office knows of a basis that no member issued."""

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
    """What a case's file adds to its decision's letter. Lists go by the decision's bases, or by its grants."""

    established: list[EstablishedFacts | None] = msgspec.field(default_factory=list)
    judged: list[GrantFindings | None] = msgspec.field(default_factory=list)
    compared_with: list[list[Towards]] = msgspec.field(default_factory=list)
    """For each grant, the programmes that its bases were compared with."""
    applied_for: list[Towards] = msgspec.field(default_factory=list)
    left: list[LeftOutQualification] = msgspec.field(default_factory=list)
    standings: list[tuple[Standing, date] | None] = msgspec.field(default_factory=list)
    """What spoke against each basis when the decision was made, and when that was seen."""
    before: RecognitionDecided | None = None
    """The decision that this one supersedes."""


NO_FILE: Final = CaseFile()


def office_of_member(member: str, known: LetterLookup, address: Sequence[str]) -> Office:
    """Return who writes a letter. Raises `CannotWrite` where governance does not say who it is."""
    own = known.member(member)
    if own is None:
        raise CannotWrite(f"governance does not say who {member} is")
    return Office(own.legal_name, own.country, own.locality, own.homepage, own.appeal_body, list(address))


def compose(
    decision: ProvenDecision,
    asked: LetterRequest,
    applicant: Addressee,
    known: LetterLookup,
    public_url: str | None,
    file: CaseFile = NO_FILE,
    address: Sequence[str] = (),
) -> LetterContent:
    """The content of one letter. Raises `CannotWrite` where something that it names is not known here."""
    data = decision.data
    codes = _codes(data) | {code for one in file.judged if one is not None for code in _further_codes(one)}
    established = file.established or [None] * len(data.basis)
    standings = file.standings or [None] * len(data.basis)
    return LetterContent(
        language=asked.language,
        office=office_of_member(decision.member, known, address),
        applicant=applicant,
        decision=data.decision,
        decision_date=date.fromisoformat(data.decision_date),
        purpose=data.purpose,
        effect=data.effect,
        qualifications=[
            _with_standing(_qualification(basis, credential, known, more), standing)
            for basis, credential, more, standing in zip(
                data.basis, decision.credentials, established, standings, strict=True
            )
        ],
        grants=data.grants,
        towards=[title_of_programme(grant.towards, known) for grant in data.grants],
        reasons={code: known.reason(code, asked.language) for code in sorted(codes)},
        receipt=decision.receipt,
        disclosures=decision.disclosures,
        letter_date=asked.letter_date,
        file_number=asked.file_number,
        appeal_until=asked.appeal_until,
        supersedes=data.supersedes,
        verify_url=verification_url(public_url, decision.member, data.decision),
        required=asked.required,
        remarks=asked.remarks,
        judged=file.judged,
        compared_with=[
            [title for one in several if (title := title_of_programme(one, known)) is not None]
            for several in file.compared_with
        ],
        applied_for=[title for one in file.applied_for if (title := title_of_programme(one, known)) is not None],
        left=[_left(one, known) for one in file.left],
        changes=None
        if file.before is None
        else changes_between(
            file.before,
            data,
            wording(asked.language),
            lambda towards: title_of_programme(towards, known),
            lambda code: known.reason(code, asked.language),
        ),
        ended=decision.ended,
    )


def _codes(data: RecognitionDecided) -> set[str]:
    grounds = {one.difference for grant in data.grants for one in grant.grounds or ()}
    return {*grounds, *(one.code for grant in data.grants for one in grant.conditions or ())}


def _further_codes(judged: GrantFindings) -> set[str]:
    return {code for _, code in judged.not_possible} | {one.code for one in judged.measures}


def whole_date(text: str | None) -> date | None:
    """A date of birth, where all of it is known."""
    return date.fromisoformat(text) if text is not None and check_date(text) is None else None


def applicant_of(persons: Sequence[Mapping[str, str]]) -> Addressee:
    """The applicant, from what the vault says of those whom the decision is about. Raises `CannotWrite`."""
    named = {
        (name, person.get("dateOfBirth"))
        for person in persons
        if (name := " ".join(filter(None, [person.get("givenName"), person.get("familyName")])))
    }
    if len(named) != 1:
        raise CannotWrite(
            "the vault does not say whom the letter is to; give the applicant (--applicant FILE, or in the request)"
        )
    [(name, born)] = named
    return Addressee(name, date_of_birth=whole_date(born))


def credential_of(basis: Basis, disclosures: Sequence[str]) -> CredentialRef | None:
    """Which credential a basis is: named openly, or as one of the disclosures says; None where none does."""
    if basis.credential is not None:
        return basis.credential
    for one in disclosures:
        if claims_digest([one]) == basis.credential_digest:
            return msgspec.convert(open_disclosures(claims_digest([one]), [one])["credential"], CredentialRef)
    return None


def verification_url(public_url: str | None, member: str, decision: str) -> str | None:
    """Where anybody sees whether a decision is in force; its id is all that the address tells."""
    return None if public_url is None else f"{public_url.rstrip('/')}/decisions/{member}/{decision}"


def _left(one: LeftOutQualification, known: LetterLookup) -> LeftOutQualification:
    """Return a line with the legal name of a member that issued it."""
    issuer = known.member(one.issuer) if one.member else None
    return one if issuer is None else msgspec.structs.replace(one, issuer=issuer.legal_name)


def _with_standing(one: Qualification, standing: tuple[Standing, date] | None) -> Qualification:
    if standing is None:
        return one
    return msgspec.structs.replace(one, standing=standing[0], standing_on=standing[1])


def _qualification(
    basis: Basis, credential: CredentialRef | None, known: LetterLookup, more: EstablishedFacts | None
) -> Qualification:
    if basis.external is not None:
        told = basis.external
        values = {} if more is None else {name: getattr(more, name) for name in more.__struct_fields__}
        return Qualification({UNDETERMINED: told.title}, told.issuer_name, told.country, basis.evidence, **values)
    ref = basis.achievement
    if ref is None:
        raise CannotWrite("a basis of the decision names neither an achievement nor something external")
    content, issuer = known.achievement(ref.member, ref.achievement, ref.version), known.member(ref.member)
    if content is None or issuer is None:
        raise CannotWrite(f"{_named(ref)} is not known here: this node has not read so much of {ref.member}'s log")
    return Qualification(
        title=content.title,
        issuer=issuer.legal_name,
        country=issuer.country,
        evidence=basis.evidence,
        awarded=known.awarded(credential) if credential is not None else None,
        ects=content.ects,
        workload_hours=content.workload_hours,
        eqf_level=content.eqf_level,
        nqf_level=content.nqf_level,
        fields_of_education=content.fields_of_education,
        learning_outcomes=[outcome.title for outcome in content.learning_outcomes],
        quality_assurance=content.quality_assurance,
    )


def _named(ref: VersionedRef) -> str:
    return f"{ref.member}/{ref.achievement} in version {ref.version}"


def title_of_programme(towards: Towards | None, known: LetterLookup) -> Text | None:
    """Return the title of a programme; None where none is named. Raises `CannotWrite` where it is not known here."""
    if towards is None or towards.title is not None:
        return towards.title if towards is not None else None
    if towards.member is None or towards.achievement is None:
        return None
    found = known.achievement(towards.member, towards.achievement, None)
    if found is None:
        raise CannotWrite(
            f"{towards.member}/{towards.achievement}, which it counts towards, is not known here: this node has"
            f" not read so much of {towards.member}'s log"
        )
    return found.title
