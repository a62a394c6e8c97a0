"""`registry demo`: three universities, a year of credentials, and everybody's view of it, on this machine."""

import contextlib
import csv
import random
import shutil
import time
from collections.abc import Iterator
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer
from rich.rule import Rule

from consumers.audit.auditor import audit
from consumers.projecting.projector import OnBatch
from consumers.projecting.rebuild import Source
from projections.credentials import credentials as credential_view
from projections.recognition.decisions import of_office
from projections.records import learners, universities
from registry.application.requests import IssueRequest
from registry.cli.demo import demo_serving
from registry.cli.evidence.audit_text import show_report
from registry.cli.issuing.import_output import show_import
from registry.cli.issuing.import_runs import import_document, import_rows
from registry.cli.issuing.reading import credential_rows, decision_rows, sum_of
from registry.cli.output import Counter, out, progress, say, table, title_of
from registry.intake.formats.documents import read_file
from registry.intake.rows.columns import NAMES
from registry.intake.rows.table_rows import TableRows
from registry.log import GOVERNANCE, SharedLog, open_log
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.ceremony import act_now
from registry.node.creation import create_consortium_node, create_member_node
from registry.node.issuing_keys import OwnIssuingKeys
from registry.node.node import Node, open_node
from registry.postgres.embedded import start_embedded
from registry.settings.settings import SettingsError
from registry.values.example_achievement import EXAMPLE_ACHIEVEMENT
from registry.values.plural import plural
from registry.vault.vault import random_id
from registry.wire.achievements import AchievementContent
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.governance import Identifier, MemberAdmitted
from registry.wire.recognition import Basis, Grant, Ground, RecognitionDecided, Towards

