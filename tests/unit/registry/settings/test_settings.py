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
