"""Nodes that an older version made, opened by this one: nothing is lost, and what was waiting goes on.

`tests/upgrade/make_node.py` made them, with a checkout of that version; what it then showed is in `made.json`.
"""

import contextlib
import json
import re
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import tuple_row

from registry.settings.settings import SettingsError, load
from registry.store.migrations import list_migrations
from tests.support.command import ROOT, printed_json, registry, started, until
from tests.support.receiver import Receiver
from tests.support.served import ADDRESS

NODES = ROOT / "tests" / "upgrade" / "nodes_4f0622e.tar.xz"
PRIVATE = ("access", "intake", "node", "office", "public", "publisher", "status", "vault", "webhooks")
"""The schemas of the private side; `public` has the stored events."""
SHOWN: dict[str, Any] = {
    "twente": {
        "achievements": ("achievement", "list"),
        "drafts": ("achievement", "draft", "list"),
        "course codes": ("course-code", "list"),
        "credentials": ("credential", "list"),
        "held rows": ("learner", "held"),
        "learner": ("learner", "show", "s0", "--student"),
        "changes of learners": ("learner", "changes"),
        "batches that wait": ("credential", "release"),
        "webhooks": ("webhook", "list"),
    },
    "lund": {"cases": ("case", "list")},
}
"""The same commands as in `make_node.py`, in this version's words."""
DEPENDS_ON_TODAY = {"overdue", "due_soon", "days_left"}
OLD_SETTINGS = re.findall(
    r"[a-z_.]+",
    """
    consortium member founded log database keys passphrase_file witnesses_needed max_head_age_hours intake_kafka
    webhook_http_localhost webhook_networks webhook_ca_file public_url letter_fonts log_level
    http.host http.port http.workers http.connections http.batch_bytes http.release_above http.patience_seconds
    http.wait_seconds http.per_minute http.per_minute_anybody http.max_connections http.max_connections_per_address
    http.trusted_proxies http.base_path http.failures_per_minute
    office.two_persons office.due office.due_by_country office.appeal_days office.address office.due_soon_days
    office.attachment_bytes office.case_attachment_bytes
    oauth.issuer oauth.audience oauth.jwks oauth.token_url oauth.member_claim oauth.lifetime_minutes
    """,
)
"""The settings of the older version's reference (docs/settings.md)."""


class Nodes:
    """The older version's nodes, unpacked, each with a database into which its dump was loaded."""

    def __init__(self, folder, server):
        with tarfile.open(NODES) as packed:
            packed.extractall(folder, filter="data")
        self.folder = folder / "nodes"
        self.made = json.loads((self.folder / "made.json").read_text())
        self.dsn = {}
        for node in ("consortium", "twente", "lund"):
            self.dsn[node] = server.dsn(f"upgraded_{node}")
            with psycopg.connect(self.dsn[node], autocommit=True) as connection:
                connection.execute((self.folder / f"{node}.sql").read_text().encode())
            settings = self.folder / node / "registry.toml"
            lines = [line for line in settings.read_text().splitlines() if not line.startswith("database = ")]
            settings.write_text("\n".join([f"database = {json.dumps(self.dsn[node])}", *lines]) + "\n")
        self.newcomer = server.dsn("upgraded_kth")
        self.before = {node: self.rows(node) for node in self.dsn}

    def home(self, node):
        return self.folder / node

    def run(self, node, *words, **more):
        return registry(*words, home=self.home(node), **more)

    def read(self, node, *words, **more):
        return printed_json(self.run(node, *words, "--json", **more))

    def rows(self, node, columns=None):
        """Every row of every private table, as text: by table, with the columns that `columns` names for it."""
        read = {}
        with psycopg.connect(self.dsn[node], row_factory=tuple_row) as connection:
            listed = connection.execute(
                "SELECT format('%%I.%%I', table_schema, table_name), array_agg(quote_ident(column_name::text)"
                " ORDER BY ordinal_position) FROM information_schema.columns JOIN information_schema.tables"
                " USING (table_schema, table_name)"
                " WHERE table_schema = ANY(%s) AND table_type = 'BASE TABLE' GROUP BY 1",
                (list(PRIVATE),),
            ).fetchall()
            for table, present in listed:
                if columns is not None and table not in columns:
                    continue
                names = present if columns is None else columns[table]
                rows = connection.execute(f"SELECT ROW({', '.join(names)})::text FROM {table} ORDER BY 1").fetchall()
                read[table] = (names, [row[0] for row in rows])
        return read


@pytest.fixture(scope="module")
def nodes(tmp_path_factory, postgres):
    return Nodes(tmp_path_factory.mktemp("upgraded"), postgres)


@pytest.fixture(scope="module")
def upgraded(nodes):
    """The nodes after one command of this version has opened each."""
    nodes.run("consortium", "status", check=False)
    for node in ("twente", "lund"):
        nodes.run(node, "publish")
    return nodes


