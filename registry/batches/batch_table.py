"""The row of a batch in the table `intake.batches`, whose texts are encrypted."""

from typing import Final

from psycopg.rows import DictRow

from registry.batches.batch import Batch
from registry.batches.texts import BatchTexts
from registry.vault.vault import Vault

BATCH_COLUMNS: Final = (
    "batch::text, kind, media, state, dry_run, bytes, lines, done_lines, issued, unchanged, refused, held,"
    " created, by, publish_at, released_by, started, finished, awarded_from, awarded_until, dates, keep_text,"
    " key, sealed_name, sealed_notes, sealed_error"
)


def read_batch(vault: Vault, row: DictRow) -> Batch:
    """Return the batch of a row of `BATCH_COLUMNS`, with its name, notes and error decrypted."""
    texts = BatchTexts.of(vault, row["batch"], row.pop("key"))
    name, notes, error = (texts.decrypt(text, row.pop(f"sealed_{text}")) for text in ("name", "notes", "error"))
    return Batch(name=name or "", notes=notes or [], error=error, **row)
