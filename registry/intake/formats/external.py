"""An award of another issuer's document, for a recognition office."""

from typing import TYPE_CHECKING, Any

import msgspec

from registry.intake.formats.award import Award, Oddity

if TYPE_CHECKING:
    from registry.intake.formats.document import Document


class External(msgspec.Struct, frozen=True, rename="camel"):
    """A credential of another issuer, as its document states it. Nothing of it has been proved.

    `sources` has the path of each value in the document. Its keys are the names of Annex I's fields and of a row's
    columns, with their part: `achievement.ects`, `achievement.learningOutcomes`, `credential.grade`. A value that was
    not understood is absent here and listed in `unclear`.
    """

    format: str
    issuer_name: str
    """Empty where the document does not say; so are `country` and `title`."""
    country: str
    """ISO 3166-1 alpha-2."""
    title: dict[str, str]
    """By language; `und` where the document names none."""
    ects: int | float | None
    eqf_level: int | None
    workload_hours: int | float | None
    learning_outcomes: list[dict[str, str]]
    fields_of_education: list[str]
    awarding_date: str | None
    grade: str | None
    family_name: str | None
    given_name: str | None
    date_of_birth: str | None
    signed: bool
    """True if it has a signature or proof; the document's `notes` say what is known of it."""
    assessments: list[str] = []
    """Codes of docs/events.md, for example `markedAssignment`; so are the next three."""
    participation: list[str] = []
    supervision: str | None = None
    learning_setting: str | None = None
    identity_verified: bool | None = None
    quality_assurance: list[dict[str, Any]] = []
    """Each with `type` and `agency`, and maybe `validUntil`."""
    nqf_level: str | None = None
    language: list[str] = []
    """Of instruction."""
    grading_scheme: dict[str, Any] | None = None
    valid_until: str | None = None
    sources: dict[str, str] = {}
    unclear: list[Oddity] = []
    refusals: list[Oddity] = []
    """Reasons why it could not be issued: it says that it is revoked, failed or withdrawn."""


def external_of(document: "Document", award: Award) -> External:
    """Return an award of a document as another office reads it."""
    issuer = award.issuer or document.issuer
    achievement, credential = award.achievement, award.credential
    return External(
        document.FORMAT,
        issuer.name,
        issuer.country,
        achievement.get("title") or {},
        achievement.get("ects"),
        achievement.get("eqfLevel"),
        achievement.get("workloadHours"),
        [outcome["title"] for outcome in achievement.get("learningOutcomes", []) if outcome.get("title")],
        achievement.get("fieldsOfEducation", []),
        credential.get("awarding_date"),
        credential.get("grade"),
        credential.get("family_name"),
        credential.get("given_name"),
        credential.get("date_of_birth"),
        document.signed,
        assessments=achievement.get("assessments", []),
        participation=achievement.get("participation", []),
        supervision=achievement.get("supervision"),
        learning_setting=achievement.get("learningSetting"),
        identity_verified=achievement.get("identityVerified"),
        quality_assurance=achievement.get("qualityAssurance", []),
        nqf_level=achievement.get("nqfLevel"),
        language=achievement.get("language", []),
        grading_scheme=achievement.get("gradingScheme"),
        valid_until=credential.get("valid_until"),
        sources=award.sources,
        unclear=award.problems,
        refusals=award.refusals,
    )
