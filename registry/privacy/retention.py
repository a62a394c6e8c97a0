"""Rules of how long personal data stays. The node enforces them once a day; a trial says what would go."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from registry.accounts.journal import append
from registry.privacy.access_journal import count_old_reads, delete_reads
from registry.privacy.erased_bytes import note_deletion
from registry.privacy.field_retention import FieldRule, list_field_rules
from registry.settings.retention import RetentionSetting
from registry.vault.vault import Vault

ACTOR: Final = "retention"
"""The actor of deletions in the journal."""
_CLOSED: Final = (
    "SELECT c.id FROM office.cases c WHERE c.state IN ('closed', 'withdrawn')"
    " AND (c.appeal_until IS NULL OR c.appeal_until < %(day)s)"
    " AND NOT EXISTS (SELECT FROM office.texts t WHERE t.case_id = c.id AND t.written >= %(before)s)"
    " AND NOT EXISTS (SELECT FROM office.attachments a WHERE a.case_id = c.id AND a.added >= %(before)s)"
)
"""Cases that ended, in which nothing was written and to which nothing was added since."""


class Rule(NamedTuple):
    """A rule: its name in `[retention]`, the table, and the rows that are too old."""

    name: str
    table: str
    where: str


RULES: Final = (
    Rule("held_rows_days", "vault.held_rows", "decision IS NULL AND at < %(before)s"),
    Rule("waiting_days", "intake.waiting", "arrived < %(before)s"),
    Rule("status_notes_days", "vault.status_notes", "written < %(before)s"),
    Rule("case_texts_days", "office.texts", f"case_id IN ({_CLOSED})"),
    Rule("case_files_days", "office.attachments", f"case_id IN ({_CLOSED})"),
)
"""All rules but that of the access journal, whose chain of hashes goes on."""


FIELD_RULES: Final = list_field_rules(_CLOSED)
"""The rules of fields."""


_ALL: Final[tuple[Rule | FieldRule, ...]] = (*RULES, *FIELD_RULES)


class OldRows(msgspec.Struct, frozen=True):
    """The rows of one rule that are too old."""

    rule: str
    table: str
    days: int | None
    """None where the rule is off."""
    rows: int


def find_old_rows(connection: Connection[DictRow], setting: RetentionSetting, now: datetime) -> list[OldRows]:
    """Return what each rule would delete now. Nothing is changed."""
    cursor = connection.cursor()
    counted = []
    for rule in _ALL:
        days = getattr(setting, rule.name)
        rows = 0
        if days is not None:
            statement = f"SELECT count(*) AS n FROM {rule.table} WHERE {rule.where}"  # noqa: S608 - constants from above
            row = cursor.execute(statement.encode(), _values(days, now)).fetchone()
            rows = 0 if row is None else int(row["n"])
        counted.append(OldRows(rule.name, _place_of(rule), days, rows))
    days = setting.reads_days
    reads = 0 if days is None else count_old_reads(cursor, now - timedelta(days=days))
    return [*counted, OldRows("reads_days", "privacy.reads", days, reads)]


def delete_old_rows(
    connection: Connection[DictRow], vault: Vault, setting: RetentionSetting, now: datetime
) -> list[OldRows]:
    """Delete what each rule says, and note it in the journal, in one transaction; return what was deleted."""
    with connection.transaction(), connection.cursor() as cursor:
        deleted = _enforce(cursor, vault, setting, now)
        days = setting.reads_days
        reads = 0 if days is None else delete_reads(cursor, now - timedelta(days=days))
        deleted.append(OldRows("reads_days", "privacy.reads", days, reads))
        counts = {each.rule: each.rows for each in deleted if each.rows}
        cursor.execute(
            "INSERT INTO privacy.retention_runs (day, at, deleted) VALUES (%s, %s, %s)"
            " ON CONFLICT (day) DO UPDATE SET at = excluded.at, deleted = excluded.deleted",
            (now.date(), now, Jsonb(counts)),
        )
        if any(rule != "reads_days" for rule in counts):
            note_deletion(cursor)
        for rule_name, rows in counts.items():
            append(cursor, now, ACTOR, f"retention.{rule_name}", str(rows))
    return deleted


def _enforce(cursor: Cursor[DictRow], vault: Vault, setting: RetentionSetting, now: datetime) -> list[OldRows]:
    """Enforce all rules but that of the access journal."""
    deleted = []
    # In the other order a case's files would make its texts look recent no more: all are judged before.
    places = {rule.name: _select_places(cursor, rule, setting, now) for rule in _ALL}
    for rule in RULES:
        doomed = places[rule.name]
        if doomed:
            statement = f"DELETE FROM {rule.table} WHERE ctid = ANY(%s::tid[])"  # noqa: S608 - a constant from above
            cursor.execute(statement.encode(), (doomed,))
        deleted.append(OldRows(rule.name, rule.table, getattr(setting, rule.name), len(doomed)))
    for field_rule in FIELD_RULES:  # rows that went just now are not there any more
        rows = field_rule.apply(cursor, vault, places[field_rule.name])
        deleted.append(OldRows(field_rule.name, _place_of(field_rule), getattr(setting, field_rule.name), rows))
    return deleted


def _place_of(rule: Rule | FieldRule) -> str:
    """Return the table of a rule, with the column where it is about one field."""
    return f"{rule.table}.{rule.column}" if isinstance(rule, FieldRule) else rule.table


def _select_places(
    cursor: Cursor[DictRow], rule: Rule | FieldRule, setting: RetentionSetting, now: datetime
) -> list[str]:
    days = getattr(setting, rule.name)
    if days is None:
        return []
    statement = f"SELECT ctid::text AS place FROM {rule.table} WHERE {rule.where} FOR UPDATE"  # noqa: S608 - constants
    return [row["place"] for row in cursor.execute(statement.encode(), _values(days, now)).fetchall()]


def _values(days: int, now: datetime) -> Mapping[str, object]:
    return {"before": now - timedelta(days=days), "day": now.date()}


def is_due(connection: Connection[DictRow], now: datetime) -> bool:
    """Return whether the rules were not enforced on this day (UTC) yet."""
    row = connection.execute("SELECT max(day) AS day FROM privacy.retention_runs").fetchone()
    last: date | None = None if row is None else row["day"]
    return last is None or last < now.astimezone(UTC).date()
