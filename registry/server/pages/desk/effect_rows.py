"""The rows of a batch that took effect, a page at a time, each with its credential and learner."""

from typing import Final, NamedTuple

import msgspec

from projections.api.reading import Snapshot
from registry.application.registry import Registry
from registry.batches.batch import Batch
from registry.batches.row_effects import MAX_EFFECT_LINE, RowEffect, count_effects, list_effects
from registry.server.pages.desk.credential_rows import OwnRow, read_rows

PER_PAGE: Final = 25


class PageFilter(msgspec.Struct, frozen=True):
    """The pages of the lists of a batch, as an address has them."""

    page: int = 1
    """The page of the rows that took effect."""
    rows: int = 1
    """The page of the rows of the file."""


class EffectRow(NamedTuple):
    """A row that took effect, and its credential; None where the views do not have it yet."""

    effect: RowEffect
    row: OwnRow | None


class EffectPage(NamedTuple):
    """A page of the rows that took effect."""

    rows: list[EffectRow]
    number: int
    pages: int
    total: int
    """Rows that are listed."""
    is_cut: bool
    """True if the batch has more lines than are listed."""


def read_effects(snapshot: Snapshot, registry: Registry, member: str, batch: Batch, number: int) -> EffectPage:
    """Return a page of a batch's rows that took effect; the nearest one where there is none of this number."""
    total = count_effects(registry.cursor(), batch.batch)
    pages = max(1, -(-total // PER_PAGE))
    number = min(max(1, number), pages)
    effects = list_effects(registry.cursor(), batch.batch, PER_PAGE, (number - 1) * PER_PAGE)
    own = {
        row.view.credential: row for row in read_rows(snapshot, registry, member, [each.credential for each in effects])
    }
    rows = [EffectRow(each, own.get(each.credential)) for each in effects]
    return EffectPage(rows, number, pages, total, batch.lines > MAX_EFFECT_LINE)
