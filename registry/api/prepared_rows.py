"""Batches of rows that the node prepared from a form. They go the way of rows that a system sends."""

from psycopg import Connection
from psycopg.rows import DictRow

from registry.api.receiving import Receiving
from registry.batches import Batch
from registry.batches.batch import Kind, Media, ReadingOptions
from registry.batches.replacements import Replacement, write_replacement


def send_rows(
    receiving: Receiving,
    name: str,
    kind: Kind,
    media: Media,
    content: bytes,
    by: str,
    key: str,
    *,
    awaits_release: bool = False,
    replaces: Replacement | None = None,
) -> Batch:
    """Store rows as a batch, and return it. The same key of the same actor is the same batch.

    A batch of more lines than the node's settings allow waits for a second person, and so does one that
    `awaits_release`. Texts of the rows are right: a person typed or confirmed them. `replaces` is the credential
    that a form replaces.
    """

    def also(connection: Connection[DictRow]) -> None:
        if replaces is not None:
            write_replacement(connection, incoming.batch, replaces)

    store, reading = receiving.batch_store, ReadingOptions(None, keep_text=True)
    incoming = store.begin(name, kind, media, by, key, False, None, reading)  # noqa: FBT003 - called by position elsewhere
    if incoming.file is None:
        return store.get(incoming.batch)
    try:
        incoming.file.write(content)
        return store.complete(
            incoming.batch, incoming.file, None, receiving.release_above, awaits_release=awaits_release,
            also=also,
        )  # fmt: skip
    except BaseException:  # whatever it was, no half of a batch stays
        store.break_off(incoming.batch, incoming.file)
        raise
