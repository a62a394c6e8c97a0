"""The events of a recognition office's case: codes, ids and days. None of them is published.

Personal data and free text are encrypted in the vault (`registry.office`): an event names such a text by its id.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from registry.wire.forms import AtLeastOne, CredentialRef, Date, Member, Uuid, VersionedRef
from registry.wire.recognition import Effect, Evidence, External, Grant, Purpose, Towards, WithdrawalReason

CaseState = Literal[
    "collecting", "waiting", "assessing", "proposed", "approved", "decided", "appealed", "withdrawn", "closed"
]
Document = Literal[
    "credential", "transcript", "supplement", "courseDescription", "gradingScheme", "identity", "nameChange",
    "translation", "legalisation", "other",
]  # fmt: skip
"""A kind of document that an applicant can be asked for."""
IssuerAnswer = Literal["authentic", "notAuthentic", "notKnown", "noAnswer"]
"""The outcome of an authenticity enquiry."""
Person = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""The actor in the office: an account's name or a key's id."""
FileNumber = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
Index = Annotated[int, Meta(ge=0)]


class Subject(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """One credential that a case is about: a member's, or an external one."""

    evidence: Evidence
    credential: CredentialRef | None = None
    achievement: VersionedRef | None = None
    """The achievement, where it was proven or stated when the case was opened."""
    external: External | None = None
    documented: bool = True
    """False where no documents can be obtained, and the applicant's background paper replaces them."""


class Opened(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An application came in."""

    case: Uuid
    file_number: FileNumber
    learner: Uuid
    purpose: Purpose
    effect: Effect
    subjects: AtLeastOne[Subject]
    on: Date
    by: Person
    towards: list[Towards] | None = None
    """The programme or the courses that it should count towards."""


class DocumentsRequested(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The office asked for documents: the clock is stopped until all have arrived."""

    documents: AtLeastOne[Document]
    on: Date
    by: Person
    text: Uuid | None = None


class DocumentsReceived(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """Some of the requested documents arrived."""

    documents: AtLeastOne[Document]
    on: Date
    by: Person


class Completed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The file is complete: the clock starts."""

    term: str
    """The time that the office has from now on: `P4M`, `P8W` or `P90D`."""
    on: Date
    by: Person


class Enquired(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The office asked the issuer of a credential whether it is authentic."""

    enquiry: Uuid
    subject: Index
    on: Date
    by: Person
    issuer: Member | None = None
    """None where it is not a member."""
    text: Uuid | None = None


class Answered(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The issuer answered an enquiry."""

    enquiry: Uuid
    answer: IssuerAnswer
    on: Date
    by: Person
    text: Uuid | None = None


class Assessed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An assessment was recorded; `text` is the id of its encrypted text."""

    text: Uuid
    on: Date
    by: Person


class LeftOut(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A credential of the case that a proposal does not decide about."""

    subject: Index
    text: Uuid
    """The encrypted text with the reason."""


class Override(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """Stops of a proposal that the proposer overrides."""

    against: AtLeastOne[str]
    """Each a stop's key, such as `revoked:0`."""
    text: Uuid
    """The encrypted text with the reason."""
    digests: list[str] = []
    """The digests of these stops with the facts that they rest on; empty in events of earlier versions."""


class Proposed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An assessor proposed what to grant."""

    grants: AtLeastOne[Grant]
    on: Date
    by: Person
    text: Uuid | None = None
    assessment: Uuid | None = None
    """The encrypted text of the assessment that it rests on; None: nothing was assessed."""
    left: list[LeftOut] = []
    override: Override | None = None


class Approved(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """Another person approved the proposal."""

    on: Date
    by: Person
    overridden: list[str] = []
    """The keys of the stops whose override this person accepted."""
    proposal: str | None = None
    """The id of the proposal that this person named; None in events of earlier versions, which asked for none."""


class Returned(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The proposal was returned."""

    on: Date
    by: Person
    text: Uuid | None = None


class KnownStatus(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The status of a credential that this node knew when the office decided."""

    subject: Index
    status: str
    """`active`, `suspended`, `revoked`, `replaced`, or `unknown` where it had not arrived."""
    flags: list[str]
    size: int | None = None
    """The size of the issuer's log up to which this node had read."""


class Decided(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A decision was published: the first, or one that supersedes another."""

    decision: Uuid
    statuses: list[KnownStatus] = msgspec.field(name="seen")
    on: Date
    by: Person
    appeal_until: Date | None = None
    supersedes: Uuid | None = None
    overridden: list[str] = []
    """The keys of the stops that were overridden, with a reason that two persons read."""
    left: list[Index] = []
    """The credentials of the case that the decision leaves out."""
    despite: bool = False
    """Only in events of earlier versions, which asked for no reason: a status spoke against the decision."""


class Appealed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The applicant appealed."""

    on: Date
    by: Person
    text: Uuid | None = None


class WithdrawalProposed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A first person wants the decision withdrawn; another one confirms it for the same reason."""

    decision: Uuid
    reason: WithdrawalReason
    on: Date
    by: Person


class Withdrawn(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The applicant withdrew the application, or the office its decision, which `decision` and `reason` name."""

    on: Date
    by: Person
    decision: Uuid | None = None
    reason: WithdrawalReason | None = None
    appeal_until: Date | None = None
    """The last day to object to the withdrawal of a decision."""


class Corrected(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A mistake in the file was corrected. A field that is left out is unchanged."""

    on: Date
    by: Person
    applicant: list[str] = []
    """The names of the applicant's fields that changed; their values are in an encrypted text."""
    purpose: Purpose | None = None
    effect: Effect | None = None
    towards: list[Towards] | None = None
    """All programmes that the case names from now on; an empty list: none."""
    added: list[Subject] = []
    """Further credentials; their numbers follow those before."""
    removed: list[Index] = []
    """Credentials that were removed from the case. They keep their numbers."""
    text: Uuid | None = None


class Closed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The file was closed."""

    on: Date
    by: Person
