"""The files that batches' contents are in: one each, named by the batch and by how often it was written anew."""

from pathlib import Path
from typing import Final

from registry.batches.batch_file import PARTIAL

_ROWS: Final = ".rows"
_ID: Final = 36
"""Characters of a batch's id, with which a name begins."""


class Contents:
    """A folder of them."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made before the first of them is written."""
        self._folder = folder

    def path(self, batch: str, rewritten: int = 0) -> Path:
        """Where a batch's content is that was written anew so often."""
        return self._folder / f"{batch}{f'-{rewritten}' if rewritten else ''}{_ROWS}"

    def batches(self) -> list[str]:
        """The batches that have any, complete or not."""
        return sorted({path.stem[:_ID] for suffix in (_ROWS, PARTIAL) for path in self._folder.glob(f"*{suffix}")})

    def drop(self, batch: str) -> None:
        """Keep it no longer, however often it was written."""
        for path in self._folder.glob(f"{batch}*"):  # those that are not complete, too
            path.unlink(missing_ok=True)

    def drop_before(self, batch: str, rewritten: int) -> None:
        """Keep no longer what it was before it was written anew so often."""
        for number in range(rewritten):
            self.path(batch, number).unlink(missing_ok=True)
