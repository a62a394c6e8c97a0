"""A node that runs is scraped as Prometheus does it: what moves, what adds up, and what no label ever says."""

import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from prometheus_client.multiprocess import MultiProcessCollector

from registry.node.health import last_runs
from tests.http.test_not_accepted import govern
from tests.support.command import command, started, until
from tests.support.scraping import ADDRESS, scrape
from tests.support.served import Served, csv_of, once, row

SETTINGS = "metrics_port = 0\n"


@pytest.fixture(scope="module")
def measured(tmp_path_factory, postgres):
    """A node of two processes that answer, which has one achievement."""
    with contextlib.closing(Served(tmp_path_factory.mktemp("measured"), postgres, SETTINGS)) as made:
        made.achievement = made.consortium.offer()
        yield made.start(workers=2)


def metrics(served):
    return scrape(served.said)


def issue(served, record):
    """Issue a credential and wait until the views have it; gives its address."""
    system = served.client("credentials:write")
    made = system.post("/v1/credentials", json=row(served.achievement, record, record), headers=once(record))
    assert made.status_code == 201, made.text
    wait = {"Registry-Wait-For": made.headers["Registry-Position"]}
    assert system.get(made.headers["location"], headers=wait).status_code == 200
    return made.headers["location"]


def test_a_credential_moves_what_is_published_and_projected_and_leaves_nothing_behind(measured):
    before = metrics(measured)
    issue(measured, "moves")
    until(lambda: metrics(measured).value("registry_lag_events", member="twente") == 0)
    # How the node finds itself is some seconds old.
    until(lambda: metrics(measured).value("registry_unpublished_events") == 0)
    seen = "registry_visible_seconds_count"
    until(lambda: metrics(measured).value(seen) == before.value(seen) + 1)
    after = metrics(measured)
    for name in (
        "registry_published_events_total", "registry_published_commits_total", "registry_publish_seconds_count",
        "registry_projected_events_total", "registry_projected_commits_total", "registry_projection_seconds_count",
    ):  # fmt: skip
        assert after.value(name) == before.value(name) + 1, name
    for name in ("registry_log_events", "registry_views_events"):
        assert after.value(name, member="twente") == before.value(name, member="twente") + 1, name
    assert after.value("registry_unpublished_age_seconds") == after.value("registry_held_back_events") == 0
    assert after.value("registry_database_up") == after.value("registry_log_up") == after.value("registry_ready") == 1
    assert after.total("registry_faults") == 0
    assert 0 < after.value("registry_disk_free_bytes") < after.value("registry_disk_bytes")
    assert after.value("registry_replicas") == 0
    assert after.value("registry_replica_lag_seconds") is None
    assert after.value("registry_cosigned", member="twente") is None
    assert after.value("registry_log_begins_at", member="twente") == 0
    for name in ("registry_views_build_ratio", "registry_archive_age_seconds"):
        assert after.value(name) is None, name
    assert "registry_certificate_ends_seconds" not in after.families
    last_runs.note(measured.home, "backup")
    assert 0 <= metrics(measured).value("registry_backup_age_seconds") < 60
    assert after.value("registry_part_read", part="process") == 1
    assert {sample.value for sample in after.families["registry_part_read"].samples} == {1}
    assert 0 < after.value("registry_publish_seconds_sum") <= after.value("registry_visible_seconds_sum") < 600


def test_what_two_processes_answer_adds_up_and_a_process_that_dies_takes_nothing_away(measured):
    def requests():
        return metrics(measured).value("registry_http_requests_total", method="GET", route="/health", status="200") or 0

    before = requests()
    for _ in range(64):  # each on a connection of its own: the kernel shares them out
        httpx.get(f"{measured.url}/health")
    until(lambda: requests() == before + 64)
    [folder] = (measured.home / "metrics").iterdir()
    counted = [answered(folder / f"counter_http-{number}.db") for number in range(2)]
    assert sum(counted) == before + 64
    assert min(counted) > 0
    spawned = measured.children()
    assert len(spawned) == 3  # two answer, one works through batches
    for pid in spawned:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(measured.logged("serve.process_died")) == 3, 30)

    def answers():
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{measured.url}/health").status_code == 200

    until(answers, 120)
    until(lambda: requests() > before + 64)
    assert {file.name for file in folder.iterdir()} == {
        f"{kind}_{process}.db"
        for kind in ("counter", "histogram", "gauge_sum")
        for process in ("main", "http-0", "http-1")
    }
    until(lambda: httpx.get(f"{measured.url}/ready").status_code == 200, 120)


