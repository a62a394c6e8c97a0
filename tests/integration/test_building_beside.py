"""Views of another version: the new ones are built beside them, and readers of the old ones go on."""

import contextlib
import multiprocessing
import os
import signal
import threading

import psycopg
import pytest
from psycopg import sql

from consumers.projecting import rebuild as rebuilding
from consumers.projecting.build_plan import plan_build
from consumers.projecting.rebuild import Source, rebuild
from projections.core import building, views
from projections.core.digest import digest
from registry.log import open_log
from registry.metrics import definitions
from registry.node.metrics.database_reading import DatabaseReading
from tests.support.streams import CONSORTIUM, Consortium, new_id

OTHER = "credential registry views, version 2, layout 1"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    twente.seal(published, *(twente.issue(achievement, new_id())[1] for _ in range(50)))
    url = f"file:{tmp_path_factory.mktemp('beside') / 'log'}"
    log, memory = open_log(url, CONSORTIUM), consortium.log()
    for stream in ("governance", "twente"):
        log.create(stream)
        with log.writer(stream):
            log.append(stream, [record.data for record in memory.records(stream, 0)])
    log.close()
    return Source(url, CONSORTIUM, consortium.founded)


def label(dsn, schema):
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT obj_description(to_regnamespace(%s))", (schema,)).fetchone()[0]


def schemas(dsn):
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'views%' ORDER BY 1")
        return [name for (name,) in rows]


@pytest.fixture
def outdated(dsn, source):
    """Full views that another version made."""
    rebuild(dsn, source, workers=1)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("COMMENT ON SCHEMA views IS {}").format(sql.Literal(OTHER)))
    return dsn


class OldReader(threading.Thread):
    """A program of the other version, which reads its views again and again."""

    def __init__(self, dsn):
        super().__init__()
        self._dsn = dsn
        self.stop = threading.Event()
        self.counts = set()
        self.errors = []
        self.reads = 0

    def run(self):
        with psycopg.connect(self._dsn, autocommit=True, prepare_threshold=0) as connection:
            connection.execute("SET search_path TO views")
            while not self.stop.is_set():
                try:
                    [label_now], [count] = (
                        connection.execute("SELECT obj_description('views'::regnamespace)").fetchone(),
                        connection.execute("SELECT count(*) FROM credentials").fetchone(),
                    )
                except psycopg.Error as error:
                    self.errors.append(str(error))
                else:
                    self.counts.add((label_now, count))
                    self.reads += 1


def test_a_program_of_another_version_reads_its_own_views_while_new_ones_are_built_and_served(outdated, source):
    with views.connect(outdated) as connection, pytest.raises(views.OutdatedViews):
        views.create(connection)
    reader = OldReader(outdated)
    reader.start()
    try:
        rebuild(outdated, source, workers=1, beside=True)
        with views.connect(outdated) as connection:
            assert not views.create(connection)
            assert connection.execute("SELECT count(*) FROM credentials").fetchone() == (50,)
            beside = digest(connection).total
        rebuild(outdated, source, workers=1, beside=True)  # again, of the same version
        reads = reader.reads
    finally:
        reader.stop.set()
        reader.join()
    assert reads > 10
    assert (reader.errors, reader.counts) == ([], {(OTHER, 50)})
    assert schemas(outdated) == ["views", views.BESIDE]
    with views.connect(outdated) as connection:
        assert views.drop_other_versions(connection) == ["views"]
        assert digest(connection).total == beside, "a connection that was open goes on"
        assert views.drop_other_versions(connection) == []
    assert schemas(outdated) == ["views"]
    assert label(outdated, "views") != OTHER


def test_without_views_of_this_version_nothing_is_dropped(outdated):
    with views.connect(outdated) as connection, pytest.raises(views.OutdatedViews):
        views.drop_other_versions(connection)
    assert (schemas(outdated), label(outdated, "views")) == (["views"], OTHER)


def build_and_die(dsn, source, step):
    """In a process of its own: a build that is killed at a step."""

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    if step == "filling":
        rebuild(dsn, source, workers=1, on_batch=lambda member, *_: member == "twente" and die())
    elif step == "before the swap":
        setattr(views, "swap", die)  # noqa: B010 - this process is killed there, and nothing is put back
    else:
        setattr(views, "_rename", die)  # noqa: B010 - as above, inside of the swap
    rebuild(dsn, source, workers=1, beside=step != "between two renames")


@pytest.mark.parametrize("step", ["filling", "before the swap", "between two renames"])
def test_a_build_killed_at_any_step_leaves_the_old_views_and_the_next_drops_what_is_left(outdated, source, step):
    process = multiprocessing.get_context("spawn").Process(target=build_and_die, args=(outdated, source, step))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert label(outdated, "views") == OTHER
    left = [name for name in schemas(outdated) if name != "views"]
    assert len(left) == 1
    with psycopg.connect(outdated) as connection:
        assert connection.execute("SELECT count(*) FROM views.credentials").fetchone() == (50,)
    rebuild(outdated, source, workers=1, beside=True)
    assert schemas(outdated) == ["views", views.BESIDE]


def ratio(dsn):
    """What the metrics say of a build."""
    with contextlib.closing(DatabaseReading(lambda: dsn, "twente")) as reading:
        return [sample.value for sample in reading.read().samples if sample.metric is definitions.VIEWS_BUILD]


def test_a_build_says_how_far_it_is_and_a_second_one_is_refused(outdated, source, monkeypatch):
    monkeypatch.setattr(rebuilding, "_NOTE_SECONDS", 0.0)
    seen, refused, ratios = [], [], []

    def look(member, *_):
        if member == "twente":
            with views.connect(outdated) as connection:
                seen.append(building.read_progress(connection))
            ratios.append(ratio(outdated))
            try:
                rebuild(outdated, source, workers=1)
            except building.BuildingNow as error:
                refused.append(str(error))

    rebuild(outdated, source, workers=1, on_batch=look)
    assert (seen[-1].events, seen[-1].total) == (51, 53)
    assert ratios[-1] == [51 / 53]
    assert ratio(outdated) == []
    assert "registry status" in refused[0]
    with views.connect(outdated) as connection:
        assert building.read_progress(connection) is None


def test_the_plan_says_the_time_of_the_last_build_and_the_disk_of_a_usual_credential(dsn, source):
    first = plan_build(dsn, source)
    assert (first.events, first.is_measured, first.seconds) == (53, False, None)
    assert first.disk_bytes == 53 * 320
    rebuild(dsn, source, workers=1)
    assert plan_build(dsn, source).seconds > 0


def test_time_left_follows_from_the_rate_so_far():
    progress = building.Progress(250, 1000, 100.0, 110.0)
    assert progress.seconds_left == 30.0
    assert progress._replace(events=0).seconds_left is None
    assert progress._replace(events=1000).seconds_left == 0.0
