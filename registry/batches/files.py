"""The files of batches: one each, named by the batch and by how often its content was redacted."""

from pathlib import Path
from typing import Final

from registry.batches.batch_file import PARTIAL

_ROWS: Final = ".rows"
_ID_CHARACTERS: Final = 36
"""Characters of a batch's id, with which a file's name begins."""


class BatchFiles:
    """Directory of the files with batches' content."""

    def __init__(self, folder: Path) -> None:
        """Create nothing yet: the first file that is written creates the folder."""
        self._folder = folder

    def path(self, batch: str, rewritten: int = 0) -> Path:
        """Return the path of a batch's content after `rewritten` redactions."""
        return self._folder / f"{batch}{f'-{rewritten}' if rewritten else ''}{_ROWS}"

    def list_batches(self) -> list[str]:
        """Return the batches that have a file, complete or not."""
        files = (path for suffix in (_ROWS, PARTIAL) for path in self._folder.glob(f"*{suffix}"))
        return sorted({path.stem[:_ID_CHARACTERS] for path in files})

    def delete(self, batch: str) -> None:
        """Delete all files of a batch, also incomplete ones."""
        for path in self._folder.glob(f"{batch}*"):
            path.unlink(missing_ok=True)

    def delete_before(self, batch: str, rewritten: int) -> None:
        """Delete the files of a batch that `rewritten` redactions have replaced."""
        for number in range(rewritten):
            self.path(batch, number).unlink(missing_ok=True)
