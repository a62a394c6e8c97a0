"""Make the nodes of an older version that `test_upgrade.py` opens with this one: settings, keys, log, database dumps.

Run it by the older version's interpreter, in a checkout of it whose `.venv` is made, and name the archive to write:

    git worktree add /tmp/older COMMIT && cd /tmp/older && make venv
    .venv/bin/python …/tests/upgrade/make_node.py …/tests/upgrade/nodes_COMMIT.tar.xz

Everybody in it is invented. It needs nothing of this version, and runs with the older one's packages alone.
"""

import contextlib
import importlib
import json
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))  # the older version's packages, not those of this checkout

# Imported by name: this version's packages have neither.
programs = importlib.import_module("registry.postgres_programs").programs
embedded = importlib.import_module("registry.postgres").embedded

PORT = 18471
"""Where the webhook's receiver will be; nobody listens there while the nodes are made."""
SETTINGS = """
webhook_http_localhost = true
public_url = "https://twente.example"
max_head_age_hours = 48
log_level = "info"

[http]
release_above = 4
wait_seconds = 5
per_minute_anybody = 5000

[office]
due = "P3M"
due_by_country = { NO = "P2M" }
address = ["Postbus 1", "Enschede"]
appeal_days = 30
"""
ADA = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03", "email": "ada@example.org"}
SCAN = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SHOWN: dict[str, dict[str, Any]] = {
    "twente": {
        "achievements": ("achievement", "list"),
        "drafts": ("achievement", "draft", "list"),
        "course codes": ("mapping", "list"),
        "credentials": ("credential", "list"),
        "held rows": ("learner", "held"),
        "learner": ("learner", "show", "s0", "--student"),
        "changes of learners": ("learner", "changes"),
        "batches that wait": ("credential", "release"),
        "webhooks": ("webhook", "list"),
    },
    "lund": {"cases": ("case", "list")},
}
"""What the older program shows of what it stored, as words of its command line; `--json` is added."""