def answered(file: Path) -> float:
    """How often one process has answered that it is alive."""
    families = MultiProcessCollector.merge([str(file)])
    [requests] = [family for family in families if family.name == "registry_http_requests"]
    return sum(sample.value for sample in requests.samples if sample.labels["route"] == "/health")


def test_no_label_has_a_value_that_a_client_chose(measured):
    address = issue(measured, "labels")
    system, anybody = measured.client(), measured.anybody()

    def ask():
        for client in (system, anybody):
            client.get(address, headers={"User-Agent": str(uuid4()), "X-Request-Id": uuid4().hex})
            client.get(f"/v1/credentials/twente/{uuid4()}")
            client.get(f"/v1/{uuid4()}/{uuid4()}")
            client.get(f"/v1/catalogue?text={uuid4()}")
            client.get(f"/docs/static/{uuid4()}.js")
            client.get(f"/problems/{uuid4().hex}")
            client.get(f"/v1/members/m{uuid4().hex[:8]}")
            client.request("PROPFIND", "/v1/members")
            client.request("MKCALENDAR", f"/{uuid4()}")
            client.delete("/v1/members")

    def labels():
        return {(s.name, *sorted(s.labels.items())) for s in metrics(measured).samples}

    def requests():
        return metrics(measured).total("registry_http_requests_total")

    before = requests()
    ask()
    until(lambda: requests() == before + 20)
    first = labels()
    for _ in range(5):
        ask()
    until(lambda: requests() == before + 120)
    # Of the same requests with other ids only statuses may be new: nobody's label may be.
    assert {series for series in labels() - first if "http_requests" not in series[0]} == set()
    page = metrics(measured)
    paths = {template.split("{")[0] for template in measured.anybody().get("/openapi.json").json()["paths"]}
    paths |= {"/", "/openapi.json", "/docs", "/docs/static/", "/asyncapi.json", "/problems", "/problems/", "none"}
    assert {route.split("{")[0] for route in page.values_of("route")} <= paths
    assert page.values_of("method") <= {"GET", "POST", "DELETE", "HEAD", "other"}
    assert page.values_of("member") == {"twente", "governance"}
    text = httpx.get(ADDRESS.search(measured.said)[1]).text
    for identifier in (address.rsplit("/", 1)[1], measured.achievement, "Jansen", "labels"):
        assert identifier not in text


def test_rows_are_counted_by_outcome_and_batches_by_state(measured):
    system = measured.client()
    rows = [row(measured.achievement, f"b{n}", f"b{n}") for n in range(3)]
    rows[2]["awarding_date"] = "tomorrow"
    outcomes = ("issued", "unchanged", "refused", "scheduled")

    def counts():
        page = metrics(measured)
        return [page.value("registry_batch_rows", outcome=outcome) for outcome in outcomes]

    done = metrics(measured).value("registry_batches", state="done")
    before = counts()
    made = system.post("/v1/batches", content=csv_of(rows), headers={**once("rows"), "Content-Type": "text/csv"})
    until(lambda: system.get(made.headers["location"]).json()["state"] == "done", 60)
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [2, 0, 1, 0]
    after = metrics(measured)
    assert after.value("registry_batches", state="done") == done + 1
    assert after.value("registry_batches", state="working") == 0


def test_the_events_of_a_suspended_member_are_counted_by_the_rule_that_refuses_them(measured):
    size = int(metrics(measured).value("registry_views_events", member="twente"))
    issue(measured, "refused")
    assert metrics(measured).total("registry_refused_events") == 0
    # Governance says so of a head that lies before it: it stands on the log, and has no effect.
    govern(measured, "suspend", "twente", "--reason", "rulesBroken", "--head", str(size))
    until(lambda: metrics(measured).total("registry_refused_events", member="twente") == 1, 30)
    page = metrics(measured)
    assert page.value("registry_refused_events", member="twente", code="member-suspended") == 1
    until(lambda: metrics(measured).value("registry_ready") == 0, 30)
    assert metrics(measured).value("registry_faults", component="own_stream") == 1