CONSORTIUM = "eciu.example"
UNIVERSITIES = {
    "twente": ("University of Twente (demonstration)", "NL", 1500),
    "aveiro": ("University of Aveiro (demonstration)", "PT", 1000),
    "linkoping": ("Linköping University (demonstration)", "SE", 700),
}
COURSES = ("Data literacy", "Circular design", "Energy in the city", "Ethics of AI", "Water and climate")
_MARK = ".registry-demo"
_YEAR = 2026
_Outcome = Literal["full", "partial"]
_OTHERS = 20
"""Number of other credentials of each of two offers that are recognised: counts below 10 are shown nowhere."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    *,
    folder: Annotated[Path, typer.Option(help="Where to make it; an earlier demo there is removed.")] = Path("demo"),
    log: Annotated[str, typer.Option(help="folder, or kafka for a real broker (Java 17 and Maven).")] = "folder",
    serve: Annotated[
        bool | None,
        typer.Option(
            "--serve/--no-serve",
            help="Let a university and an office run at the end, to be tried (else: at a terminal, and not in CI).",
        ),
    ] = None,
) -> None:
    """Show the whole registry at work: found, import, publish, verify, project, recognise, revoke, audit.

    Example: registry demo; registry demo --log kafka; registry demo --serve
    """
    if context.parent is not None and context.parent.params.get("home") is not None:
        raise typer.BadParameter(
            "the demo makes several nodes; name the folder for them by --folder", param_hint="--home"
        )
    if log not in ("folder", "kafka"):
        raise typer.BadParameter(f"{log!r} is neither folder nor kafka", param_hint="--log")
    began = time.monotonic()
    folder = _fresh(folder.resolve())
    with contextlib.ExitStack() as stack:
        url = "file:../log"
        if log == "kafka":
            url = stack.enter_context(_broker(folder / "kafka"))
        stack.enter_context(start_embedded(folder / "postgres"))  # one server for all nodes, up for the whole demo
        with contextlib.ExitStack() as nodes:
            _Demo(folder, url).run(nodes)
        say(f"\nDone in {time.monotonic() - began:.0f} s.", style="bold")
        if demo_serving.is_interactive() if serve is None else serve:
            demo_serving.serve(folder, "twente", "linkoping", _YEAR)
        _next(folder, log)


def _fresh(folder: Path) -> Path:
    if (folder / _MARK).exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise SettingsError(f"{folder} is not empty and no demo of ours; name another with --folder")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    return folder


@contextlib.contextmanager
def _broker(folder: Path) -> Iterator[str]:
    try:
        from deploy.kafka.local import KafkaFailed, LocalKafka  # noqa: PLC0415 - in a checkout only
    except ImportError as error:
        raise SettingsError("the demo's Kafka is part of a checkout: run `make demo LOG=kafka` there") from error
    try:
        with LocalKafka(folder) as broker:
            say(f"Apache Kafka answers at {broker.bootstrap}")
            yield str(broker.url)
    except KafkaFailed as error:
        raise SettingsError(str(error)) from error


def _next(folder: Path, log: str) -> None:
    say(f"The nodes stay in {folder}. Three commands to try next:")
    home = f"registry --home {folder}"
    say(f"  {home}/twente status")
    say(f"  {home}/linkoping university show twente --year {_YEAR}")
    say(f"  {home}/linkoping audit")
    say("(registry is .venv/bin/registry where the project was set up by make.)")
    if log == "kafka":
        say(f"First start the broker again: .venv/bin/python -m deploy.kafka.local {folder / 'kafka'}")


def _step(text: str) -> None:
    out.print()
    out.print(Rule(f"[bold]{text}", align="left"), width=min(out.width, 80))


class _Demo:
    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._chance = random.Random(_YEAR)  # noqa: S311 - invented students
        self._nodes: dict[str, Node] = {}
        self._offered: dict[str, list[str]] = {}

    def run(self, stack: contextlib.ExitStack) -> None:
        self._found_consortium()
        for member in UNIVERSITIES:
            self._nodes[member] = stack.enter_context(open_node(self._folder / member))
        self._offer()
        self._import()
        self._publish("publish, verify, project")
        learner = self._recognise()
        self._publish("publish and project what was decided")
        self._show(learner)
        self._audit()

    def _found_consortium(self) -> None:
        _step("A consortium of three universities is founded")
        database = "embedded:../postgres#{}"
        common = {"consortium": CONSORTIUM, "log": self._url}
        home = self._folder / "consortium"
        values = common | {"member": GOVERNANCE, "database": database.format("consortium")}
        founded = create_consortium_node(home, values, 2, 3, None)
        say(f"{CONSORTIUM} is founded, with 3 root keys; 2 must sign. The founding's hash: {founded}")
        with open_node(home) as consortium:
            admissions = []
            keys = []
            ports = demo_serving.find_free_ports(len(UNIVERSITIES))
            for port, (member, (name, country, _)) in zip(ports, UNIVERSITIES.items(), strict=True):
                own = {
                    "member": member,
                    "founded": founded,
                    "database": database.format(member),
                    "public_url": f"http://localhost:{port}",
                }
                key = create_member_node(self._folder / member, common | own, None)
                keys.append(key)
                with open_node(self._folder / member) as node:
                    node.log().create(member)
                admissions.append(
                    MemberAdmitted(
                        member,
                        legal_name=name,
                        country=country,
                        identifiers=[Identifier("schac", f"{member}.example")],
                        accreditations=[],
                        keys=[str(key.vkey)],
                        roles=["issuer", "recogniser"],
                    )
                )
            say(f"governance has {plural(act_now(consortium, admissions, keys), 'event')}")

    def _offer(self) -> None:
        _step("Each publishes what it offers; Twente takes in a European Learning Model document")
        for member, node in self._nodes.items():
            OwnIssuingKeys(node).create("open", None)  # signs badges and what wallets hold
            self._offered[member] = []
            for title in COURSES:
                values: dict[str, Any] = EXAMPLE_ACHIEVEMENT | {
                    "achievement": random_id(),
                    "version": 1,
                    "title": {"en": title},
                    "awardingBodies": [member],
                }
                content = msgspec.convert(values, AchievementContent)
                node.registry.achievements.publish(content)
                self._offered[member].append(content.achievement)
            say(f"{member} offers {len(COURSES)} micro-credentials of 5 ECTS")
        samples = resources.files("registry.intake").joinpath("samples")
        with resources.as_file(samples.joinpath("microcredential.jsonld")) as path:
            document = read_file(path)
        document.name = "microcredential.jsonld"
        completions = msgspec.json.decode(samples.joinpath("microcredential-rest.json").read_bytes())
        show_import(import_document(self._nodes["twente"], document, completions))

    def _import(self) -> None:
        _step("A year of credentials from each university's own system, as CSV")
        for member, node in self._nodes.items():
            file = self._folder / f"{member}-{_YEAR}.csv"
            self._write_csv(file, member, UNIVERSITIES[member][2])
            show_import(import_rows(node, file, TableRows(file, OwnCatalogue(node.registry))))

    def _write_csv(self, file: Path, member: str, count: int) -> None:
        chance = self._chance
        with file.open("w", newline="", encoding="utf-8") as opened_file:
            writer = csv.DictWriter(opened_file, NAMES)
            writer.writeheader()
            for number in range(count):
                awarded = date(_YEAR, 1, 1) + timedelta(chance.randrange(300))
                student = chance.randrange(count * 2 // 3)
                if number == 0:
                    first = student
                row = {
                    "record": f"{member}-{_YEAR}-{number:05}",
                    "achievement": chance.choice(self._offered[member]),
                    **_student(member, student),
                    "awarding_date": awarded.isoformat(),
                    "ects": "5",
                    "grade": f"{chance.randrange(55, 100) / 10}",
                }
                if number == count // 2:
                    row["ects"] = "5,0"  # as a spreadsheet in many countries writes it
                if number == count // 3:
                    row["awarding_date"] = "30/06/2026"
                if number == count // 4:
                    row["student"] = _student(member, first)["student"]  # a slip: the number of another student
                writer.writerow(row)

    def _publish(self, what: str) -> None:
        _step(f"All nodes {what}")
        for member, node in self._nodes.items():
            published = node.publisher().publish_pending()
            count = f"{plural(published.events, 'event')} in {plural(published.commits, 'signed commit')}"
            say(f"{member}: {count}; {published.size:,} in all")
        for member, node in self._nodes.items():
            with progress(f"{member} projects") as counter:
                done = node.projector(on_batch=_reaching(counter)).step()
            refused = plural(done.quarantined, "record")
            say(f"{member}: {plural(done.events, 'event')} verified and projected, {refused} quarantined")

    def _recognise(self) -> str:
        _step("A learner goes on elsewhere: same id by request, recognition, and a mistake that is revoked")
        twente, aveiro, _ = self._nodes.values()
        first = self._award(twente, "demo-1", "s-demo", self._offered["twente"][0])
        aveiro.issuer.adopt("a-demo", first.learner)
        say("At the learner's request, Aveiro uses the id that Twente gave: their records can be joined.")
        second = self._award(aveiro, "demo-2", "a-demo", self._offered["aveiro"][1])
        wrong = self._award(twente, "demo-3", "s-demo", self._offered["twente"][2])
        others = []
        for member, node, achievement in (
            ("twente", twente, self._offered["twente"][0]),
            ("aveiro", aveiro, self._offered["aveiro"][1]),
        ):
            for number in range(_OTHERS):
                name, given_name = f"demo-other-{number}", _student(member, number)["given_name"]
                others.append((member, self._award(node, name, name, achievement, given_name)))
        self._publish("publish and project these")
        shown: list[tuple[str, Any, _Outcome]] = [("twente", first, "full"), ("aveiro", second, "partial")]
        for member, credential, outcome in shown:
            title = self._decide(member, credential.credential, outcome, 20)
            say(f"Linköping recognises {title!r} of {member}: {outcome}")
        for number, (member, credential) in enumerate(others):
            self._decide(member, credential.credential, "partial" if number % 2 else "full", 1 + number % 19)
        say(f"It decides about {plural(len(others), 'other credential')}, so that there are counts to show.")
        twente.registry.credentials.revoke(wrong.credential, "issuedInError")
        say("Twente revokes a credential that it issued in error.")
        return str(first.learner)

    def _decide(self, member: str, credential: str, outcome: _Outcome, day: int) -> str:
        """Let Linköping decide about a credential; return its title."""
        linkoping = self._nodes["linkoping"]
        row = credential_view.read(linkoping.views(), [(member, credential)])[0]
        offer, own = VersionedRef(member, row.achievement, row.version), CredentialRef(member, credential)
        grant = Grant(
            [0],
            outcome,
            "recognised",
            "passOnly",
            Towards(title={"en": "Minor in sustainable cities"}),
            5 if outcome == "full" else 3,
            grounds=None if outcome == "full" else [Ground("workload", "substantiallyLess")],
        )
        basis = [Basis("onLog", offer, own)]
        decided = f"{_YEAR}-11-{day:02}"
        linkoping.registry.recognition.decide(
            RecognitionDecided(random_id(), "creditTransfer", "binding", basis, [grant], decided)
        )
        return str(title_of(row.title))

    def _award(self, node: Node, record: str, student: str, achievement: str, given_name: str = "Sanne") -> Any:  # noqa: ANN401 - an Issued
        request = IssueRequest(
            record, achievement, None, student, "Van den Berg", given_name, "2001-04-01", f"{_YEAR}-10-30", grade="9"
        )
        return node.issuer.issue([request])[0]

    def _show(self, learner: str) -> None:
        linkoping = self._nodes["linkoping"].views()
        _step("What the learner sees: one record across universities")
        record = learners.read(linkoping, learner)
        credential_rows(record.credentials)
        decided = plural(len(record.decisions), "decision")
        say(f"{sum_of(record)}; {decided} about them")
        _step("What a university sees: its year")
        year = universities.read_year(linkoping, "twente", _YEAR)
        table(
            ("achievement", "issued", "active", "revoked", "ECTS awarded"),
            [(title_of(a.title), a.issued, a.active, a.revoked, a.ects) for a in year.awarded],
        )
        for office, count in year.recognised_elsewhere.items():
            say(f"recognised elsewhere: {plural(count, 'decision')} of {office}")
        _step("What a recognition office sees: its decisions of one day")
        decision_rows(of_office(linkoping, "linkoping", date(_YEAR, 11, 20), date(_YEAR, 11, 20)).items)

    def _audit(self) -> None:
        _step("What an auditor sees: everything replayed from zero, and compared with Linköping's views")
        node = self._nodes["linkoping"]
        scratch = node.dsn()
        show_report(audit(node.source(), scratch, served=node.dsn()))
        _step("One byte of a copy of the log is flipped")
        copy = self._folder / "altered-copy"
        _copy(node.log(), copy)
        file = copy / "twente.log"
        data = bytearray(file.read_bytes())
        place = data.index(b'"ects":5', len(data) // 2) + 7
        data[place] ^= 0x01
        file.write_bytes(data)
        say(f"byte {place:,} of {file.name}: 5 ECTS became 4")
        source = Source(f"file:{copy}", node.settings.consortium, node.settings.founded_hash)
        show_report(audit(source, scratch))


def _student(member: str, number: int) -> dict[str, str]:
    """Return an invented student of a member, always the same person for one number."""
    families = ("Jansen", "Silva", "Lindqvist", "Okafor", "Müller", "Novák")
    given_names = ("Ada", "Bram", "Chiara", "Duarte", "Elin", "Farah")
    return {
        "student": f"{member[0]}{number:06}",
        "family_name": families[number % 6],
        "given_name": given_names[number // 6 % 6],
        "date_of_birth": f"{1990 + number % 16}-{1 + number // 16 % 12:02}-15",
    }


def _reaching(counter: Counter) -> OnBatch:
    return lambda _member, size, _position: counter.reach(size)


def _copy(log: SharedLog, folder: Path) -> None:
    """A copy of a log as a folder."""
    with contextlib.closing(open_log(f"file:{folder}", CONSORTIUM)) as copy:
        for stream in log.streams():
            copy.create(stream)
            with copy.writer(stream):
                copy.append(stream, [record.data for record in log.records(stream)])
