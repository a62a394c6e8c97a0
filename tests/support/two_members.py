"""A node of twente on a log of files, and lund, who decides about what twente issued."""

from registry.log import open_log
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.recognition import Basis, Grant, RecognitionDecided
from tests.support.command import registry
from tests.support.streams import CONSORTIUM, Consortium, new_id


class TwoMembers:
    """`home` is twente's node; what is on the log is written here, signed with keys made here."""

    def __init__(self, folder, database):
        self.consortium = Consortium("twente", "lund")
        self.own, self.other = (self.consortium.universities[member] for member in ("twente", "lund"))
        self.achievement, published = self.own.publish()
        self.credential, issued = self.own.issue(self.achievement, new_id())
        self.own.seal(published, issued)
        url = f"file:{folder / 'log'}"
        self.log = open_log(url, CONSORTIUM)
        for stream, records in (
            ("governance", self.consortium.records),
            ("twente", self.own.records),
            ("lund", self.other.records),
        ):
            self.log.create(stream)
            with self.log.writer(stream):
                self.log.append(stream, records)
        self.home = folder / "twente"
        registry(
            "node", "init", self.home, "--member", "twente", "--consortium", CONSORTIUM,
            "--founded", self.consortium.founded.hex(), "--log", url, "--database", database,
        )  # fmt: skip
        with (self.home / "registry.toml").open("a") as settings:
            settings.write("webhook_http_localhost = true\n")

    def decide(self):
        """A decision of lund's, ready to be put on the log."""
        decision = new_id()
        data = RecognitionDecided(
            decision=decision,
            purpose="creditTransfer",
            effect="binding",
            basis=[
                Basis("onLog", VersionedRef("twente", self.achievement, 1), CredentialRef("twente", self.credential))
            ],
            grants=[Grant([0], "full", "recognised", "none", ects=5)],
            decision_date="2026-05-04",
        )
        return decision, self.other.seal(self.other.line("recognition.decided.v1", decision, data))

    def publish(self, record):
        """Put a commit of lund's on the log."""
        with self.log.writer("lund"):
            self.log.append("lund", [record])

    def close(self):
        self.log.close()
