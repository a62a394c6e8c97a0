"""Looks for texts in every byte below folders: in databases, write-ahead logs, spools, backups and logs."""

import json
import re
from base64 import b32encode, b64encode
from pathlib import Path
from urllib.parse import quote

from tests.support.scanning import forms_of

ZEROS = bytes(32)
LONG_ZEROS = re.compile(rb"\0{33,}")


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
    """Where texts are: (path, text, form), sorted. Each file below the folders is read whole.

    What several files have alike, as databases made from one template do, is searched once, and long runs of zeros
    are searched as short ones: each form of a text has fewer.
    """
    forms = [(text, name, form) for text in texts for name, form in byte_forms(text).items()]
    assert not any(ZEROS in form for _, _, form in forms)
    paths = {}
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                paths.setdefault(LONG_ZEROS.sub(ZEROS, path.read_bytes()), []).append(str(path))
    found = {
        (path, text, name)
        for content, alike in paths.items()
        for text, name, form in forms
        if form in content
        for path in alike
    }
    return sorted(found)


def count_files(folders, name):
    """How many files below the folders have this in their path: so that a search of nothing is noticed."""
    return sum(name in str(path) for folder in folders for path in Path(folder).rglob("*") if path.is_file())
