"""The certificates of connections to Kafka: the doctor names those that end, and brokers that refuse or are refused."""

import contextlib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest

from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import CannotCheck
from registry.node.doctor.key_checks import check_kafka_certificates
from registry.node.doctor.log_checks import check_lag, check_reachable
from registry.node.health.certificates import find_kafka_end
from registry.settings.kafka import KafkaSecuritySetting
from registry.settings.settings import Settings
from tests.support.certificates import Authority


def examination(home, authority, certified, port=1):
    security = KafkaSecuritySetting(
        ca_file=authority.ca_file, certificate_file=certified.certificate_file, key_file=certified.key_file
    )
    settings = Settings(
        home=home,
        consortium="test.example",
        member="twente",
        founded="0" * 64,
        log=f"kafka://127.0.0.1:{port}",
        database="embedded:postgres#registry",
        log_security=security,
    )
    return Examination(settings)


@pytest.mark.parametrize(("days", "severity"), [(-1, "error"), (5, "warning"), (365, "ok")])
def test_a_client_certificate_is_named_before_its_end_and_after_it(tmp_path, days, severity):
    authority = Authority(tmp_path)
    certified = authority.certify("twente", ends_in=timedelta(days=days))
    own, of_authority = check_kafka_certificates(examination(tmp_path, authority, certified))
    assert (own.severity, "certificate_file: the certificate of CN=twente" in own.sentence) == (severity, True)
    assert of_authority.severity == "ok"


def test_the_certificate_that_ends_first_is_the_one_that_the_metrics_count(tmp_path):
    authority = Authority(tmp_path)
    settings = examination(tmp_path, authority, authority.certify("twente", ends_in=timedelta(days=5))).settings
    assert timedelta(days=4) < find_kafka_end(settings) - datetime.now(UTC) < timedelta(days=6)
    (tmp_path / "twente.pem").unlink()
    assert abs(find_kafka_end(settings) - datetime.now(UTC)) < timedelta(minutes=1)  # it cannot be read
    assert find_kafka_end(settings.model_copy(update={"log_security": None})) is None


def test_files_that_the_address_of_the_log_names_are_looked_at_too(tmp_path):
    authority = Authority(tmp_path)
    certified = authority.certify("twente", ends_in=timedelta(days=-1))
    examined = examination(tmp_path, authority, certified)
    log = f"{examined.settings.log}?ca_file=ca.pem&certificate_file=twente.pem&key_file=twente.key"
    examined.settings = examined.settings.model_copy(update={"log": log, "log_security": None})
    own, _ = check_kafka_certificates(examined)
    assert (own.severity, "CN=twente" in own.sentence) == ("error", True)
    assert find_kafka_end(examined.settings) < datetime.now(UTC)


@pytest.fixture
def broker(tmp_path):
    """The port of a server that speaks TLS with a certificate of an authority of its own."""
    authority = Authority(tmp_path / "broker", "other-ca")
    certified = authority.certify("broker")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certified.certificate_file, certified.key_file)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    with contextlib.suppress(OSError), client, context.wrap_socket(client, server_side=True):
                        pass

        threading.Thread(target=answer, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def test_a_broker_with_a_certificate_of_another_authority_is_named_and_nothing_waits_for_the_log(tmp_path, broker):
    authority = Authority(tmp_path)
    examined = examination(tmp_path, authority, authority.certify("twente"), broker)
    [refused] = check_reachable(examined)
    assert (refused.severity, "the broker's certificate is not accepted" in refused.sentence) == ("error", True)
    with pytest.raises(CannotCheck, match="the log cannot be reached"):
        list(check_lag(examined))
