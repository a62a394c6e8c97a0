"""Embedded PostgreSQL, the real one: its life among several processes, and what it survives."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from registry.postgres.embedded import DatabaseUnavailable, Embedded, database, start_embedded

if TYPE_CHECKING:
    from collections.abc import Iterator

# A user of the server in a process of its own: says its server's id, then waits for a line.
USER = """
import sys, psycopg
from registry.postgres.embedded import start_embedded
with start_embedded(sys.argv[1]) as server:
    with psycopg.connect(server.dsn("shared")) as connection:
        print(connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0], flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    above = Path(tempfile.mkdtemp(prefix="registry-postgres-"))
    above.chmod(0o711)
    yield above / "data"
    shutil.rmtree(above)


def user(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def write(server: Embedded, value: int) -> None:
    with psycopg.connect(server.dsn("kept")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS numbers (n int)")
        connection.execute("INSERT INTO numbers VALUES (%s)", [value])


def read(server: Embedded) -> list[int]:
    with psycopg.connect(server.dsn("kept")) as connection:
        return [n for (n,) in connection.execute("SELECT n FROM numbers ORDER BY n")]


def postmaster(server: Embedded) -> int:
    return int((server.path / "pgdata" / "postmaster.pid").read_text().split("\n")[0])


def test_an_address_of_a_server_elsewhere_is_returned_as_it_is() -> None:
    address = "postgresql://registry:secret@db.example/registry?sslmode=verify-full"
    assert database(address) == address


@pytest.mark.parametrize("value", ["", "embedded:", "embedded:/data", "embedded:#name", "embedded:/data#"])
def test_a_setting_of_another_form_is_refused_with_the_right_forms(value: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="embedded:FOLDER#NAME"):
        database(value)


def test_a_refused_setting_never_shows_a_password() -> None:
    with pytest.raises(DatabaseUnavailable) as refusal:
        database("mysql://registry:secret@db.example/registry")
    assert "secret" not in str(refusal.value)
    assert "mysql" in str(refusal.value)


def test_a_setting_alone_makes_folder_server_and_database_and_the_process_end_stops_it(folder: Path) -> None:
    program = (
        "import psycopg, sys; from registry.postgres.embedded import database\n"
        "first, again = database(sys.argv[1]), database(sys.argv[1])\n"
        "assert first == again\n"
        "print(psycopg.connect(first).execute('SELECT current_database()').fetchone()[0])"
    )
    setting = f"embedded:{folder}#credentials"
    environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    command = [sys.executable, "-c", program, setting]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert result.stdout == "credentials\n"
    assert "XDG_RUNTIME_DIR" not in result.stderr
    assert not (folder / "pgdata" / "postmaster.pid").exists()


def test_data_outlives_the_server_and_what_is_committed_is_on_disk(folder: Path) -> None:
    with start_embedded(folder) as server:
        write(server, 1)
        with psycopg.connect(server.dsn("kept")) as connection:
            for setting in ("synchronous_commit", "fsync", "full_page_writes"):
                assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)
    assert not server.running
    with start_embedded(folder) as server:
        assert read(server) == [1]


def test_two_processes_that_start_at_once_get_the_same_server(folder: Path) -> None:
    users = [user(folder) for _ in range(3)]
    started = {said(each) for each in users}
    endings = [each.communicate("\n", timeout=60) for each in users]
    assert endings == [("", "")] * 3
    assert len(started) == 1
    assert "" not in started


def test_the_server_outlives_the_process_that_started_it_while_another_uses_it(folder: Path) -> None:
    starter = user(folder)
    started = said(starter)
    with start_embedded(folder) as server:
        starter.communicate("\n", timeout=60)
        with psycopg.connect(server.dsn("shared")) as connection:
            assert str(connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0]) == started.strip()
    assert not server.running


