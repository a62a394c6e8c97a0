"""The demo ends well, on both logs, and leaves nodes that go on working."""

import contextlib
import re
import signal

import httpx
import pytest

from tests.support.command import registry, started
from tests.support.served import form


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The demo on a folder, at its end, where it serves a university and an office; and the folder."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    with started("demo", "--folder", folder, "--serve", says="Ctrl-C stops both", seconds=280) as process:
        yield process, folder


def check(output):
    """Check what the demo printed; return its words."""
    said = " ".join(output.split())
    assert "Traceback" not in said
    assert "Verified up to" in said
    assert "twente" in said.split("One byte of a copy")[1]
    assert "not-an-extension" in said.split("One byte of a copy")[1]
    assert "10 ECTS, credit counted once; 2 decisions about them" in said
    return said


@contextlib.contextmanager
def signed_in(process, name, url):
    """A browser in which a person of the demo has used their link."""
    link = re.search(rf"{name}\s+http://localhost:\d+(\S+)", process.output.read_text())[1]
    with httpx.Client(base_url=url, headers={"Accept": "text/html"}, timeout=30) as browser:
        assert browser.post(link, data=form(browser.get(link))).status_code == 303
        yield browser


def test_the_demo_ends_with_a_university_and_an_office_to_try(running):
    process, folder = running
    file = folder / "keys"
    assert file.stat().st_mode & 0o777 == 0o600
    told = dict(line.split("=", 1) for line in file.read_text().splitlines())
    offered = httpx.get(f"{told['TWENTE']}/v1/catalogue", params={"text": "data"}).json()
    assert "Data literacy" in [one["title"]["en"] for one in offered["items"]]
    found = httpx.get(
        f"{told['LINKOPING']}/v1/precedents", params={"towards": "cities"},
        headers={"X-API-Key": told["LINKOPING_KEY"]},
    ).json()  # fmt: skip
    assert found["counts"]["outcomes"] == {"full": 21, "partial": 21}
    with signed_in(process, "Aino, an auditor", told["TWENTE"]) as browser:
        assert browser.get("/log/twente").status_code == 200
    with signed_in(process, "Olga, an officer", told["LINKOPING"]) as browser:
        inbox = browser.get("/office").text
    assert "2 open cases" in inbox
    assert "Kowalczyk, Marta" in inbox
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    for url in (told["TWENTE"], told["LINKOPING"]):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


def test_the_demo_runs_on_a_folder_and_its_nodes_go_on(running):
    process, folder = running
    assert "awarding_date '30/06/2026'" in check(process.output.read_text())
    node = folder / "linkoping"
    assert "Verified up to" in registry("audit", home=node).stdout
    assert "Data literacy" in registry("university", "show", "twente", "--year", "2026", home=node).stdout
    sheet = registry("import", "file", folder / "spring-2026.xlsx", "--dry-run", home=folder / "twente", check=1).stdout
    assert "35 would be issued, 0 as before, 5 not taken in" in sheet


def test_a_folder_that_the_demo_does_not_use_is_refused(tmp_path):
    refused = registry("demo", "--no-serve", home=tmp_path, check=2)
    assert "--folder" in refused.stderr


@pytest.mark.kafka
def test_the_demo_runs_on_kafka(tmp_path, kafka_broker):
    del kafka_broker  # asked for so that the test is skipped, or fails, where there is no Kafka
    check(registry("demo", "--folder", tmp_path / "demo", "--log", "kafka", timeout=180).stdout)
