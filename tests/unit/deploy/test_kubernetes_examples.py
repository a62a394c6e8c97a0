"""Examples for Strimzi and CloudNativePG: their operators take them, and they keep the log as the program keeps it."""

from pathlib import Path

import pytest

from registry.log.kafka_topics import make_topic, topic_of
from tests.support.helm import CHART, parse

FOLDER = Path(__file__).parents[3] / "deploy" / "kubernetes"
FILES = sorted(FOLDER.glob("*/*.yaml"))
OBJECTS = [each for file in FILES for each in parse(file.read_text())]


def of_kind(kind):
    return {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == kind}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_object_has_the_form_that_its_operator_prescribes(file, kubernetes_schemas):
    assert [fault for each in parse(file.read_text()) for fault in kubernetes_schemas.faults(each)] == []


class Administrator:
    """A cluster of three brokers without topics, which remembers what it was asked for."""

    def __init__(self):
        self.created = []

    def list_topics(self):
        return []

    def describe_cluster(self):
        return {"brokers": [1, 2, 3]}

    def create_topics(self, topics, **_):
        self.created += topics


def test_a_topic_has_the_settings_that_the_program_would_give_it():
    for stream in ("governance", "delft"):
        administrator = Administrator()
        make_topic(administrator, stream)
        [made] = administrator.created
        spec = of_kind("KafkaTopic")[topic_of(stream)]["spec"]
        assert spec["partitions"] == made.num_partitions
        assert spec["replicas"] == made.replication_factor
        assert {name: str(value) for name, value in spec["config"].items()} == made.topic_configs


def test_a_user_writes_to_its_own_topic_alone():
    users = of_kind("KafkaUser")
    assert users.keys() == {"delft", "witness", "governance"}
    for name, user in users.items():
        written = [
            acl["resource"]
            for acl in user["spec"]["authorization"]["acls"]
            if {"Write", "All"} & set(acl["operations"])
        ]
        own = {"type": "topic", "name": topic_of(name), "patternType": "literal"}
        assert written == ([] if name == "witness" else [own])


def test_brokers_know_each_client_and_no_client_comes_without_a_certificate():
    [kafka] = of_kind("Kafka").values()
    for listener in kafka["spec"]["kafka"]["listeners"]:
        assert listener["tls"] is True
        assert listener["authentication"] == {"type": "tls"}
    assert kafka["spec"]["kafka"]["authorization"]["type"] == "simple"
    assert kafka["spec"]["kafka"]["config"]["auto.create.topics.enable"] is False


def test_the_database_s_secret_is_the_one_that_the_chart_s_example_names():
    [cluster] = of_kind("Cluster").values()
    [values] = parse((CHART / "ci" / "minimal-values.yaml").read_text())
    assert values["database"]["existingSecret"] == f"{cluster['metadata']['name']}-app"
    [backup] = of_kind("ScheduledBackup").values()
    assert backup["spec"]["cluster"]["name"] == cluster["metadata"]["name"]
    assert cluster["spec"]["instances"] >= 2