class Maker:
    """The nodes of a consortium, and the commands that fill them."""

    def __init__(self, folder, server):
        self.folder = folder
        self.server = server
        self.made: dict[str, Any] = {"port": PORT}

    def run(self, *words, node="twente", check=0):
        """Run a command of the older version on a node; return what it printed."""
        at = ["--home", str(self.folder / node)] if node else []
        done = subprocess.run(
            [sys.executable, "-m", "registry.cli", *at, *map(str, words)], capture_output=True, text=True, check=False
        )
        assert done.returncode == check, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def read(self, *words, node="twente", check=0):
        """Run a command that prints JSON; return that."""
        return json.loads(self.run(*words, "--json", node=node, check=check))

    def make(self):
        """Make everything, in the order in which a university would."""
        self.found()
        self.issue()
        self.hold()
        self.send_batches()
        self.decide()
        self.leave_deliveries()
        for node, listed in SHOWN.items():
            self.made[f"shown of {node}"] = {
                name: self.read(*words, node=node, check=1 if name == "held rows" else 0)
                for name, words in listed.items()
            }
        self.made["case file"] = self.read("case", "show", self.made["case"], node="lund")
        self.made["open case file"] = self.read("case", "show", self.made["open case"], node="lund")
        for credential in self.made["ids"].values():
            self.made[f"credential {credential}"] = self.read("credential", "show", credential)

    def found(self):
        """Found the consortium of twente and lund."""
        founding = self.run(
            "found", self.folder / "consortium", "--consortium", "old.example", "--keys", 3, "--threshold", 2,
            "--log", "file:../log", "--database", self.server.dsn("consortium"), node=None,
        )  # fmt: skip
        self.made["founded"] = founding.split()[-1]
        for member, country in (("twente", "NL"), ("lund", "SE")):
            created = self.run(
                "init", self.folder / member, "--member", member, "--consortium", "old.example", "--founded",
                self.made["founded"], "--log", "file:../log", "--database", self.server.dsn(member), node=None,
            )  # fmt: skip
            self.run("member", "admit", member, "--key", created.split()[-1], "--legal-name", member.title(),
                     "--country", country, node="consortium")  # fmt: skip
        with (self.folder / "twente" / "registry.toml").open("a") as settings:
            settings.write(SETTINGS)

    def issue(self):
        """Offer two achievements with course codes, and issue credentials, one of them revoked and one suspended."""
        template = json.loads(self.run("template", "achievement", node=None))
        self.made["achievements"] = []
        for title, code in (("Data literacy", "DL-1"), ("Sensing", "SE-1")):
            file = self.folder / "achievement.json"
            file.write_text(json.dumps(template | {"title": {"en": title}}))
            achievement = self.run("achievement", "publish", file).split()[1].rstrip(",")
            self.made["achievements"].append(achievement)
            self.run("mapping", "set", code, achievement)
        self.run("import", self.table("rows.csv", [self.row(f"r{number}", f"s{number}") for number in range(5)]))
        self.run("project")
        listed = self.read("credential", "list")["items"]
        issued = {row["family_name"].replace("Jansen-s", "r"): row["credential"] for row in listed}
        self.run(
            "credential", "revoke", issued["r1"], "--reason", "issuedInError", "--note", "The wrong year.", "--yes"
        )
        self.run("credential", "suspend", issued["r2"], "--reason", "underReview")
        self.made["ids"] = issued
        self.run("project")

    def hold(self):
        """Leave what waits for a person: a row with another person's number, a draft, a merge of two learners."""
        other = self.row("r9", "s0") | {"family_name": "Bakker", "given_name": "Bo", "date_of_birth": "1999-12-31"}
        self.run("import", self.table("held.csv", [other]), check=1)
        self.run("import", Path("registry/intake/samples/openbadge.json"), check=1)
        self.made["draft"] = self.read("achievement", "draft", "list")["items"][0]["draft"]
        self.run("learner", "merge", "s3", "s4", "--student", "--as", "k.berg")

    def send_batches(self):
        """Send batches: one with a refused row and a row of a later day, and one that waits for a release."""
        scopes = ("credentials:write", "batches:read", "learners:read", "university:read")
        key = self.run("api-key", "add", "SIS", *(word for scope in scopes for word in ("--scope", scope)),
                       "--days", 3650)  # fmt: skip
        self.made["api key"] = key.split()[-1]
        with self.serving() as url:
            day = time.strftime("%Y-%m-%d", time.localtime(time.time() + 300 * 86400))
            rows = [self.row("b0", "t0"), self.row("b1", "t1") | {"awarding_date": "soon"},
                    self.row("b2", "t2") | {"valid_from": day}]  # fmt: skip
            self.made["scheduled day"] = day
            self.made["batch"] = self.send(url, rows, "first")
            self.made["waiting batch"] = self.send(url, [self.row(f"w{n}", f"u{n}") for n in range(5)], "second")
            wanted = {"batch": "scheduled", "waiting batch": "awaitingRelease"}
            for name, state in wanted.items():
                for _ in range(1200):
                    shown = self.ask(f"{url}/v1/batches/{self.made[name]}")
                    if shown["state"] == state:
                        break
                    time.sleep(0.1)
                assert shown["state"] == state, shown
                self.made[f"{name} shown"] = shown
        self.run("publish")
        self.run("project")

    def decide(self):
        """Let lund decide a case about a credential of twente, and leave another case open."""
        (self.folder / "ada.json").write_text(json.dumps(ADA))
        (self.folder / "scan.pdf").write_bytes(
            b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
        )
        self.run("project", node="lund")
        for name, record in (("case", "r0"), ("open case", "r3")):
            about = f"twente/{self.made['ids'][record]}"
            words = ("case", "open", "--credential", about, "--applicant", self.folder / "ada.json")
            self.made[name] = self.read(*words, "--note", "Came by post.", node="lund")["case"]
            self.run("case", "complete", self.made[name], node="lund")
            self.run("case", "attach", self.made[name], self.folder / "scan.pdf", node="lund")
        case = self.made["case"]
        self.run("case", "propose", case, "--outcome", "partial", "--ects", 3, "--ground", "workload:substantiallyLess",
                 "--as", "k.berg", "--note", "Two credits less.", node="lund")  # fmt: skip
        self.run("case", "approve", case, "--as", "l.holm", node="lund")
        self.webhook()
        self.made["decision"] = self.read("case", "decide", case, node="lund")["decision"]
        self.run("project", node="lund")
        self.run("project")

    def webhook(self):
        """Add a webhook to which nothing can be posted yet."""
        added = self.read("webhook", "add", f"http://localhost:{PORT}/hooks")
        self.made["webhook"], self.made["webhook secret"] = added["webhook"], added["secret"]

    def leave_deliveries(self):
        """Leave one delivery that failed already, and one notice that was not taken for delivery yet."""
        with self.running("webhook", "run"):
            for _ in range(1200):
                if self.read("webhook", "list")["items"][0]["waiting"]:
                    break
                time.sleep(0.1)
            time.sleep(1)
        about = f"twente/{self.made['ids']['r4']}"
        self.run("recognition", "decide", about, "--ects", 5, node="lund")
        self.run("project", node="lund")
        self.run("project")

    def row(self, record, student):
        """One award, as a table has it."""
        return {
            "record": record, "achievement": self.made["achievements"][0], "student": student,
            "family_name": f"Jansen-{student}", "given_name": "Ada", "date_of_birth": "2001-02-03",
            "awarding_date": "2026-06-30",
        }  # fmt: skip

    def table(self, name, rows):
        """Write rows as a CSV file; return its path."""
        file = self.folder / name
        file.write_text(csv_of(rows))
        return file

    def send(self, url, rows, key):
        """Send a batch; return its id."""
        return self.ask(f"{url}/v1/batches", csv_of(rows).encode(), key)["batch"]

    def ask(self, url, content=None, key=None):
        """Ask the node over HTTP as the student system; return its JSON."""
        headers = {"X-API-Key": self.made["api key"], "Content-Type": "text/csv"}
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(url, content, headers)  # noqa: S310 - an address of this machine
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - as above
            return json.load(answer)

    @contextlib.contextmanager
    def serving(self):
        """Serve twente over HTTP while the block runs."""
        with self.running("serve", "--port", 0, "--workers", 1, "--run") as output:
            for _ in range(1200):
                if address := re.search(r"answers at (http://[0-9.]+:\d+)", output.read_text()):
                    break
                time.sleep(0.1)
            assert address, output.read_text()
            yield address[1]

    @contextlib.contextmanager
    def running(self, *words):
        """Run a command of twente's that goes on until it is stopped."""
        output = self.folder / "output.txt"
        with output.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "registry.cli", "--home", str(self.folder / "twente"), *map(str, words)],
                stdout=out, stderr=out,
            )  # fmt: skip
            try:
                yield output
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def csv_of(rows):
    """Write rows as CSV, with the columns of all of them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return "\n".join([",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows), ""])


def main(archive):
    """Make the nodes, and write them to an archive."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "nodes"
        folder.mkdir()
        Path(scratch).chmod(0o755)
        with embedded(Path(scratch) / "server") as server:
            maker = Maker(folder, server)
            maker.make()
            for node in ("consortium", "twente", "lund"):
                dump = subprocess.run(
                    [programs() / "pg_dump", "--no-owner", "--inserts", "--rows-per-insert=100", server.dsn(node)],
                    capture_output=True, text=True, check=True,
                ).stdout  # fmt: skip
                kept = [line for line in dump.splitlines() if not line.startswith(("\\", "--"))]  # psql's own commands
                (folder / f"{node}.sql").write_text("\n".join(kept) + "\n")
        (folder / "made.json").write_text(json.dumps(maker.made, indent=1, sort_keys=True, ensure_ascii=False))
        for name in ("output.txt", "achievement.json", "rows.csv", "held.csv", "ada.json", "scan.pdf"):
            (folder / name).unlink()
        with tarfile.open(archive, "w:xz") as packed:
            packed.add(folder, "nodes", filter=_nobody)
    print(f"{archive}: {Path(archive).stat().st_size} bytes")


def _nobody(member):
    """Leave out who made the files."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main(sys.argv[1])
