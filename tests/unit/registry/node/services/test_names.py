"""Which services a process runs: those that were named, else the default, and none that the node cannot run."""

from types import SimpleNamespace
from typing import Any

import pytest

from registry.node.services.names import WITHOUT_HTTP, Service, choose_services, watches_health
from registry.settings.settings import SettingsError

KAFKA = "kafka://127.0.0.1:9092"
PUBLIC = "https://registry.twente.example"


def settings(member="twente", intake_kafka=None, public_url=PUBLIC) -> Any:
    return SimpleNamespace(member=member, intake_kafka=intake_kafka, public_url=public_url)


def test_without_names_the_default_runs_and_batches_belong_to_the_process_that_answers():
    assert choose_services(settings(intake_kafka=KAFKA), (), WITHOUT_HTTP) == WITHOUT_HTTP
    assert Service.BATCHES not in WITHOUT_HTTP
    assert set(Service) - set(WITHOUT_HTTP) == {Service.BATCHES}


def test_named_services_run_once_each_in_their_own_order():
    names = [Service.BATCHES, Service.PUBLISHER, Service.BATCHES]
    assert choose_services(settings(), names, WITHOUT_HTTP) == (Service.PUBLISHER, Service.BATCHES)


def test_the_intake_that_is_named_needs_a_kafka_of_its_own():
    with pytest.raises(SettingsError, match="set intake_kafka, or leave the service out"):
        choose_services(settings(), [Service.INTAKE], WITHOUT_HTTP)
    assert choose_services(settings(intake_kafka=KAFKA), [Service.INTAKE], WITHOUT_HTTP) == (Service.INTAKE,)


def test_what_the_settings_do_not_ask_for_is_left_out():
    plain = set(choose_services(settings(public_url=None), (), WITHOUT_HTTP))
    assert set(WITHOUT_HTTP) - plain == {Service.INTAKE, Service.STATUS_LISTS}
    named = [Service.WEBHOOKS, Service.STATUS_LISTS]
    assert choose_services(settings(public_url=None), named, WITHOUT_HTTP) == (Service.WEBHOOKS,)
    with pytest.raises(SettingsError, match="no public address; set public_url"):
        choose_services(settings(public_url=None), [Service.STATUS_LISTS], WITHOUT_HTTP)


def test_the_consortiums_own_node_runs_its_projector_only():
    own = settings("governance")
    assert choose_services(own, (), WITHOUT_HTTP) == (Service.PROJECTOR,)
    assert choose_services(own, [Service.PROJECTOR], WITHOUT_HTTP) == (Service.PROJECTOR,)
    with pytest.raises(SettingsError, match="runs the projector only, not publisher, webhooks"):
        choose_services(own, [Service.WEBHOOKS, Service.PUBLISHER], WITHOUT_HTTP)


def test_one_process_of_a_node_logs_its_faults():
    assert watches_health(settings(), WITHOUT_HTTP)
    assert not watches_health(settings(), [Service.PROJECTOR, Service.BATCHES])
    assert watches_health(settings("governance"), [Service.PROJECTOR])
