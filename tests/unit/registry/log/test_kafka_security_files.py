"""Files that secure connections to Kafka: what is wrong with them is said before a broker is asked."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.log import BadAddress, check_address, resolve_address
from registry.log.addresses import KafkaAddress, parse_kafka
from registry.log.kafka_security import KafkaSecurity, KafkaSecurityError
from registry.settings.settings import SettingsError, load
from tests.support.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


def _security(authority: Authority, name: str, **options: object) -> KafkaSecurity:
    certified = authority.certify(name, **options)  # type: ignore[arg-type] # each test gives options of its own
    return KafkaSecurity(authority.ca_file, certified.certificate_file, certified.key_file)


def test_a_certificate_that_is_valid_for_long_is_taken_without_a_word(authority: Authority) -> None:
    security = _security(authority, "twente")
    assert security.check() == []
    assert security.principal == "User:CN=twente"
    settings = security.build_client_settings()
    assert settings["security_protocol"] == "SSL"
    assert settings["ssl_check_hostname"] is True


def test_a_certificate_that_ends_soon_is_named_with_its_day(authority: Authority) -> None:
    security = _security(authority, "soon", ends_in=timedelta(days=10, hours=1))
    (warning,) = security.check()
    end = security.read_terms()[0].ends
    assert f"CN=soon in {security.certificate_file} ends in 10 days, on {end:%Y-%m-%d}" in warning


def test_a_certificate_that_is_not_valid_yet_is_refused(authority: Authority) -> None:
    security = _security(authority, "early")
    with pytest.raises(KafkaSecurityError, match="is valid only from"):
        security.check(datetime.now(UTC) - timedelta(days=500))


def test_a_file_that_is_missing_or_no_certificate_is_named(authority: Authority, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("nonsense")
    certified = authority.certify("leiden")
    for security, reason in (
        (KafkaSecurity(tmp_path / "none"), f"ca_file: cannot read {tmp_path / 'none'}: No such file"),
        (KafkaSecurity(nonsense), f"ca_file: {nonsense} holds no certificates"),
        (
            KafkaSecurity(authority.ca_file, certified.certificate_file, nonsense),
            "must be a certificate and its private key",
        ),
        (
            KafkaSecurity(authority.ca_file, certified.certificate_file, authority.certify("other").key_file),
            "is not the key of the certificate",
        ),
        (KafkaSecurity(authority.ca_file, username="u", password_file=nonsense / "x"), "password_file: cannot read"),
        (KafkaSecurity(authority.ca_file, username="u"), "the password of u is missing"),
    ):
        with pytest.raises(KafkaSecurityError, match=re.escape(reason)):
            security.check()


def test_a_keys_passphrase_comes_from_a_file_or_the_environment(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    security = _security(authority, "locked", passphrase=b"open it")
    with pytest.raises(KafkaSecurityError, match="has a passphrase; name a file"):
        security.check()
    monkeypatch.setenv("REGISTRY_KAFKA_KEY_PASSPHRASE", "wrong")
    with pytest.raises(KafkaSecurityError, match="does not open with the passphrase"):
        security.check()
    monkeypatch.setenv("REGISTRY_KAFKA_KEY_PASSPHRASE", "open it")
    assert security.check() == []
    file = tmp_path / "passphrase"
    file.write_text("open it\n")
    monkeypatch.setenv("REGISTRY_KAFKA_KEY_PASSPHRASE", "wrong")
    named = KafkaSecurity(security.ca_file, security.certificate_file, security.key_file, file)
    assert named.check() == []
    assert "open it" not in str(KafkaAddress(("a:1",), named))


def test_an_address_carries_its_files_and_reads_the_same_again() -> None:
    address = KafkaAddress(("a:1", "b:2"), KafkaSecurity(Path("/a b&c.pem"), username="ü", password_file=Path("/p")))
    assert parse_kafka(str(address)) == address
    resolved = resolve_address("kafka://a:1?ca_file=ca.pem", Path("/home"))
    assert parse_kafka(resolved) == KafkaAddress(("a:1",), KafkaSecurity(Path("/home/ca.pem")))


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("certificate_file=x&key_file=y", "ca_file is missing"),
        ("ca_file=x&key_file=y", "belong together"),
        ("ca_file=x&ca_file=y", "given twice"),
        ("ca_file=x&ca_fiel=y", "ca_fiel is not one of"),
        ("ca_file=x&password_file=y", "of no use without username"),
    ],
)
def test_an_address_whose_files_do_not_go_together_is_refused(query: str, reason: str) -> None:
    with pytest.raises(BadAddress, match=reason):
        check_address(f"kafka://a:1?{query}")


def _write_settings(home: Path, log: str, more: str) -> None:
    (home / "registry.toml").write_text(
        f'consortium = "test.example"\nmember = "twente"\nfounded = "{"0" * 64}"\nlog = "{log}"\ndatabase = "x"\n{more}'
    )


def test_settings_put_their_files_into_the_logs_address(tmp_path: Path) -> None:
    _write_settings(tmp_path, "kafka://a:1", '[log_security]\nca_file = "ca.pem"\nusername = "u"\n')
    assert load(tmp_path).log_url == f"kafka://a:1?ca_file={tmp_path}/ca.pem&username=u"


@pytest.mark.parametrize(
    ("log", "more", "reason"),
    [
        ("file:log", '[log_security]\nca_file = "ca.pem"\n', "only for a log in Kafka"),
        ("kafka://a:1?ca_file=x", '[log_security]\nca_file = "ca.pem"\n', "leave one of them out"),
        ("kafka://a:1", '[log_security]\nca_file = "ca.pem"\nkey_file = "k"\n', "belong together"),
        ("kafka://a:1", '[log_security]\nca_fiel = "ca.pem"\n', "did you mean log_security.ca_file"),
        ("kafka://a:1", '[intake_security]\nca_file = "ca.pem"\n', "intake_kafka is not"),
    ],
)
def test_settings_of_security_that_cannot_work_are_refused(tmp_path: Path, log: str, more: str, reason: str) -> None:
    _write_settings(tmp_path, log, more)
    with pytest.raises(SettingsError, match=reason):
        load(tmp_path)
