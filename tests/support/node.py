"""A member's private side on a real PostgreSQL, with a log of choice."""

import random
import uuid
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from registry.application.held_rows import HeldRows
from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.application.requests import IssueRequest
from registry.publishing.publisher import Publisher
from registry.vault.keys import MemoryKeys
from registry.vault.vault import Vault
from registry.wire import commit
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.bench.data import achievement

ORIGIN = "test.example/twente"
MASTER = bytes(range(32))
KEYS = {}


def vault_of(dsn):
    """The vault of a database: the same keys for all who open it in this process, and at first in any other."""
    name = conninfo_to_dict(dsn)["dbname"], conninfo_to_dict(dsn).get("host")
    return Vault(KEYS.setdefault(name, MemoryKeys(random.Random(7).randbytes, MASTER)))


class TestNode:
    """A node of the member twente."""

    __test__ = False
    achievement: str
    first: Any

    def __init__(self, dsn, log, signer=None, vault=None):
        self.dsn = dsn
        self.log = log
        log.create("twente")
        self.signer = signer or Ed25519Signer.generate(ORIGIN)
        self.registry = Registry(dsn, ORIGIN, vault or vault_of(dsn))
        self.issuer = Issuer(self.registry)

    def offer(self):
        identifier = str(uuid.uuid4())
        data = achievement("twente", identifier)
        self.registry.achievements.publish(data)
        return identifier

    def publisher(self, log=None, **more):
        return Publisher(self.registry.recorder, self.dsn, log or self.log, "twente", ORIGIN, [self.signer], **more)

    def lines(self):
        """The events on the log that form its one tree; fails where a record is not an extension of it."""
        tree, found = Tree(), []
        for record in self.log.records("twente"):
            parsed = commit.parse(record.data)
            if parsed.checkpoint.size <= tree.size:
                continue  # the same head once more
            assert parsed.base == tree.size, "a gap"
            tree = tree.extend(parsed.leaves())
            assert tree.root == parsed.checkpoint.root, "a fork"
            found += parsed.lines
        return found

    def decide_held(self, record, decision, by="a.berg"):
        """Decide on a held row as it is now."""
        rows = HeldRows(self.registry)
        return rows.decide(record, rows.read(record).version, decision, by)

    def stored(self):
        return self.registry.recorder.max_notification_id() or 0

    def close(self):
        self.registry.close()


def request(number, achievement_id, **more):
    values = {
        "record": f"row-{number}",
        "achievement": achievement_id,
        "version": None,
        "student": f"s{number}",
        "family_name": "Jansen",
        "given_name": "Ada",
        "date_of_birth": "2001-02-03",
        "awarding_date": "2026-06-30",
    }
    return IssueRequest(**(values | more))
