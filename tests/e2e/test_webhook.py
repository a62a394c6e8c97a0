"""The feed and webhooks as a university's IT meets them: by command."""

import contextlib
import json

import pytest
from standardwebhooks import Webhook

from tests.support.command import printed_json, registry, started, until
from tests.support.receiver import Answer, Receiver
from tests.support.two_members import TwoMembers


@pytest.fixture
def members(tmp_path, dsn):
    with contextlib.closing(TwoMembers(tmp_path, dsn)) as made:
        yield made


def test_what_another_member_decides_is_read_in_the_feed_and_posted(members):
    home = members.home
    with Receiver() as receiver:
        added = printed_json(registry("webhook", "add", receiver.url, "--kind", "credential.*", "--json", home=home))
        assert "arrived" in registry("webhook", "test", added["webhook"], home=home).stdout
        Webhook(added["secret"]).verify(receiver.received[0].body, receiver.received[0].headers)
        with (
            started("views", "update", "--follow", home=home),
            started("webhook", "run", home=home, says="webhooks are posted"),
        ):
            decision, record = members.decide()
            members.publish(record)
            until(lambda: len(receiver.received) == 2)
            # What has arrived is written down a moment later; killed before that, it would be posted once more.
            until(lambda: printed_json(registry("webhook", "list", "--json", home=home))["items"][0]["delivered"] == 1)
        event = json.loads(receiver.received[1].body)
        assert (event["subject"], event["data"]["decision"]) == (members.credential, decision)
    (line,) = registry("feed", "--json", home=home).stdout.splitlines()
    assert json.loads(line) == event
    assert registry("feed", "--after", event["id"], "--json", home=home).stdout == ""
    assert "credential.recognised" in registry("feed", home=home).stdout
    (listed,) = printed_json(registry("webhook", "list", "--json", home=home))["items"]
    assert (listed["delivered"], listed["waiting"]) == (1, 0)
    assert added["secret"] not in json.dumps(listed)
    registry("webhook", "redeliver", added["webhook"], "--notice", event["id"], home=home)
    with Receiver() as receiver:
        listed = printed_json(registry("webhook", "list", "--json", home=home))
        assert listed["items"][0]["waiting"] == 1


def test_a_rebuild_posts_nothing_again(members):
    home = members.home
    members.publish(members.decide()[1])
    with Receiver() as receiver:
        registry("webhook", "add", receiver.url, "--from-start", home=home)
        registry("views", "rebuild", home=home)
        registry("views", "rebuild", home=home)
        with started("webhook", "run", home=home):
            until(lambda: len(receiver.received) == 1)
            members.publish(members.decide()[1])
            registry("views", "rebuild", home=home)
            until(lambda: len(receiver.received) == 2)
    assert len({r.headers["webhook-id"] for r in receiver.received}) == 2


def test_what_is_wrong_is_said_with_what_to_do(members):
    home = members.home
    assert "only https" in registry("webhook", "add", "http://sis.example/", home=home, check=1).stderr
    assert (
        "is not a kind of"
        in registry("webhook", "add", "https://a.example", "--kind", "a b", home=home, check=1).stderr
    )
    assert "webhook list" in registry("webhook", "enable", "0b7c", home=home, check=1).stderr
    with Receiver(lambda _: Answer(503)) as receiver:
        added = printed_json(registry("webhook", "add", receiver.url, "--json", home=home))
        said = registry("webhook", "test", added["webhook"], home=home, check=1)
        assert "answered 503" in said.stdout
    assert "no notice 7" in registry("webhook", "redeliver", added["webhook"], "--notice", 7, home=home, check=1).stderr
    assert registry("webhook", "rotate", added["webhook"], home=home).stdout.split()[-1].startswith("whsec_")
    registry("webhook", "disable", added["webhook"], home=home)
    assert "disabled" in registry("webhook", "list", home=home).stdout
    registry("webhook", "remove", added["webhook"], home=home)
    assert printed_json(registry("webhook", "list", "--json", home=home)) == {"items": []}
    assert printed_json(registry("webhook", "dead", "--json", home=home)) == {"items": []}
