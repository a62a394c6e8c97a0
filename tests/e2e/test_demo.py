"""The demo ends well, on both logs, and leaves nodes that go on working."""

import signal

import httpx
import pytest

from tests.support.command import registry, started


def demo(tmp_path, *more):
    done = registry("demo", "--folder", tmp_path / "demo", *more, timeout=180)
    said = " ".join(done.stdout.split())
    assert "Verified up to" in said
    assert "twente" in said.split("One byte of a copy")[1]
    assert "not-an-extension" in said.split("One byte of a copy")[1]
    assert "10 ECTS, credit counted once; 2 decisions about them" in said
    return said


def test_the_demo_runs_on_a_folder_and_its_nodes_go_on(tmp_path):
    said = demo(tmp_path)
    assert "awarding_date '30/06/2026'" in said
    node = tmp_path / "demo" / "linkoping"
    assert "Verified up to" in registry("audit", home=node).stdout
    assert "Data literacy" in registry("university", "show", "twente", "--year", "2026", home=node).stdout


def test_the_demo_ends_with_a_university_and_an_office_to_try(tmp_path):
    folder = tmp_path / "demo"
    with started("demo", "--folder", folder, "--serve", says="Ctrl-C stops both", seconds=280) as process:
        file = folder / "keys"
        assert file.stat().st_mode & 0o777 == 0o600
        told = dict(line.split("=", 1) for line in file.read_text().splitlines())
        offered = httpx.get(f"{told['TWENTE']}/v1/catalogue", params={"text": "data"}).json()
        assert "Data literacy" in [one["title"]["en"] for one in offered["items"]]
        found = httpx.get(
            f"{told['LINKOPING']}/v1/precedents", params={"towards": "cities"},
            headers={"X-API-Key": told["LINKOPING_KEY"]},
        ).json()  # fmt: skip
        assert found["counts"]["outcomes"] == {"full": 1, "partial": 1}
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    for url in (told["TWENTE"], told["LINKOPING"]):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


@pytest.mark.kafka
def test_the_demo_runs_on_kafka(tmp_path, kafka_broker):
    del kafka_broker  # asked for so that the test is skipped, or fails, where there is no Kafka
    demo(tmp_path, "--log", "kafka")
