"""The media type of an uploaded file, by its name."""

from typing import Final

from registry.batches.batch import XLSX, Media

_BY_SUFFIX: Final[dict[str, Media]] = {
    "csv": "text/csv",
    "tsv": "text/csv",
    "txt": "text/csv",
    "xlsx": XLSX,
    "ndjson": "application/x-ndjson",
    "jsonl": "application/x-ndjson",
    "json": "application/json",
    "jsonld": "application/json",
    "xml": "application/xml",
}
ACCEPT: Final = ",".join(f".{suffix}" for suffix in _BY_SUFFIX)
"""The file names that a browser offers to choose."""


def media_of(file_name: str) -> Media | None:
    """Return the media type of a file by the end of its name; None for a kind of file that cannot be read."""
    return _BY_SUFFIX.get(file_name.rpartition(".")[2].lower())
