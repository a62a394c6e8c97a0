"""Each column of the private side that may have personal data: its form, and the activity that it serves.

A test compares this with the database: a column that is missing here fails it. The record of processing
(`registry.privacy.processing_record`) is generated from it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from registry.settings.retention import RetentionSetting

Form = Literal["sealed", "hash", "pseudonym", "staff", "none"]
"""`sealed`: encrypted. `hash`: keyed hash. `pseudonym`: the random id of a learner. `staff`: a person or system of the
university as it names them. `none`: a code, a random id or a format of this software's; no personal data."""
FORMS: Final[Mapping[Form, str]] = {
    "sealed": "encrypted",
    "hash": "keyed hash",
    "pseudonym": "random id of a learner",
    "staff": "name or id of staff, or of a system",
    "none": "no personal data",
}
Subject = Literal["learners", "applicants", "staff"]


class Activity(NamedTuple):
    """A processing activity, as Article 30 of the GDPR has it."""

    title: str
    purpose: str
    basis: str
    subjects: tuple[Subject, ...]
    recipients: str


class TableEntry(NamedTuple):
    """A table: the activity that it serves, how long its rows stay, and the form of its columns."""

    activity: str
    retention: str
    columns: Mapping[str, Form]
    rule: str | None = None
    """The rule of `[retention]` by which old rows are deleted; None where they go by `retention` alone."""
    field_rules: Mapping[str, str] = MappingProxyType({})
    """The rules by which single columns, or fields in them, go before."""


_PUBLIC_TASK: Final = "Art. 6(1)(e): a task in the public interest; the law on higher education names it"
ACTIVITIES: Final[Mapping[str, Activity]] = {
    "issuing": Activity(
        "Awarding credentials",
        "To award micro-credentials, to correct and to revoke them, and to give their holders what proves them.",
        _PUBLIC_TASK,
        ("learners",),
        "The learner; who the learner shows it to. The shared log has random ids alone.",
    ),
    "intake": Activity(
        "Taking in rows of the university's systems",
        "To read what systems and clerks send in, to refuse faulty rows and to let them be corrected.",
        _PUBLIC_TASK,
        ("learners",),
        "Nobody outside of the university.",
    ),
    "recognition": Activity(
        "Recognising credentials",
        "To decide on applications for recognition, to give reasons, and to hear appeals (Lisbon Convention).",
        _PUBLIC_TASK,
        ("applicants",),
        "The applicant; a court or the appeal body, on appeal. The shared log has no name and no file number.",
    ),
    "accounts": Activity(
        "Accounts of staff and keys of systems",
        "To let people and systems of the university in, with the rights of their roles.",
        "Art. 6(1)(e): a task in the public interest, with Art. 32: security of processing",
        ("staff",),
        "Nobody outside of the university.",
    ),
    "accountability": Activity(
        "Journals of acts and of reads",
        "To show who did what, and who read whose data; to let a learner know it.",
        "Art. 6(1)(c) with Art. 5(2) and 32: accountability and security of processing",
        ("learners", "staff"),
        "The learner, on request; the data protection officer; the supervisory authority.",
    ),
    "rights": Activity(
        "Rights of the people concerned",
        "To restrict the use of data, to hear objections, and to delete data when its time is over.",
        "Art. 6(1)(c) with Art. 17, 18 and 21",
        ("learners",),
        "The learner, on request; the supervisory authority.",
    ),
    "publishing": Activity(
        "Publishing on the shared log",
        "To publish awards and decisions so that nobody can alter them unseen.",
        _PUBLIC_TASK,
        ("learners",),
        "The members of the consortium and appointed auditors: random ids, achievements, days and credits.",
    ),
    "notices": Activity(
        "Notices to the university's systems",
        "To tell the university's own systems what happened on the log.",
        _PUBLIC_TASK,
        ("learners",),
        "Systems of the university.",
    ),
}
_ERASURE: Final = "until the learner is erased"
_WITH_CASE: Final = "until the applicant is erased"
_ACCOUNT: Final = "until the account ends, and with the journal's entries about it"
_BATCH: Final = "90 days after the batch ended, and sooner where a learner of it is erased"
_FOREVER: Final = "as long as the node exists: nothing in it leads to a person by itself"
_LOG: Final = "for ever: the log is never changed; after an erasure the random id leads to nobody"

