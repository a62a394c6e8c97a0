"""Kafka over TLS with clients' certificates and access lists: one broker for all tests of this file."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka.local import LocalKafka, missing
from registry.log import LogError, LogUnavailable, open_log
from registry.log.addresses import KafkaAddress
from registry.log.kafka_security import KafkaSecurity, KafkaSecurityError
from tests.support.certificates import Authority
from tests.support.command import registry
from tests.support.forgotten_sockets import collect_sockets  # noqa: F401 - a fixture
from tests.support.streams import CONSORTIUM, Consortium

pytestmark = [
    pytest.mark.kafka,
    # The client forgets to close a socket whose connection was refused; the garbage collector does.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]


class SecureCluster:
    """A broker, its authority, and a consortium of twente and lund whose governance is on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder / "tls")
        self.broker = LocalKafka(folder / "kafka", self.authority.secure_broker(scram_users=(("lund", "a word"),)))
        self.admin = self.address("admin", folder / "tls" / "admin")
        self.consortium = Consortium("twente", "lund")
        self.principals = folder / "principals.toml"
        self.home = folder / "node"

    def address(self, name: str, files: Path | None = None, *, authority: Authority | None = None, **terms: Any) -> str:
        """Return the log's address with a certificate of this name."""
        if files is None:
            certified = (authority or self.authority).certify(name, **terms)
            certificate, key = certified.certificate_file, certified.key_file
        else:
            certificate, key = files.with_suffix(".pem"), files.with_suffix(".key")
        return str(KafkaAddress((self.broker.bootstrap,), KafkaSecurity(self.authority.ca_file, certificate, key)))

    def start(self) -> None:
        """Start the broker, publish governance as the administrator, and make a node that knows the consortium."""
        self.broker.start()
        with contextlib.closing(open_log(self.admin, CONSORTIUM)) as log:
            log.create("governance")
            with log.writer("governance"):
                log.append("governance", self.consortium.records)
        self.home.mkdir()
        (self.home / "registry.toml").write_text(
            f'consortium = "{CONSORTIUM}"\nmember = "twente"\nfounded = "{self.consortium.founded.hex()}"\n'
            f'log = "{self.broker.url}"\ndatabase = "postgresql://nowhere"\n'
            '[log_security]\nca_file = "../tls/ca.pem"\n'
            'certificate_file = "../tls/admin.pem"\nkey_file = "../tls/admin.key"\n'
        )
        self.principals.write_text(
            '[members]\ngovernance = "User:CN=governance"\ntwente = "User:CN=twente"\nlund = "User:CN=lund"\n'
        )

    def topics(self, act: str, *options: str, check: int = 0) -> Any:
        """Run `registry topics plan` or `apply`; return its JSON."""
        words = ("--principals", self.principals, "--copies", 1, "--json", *options)
        done = registry("topics", act, *words, home=self.home, check=check or True)
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def cluster() -> Iterator[SecureCluster]:
    """The cluster, with topics and access lists as governance has them."""
    lacking = missing()
    if lacking is not None:
        pytest.skip(f"needs a real Kafka: {lacking}")
    with tempfile.TemporaryDirectory(prefix="registry-tests-kafka-", ignore_cleanup_errors=True) as folder:
        secure = SecureCluster(Path(folder))
        try:
            secure.start()
            planned = secure.topics("plan", check=1)["items"]
            applied = secure.topics("apply")
            # Exactly the plan, in its order, and nothing is left.
            assert applied == {"done": planned, "left": []}
            assert {each["code"] for each in planned} == {"topic-missing", "right-missing"}
            yield secure
        finally:
            secure.broker.stop()


def test_topics_that_were_applied_differ_in_nothing(cluster: SecureCluster) -> None:
    assert cluster.topics("plan")["items"] == []
    assert cluster.topics("apply") == {"done": [], "left": []}


def test_a_member_publishes_and_reads_with_its_certificate(cluster: SecureCluster) -> None:
    with contextlib.closing(open_log(cluster.address("twente"), CONSORTIUM)) as log:
        log.create("twente")
        with log.writer("twente"):
            log.append("twente", [b"a commit"])
    with contextlib.closing(open_log(cluster.address("lund"), CONSORTIUM, read_only=True)) as log:
        assert log.read("twente")[-1].data == b"a commit"
        assert log.streams() == ["governance", "lund", "twente"]


def test_another_members_topic_is_refused_and_the_missing_right_named(cluster: SecureCluster) -> None:
    with contextlib.closing(open_log(cluster.address("lund"), CONSORTIUM)) as log:
        needed = r"User:CN=lund needs the access list's entry to Write on the topic registry\.twente"
        with log.writer("twente"), pytest.raises(LogError, match=needed):
            log.append("twente", [b"not lund's"])