def test_records_that_count_for_nobody_are_counted_by_rule_and_are_no_lag(measured):
    log = measured.consortium.folder / "log" / "twente.log"
    assert metrics(measured).total("registry_quarantined_records") == 0
    with log.open("ab") as file:
        file.write(b"no commit at all\n\n")
    until(lambda: metrics(measured).total("registry_quarantined_records", member="twente") == 1, 30)
    assert metrics(measured).value("registry_quarantined_records", member="twente", code="malformed") == 1
    assert metrics(measured).value("registry_lag_events", member="twente") == 0


def test_while_the_database_or_the_log_is_away_the_page_says_so(tmp_path, postgres):
    with contextlib.closing(Served(tmp_path, postgres, SETTINGS)) as served:
        served.start()
        log, away = tmp_path / "log", tmp_path / "away"
        until(lambda: metrics(served).value("registry_ready") == 1)
        log.rename(away)
        until(lambda: metrics(served).value("registry_log_up") == 0)
        assert metrics(served).value("registry_database_up") == 1
        away.rename(log)
        until(lambda: metrics(served).value("registry_log_up") == 1)
        postgres.stop()
        try:
            page = metrics(served)
            assert page.value("registry_database_up") == 0
            assert page.value("registry_log_up") == 1
            assert page.value("registry_published_events_total") is not None  # what processes count is in no database
            assert page.value("registry_views_events", member="governance") is None
            until(lambda: metrics(served).value("registry_ready") == 0, 30)
            assert metrics(served).value("registry_faults", component="database") == 1
        finally:
            postgres.start()
        until(lambda: metrics(served).value("registry_database_up") == 1, 30)
        until(lambda: metrics(served).value("registry_ready") == 1, 60)


@pytest.fixture(scope="module")
def idle(tmp_path_factory, postgres):
    """A node that is not running, with an achievement to publish; its settings name no port for metrics."""
    return Served(tmp_path_factory.mktemp("idle"), postgres)


def on(port):
    """The words before a command that let it show metrics on a port."""
    return ["env", f"REGISTRY_METRICS_PORT={port}"]


def test_run_shows_metrics_too_and_takes_them_away_at_its_end(idle):
    with started("run", home=idle.home, says="is running", seconds=60, before=on(0)) as process:
        url = ADDRESS.search(process.output.read_text())[1]
        before = scrape(process.output.read_text())
        idle.consortium.offer()
        until(lambda: scrape(process.output.read_text()).value("registry_views_events", member="twente") == 1, 30)
        page = scrape(process.output.read_text())
        assert before.value("registry_published_events_total") == 0
        assert page.value("registry_published_events_total") == 1
        assert page.value("registry_projection_age_seconds") < 60
        assert httpx.get(url.removesuffix("metrics")).status_code == 404
        assert httpx.post(url).status_code == 405
        assert httpx.head(url).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    assert list((idle.home / "metrics").iterdir()) == []


def test_a_node_that_was_killed_begins_its_counters_again(idle):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    folder = idle.home / "metrics" / f"{socket.gethostname()}-127.0.0.1-{port}"
    with started("run", home=idle.home, says="is running", seconds=60, before=on(port)) as process:
        idle.consortium.offer()
        until(lambda: scrape(process.output.read_text()).value("registry_published_events_total") == 1, 30)
        process.kill()
        process.wait()
        (folder / "counter_other.db").touch()
    with started("run", home=idle.home, says="is running", seconds=60, before=on(port)) as process:
        assert scrape(process.output.read_text()).value("registry_published_events_total") == 0
        assert not (folder / "counter_other.db").exists()


def test_the_consortiums_own_node_shows_what_it_has(idle):
    home = idle.consortium.folder / "consortium"
    with started("run", home=home, says="Ctrl-C ends it", seconds=60, before=on(0)) as process:
        said = process.output.read_text
        until(lambda: scrape(said()).value("registry_views_events", member="governance") == 2, 30)
        page = scrape(said())
        assert page.value("registry_batches", state="done") is None
        assert {sample.value for sample in page.families["registry_part_read"].samples} == {1}


def test_without_a_port_in_the_settings_nothing_is_measured(idle):
    before = set(idle.home.glob("metrics/*"))
    with started("run", home=idle.home, says="is running", seconds=60) as process:
        assert "metrics" not in process.output.read_text()
        assert set(idle.home.glob("metrics/*")) == before


def test_a_port_that_is_taken_ends_the_command_before_anything_begins(idle):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
        done = subprocess.run(
            [*on(port), *command("run", home=idle.home)], capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 3
    assert f"metrics_port: cannot listen at 127.0.0.1 port {port}" in done.stderr
    assert "is running" not in done.stderr