TABLES: Final[Mapping[str, TableEntry]] = {
    "access.keys": TableEntry(
        "accounts", "until the key is removed", {"key": "none", "name": "staff", "secret": "hash", "scopes": "none"}
    ),
    "access.requests": TableEntry(
        "intake",
        "30 days, deleted at the next request after that; sooner where its learner is erased",
        {"caller": "staff", "key": "hash", "request": "hash", "body": "sealed"},
    ),
    "accounts.accounts": TableEntry(
        "accounts", _ACCOUNT, {"name": "staff", "person": "staff", "roles": "none"}
    ),
    "accounts.challenges": TableEntry("accounts", "minutes", {"challenge": "none"}),
    "accounts.identities": TableEntry("accounts", _ACCOUNT, {"issuer": "none", "subject": "staff"}),
    "accounts.journal": TableEntry(
        "accountability",
        "as long as the node exists: a chain of hashes from which nothing is deleted",
        {"actor": "staff", "act": "none", "subject": "pseudonym", "hash": "none"},
    ),
    "accounts.links": TableEntry("accounts", "until it was used, or its hours are over", {"secret": "hash"}),
    "accounts.passkeys": TableEntry(
        "accounts", _ACCOUNT, {"credential": "none", "name": "staff", "public_key": "none"}
    ),
    "accounts.searches": TableEntry("accounts", "30 minutes, or until the session ends", {"sealed": "sealed"}),
    "accounts.sessions": TableEntry(
        "accounts", "until the session ends", {"secret": "hash", "way": "none"}
    ),
    "feed.counted": TableEntry("notices", _FOREVER, {"member": "none"}),
    "feed.notices": TableEntry(
        "notices",
        _FOREVER,
        {"member": "none", "kind": "none", "thing": "none", "cause_member": "none", "data": "none"},
    ),
    "feed.taken": TableEntry("notices", _FOREVER, {"member": "none"}),
    "intake.batches": TableEntry(
        "intake",
        "its content: 90 days after its end; its counts: as long as the node exists",
        {
            "kind": "none", "media": "none", "state": "none", "by": "staff", "request": "hash", "key": "sealed",
            "released_by": "staff", "sealed_name": "sealed", "sealed_notes": "sealed", "sealed_error": "sealed",
            "dates": "none", "content": "hash",
        },
    ),
    "intake.column_mappings": TableEntry("intake", _FOREVER, {"header": "hash", "columns": "none", "by": "staff"}),
    "intake.course_codes": TableEntry("intake", _FOREVER, {"code": "none"}),
    "intake.drafts": TableEntry(
        "intake", "until it is published or cancelled", {"content": "hash", "format": "none", "sealed": "sealed"}
    ),
    "intake.events": TableEntry("intake", _FOREVER, {"event": "hash", "content": "hash"}),
    "intake.hand_overs": TableEntry(
        "intake", _BATCH, {"learners": "none", "awards": "none", "returned_by": "staff", "sealed_note": "sealed"}
    ),
    "intake.lost": TableEntry("intake", _FOREVER, {"topic": "none", "acknowledged_by": "staff"}),
    "intake.positions": TableEntry("intake", _FOREVER, {"topic": "none"}),
    "intake.problems": TableEntry("intake", _BATCH, {"code": "none", "sealed": "sealed"}),
    "intake.row_corrections": TableEntry(
        "intake", "with the import that it corrects", {"state": "none", "by": "staff", "sealed": "sealed"}
    ),
    "intake.waiting": TableEntry(
        "intake",
        "until its draft is published or cancelled, and by the rule",
        {"record": "hash", "student": "hash", "sealed": "sealed"},
        "waiting_days",
    ),
    "node.migrations": TableEntry("accountability", _FOREVER, {"name": "none"}),
    "node.owner": TableEntry("publishing", _FOREVER, {"member": "none", "consortium": "none", "founded": "none"}),
    "office.acknowledgements": TableEntry("recognition", _FOREVER, {"condition": "none", "by": "staff"}),
    "office.assignments": TableEntry("recognition", _FOREVER, {"assignee": "staff", "by": "staff"}),
    "office.attachments": TableEntry(
        "recognition",
        _WITH_CASE + ", or by the rule after the case was closed",
        {
            "kind": "none", "media": "none", "digest": "hash", "by": "staff", "sealed": "sealed",
            "sealed_name": "sealed",
        },
        "case_files_days",
        {"sealed_name": "file_names_days"},
    ),
    "office.cases": TableEntry(
        "recognition",
        _FOREVER + "; its texts and files go before",
        {
            "file_number": "none", "learner": "pseudonym", "state": "none", "purpose": "none", "assessor": "staff",
            "approver": "staff",
        },
    ),
    "office.denials": TableEntry("recognition", _FOREVER, {"by": "staff"}),
    "office.profiles": TableEntry(
        "recognition", _FOREVER, {"key": "none", "name": "none", "requirement": "none", "by": "staff"}
    ),
    "office.subjects": TableEntry("recognition", _FOREVER, {"member": "none", "seen": "none"}),
    "office.texts": TableEntry(
        "recognition",
        _WITH_CASE + ", or by the rule after the case was closed",
        {"kind": "none", "by": "staff", "sealed": "sealed"},
        "case_texts_days",
        {"sealed": "applicant_details_days"},
    ),
    "privacy.erased_bytes": TableEntry("rights", "until the tables were rewritten", {}),
    "privacy.reads": TableEntry(
        "accountability",
        "see the rule",
        {"actor": "staff", "act": "none", "learners": "pseudonym", "hash": "none"},
        "reads_days",
    ),
    "privacy.reads_start": TableEntry("accountability", _FOREVER, {"hash": "none"}),
    "privacy.restrictions": TableEntry(
        "rights",
        _ERASURE,
        {
            "learner": "pseudonym", "kind": "none", "reason": "none", "begun_by": "staff", "lifting": "none",
            "proposed_by": "staff", "lifted_by": "staff",
        },
    ),
    "privacy.retention_runs": TableEntry("rights", _FOREVER, {"deleted": "none"}),
    "privacy.rewrites": TableEntry("rights", "until the next rewrite", {"hindrance": "none"}),
    "public.registry_events": TableEntry("publishing", _LOG, {"topic": "none", "state": "pseudonym"}),
    "publisher.commits": TableEntry("publishing", _FOREVER, {"root": "none", "hashes": "none"}),
    "publisher.dealt_with": TableEntry("publishing", _FOREVER, {"what": "none", "subject": "none"}),
    "publisher.held": TableEntry(
        "publishing", _FOREVER, {"aggregate": "none", "topic": "none", "code": "none", "reason": "none"}
    ),
    "status.documents": TableEntry(
        "issuing", _FOREVER, {"form": "none", "media_type": "none", "content": "none"}
    ),
    "status.lists": TableEntry("issuing", _FOREVER, {"signers": "none"}),
    "vault.cohorts": TableEntry("recognition", _FOREVER, {"record": "hash", "content": "hash"}),
    "vault.decisions": TableEntry("recognition", _WITH_CASE, {"learner": "pseudonym", "sealed": "sealed"}),
    "vault.document_copies": TableEntry(
        "issuing",
        _ERASURE,
        {"learner": "pseudonym", "format": "none", "by": "staff", "key": "none", "status_list": "none"},
    ),
    "vault.erased": TableEntry(
        "rights", "as long as the node exists, so that last year's file brings nobody back", {"record": "hash"}
    ),
    "vault.further_numbers": TableEntry("issuing", _ERASURE, {"student": "hash", "learner": "pseudonym"}),
    "vault.held_rows": TableEntry(
        "intake",
        "until somebody decides, or by the rule",
        {
            "record": "hash", "student": "hash", "learner": "pseudonym", "sealed": "sealed", "decision": "none",
            "by": "staff", "version": "hash",
        },
        "held_rows_days",
    ),
    "vault.learner_changes": TableEntry(
        "issuing",
        _ERASURE,
        {
            "kind": "none", "source": "pseudonym", "target": "pseudonym", "preview": "hash", "sealed": "sealed",
            "proposed_by": "staff", "confirmed_by": "staff",
        },
    ),
    "vault.learners": TableEntry(
        "issuing",
        _ERASURE,
        {"learner": "pseudonym", "student": "hash", "key": "sealed", "person": "sealed"},
    ),
    "vault.records": TableEntry(
        "issuing", _ERASURE, {"record": "hash", "content": "hash", "learner": "pseudonym", "sealed": "sealed"}
    ),
    "vault.status_notes": TableEntry(
        "issuing",
        _ERASURE + ", or by the rule",
        {"learner": "pseudonym", "change": "none", "sealed": "sealed"},
        "status_notes_days",
    ),
    "webhooks.deliveries": TableEntry(
        "notices",
        "until it is delivered, 5 days at most",
        {"message": "none", "type": "none", "body": "pseudonym", "error": "none"},
    ),
    "webhooks.endpoints": TableEntry(
        "notices",
        "until the webhook is removed",
        {
            "url": "none", "kinds": "none", "secret": "sealed", "previous": "sealed", "disabled_for": "none",
            "last_error": "none",
        },
    ),
}  # fmt: skip
"""By schema and table."""
PSEUDONYMS: Final = ("learner", "learners", "source", "target")
"""Names of columns with ids of learners, whatever their type."""


def describe_retention(entry: TableEntry, setting: RetentionSetting, column: str = "") -> str:
    """Return how long a table's rows stay, with the days of its rule, and of the rule of a column."""
    rules = [rule for rule in (entry.rule, entry.field_rules.get(column)) if rule is not None]
    if not rules:
        return entry.retention
    return f"{entry.retention} ({'; '.join(_describe_rule(rule, setting) for rule in rules)})"


def _describe_rule(rule: str, setting: RetentionSetting) -> str:
    days = getattr(setting, rule)
    return f"`{rule}`: {'the rule is off' if days is None else f'{days} days'}"
