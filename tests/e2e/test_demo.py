"""The demo ends well, on both logs, and leaves nodes that go on working."""

import pytest

from tests.support.command import registry


def demo(tmp_path, *more):
    done = registry("demo", "--folder", tmp_path / "demo", *more, timeout=180)
    said = " ".join(done.stdout.split())
    assert "All is well." in said
    assert "twente" in said.split("One byte of a copy")[1]
    assert "not-an-extension" in said.split("One byte of a copy")[1]
    assert "10 ECTS, credit counted once; 2 decisions about them" in said
    return said


def test_the_demo_runs_on_a_folder_and_its_nodes_go_on(tmp_path):
    said = demo(tmp_path)
    assert "awarding_date '30/06/2026'" in said
    node = tmp_path / "demo" / "linkoping"
    assert "All is well." in registry("audit", home=node).stdout
    assert "Data literacy" in registry("university", "show", "twente", "--year", "2026", home=node).stdout


@pytest.mark.kafka
def test_the_demo_runs_on_kafka(tmp_path, kafka_broker):
    del kafka_broker  # asked for so that the test is skipped, or fails, where there is no Kafka
    demo(tmp_path, "--log", "kafka")
