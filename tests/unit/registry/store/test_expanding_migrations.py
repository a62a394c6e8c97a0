"""Migrations since the last release only add: a program of that release goes on beside a newer one."""

import re

import pytest

from registry.store.migrations import list_migrations

RELEASED = 1
"""The newest migration of the last released version (0.2.0)."""
BREAKING = {
    "a table, column, view or schema is dropped": r"\bDROP\s+(TABLE|COLUMN|VIEW|SCHEMA|SEQUENCE)\b",
    "something is renamed": r"\bRENAME\b",
    "a column gets another type": r"\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b",
    "a column must have a value that the older program does not write": r"\bSET\s+NOT\s+NULL\b",
    "a default is dropped that the older program relies on": r"\bDROP\s+DEFAULT\b",
    "a new column has no default": r"\bADD\s+COLUMN\b(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT\s+NULL\b",
    "a table moves": r"\bSET\s+SCHEMA\b",
}


def find_breaches(statements):
    plain = re.sub(r"--[^\n]*", "", statements)
    return [reason for reason, pattern in BREAKING.items() if re.search(pattern, plain, re.IGNORECASE)]


@pytest.mark.parametrize("migration", [m for m in list_migrations() if m.number > RELEASED], ids=lambda m: m.name)
def test_a_migration_since_the_release_takes_nothing_away_that_the_release_reads_or_writes(migration):
    breaches = find_breaches(migration.statements)
    assert not breaches, f"{migration.number:04} ({migration.name}): {breaches}; see CONTRIBUTING, *Migrations*"


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE vault.learners;",
        "ALTER TABLE vault.learners DROP COLUMN name;",
        "ALTER TABLE vault.learners RENAME COLUMN name TO names;",
        "ALTER TABLE vault.learners ALTER COLUMN name TYPE text;",
        "ALTER TABLE vault.learners ALTER COLUMN name SET NOT NULL;",
        "ALTER TABLE vault.learners ADD COLUMN seen timestamptz NOT NULL;",
    ],
)
def test_what_would_break_the_older_program_is_found(statement):
    assert len(find_breaches(statement)) == 1


def test_what_only_adds_is_let_through():
    added = """-- DROP TABLE is only named here
    ALTER TABLE vault.learners ADD COLUMN seen boolean NOT NULL DEFAULT false, ADD COLUMN note text;
    CREATE TABLE vault.more (learner uuid NOT NULL); CREATE INDEX more ON vault.more (learner);"""
    assert find_breaches(added) == []
