"""The record of processing activities (GDPR, Art. 30), generated from the private tables and the settings."""

from collections.abc import Iterator

import msgspec

from registry.privacy.personal_columns import ACTIVITIES, FORMS, TABLES, describe_retention
from registry.settings.retention import KeptBasis, RetentionSetting


class RecordedColumn(msgspec.Struct, frozen=True):
    """A column with personal data."""

    column: str
    """Schema, table and column."""
    form: str
    retention: str


class RecordedActivity(msgspec.Struct, frozen=True):
    """A processing activity."""

    name: str
    title: str
    purpose: str
    basis: str
    subjects: list[str]
    recipients: str
    columns: list[RecordedColumn]


class KeptData(msgspec.Struct, frozen=True):
    """Data that an erasure leaves, and why (Art. 17(3))."""

    field: str
    """The name in `[retention_basis]`."""
    data: str
    basis: str


class ProcessingRecord(msgspec.Struct, frozen=True):
    """The record of one node."""

    controller: str
    """The legal name of the university, as governance has it; its short name where that is not known."""
    activities: list[RecordedActivity]
    kept_after_erasure: list[KeptData]


_KEPT = {
    "log": "Facts on the shared log: achievement, day, credits, status, under a random id that names nobody",
    "row_hashes": "A keyed hash of each row that became a credential",
    "acts": "The journal of what people did, with random ids",
    "reads": "The access journal, with random ids, until its retention period is over",
    "cases": "Each case's number, days and outcome, without applicant, texts and files",
}


def list_kept(basis: KeptBasis) -> list[KeptData]:
    """Return what an erasure leaves, each with its legal basis."""
    return [KeptData(field, data, getattr(basis, field)) for field, data in _KEPT.items()]


def make_record(controller: str, setting: RetentionSetting, basis: KeptBasis) -> ProcessingRecord:
    """Return the record of a node with these settings."""
    activities = []
    for name, activity in ACTIVITIES.items():
        columns = [
            RecordedColumn(f"{table}.{column}", FORMS[form], describe_retention(entry, setting, column))
            for table, entry in TABLES.items()
            if entry.activity == name
            for column, form in entry.columns.items()
            if form != "none"
        ]
        activities.append(
            RecordedActivity(
                name,
                activity.title,
                activity.purpose,
                activity.basis,
                list(activity.subjects),
                activity.recipients,
                columns,
            )
        )
    return ProcessingRecord(controller, activities, list_kept(basis))


def write_markdown(record: ProcessingRecord) -> str:
    """Return the record as Markdown."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: ProcessingRecord) -> Iterator[str]:
    yield "# Record of processing activities"
    yield ""
    yield f"Controller: {record.controller}. Generated from the node's tables and settings (GDPR, Art. 30)."
    for activity in record.activities:
        yield from ("", f"## {activity.title}", "")
        yield f"- Purpose: {activity.purpose}"
        yield f"- Legal basis: {activity.basis}"
        yield f"- People concerned: {', '.join(activity.subjects)}"
        yield f"- Recipients: {activity.recipients}"
        yield "- Transfers to third countries: none by this software"
        yield "- Security: encrypted under keys that an erasure destroys; keyed hashes; docs/personal-data.md has more"
        yield from ("", "| column | form | how long |", "| --- | --- | --- |")
        for column in activity.columns:
            yield f"| `{column.column}` | {column.form} | {column.retention} |"
    yield from ("", "## What an erasure leaves, and why (Art. 17(3))", "", "| data | legal basis |", "| --- | --- |")
    for rest in record.kept_after_erasure:
        yield f"| {rest.data} | {rest.basis} |"
