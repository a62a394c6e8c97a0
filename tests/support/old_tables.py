"""The private side's tables as they were before migrations were numbered."""


def forget_migrations(cursor):
    """Take away what numbered migrations added after the first, and that any were applied."""
    cursor.execute("DROP SCHEMA accounts, privacy CASCADE")
    cursor.execute("DROP SCHEMA status CASCADE")
    cursor.execute("DROP INDEX vault.records_learner, vault.decisions_learner, intake.events_credential")
    cursor.execute("ALTER TABLE intake.batches DROP COLUMN content")
    cursor.execute("DROP TABLE intake.replacements, intake.row_effects")
    cursor.execute("DROP TABLE intake.column_mappings, intake.hand_overs, intake.row_corrections, intake.imports")
    cursor.execute("DROP TABLE vault.document_copies")
    cursor.execute("ALTER TABLE office.texts DROP COLUMN is_reduced")
    cursor.execute("DROP TABLE node.migrations")