def test_a_stranger_may_not_even_read(cluster: SecureCluster) -> None:
    with contextlib.closing(open_log(cluster.address("stranger"), CONSORTIUM, read_only=True)) as log:
        with pytest.raises(LogError, match="User:CN=stranger lacks the access list's entry to Read"):
            log.read("twente")
        assert log.streams() == []


def _read(address: str) -> None:
    from registry.log.addresses import parse_kafka  # noqa: PLC0415 - beside the next
    from registry.log.kafka import KafkaLog  # noqa: PLC0415 - importing it starts to need Kafka's client

    parsed = parse_kafka(address)
    with contextlib.closing(KafkaLog(parsed.brokers, CONSORTIUM, patience=2, security=parsed.security)) as log:
        log.read("governance")


def test_a_certificate_of_another_authority_is_refused_and_the_reason_named(cluster: SecureCluster) -> None:
    other = Authority(cluster.folder / "other", "other")
    with pytest.raises(LogUnavailable, match="the broker refuses this client's certificate"):
        _read(cluster.address("twente", authority=other))


def test_a_certificate_that_ended_is_refused_before_a_broker_sees_it(cluster: SecureCluster) -> None:
    with pytest.raises(KafkaSecurityError, match=r"the certificate of CN=late in .* ended on .* Replace it"):
        _read(cluster.address("late", ends_in=timedelta(days=-1)))


def test_a_broker_of_another_authority_is_not_spoken_to(cluster: SecureCluster) -> None:
    other = Authority(cluster.folder / "third", "third")
    security = KafkaSecurity(other.ca_file)
    with pytest.raises(LogUnavailable, match="the broker's certificate is not accepted"):
        _read(str(KafkaAddress((cluster.broker.bootstrap,), security)))


def test_a_client_without_a_certificate_learns_that_it_needs_one(cluster: SecureCluster) -> None:
    with pytest.raises(LogUnavailable, match="set certificate_file and key_file"):
        _read(str(KafkaAddress((cluster.broker.bootstrap,), KafkaSecurity(cluster.authority.ca_file))))


def test_a_user_logs_in_with_a_password_and_not_with_another(cluster: SecureCluster, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("a word\n")
    wrong.write_text("another\n")
    brokers = (cluster.broker.scram_bootstrap,)

    def address(password: Path) -> str:
        return str(
            KafkaAddress(brokers, KafkaSecurity(cluster.authority.ca_file, username="lund", password_file=password))
        )

    with pytest.raises(LogError, match="User:lund lacks the access list's entry to Read"):
        _read(address(right))
    with pytest.raises(LogUnavailable, match="refuses the user lund or the password"):
        _read(address(wrong))


def test_what_others_changed_is_named_and_set_right(cluster: SecureCluster) -> None:
    from kafka import KafkaAdminClient  # noqa: PLC0415 - importing it starts to need Kafka's client
    from kafka.structs import TopicPartition  # noqa: PLC0415 - likewise

    from registry.log.addresses import parse_kafka  # noqa: PLC0415 - beside the others
    from registry.log.kafka_client import connect  # noqa: PLC0415 - likewise
    from registry.log.topic_state import Right, add_right, change_setting, remove_right  # noqa: PLC0415 - likewise

    address = parse_kafka(cluster.admin)
    too_wide = Right("User:*", "WRITE", "registry.", "PREFIXED")
    with contextlib.closing(open_log(cluster.admin, CONSORTIUM)) as log, log.writer("lund"):
        log.append("lund", [b"a commit"])
    with contextlib.closing(connect(KafkaAdminClient, address.brokers, 10, address.security)) as admin:
        change_setting(admin, "registry.twente", "retention.ms", "1000")
        add_right(admin, too_wide)
        remove_right(admin, Right("User:CN=lund", "WRITE", "registry.lund"))
        admin.delete_records({TopicPartition("registry.lund", 0): 1})
    assert {(each["code"], each["remedy"]) for each in cluster.topics("plan", check=1)["items"]} == {
        ("setting", "apply"), ("right-too-wide", "remove"), ("right-missing", "apply"), ("beginning-gone", "manual"),
    }  # fmt: skip
    kept = cluster.topics("apply", check=1)
    assert {each["code"] for each in kept["done"]} == {"setting", "right-missing"}
    assert {each["code"] for each in kept["left"]} == {"right-too-wide", "beginning-gone"}
    removed = cluster.topics("apply", "--remove-rights", check=1)
    assert [each["code"] for each in removed["done"]] == ["right-too-wide"]
    assert [each["code"] for each in cluster.topics("plan", check=1)["items"]] == ["beginning-gone"]
