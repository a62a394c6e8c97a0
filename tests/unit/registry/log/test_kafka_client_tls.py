"""TLS as Kafka's client speaks it with our settings, to a server that shakes hands and hangs up."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.net.transport import KafkaSSLTransport

from registry.log.kafka_client import connect
from registry.log.kafka_probe import explain_failure
from registry.log.kafka_security import KafkaSecurity
from tests.support.certificates import Authority, Certified
from tests.support.forgotten_sockets import collect_sockets  # noqa: F401 - a fixture

# The client forgets to close a socket whose connection was refused; the garbage collector does, in `_collect`.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@contextlib.contextmanager
def _listen(authority: Authority, server: Certified, meet: Callable[[str], None]) -> Iterator[str]:
    """Listen with a certificate, and give `meet` the client's name, or OpenSSL's name for why there is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate_file, server.key_file)
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                plain, _ = listener.accept()
                plain.settimeout(5)
                with plain:
                    try:
                        with context.wrap_socket(plain, server_side=True) as secured:
                            met = secured.getpeercert() or {}
                            meet(str(met["subject"][0][0][1]))  # type: ignore[index] # the form of a certificate in ssl
                    except ssl.SSLError as error:
                        meet(str(error.reason))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()


def _connect(broker: str, security: KafkaSecurity) -> None:
    """Let Kafka's client try for a second: a server that hangs up is no broker."""
    with pytest.raises(KafkaError):
        connect(KafkaAdminClient, [broker], 1, security)


def test_a_broker_with_the_certificate_of_another_host_is_not_spoken_to(authority: Authority) -> None:
    client = authority.certify("twente")
    security = KafkaSecurity(authority.ca_file, client.certificate_file, client.key_file)
    met: list[str] = []
    with _listen(authority, authority.certify("elsewhere", host="elsewhere.example"), met.append) as broker:
        _connect(broker, security)
        reason = explain_failure([broker], security)
    assert met
    assert all("ALERT" in each for each in met), met  # the client broke off: no server learned its name
    assert reason is not None
    assert "IP address mismatch, certificate is not valid for '127.0.0.1'" in reason


def test_a_new_certificate_is_used_from_the_next_connection_on(authority: Authority, tmp_path: Path) -> None:
    old, new = authority.certify("old"), authority.certify("new")
    security = KafkaSecurity(authority.ca_file, tmp_path / "client.pem", tmp_path / "client.key")
    met: list[str] = []

    def put(certified: Certified) -> None:
        (tmp_path / "client.pem").write_bytes(certified.certificate_file.read_bytes())
        (tmp_path / "client.key").write_bytes(certified.key_file.read_bytes())

    def meet(name: str) -> None:
        put(new)  # while the client still waits on this connection
        met.append(name)

    put(old)
    with _listen(authority, authority.certify("broker"), meet) as broker:
        _connect(broker, security)
    assert met[0] == "old"
    assert set(met[1:]) == {"new"}


def test_kafkas_client_offers_tls_1_2_or_later(authority: Authority) -> None:
    settings = KafkaSecurity(authority.ca_file).build_client_settings()
    config = {name: settings.get(name, default) for name, default in KafkaSSLTransport.DEFAULT_CONFIG.items()}
    context = KafkaSSLTransport._build_ssl_context(config)  # noqa: SLF001 - there is no other way to see it
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
