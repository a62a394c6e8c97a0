"""Private keys at rest: encrypted where there is a passphrase, readable by nobody else, never shown."""

from tests.support.command import Consortium, command, registry
from tests.support.terminal import at_a_terminal

PROMPTS = (b"(empty: none): ", b"again: ")
PASSPHRASE = {"REGISTRY_PASSPHRASE": "correct horse battery"}


def test_keys_made_with_a_passphrase_are_encrypted_and_open_with_it_only(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    home = tmp_path / "aveiro"
    made = registry(
        "node", "init", home, "--member", "aveiro", "--consortium", "test.example", "--founded", consortium.founded,
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


def test_a_root_key_is_made_and_signs_with_a_passphrase_from_a_file_or_the_environment(tmp_path, postgres):
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse battery\n")
    made = [
        registry("governance", "key", tmp_path / "a" / "root.pem", "--consortium", "far.example",
                 "--passphrase-file", secret),
        registry("governance", "key", tmp_path / "b" / "root.pem", "--consortium", "far.example",
                 environment=PASSPHRASE),
    ]  # fmt: skip
    files = [tmp_path / name / "root.pem" for name in "ab"]
    assert all("ENCRYPTED" in file.read_text() and file.stat().st_mode & 0o077 == 0 for file in files)
    keys = [option for done in made for option in ("--key", done.stdout.strip())]
    home, database = tmp_path / "consortium", postgres.dsn(f"keys_{abs(hash(str(tmp_path))):x}")
    registry(
        "consortium", "create", home, "--consortium", "far.example", *keys, "--threshold", 2, "--database", database
    )
    sign = ("governance", "sign", home / "founding.json", "--yes", "--key")
    assert "is encrypted" in registry(*sign, files[0], home=home, check=3).stderr
    registry(*sign, files[0], home=home, environment=PASSPHRASE)
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert "is empty" in registry(*sign, files[1], "--passphrase-file", empty, home=home, check=3).stderr
    registry(*sign, files[1], "--passphrase-file", secret, home=home)
    registry("governance", "publish", home / "founding.json", home=home)


def test_a_passphrase_in_the_settings_file_is_refused(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    with (consortium.home / "registry.toml").open("a") as settings:
        settings.write('passphrase = "secret"\n')
    refused = consortium.run("status", check=3)
    assert "passphrase_file or REGISTRY_PASSPHRASE" in refused.stderr
    assert "secret" not in refused.stderr


def test_at_a_terminal_a_new_node_asks_for_a_passphrase_and_encrypts_its_keys(tmp_path, postgres):
    home = tmp_path / "porto"
    words = command("node", "init", home, "--member", "porto", "--consortium", "test.example", "--founded", "ab" * 32,
                    "--database", postgres.dsn("keys_terminal"))  # fmt: skip
    said = at_a_terminal(words, ["correct horse battery", "another"], PROMPTS)
    assert "the two passphrases differ" in said
    assert not home.exists()
    said = at_a_terminal(words, ["correct horse battery"] * 2, PROMPTS)
    assert "encrypted with your passphrase" in said
    assert "correct horse" not in said
    assert "ENCRYPTED" in (home / "keys" / "signing.pem").read_text()
