"""Views that the version before made: brought up where that version can have missed nothing, refused elsewhere."""

import pytest
from psycopg import sql

from consumers.projecting.projector import Projector
from projections.core import views
from projections.core.digest import digest
from projections.issuing_keys.issuing_keys import list_of_member
from tests.support.streams import CONSORTIUM, Consortium, new_id

EARLIER = "credential registry views, version 3, layout 7"


def label(connection):
    return connection.execute("SELECT obj_description('views'::regnamespace)").fetchone()[0]


@pytest.fixture
def connection(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        yield opened


def make_earlier(connection):
    """Make these the views of the version before, which had no table of issuing keys."""
    connection.execute("DROP TABLE issuing_keys")
    connection.execute(sql.SQL("COMMENT ON SCHEMA views IS {}").format(sql.Literal(EARLIER)))


@pytest.fixture
def consortium():
    made = Consortium("twente")
    twente = made.universities["twente"]
    achievement, published = twente.publish()
    twente.seal(published, twente.issue(achievement, new_id())[1])
    return made


def project(connection, consortium, log):
    Projector(connection, log, CONSORTIUM, consortium.founded).step()


def test_views_of_before_are_brought_up_and_follow_keys_from_then_on(connection, consortium):
    twente = consortium.universities["twente"]
    log = consortium.log()
    project(connection, consortium, log)
    made_now = digest(connection).total
    make_earlier(connection)
    assert not views.create(connection)
    assert label(connection) != EARLIER
    assert digest(connection).total == made_now
    key, announced = twente.announce_key()
    log.append("twente", [twente.seal(announced)])
    project(connection, consortium, log)
    assert [each.key for each in list_of_member(connection, "twente")] == [key]


def test_views_of_before_that_skipped_an_event_are_refused_and_stay_as_they_are(connection, consortium):
    twente = consortium.universities["twente"]
    twente.seal(twente.line("x.new.v1", "x", {}))
    project(connection, consortium, consortium.log())
    make_earlier(connection)
    with pytest.raises(views.OutdatedViews, match="views rebuild"):
        views.create(connection)
    with pytest.raises(views.OutdatedViews, match="version 3"):
        views.exist(connection)
    assert label(connection) == EARLIER
