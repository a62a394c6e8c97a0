"""A node's settings: what is wrong with them is named before anything starts."""

import pytest

from registry.settings.settings import SettingsError, load

SETTINGS = f"""
consortium = "test.example"
member = "lund"
founded = "{"ab" * 32}"
log = "file:log"
database = "embedded:data#lund"
"""


@pytest.mark.parametrize(
    "address", ["registry.example.org", "ftp://x.example", "https://", "https://x.example/?a=b", "https://x.example/#a"]
)
def test_an_address_that_no_code_can_lead_to_is_refused(tmp_path, address):
    (tmp_path / "registry.toml").write_text(f'{SETTINGS}public_url = "{address}"\n')
    with pytest.raises(SettingsError, match=r"public_url: .*https://registry\.example\.org"):
        load(tmp_path)


def test_an_address_may_have_a_path(tmp_path):
    (tmp_path / "registry.toml").write_text(f'{SETTINGS}public_url = "https://example.org/registry/"\n')
    assert load(tmp_path).public_url == "https://example.org/registry/"


@pytest.mark.parametrize("colour", ["#00506b", "#0AF", "oklch(0.41 0.08 228)", "oklch(41% 0.08 228.5)", "oklch(1 0 0)"])
def test_a_university_has_any_colour(tmp_path, colour):
    (tmp_path / "registry.toml").write_text(f'{SETTINGS}colour = "{colour}"\n')
    assert load(tmp_path).colour == colour


@pytest.mark.parametrize(
    "colour", ["red", "#12", "#12345g", "url(//x.example)", "#fff;} body{}", "#ffffff\n", "oklch(2 0 0)", ""]
)
def test_a_colour_is_no_style_sheet(tmp_path, colour):
    (tmp_path / "registry.toml").write_text(f"{SETTINGS}colour = {colour!r}\n".replace("'", '"'))
    with pytest.raises(SettingsError, match="a colour such as"):
        load(tmp_path)


OPENID = '[openid]\nissuer = "https://login.example"\nclient_id = "registry"\n'


def test_the_secret_at_the_identity_provider_is_in_a_file_that_is_there_or_in_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "registry.toml"
    file.write_text(f'openid_client_secret = "x"\n{SETTINGS}')
    with pytest.raises(SettingsError, match="REGISTRY_OPENID_CLIENT_SECRET"):
        load(tmp_path)
    file.write_text(f'{SETTINGS}{OPENID}client_secret_file = "secret"\n')
    with pytest.raises(SettingsError, match="there is no file"):
        load(tmp_path)
    monkeypatch.setenv("REGISTRY_OPENID_CLIENT_SECRET", "x")
    assert load(tmp_path).openid_client_secret.get_secret_value() == "x"


@pytest.mark.parametrize(
    "setting", ['roles = {staff = ["rector"]}', 'issuer = "http://login.example"', "client_id = ''", "secret = 'x'"]
)
def test_what_is_wrong_with_the_identity_provider_is_named(tmp_path, setting):
    lines = [line for line in OPENID.splitlines() if not line.startswith(setting.split()[0])]
    (tmp_path / "registry.toml").write_text(SETTINGS + "\n".join([*lines, setting, ""]))
    with pytest.raises(SettingsError, match=r"openid\."):
        load(tmp_path)