def includes(shown, before, place="$"):
    """Fail unless what was shown before is shown still; more fields may be shown."""
    if isinstance(before, dict):
        for name, value in before.items():
            if name not in DEPENDS_ON_TODAY:
                assert name in shown, f"{place}.{name} is missing"
                includes(shown[name], value, f"{place}.{name}")
    elif isinstance(before, list):
        assert len(shown) == len(before), (place, shown, before)
        for number, pair in enumerate(zip(shown, before, strict=True)):
            includes(*pair, f"{place}[{number}]")
    else:
        assert shown == before, (place, shown, before)


def test_the_older_nodes_have_rows_of_every_kind_that_must_go_on(nodes):
    filled = {table for node in nodes.before.values() for table, (_, rows) in node.items() if rows}
    assert filled >= {
        "vault.learners", "vault.held_rows", "vault.learner_changes", "intake.batches", "intake.problems",
        "intake.held_rows", "intake.drafts", "intake.waiting", "intake.course_codes", "office.cases",
        "access.keys", "webhooks.endpoints", "webhooks.deliveries",
        "public.registry_events",
    }  # fmt: skip
    assert "node.migrations" not in filled, "that version did not number its migrations"


@pytest.mark.parametrize("node", ["consortium", "twente", "lund"])
def test_the_private_side_is_migrated_and_keeps_every_row(upgraded, node):
    columns = {table: names for table, (names, _) in upgraded.before[node].items()}
    assert upgraded.rows(node, columns) == upgraded.before[node]
    if node != "consortium":  # no command of a consortium's own node opens its private side
        with psycopg.connect(upgraded.dsn[node]) as connection:
            applied = connection.execute("SELECT number FROM node.migrations ORDER BY number").fetchall()
        assert [number for (number,) in applied] == [migration.number for migration in list_migrations()]


def test_outdated_views_are_refused_with_the_command_that_rebuilds_them(upgraded):
    for node in ("twente", "lund"):
        with psycopg.connect(upgraded.dsn[node], autocommit=True) as connection:
            connection.execute("COMMENT ON SCHEMA views IS 'credential registry views, version 2, layout 1'")
        refused = upgraded.run(node, "achievement", "list", check=3)
        assert "registry views rebuild" in " ".join(refused.stderr.split())
        upgraded.run(node, "views", "rebuild")
    for node in ("twente", "lund"):
        assert "Nothing is wrong." in upgraded.run(node, "status").stdout


@pytest.mark.parametrize(("node", "name"), [(node, name) for node, names in SHOWN.items() for name in names])
def test_what_the_older_version_showed_is_shown(upgraded, node, name):
    shown = upgraded.read(node, *SHOWN[node][name], check=1 if name == "held rows" else True)
    includes(shown, upgraded.made[f"shown of {node}"][name])


def test_cases_and_credentials_are_shown_as_before(upgraded):
    for name in ("case", "open case"):
        shown = upgraded.read("lund", "case", "show", upgraded.made[name])
        includes(shown, upgraded.made[f"{name} file"])
    for credential in upgraded.made["ids"].values():
        includes(upgraded.read("twente", "credential", "show", credential), upgraded.made[f"credential {credential}"])


def test_the_settings_of_before_are_understood(upgraded):
    settings = load(upgraded.home("twente"))
    assert settings.http.release_above == 4
    assert settings.office.due_by_country == {"NO": "P2M"}
    assert (settings.public_url, settings.max_head_age_hours) == ("https://twente.example", 48)
    for name in OLD_SETTINGS:
        model = type(settings)
        *tables, last = name.split(".")
        for table in tables:
            annotation = model.model_fields[table].annotation
            model = annotation if isinstance(annotation, type) else annotation.__args__[0]
        assert last in model.model_fields, f"{name} is not a setting any more: understand it, and say the new word"


def test_an_unknown_setting_is_refused_with_the_nearest_word(upgraded, tmp_path):
    text = (upgraded.home("lund") / "registry.toml").read_text()
    (tmp_path / "registry.toml").write_text(text + 'intake_kafak = "kafka://localhost:9092"\n')
    with pytest.raises(SettingsError, match="there is no setting intake_kafak; did you mean intake_kafka"):
        load(tmp_path)


