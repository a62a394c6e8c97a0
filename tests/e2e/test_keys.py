"""Private keys at rest: encrypted where there is a passphrase, readable by nobody else, never shown."""

from tests.support.command import Consortium, command, registry

PASSPHRASE = {"REGISTRY_PASSPHRASE": "correct horse battery"}


def test_keys_made_with_a_passphrase_are_encrypted_and_open_with_it_only(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    home = tmp_path / "aveiro"
    made = registry(
        "init", home, "--member", "aveiro", "--consortium", "test.example", "--founded", consortium.founded,
        "--database", postgres.dsn(consortium.name("aveiro")), environment=PASSPHRASE,
    )  # fmt: skip
    registry(
        "member", "admit", "aveiro", "--key", made.stdout.split()[-1], "--legal-name", "Aveiro", "--country", "PT",
        home=consortium.folder / "consortium",
    )  # fmt: skip
    for file in (home / "keys").iterdir():
        assert file.stat().st_mode & 0o077 == 0
    assert "ENCRYPTED" in (home / "keys" / "signing.pem").read_text()
    assert '"kdf": "scrypt"' in (home / "keys" / "vault-master.key").read_text()
    file = consortium.folder / "achievement.json"
    consortium.offer()
    closed = registry("achievement", "publish", file, home=home, check=3)
    assert "REGISTRY_PASSPHRASE" in closed.stderr
    wrong = registry(
        "achievement", "publish", file, home=home, check=3, environment={"REGISTRY_PASSPHRASE": "wrong one"}
    )
    assert "passphrase right" in wrong.stderr
    registry("achievement", "publish", file, home=home, environment=PASSPHRASE)
    # From a file, too; and never in what the node shows of itself.
    secret = home / "passphrase"
    secret.write_text(PASSPHRASE["REGISTRY_PASSPHRASE"] + "\n")
    with (home / "registry.toml").open("a") as settings:
        settings.write('passphrase_file = "passphrase"\n')
    shown = registry("status", "--json", home=home, environment=PASSPHRASE)
    assert "correct horse" not in shown.stdout + shown.stderr
    registry("publish", home=home)
    assert not any("correct" in word for word in command("publish", home=home))


def test_a_passphrase_in_the_settings_file_is_refused(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    with (consortium.home / "registry.toml").open("a") as settings:
        settings.write('passphrase = "secret"\n')
    refused = consortium.run("status", check=3)
    assert "passphrase_file or REGISTRY_PASSPHRASE" in refused.stderr
    assert "secret" not in refused.stderr
