"""Looks for texts in every byte below folders: in databases, write-ahead logs, spools, backups and logs."""

import json
import mmap
from base64 import b32encode, b64encode
from pathlib import Path
from urllib.parse import quote

from tests.support.scanning import forms_of


def byte_forms(text):
    """The forms in which a text may be on a disk, by their names."""
    raw = text.encode()
    forms = {
        "UTF-8": raw,
        "UTF-16 LE": text.encode("utf-16-le"),
        "UTF-16 BE": text.encode("utf-16-be"),
        "Latin-1": text.encode("latin-1", "ignore"),
        "JSON escapes": json.dumps(text)[1:-1].encode(),
        "all characters as JSON escapes": "".join(f"\\u{ord(letter):04x}" for letter in text).encode(),
        "percent encoding": quote(text, safe="").encode(),
        "percent encoding of all bytes": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "base32": b32encode(raw).rstrip(b"=")[:-1],
        "lower case": text.lower().encode(),
        "upper case": text.upper().encode(),
    }
    for offset in range(3):  # base64 has three forms, by the place at which the text begins
        encoded = b64encode(b"\0" * offset + raw)[{0: 0, 1: 2, 2: 3}[offset] :].rstrip(b"=")[:-1]
        forms[f"base64 at {offset}"] = encoded
        forms[f"base64 for addresses at {offset}"] = encoded.translate(bytes.maketrans(b"+/", b"-_"))
    forms |= {f"hexadecimal of {name}": form.hex().encode() for name, form in list(forms.items())}
    assert {form for form in forms_of(text) if len(form) > len(raw)} <= {*forms.values()} | forms_of(text)
    return forms


def search_bytes(folders, texts):
    """Where texts are: (path, text, form), sorted. Each file below the folders is read whole."""
    found = set()
    forms = [(text, name, form) for text in texts for name, form in byte_forms(text).items()]
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if not path.is_file() or path.is_symlink() or path.stat().st_size == 0:
                continue
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                found |= {(str(path), text, name) for text, name, form in forms if content.find(form) >= 0}
    return sorted(found)


def count_files(folders, name):
    """How many files below the folders have this in their path: so that a search of nothing is noticed."""
    return sum(name in str(path) for folder in folders for path in Path(folder).rglob("*") if path.is_file())