def test_batches_go_on_over_http_with_the_key_of_before(upgraded):
    made, home = upgraded.made, upgraded.home("twente")
    released = upgraded.run("twente", "credential", "release", made["waiting batch"], "--by", "A. de Vries", "--yes")
    assert f"released {made['waiting batch']}" in released.stdout
    with started("serve", "--port", 0, "--workers", 1, home=home, says="answers at", seconds=60) as process:
        url = ADDRESS.search(process.output.read_text())[1]
        with httpx.Client(base_url=url, headers={"X-API-Key": made["api key"]}, timeout=60) as system:
            answers = []

            def is_done():
                with contextlib.suppress(httpx.TransportError):  # its processes are still starting
                    answers.append(system.get(f"/v1/batches/{made['waiting batch']}"))
                return bool(answers) and answers[-1].status_code == 200 and answers[-1].json()["state"] == "done"

            until(is_done, 120, says=lambda: f"{[answer.text for answer in answers[-1:]]}")
            # The older version took names with digits; this one returns those rows to be corrected.
            refused = system.get(f"/v1/batches/{made['waiting batch']}/problems").json()["items"]
            assert [(row["line"], row["field"]) for row in refused] == [(line, "family_name") for line in range(2, 7)]
            faulty = system.get(f"/v1/batches/{made['waiting batch']}/corrections").text
            assert all(
                f"w{number},{made['achievements'][0]},u{number},Jansen-u{number}," in faulty for number in range(5)
            )
            corrected = re.sub(r"Jansen-u[0-9]", "Jansen", "".join(faulty.splitlines(keepends=True)[:3]))
            headers = {"Content-Type": "text/csv", "Idempotency-Key": "corrected"}
            batch = system.post("/v1/batches", content=corrected, headers=headers).json()["batch"]
            until(lambda: system.get(f"/v1/batches/{batch}").json()["state"] == "done", 120)
            assert system.get(f"/v1/batches/{batch}").json()["issued"] == 2
            [problem] = system.get(f"/v1/batches/{made['batch']}/problems").json()["items"]
            assert (problem["line"], problem["field"], problem["value"]) == (3, "awarding_date", "soon")
            assert "soon" in system.get(f"/v1/batches/{made['batch']}/corrections").text
            batch = system.get(f"/v1/batches/{made['batch']}").json()
            if datetime.now(UTC).date().isoformat() < made["scheduled day"]:
                includes(batch, made["batch shown"])
            assert batch["issued"] + batch["held"] == 2


def test_the_webhook_gets_what_waited_and_what_had_not_been_taken_for_it(upgraded):
    made = upgraded.made
    receiver = Receiver()
    receiver.port = made["port"]
    with receiver, started("webhook", "run", home=upgraded.home("twente"), says="webhooks are posted"):
        until(lambda: len(receiver.received) >= 2, 60)
    events = [json.loads(one.body) for one in receiver.received]
    about = {made["ids"][record] for record in ("r0", "r4")}
    assert {event["subject"] for event in events} == about


def test_what_waited_for_a_person_is_decided(upgraded):
    made = upgraded.made
    [row] = upgraded.read("twente", "learner", "held", check=1)["items"]
    upgraded.run("twente", "learner", "other-person", "r9", "--version", row["version"], "--actor", "k.berg")
    assert upgraded.read("twente", "learner", "held") == {"items": []}
    # Before the open case is decided: where a decision rests on its credentials since, a merge must be proposed again.
    [change] = made["shown of twente"]["changes of learners"]["items"]
    upgraded.run("twente", "learner", "confirm", change["change"], "--actor", "l.holm", "--yes")
    rest = Path(ROOT / "registry" / "intake" / "samples" / "openbadge-rest.json")
    upgraded.run("twente", "achievement", "draft", "complete", made["draft"], rest)
    published = upgraded.read("twente", "achievement", "draft", "publish", made["draft"])["items"]
    assert published[0]["credential"]


def test_an_open_case_is_decided_and_its_attachment_is_read(upgraded, tmp_path):
    case = upgraded.made["open case"]
    attached = upgraded.read("lund", "case", "attachment-list", case)["items"]
    file = tmp_path / "scan.pdf"
    upgraded.run("lund", "case", "attachment", case, attached[0]["attachment"], "--out", file)
    assert file.read_bytes().startswith(b"%PDF-1.4")
    # Its credential was replaced when the learners were merged, which the office may override.
    full = ("--outcome", "full", "--ects", 5, "--override", "It was issued again as another.")
    proposed = upgraded.read("lund", "case", "propose", case, *full, "--actor", "k.berg")
    proposal = ("--proposal", proposed["proposal_id"], "--accept-override")
    upgraded.run("lund", "case", "approve", case, "--actor", "l.holm", *proposal)
    assert upgraded.read("lund", "case", "decide", case)["state"] == "decided"
    letter = tmp_path / "letter.pdf"
    upgraded.run("lund", "case", "letter", upgraded.made["case"], "--out", letter)
    assert letter.read_bytes().startswith(b"%PDF-")


def test_governance_goes_on_and_an_audit_of_the_whole_log_finds_nothing(upgraded):
    created = upgraded.folder / "kth"
    said = registry(
        "node", "init", created, "--member", "kth", "--consortium", "old.example",
        "--founded", upgraded.made["founded"], "--log", "file:../log", "--database", upgraded.newcomer,
    )  # fmt: skip
    upgraded.run("consortium", "member", "admit", "kth", "--key", said.stdout.split()[-1], "--legal-name", "KTH",
                 "--country", "SE")  # fmt: skip
    upgraded.run("twente", "publish")
    upgraded.run("twente", "views", "update")
    assert "Verified up to" in upgraded.run("twente", "audit", "--views").stdout
