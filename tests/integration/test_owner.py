"""A database says whose it is, and another node's settings on it are refused."""

import psycopg
import pytest

from registry.application.owner import OtherOwner, Owner, claim, create_table, release
from registry.application.registry import Registry
from tests.bench.data import achievement
from tests.support.node import vault_of

GENT = Owner("gent", "uni.example", "a" * 64)
LUND = Owner("lund", "uni.example", "a" * 64)


def store(dsn, member):
    """What a version that wrote no owner has left: an achievement of a member's."""
    with Registry(dsn, f"uni.example/{member}", vault_of(dsn)) as registry:
        registry.achievements.publish(achievement(member, "0bbac7a9-0d4d-4a05-bb7a-000000000001"))


def test_an_empty_database_becomes_the_first_nodes_and_stays_that_nodes(empty_dsn):
    claim(empty_dsn, GENT, "gent/registry.toml")
    claim(empty_dsn, GENT, "gent/registry.toml")


@pytest.mark.parametrize("other", [LUND, GENT._replace(consortium="other.example"), GENT._replace(founded="b" * 64)])
def test_another_nodes_settings_are_refused_and_both_are_named(empty_dsn, other):
    claim(empty_dsn, GENT, "gent/registry.toml")
    store(empty_dsn, "gent")
    with pytest.raises(OtherOwner) as refused:
        claim(empty_dsn, other, "other/registry.toml")
    assert f"belongs to {GENT}; the settings in other/registry.toml say {other}" in str(refused.value)
    claim(empty_dsn, GENT, "gent/registry.toml")


def test_what_was_begun_with_a_wrong_founding_and_not_used_is_begun_again(empty_dsn):
    claim(empty_dsn, GENT._replace(founded="b" * 64), "gent/registry.toml")
    claim(empty_dsn, GENT, "gent/registry.toml")
    with pytest.raises(OtherOwner):
        claim(empty_dsn, LUND, "lund/registry.toml")


def test_a_database_of_before_becomes_the_node_s_whose_events_it_holds_and_no_others(empty_dsn):
    store(empty_dsn, "gent")
    with pytest.raises(OtherOwner, match="its stored events are those of gent"):
        claim(empty_dsn, LUND, "lund/registry.toml")
    claim(empty_dsn, GENT, "gent/registry.toml")
    with pytest.raises(OtherOwner, match=r"belongs to gent of uni\.example"):
        claim(empty_dsn, LUND, "lund/registry.toml")


def test_a_backup_goes_to_a_database_that_its_member_owns_already_and_to_no_others(empty_dsn):
    with Registry(empty_dsn, "uni.example/gent", vault_of(empty_dsn)):
        pass
    claim(empty_dsn, GENT, "gent/registry.toml")
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        create_table(connection)
        with pytest.raises(OtherOwner, match="belongs to gent"):
            release(connection, LUND)
        release(connection, GENT)
        assert connection.execute("SELECT count(*) FROM node.owner").fetchone() == (0,)
