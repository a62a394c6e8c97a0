import hashlib
import re
from pathlib import Path

import pytest
from pyld.jsonld import JsonLdError

from registry.documents.contexts import FILES, SHIPPED

FOLDER = Path("registry/documents/contexts")


def test_each_context_is_the_file_that_the_list_names_by_its_hash():
    listed = dict(re.findall(r"^\| `(.+?)` .*`([0-9a-f]{64})` \|$", (FOLDER / "README.md").read_text(), re.MULTILINE))
    assert listed == {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in FILES.values()}


def test_no_context_is_fetched():
    with pytest.raises(JsonLdError):
        SHIPPED("https://www.w3.org/ns/credentials/examples/v2", {})