def test_a_killed_process_no_longer_counts_as_a_user(folder: Path) -> None:
    killed = user(folder)
    said(killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with start_embedded(folder) as server:
        assert server.running
    assert not server.running


def test_two_uses_in_one_process_are_counted_apart(folder: Path) -> None:
    with start_embedded(folder) as first:
        second = start_embedded(folder)
        first.close()
        first.close()
        assert second.running
        second.close()
    assert not second.running


def test_after_a_stop_and_a_start_the_same_address_works(folder: Path) -> None:
    with start_embedded(folder) as server:
        write(server, 1)
        address = server.dsn("kept")
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(address)
        with pytest.raises(DatabaseUnavailable, match=str(folder)):
            server.dsn("kept")
        server.start()
        assert server.dsn("kept") == address
        assert read(server) == [1]


def test_committed_rows_survive_a_crash(folder: Path) -> None:
    with start_embedded(folder) as server:
        write(server, 1)
        server.stop(abruptly=True)
        server.start()
        write(server, 2)
        os.kill(postmaster(server), signal.SIGKILL)
        server.start()
        assert read(server) == [1, 2]


def test_a_process_that_has_the_killed_servers_old_id_is_not_taken_for_it(folder: Path) -> None:
    with start_embedded(folder) as server:
        write(server, 1)
        pid_file = server.path / "pgdata" / "postmaster.pid"
        left = pid_file.read_text()
        server.stop()
        pid_file.write_text(left.replace(left.split("\n")[0], str(os.getpid()), 1))
        (server.path / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
        server.start()
        assert read(server) == [1]


def test_a_first_start_that_was_killed_half_way_is_done_again(folder: Path) -> None:
    start_embedded(folder).close()
    (folder / "pgdata").rename(folder / "pgdata.new")
    (folder / "pgdata.new" / "postgresql.conf").unlink()
    with start_embedded(folder) as server:
        write(server, 1)


@pytest.mark.parametrize("name", ["a name, with 'quotes' & 100% # é", "deep" * 40])
def test_any_folder_will_do_however_odd_or_long(folder: Path, name: str) -> None:
    with start_embedded(folder / name) as server:
        address = server.dsn("kept")
        write(server, 1)
        server.stop()
        server.start()
        assert server.dsn("kept") == address
        assert read(server) == [1]


def test_a_folder_that_a_shell_would_misread_is_refused(folder: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="Name another folder"):
        start_embedded(folder / "$(touch x)")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL another account")
def test_root_opens_the_folders_above_for_passing_only_and_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.parent.chmod(0o700)
    with start_embedded(folder):
        assert folder.parent.stat().st_mode & 0o777 == 0o701
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.stat().st_uid != 0
    assert str(folder.parent) in caplog.text


def test_any_text_names_a_database_and_none_is_sql(postgres: Embedded) -> None:
    for name in ('x"; DROP DATABASE postgres; --', "Århus / 2026?"):
        with psycopg.connect(postgres.dsn(name)) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (name,)
    with pytest.raises(DatabaseUnavailable):
        postgres.dsn("nul\0")


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    before = folder.stat()
    with pytest.raises(DatabaseUnavailable, match="other files"):
        start_embedded(folder)
    assert folder.stat() == before
    assert [file.name for file in folder.iterdir()] == ["thesis.txt"]


def test_data_of_another_version_is_refused_and_says_which(folder: Path) -> None:
    start_embedded(folder).close()
    (folder / "pgdata" / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseUnavailable, match="made by PostgreSQL 16, the programs are PostgreSQL 18"):
        start_embedded(folder)


def test_a_server_that_does_not_start_says_why_and_can_be_started_when_mended(folder: Path) -> None:
    start_embedded(folder).close()
    with pytest.raises(DatabaseUnavailable, match="shared_buffers"):
        start_embedded(folder, settings={"shared_buffers": "plenty"})
    with start_embedded(folder) as server:
        assert server.running


def test_what_an_administrator_sets_goes_before_ours(folder: Path) -> None:
    with start_embedded(folder, settings={"work_mem": "7MB"}) as server:
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
            assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)
            connection.execute("ALTER SYSTEM SET work_mem = '9MB'")
        server.stop()
        server.start()
        with psycopg.connect(server.dsn("postgres")) as connection:
            assert connection.execute("SHOW work_mem").fetchone() == ("9MB",)


def test_text_sorts_by_code_point_whatever_the_machines_language(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn) as connection:
        rows = connection.execute("SELECT t FROM unnest(ARRAY['é', 'a', 'Z', 'z', 'A']) t ORDER BY t")
        assert [t for (t,) in rows] == ["A", "Z", "a", "z", "é"]


def test_each_test_gets_an_empty_database_of_its_own(empty_dsn: str, postgres: Embedded) -> None:
    with psycopg.connect(empty_dsn) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.execute(tables).fetchone() == (0,)
        assert connection.execute("SELECT current_database()").fetchone() != ("postgres",)
    assert postgres.running
