"""SPEC.md's own example is what the code makes of it."""

import re
from importlib import resources

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from projections.core.tables import VERSION, VIEWS
from registry.wire import commit
from registry.wire.events import GOVERNANCE_TYPES, MEMBER_TYPES
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree

SPEC = resources.files("registry.wire").joinpath("SPEC.md").read_text()


def test_the_example_is_made_by_the_code():
    signer = Ed25519Signer("example.org/a", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    record, _ = commit.sign_commit("example.org/a", Tree(), [b"{}", b'{"a":1}'], [signer])
    indented = "".join(f"    {line}".rstrip() + "\n" for line in record.decode().split("\n")[:-1])
    assert indented in SPEC
    assert f"    {signer.vkey}\n" in SPEC


def test_the_tables_of_the_digest_are_those_that_are_specified():
    def plain(sql):
        return re.sub(r"\w+\((\w+)(?:, 'hex')?\)", r"\1", sql).replace(' COLLATE "C"', "")

    rows = [f"| `{table.name}` | {plain(table.key)} | {plain(table.columns)} |" for table in VIEWS]
    assert "\n".join(rows) + "\n" in SPEC
    assert f"`views <version>` ({VERSION} for these tables)" in " ".join(SPEC.split())


def test_every_event_type_is_specified():
    for name in (*GOVERNANCE_TYPES, *MEMBER_TYPES):
        assert f"`{name}`" in SPEC
