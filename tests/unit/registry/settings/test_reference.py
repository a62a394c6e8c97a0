"""Settings: their reference is current, and what is wrong with them is said in words."""

import pytest

from registry.settings import reference as config_reference
from registry.settings.settings import SettingsError, load

GOOD = f"""
consortium = "test.example"
member = "lund"
founded = "{"ab" * 32}"
log = "file:log"
database = "embedded:data#lund"
"""


def test_the_reference_is_what_the_model_says():
    assert config_reference.FILE.read_text() == config_reference.reference()
    assert config_reference.main(["--check"]) == 0


def test_every_setting_has_a_text():
    assert config_reference.find_undocumented() == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[http]\nport = "abc"', "http.port: a whole number from 0 to 65535; 'abc' is not that"),
        ("[http]\nport = 70000", "http.port: a whole number from 0 to 65535; '70000' is not that"),
        ('passphrase_fil = "x"', "there is no setting passphrase_fil; did you mean passphrase_file?"),
        ("[http]\nprot = 1", "there is no setting http.prot; did you mean http.port?"),
        ("port = 8001", "there is no setting port; it belongs in [http]"),
        ("max_head_age_hours = 0", "max_head_age_hours: a number above 0; '0' is not that"),
        ('log_level = "loud"', "log_level: one of debug, info, warning, error; 'loud' is not that"),
        ('[oauth]\nissuer = "x"', "oauth.audience is missing: text"),
    ],
)
def test_a_wrong_setting_is_said_in_words_with_what_belongs_there(tmp_path, lines, said):
    (tmp_path / "registry.toml").write_text(f"{GOOD}{lines}\n")
    with pytest.raises(SettingsError) as error:
        load(tmp_path)
    assert said in str(error.value)


def test_a_wrong_value_says_that_it_is_from_the_environment(tmp_path, monkeypatch):
    (tmp_path / "registry.toml").write_text(GOOD)
    monkeypatch.setenv("REGISTRY_MEMBER", "Lund!")
    with pytest.raises(SettingsError, match="from REGISTRY_MEMBER in the environment"):
        load(tmp_path)


def test_a_misspelt_variable_is_refused_and_another_programs_is_not(tmp_path, monkeypatch):
    (tmp_path / "registry.toml").write_text(GOOD)
    monkeypatch.setenv("REGISTRY_PORT", "tcp://10.0.0.1:5000")
    load(tmp_path)
    monkeypatch.setenv("REGISTRY_MEMBR", "lund")
    with pytest.raises(SettingsError, match="did you mean REGISTRY_MEMBER"):
        load(tmp_path)


def test_a_database_that_is_wrong_is_not_repeated_in_the_message(tmp_path):
    (tmp_path / "registry.toml").write_text(GOOD.replace('"embedded:data#lund"', '["postgresql://u:secret@h/d"]'))
    with pytest.raises(SettingsError) as error:
        load(tmp_path)
    assert "secret" not in str(error.value)
