"""What happens to a case of a recognition office: codes, ids and days. None of it is published.

What is said of the person, and whatever somebody wrote in words, is in the vault's care (`registry.office`): an
event names such a text by its id.
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
"""What an applicant can be asked for."""
IssuerAnswer = Literal["authentic", "notAuthentic", "notKnown", "noAnswer"]
"""What came of an authenticity enquiry."""
Person = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Who in the office did it: an account's name or a key's id."""
FileNumber = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
Index = Annotated[int, Meta(ge=0)]


class Subject(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """One credential that a case is about: a member's, or something of what no member issued."""

    evidence: Evidence
    credential: CredentialRef | None = None
    achievement: VersionedRef | None = None
    """What the credential is of, where that was proved or said when the case was opened."""
    external: External | None = None
    documented: bool = True
    """False where documents cannot be had, and a background paper of the applicant's stands for them."""


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
    """The applicant was asked for documents: the clock stands until all have come."""

    documents: AtLeastOne[Document]
    on: Date
    by: Person
    text: Uuid | None = None


class DocumentsReceived(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """Some of them came."""

    documents: AtLeastOne[Document]
    on: Date
    by: Person


class Completed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The file is complete: the clock starts."""

    term: str
    """How long the office has from now on: `P4M`, `P8W` or `P90D`."""
    on: Date
    by: Person


class Enquired(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The issuer of one of the credentials was asked whether it is authentic."""

    enquiry: Uuid
    subject: Index
    on: Date
    by: Person
    issuer: Member | None = None
    """None where it is no member."""
    text: Uuid | None = None


class Answered(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """What the issuer said."""

    enquiry: Uuid
    answer: IssuerAnswer
    on: Date
    by: Person
    text: Uuid | None = None


class Assessed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An assessment was recorded; `text` is where it stands."""

    text: Uuid
    on: Date
    by: Person


class LeftOut(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A credential of the case that a proposal does not decide about."""

    subject: Index
    text: Uuid
    """The sealed text that says why."""


class Override(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """What speaks against a proposal, and somebody proposed it all the same."""

    against: AtLeastOne[str]
    """Each a stop's key, such as `revoked:0`."""
    text: Uuid
    """The sealed text that says why."""
    digests: list[str] = []
    """The digests of these stops with their details; empty in events of earlier versions."""


class Proposed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """An assessor proposes what to grant."""

    grants: AtLeastOne[Grant]
    on: Date
    by: Person
    text: Uuid | None = None
    assessment: Uuid | None = None
    """The sealed text of the assessment that it rests on; None: nothing was assessed."""
    left: list[LeftOut] = []
    override: Override | None = None


class Approved(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """Another person agrees."""

    on: Date
    by: Person
    overridden: list[str] = []
    """The keys of the stops whose override this person accepted."""
    proposal: str | None = None
    """The id of the proposal that this person named; None in events of earlier versions, which asked for none."""


class Returned(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """Another person does not, and says why."""

    on: Date
    by: Person
    text: Uuid | None = None


class Seen(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """What this node knew of a credential when it decided."""

    subject: Index
    status: str
    """`active`, `suspended`, `revoked`, `replaced`, or `unknown` where it had not arrived."""
    flags: list[str]
    size: int | None = None
    """Up to which size of the issuer's log this node had read."""


class Decided(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A decision was published: the first, or one that supersedes another."""

    decision: Uuid
    seen: list[Seen]
    on: Date
    by: Person
    appeal_until: Date | None = None
    supersedes: Uuid | None = None
    overridden: list[str] = []
    """The keys of the stops that were overridden, with a reason that two persons saw."""
    left: list[Index] = []
    """The credentials of the case that it does not decide about."""
    despite: bool = False
    """Only in events of earlier versions, which asked for no reason: a status spoke against the decision."""


class Appealed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The applicant appeals."""

    on: Date
    by: Person
    text: Uuid | None = None


class WithdrawalProposed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """Somebody wants the decision withdrawn; another person confirms it for the same reason."""

    decision: Uuid
    reason: WithdrawalReason
    on: Date
    by: Person


class Withdrawn(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The applicant took the application back, or the office its decision: then `decision` and `reason` say it."""

    on: Date
    by: Person
    decision: Uuid | None = None
    reason: WithdrawalReason | None = None
    appeal_until: Date | None = None
    """The last day to object to the withdrawal of a decision."""


class Corrected(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The file had a mistake, which was corrected. What is left out stays as it was."""

    on: Date
    by: Person
    applicant: list[str] = []
    """The names of what was corrected of the applicant; their values are in a sealed text."""
    purpose: Purpose | None = None
    effect: Effect | None = None
    towards: list[Towards] | None = None
    """All programmes that it should count towards from now on; an empty list: none."""
    added: list[Subject] = []
    """Credentials that the case is about as well; their numbers follow those before."""
    removed: list[Index] = []
    """Credentials that the case is about no more. They keep their numbers."""
    text: Uuid | None = None


class Closed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """Nothing more is to be done."""

    on: Date
    by: Person
