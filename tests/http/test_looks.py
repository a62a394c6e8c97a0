"""What a node and its reader choose of the pages' looks; and whose pages they are, from the first one on."""

import contextlib
import re

import pytest

from registry.settings.settings import SettingsError, load
from tests.support.served import Served


@pytest.fixture(scope="module")
def coloured(tmp_path_factory, postgres):
    with contextlib.closing(Served(tmp_path_factory.mktemp("coloured"), postgres)) as made:
        file = made.home / "registry.toml"
        file.write_text('colour = "oklch(0.41 0.08 228)"\n' + file.read_text())
        yield made.start()


def test_the_node_sets_its_colour_and_nothing_else(coloured, node):
    page = coloured.browser().get("/signin")
    path = re.search(r'rel="stylesheet" href="(/node\.css\?v=\w+)"', page.text)[1]
    style = coloured.browser().get(path)
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    assert "--node: oklch(0.41 0.08 228);" in style.text
    assert "node.css" not in node.browser().get("/signin").text


def test_the_first_page_says_whose_it_is_though_it_is_about_no_member(coloured):
    assert re.search("<title>Sign in . Twente", coloured.browser().get("/signin").text)


@pytest.mark.parametrize("colour", ["red;} body{display:none", "url(//x.example)", "#12", "rgb(1,2,3)", "#fff\\n"])
def test_a_colour_is_a_colour_and_no_style_sheet(coloured, monkeypatch, colour):
    monkeypatch.setenv("REGISTRY_COLOUR", colour)
    with pytest.raises(SettingsError, match="a colour such as"):
        load(coloured.home)


def test_light_and_dark_are_kept_for_the_reader(node):
    client = node.browser()
    assert "data-theme" not in client.get("/members").text
    assert 'data-theme="dark"' in client.get("/members", params={"theme": "dark"}).text
    assert 'data-theme="dark"' in client.get("/verify").text
    client.get("/members", params={"theme": "system"})
    assert "data-theme" not in client.get("/verify").text
    assert "data-theme" not in client.get("/verify", params={"theme": '"><script>'}).text
