"""Status lists as files that any web server serves, at the paths that documents name."""

from collections.abc import Iterable
from pathlib import Path

from registry.log.durable_files import replace_file
from registry.status.addresses import make_path
from registry.status.bitstring_list import JWT_MEDIA_TYPE
from registry.status.lists import SignedList


def write_lists(lists: Iterable[SignedList], folder: Path) -> int:
    """Write lists below a folder; return the number of files. A reader sees the old file or the new one, whole.

    A list that is there as a JWT and in another form has the other one at its path, and the JWT at the path with
    `.jwt`.
    """
    files: dict[str, bytes] = {}
    for entry in lists:
        path = make_path(entry.number, entry.form).lstrip("/")
        if entry.media_type == JWT_MEDIA_TYPE:
            files[f"{path}.jwt"] = entry.content
            files.setdefault(path, entry.content)
        else:
            files[path] = entry.content
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, content)
    return len(files)
