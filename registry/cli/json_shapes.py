"""The shape of the JSON that each command prints; `python -m registry.cli.json_shapes` writes the reference.

With `--check` it writes nothing, and exits with 1 if the file is out of date.
"""

import sys
from pathlib import Path
from typing import Any, Final, NamedTuple, get_type_hints

import msgspec

from consumers.archive.archiver import Archived
from consumers.audit.audit_compare import Comparison
from consumers.audit.audit_report import AuditReport
from consumers.streams.quarantine import Quarantined
from consumers.witness.evidence import Caught
from projections.catalogue.catalogue import AchievementView
from projections.credentials.credentials import CredentialView
from projections.credentials.reliance import Relied
from projections.credentials.small_groups import SmallGroups
from projections.feed.worklist import Item
from projections.precedents.precedents import Precedent, PrecedentPage
from projections.recognition.decisions import AgreementView, DecisionView
from projections.recognition.simulation import Simulation
from projections.records.disclosures import ProvenClaims
from projections.records.learners import LearnerRecord
from projections.records.universities import UniversityYear
from projections.stacking.progress import Progress
from registry.access.keys import ApiKey
from registry.accounts.accounts import Account
from registry.accounts.journal import JournalEntry
from registry.application.held_row import HeldPerson
from registry.backup.backup import BackupDescription
from registry.batches.batch import Batch
from registry.cli.evidence.receipts import WrittenReceipt
from registry.cli.issuing.bulk_changes import BulkChanges
from registry.cli.issuing.bulk_corrections import Corrections
from registry.cli.issuing.course_codes import CodeImport
from registry.cli.issuing.documents import ListedFormat
from registry.cli.issuing.drafts import DraftDetails
from registry.cli.issuing.finding import OwnCredential
from registry.cli.issuing.reconcile import ReconciliationReport
from registry.intake.course_codes import CourseCode
from registry.intake.drafts import Draft
from registry.intake.import_report import ImportReport
from registry.intake.import_result import ImportResult
from registry.intake.lost_events import LostEvents
from registry.learners.change import Change
from registry.learners.restrictions import Restriction
from registry.log.topic_plan import Difference
from registry.node.doctor.findings import DoctorReport
from registry.node.health.status import Status
from registry.node.issuing_keys import OwnIssuingKey
from registry.office.assessments.assessment import Assessment
from registry.office.assessments.profiles import StoredProfile
from registry.office.cases.attachments import Attachment
from registry.office.cases.views import CaseUpdate, CaseView
from registry.office.cases.worklist import CaseLine
from registry.office.cohorts.cohort import CohortOutcome
from registry.privacy.access_journal import LearnerRead
from registry.privacy.erased_bytes import Rewrite
from registry.privacy.leak_drill import LeakDrill
from registry.privacy.processing_record import ProcessingRecord
from registry.privacy.retention import OldRows
from registry.publishing.republishing import Repair
from registry.verification.verifier import VerificationReport
from registry.webhooks.deliveries import DeadDelivery
from registry.webhooks.endpoints import Endpoint

FILE: Final = Path(__file__).parents[2] / "docs" / "command-json.md"


class Shape(NamedTuple):
    """The output of a command: the names of an object, and of its `items` if it is a list."""

    names: tuple[str, ...]
    items: tuple[str, ...] | None = None
    remark: str = ""


