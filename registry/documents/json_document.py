"""Documents of JSON as files."""

import json
from collections.abc import Mapping
from typing import Any


def write_document(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON in UTF-8 that people can read. Raises `UnicodeEncodeError` for half a character."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