def _names(kind: type[Any], *more: str, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    fields = kind.__struct_fields__ if issubclass(kind, msgspec.Struct) else tuple(get_type_hints(kind))
    return tuple(name.rstrip("_") for name in (*fields, *more) if name not in without)


def _list(kind: type[Any] | tuple[str, ...], *more: str, remark: str = "") -> Shape:
    return Shape(("items", *more), kind if isinstance(kind, tuple) else _names(kind), remark)


_CASE_UPDATE: Final = Shape(_names(CaseUpdate))
"""The output of every action on a case."""
_RENAMED: Final = ("endpoint",)
"""The field that the command line calls `webhook`."""
_AS_OF: Final = "With `--as-of`, an object with the state at that moment, and `basis`: how the moment was determined."

SHAPES: Final[dict[str, Shape]] = {
    "import file": Shape(_names(ImportReport)),
    "doctor": Shape(_names(DoctorReport), remark="`findings` have `severity`, `check`, `sentence` and `advice`."),
    **dict.fromkeys(("log-level show", "log-level set", "log-level reset"), Shape(("level", "until"))),
    "status": Shape(_names(Status)),
    "reconcile": Shape(_names(ReconciliationReport)),
    "precedents": Shape(_names(PrecedentPage), _names(Precedent)),
    "receipt create credential": Shape(_names(WrittenReceipt), remark="`seal` is null without `--seal`."),
    "verify": Shape(
        _names(VerificationReport),
        remark="Of a folder an object: `items`, each with `file` and `report`, and `counts` by verdict.",
    ),
    "receipt verify": Shape(
        ("verdict", "summary"), remark="With the results of the checks, if there was something to check."
    ),
    "feed": Shape((), remark="One CloudEvent a line, as webhooks post them."),
    "witness request": _list(("stream", "witness", "size", "error", "note")),
    "views digest": Shape(("digest", "members")),
    "log archive": _list(
        Archived, remark="With `--check`, an object: `ok`, `streams`, `faults`, `not_archived`, `not_compared`."
    ),
    "node backup": Shape(("file", "bytes", *_names(BackupDescription))),
    "node backup-keys": Shape(("file", "bytes", *_names(BackupDescription))),
    "node restore": Shape(("private", "streams")),
    "log restore": Shape(("streams",)),
    "topics plan": _list(Difference),
    "topics apply": Shape(("done", "left"), remark="Both are lists of items as `topics plan` has them."),
    "member reliance": _list(Relied),
    "member list": _list(("member", "legal_name", "country", "homepage", "standing", "roles")),
    "governance show": Shape(("consortium", "size", "root_keys", "threshold", "members")),
    "achievement list": _list(AchievementView),
    "achievement show": _list(AchievementView, remark="One item a version."),
    "achievement draft list": _list(Draft),
    "achievement draft show": Shape(_names(DraftDetails)),
    "achievement draft publish": _list(ImportResult),
    "credential formats": _list(ListedFormat),
    "credential show": Shape(
        _names(CredentialView, "disclosed", "notes"), remark=f"`disclosed` is null without `--claims`. {_AS_OF}"
    ),
    "credential change": Shape(_names(BulkChanges)),
    "credential correct": Shape(_names(Corrections)),
    "credential release": _list(Batch, remark="Without a batch: the waiting ones."),
    "intake lost": _list(LostEvents),
    "credential list": _list(
        OwnCredential,
        "next",
        remark="`next` is for `--after`; null at the end. `record` is null without `--record`: only a keyed hash of it"
        " is stored.",
    ),
    "credential find": _list(
        OwnCredential,
        "next",
        remark="`next` is for `--after`; null at the end. `record` is null: only a keyed hash of it is stored.",
    ),
    "course-code import": Shape(_names(CodeImport)),
    "course-code list": _list(CourseCode),
    "recognition show": _list(DecisionView, remark=_AS_OF),
    "recognition compare": Shape(("offered", "elements")),
    "recognition cohort": _list(CohortOutcome),
    "case list": _list(CaseLine, "counts", "changed", "notes"),
    "case attach": Shape(_names(Attachment)),
    "case attachment-list": _list(Attachment),
    "case disclose": Shape(("holders",)),
    "case acknowledge": Shape(("changes",)),
    "disclosure verify": Shape(_names(ProvenClaims)),
    "case show": Shape(_names(CaseView)),
    "case compare": Shape(
        tuple(field.encode_name for field in msgspec.structs.fields(Assessment)),
        remark="The file that `case assess` reads, with the names of the API.",
    ),
    **dict.fromkeys(
        (
            "case open",
            "case request-documents",
            "case receive-documents",
            "case complete",
            "case enquire",
            "case answer",
            "case assess",
            "case propose",
            "case approve",
            "case decide",
            "case appeal",
            "case amend",
            "case withdraw",
            "case close",
            "case return",
            "case correct",
        ),
        _CASE_UPDATE,
    ),
    "stack progress": Shape(_names(Progress)),
    "stack impaired": _list(Item),
    "agreement list": _list(AgreementView),
    "agreement show": Shape(_names(AgreementView)),
    "agreement simulate": Shape(_names(Simulation)),
    "office profile list": _list(StoredProfile),
    "office profile show": Shape(_names(StoredProfile)),
    "reasons list": _list(("kind", "code", "text")),
    "reasons show": Shape((), remark="The code's text by language; for a country, its note."),
    "account list": _list(Account),
    "account journal": _list(JournalEntry),
    "api-key list": _list(ApiKey),
    "issuing-key list": _list(OwnIssuingKey),
    "key show": Shape(("member", "problem", "keys")),
    "learner show": Shape(_names(LearnerRecord, "person", "changes"), remark=_AS_OF),
    "learner held": _list(HeldPerson),
    "learner changes": _list(Change),
    "learner restrictions": _list(Restriction),
    "privacy reads": _list(LearnerRead),
    "privacy rewrite": Shape(_names(Rewrite)),
    "privacy retention": _list(OldRows),
    "privacy record": Shape(_names(ProcessingRecord)),
    "privacy small-groups": Shape(_names(SmallGroups)),
    "privacy drill": Shape(_names(LeakDrill)),
    "university show": Shape(_names(UniversityYear)),
    "log quarantine list": _list(_names(Quarantined, without=("record",))),
    "log quarantine show": Shape(_names(Quarantined, "explained"), remark="`record` is in base64."),
    "refused list": _list(Repair),
    "webhook add": Shape(("webhook", "url", "secret")),
    "webhook list": _list(("webhook", *_names(Endpoint, without=_RENAMED))),
    "webhook rotate": Shape(("webhook", "secret")),
    "webhook test": Shape(("delivered", "why")),
    "webhook dead": _list(("webhook", *_names(DeadDelivery, without=_RENAMED))),
    "witness caught": _list(Caught),
    "log list": _list(
        ("stream", "size", "end"), remark="Of one stream, an item a commit: `position`, `size`, `events`, `bytes`."
    ),
    "log show": Shape(("position", "origin", "base", "size", "root", "signatures", "events")),
    "log verify": Shape(("stream", "size", "root", "expected", "refused", "faults")),
    "audit": Shape(_names(AuditReport), remark="The same as `--save` writes, for `--since` and `audit compare`."),
    "audit compare": Shape(("verdict", "summary", *_names(Comparison))),
}
"""The shape of each command that has `--json`, by the words that call it."""

_HEAD: Final = """<!-- Generated by `python -m registry.cli.json_shapes`. Do not edit. -->

# What commands print with `--json`

- A command prints one object. A list has its items in `items`, next to what belongs to the whole list.
  Only `feed` prints a line for each event, so that it can be followed.
- Names are in snake_case. Objects of the published language (an event, an achievement's content, a grant) keep their
  own names, so that they can be compared with the log and passed to a command. Keys that are data, such as
  a language, a ground or the name of a claim, are not changed.
- Numbers are numbers, and truth values are `true` and `false`. Days are `YYYY-MM-DD`; times are UTC in RFC 3339.
  An unknown value is `null`; it is not left out.
- The exit code is the same with and without `--json`. Errors go to standard error, as text.

With `--csv` a list is printed as CSV (RFC 4180, UTF-8): a header, whole ids, all columns. A text that begins with one
of = + - @, also full-width or after spaces and invisible characters, gets an apostrophe before it, so that no
spreadsheet runs it as a formula. Numbers are not changed.
"""


def reference() -> str:
    """Return the whole reference, as Markdown."""
    rows = ["| command | object | each of its `items` | remark |", "|---|---|---|---|"]
    for command, shape in sorted(SHAPES.items()):
        names, items = (", ".join(f"`{name}`" for name in each or ()) for each in (shape.names, shape.items))
        rows.append(f"| `{command}` | {names} | {items} | {shape.remark} |")
    return _HEAD + "\n" + "\n".join(rows) + "\n"


def main(arguments: list[str]) -> int:
    """Write the reference, or check that it is current."""
    text = reference()
    if arguments == ["--check"]:
        if FILE.exists() and FILE.read_text() == text:
            return 0
        print(f"{FILE} is out of date; run `make schemas`", file=sys.stderr)  # noqa: T201 - a command
        return 1
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
