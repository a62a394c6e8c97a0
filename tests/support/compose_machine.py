"""The services of a compose file as processes of this machine.

Each is started with the command and the environment that the file says. What only a container has is put in place of
it: a path in a container becomes a folder of this run, and `SERVICE:PORT` a free port of 127.0.0.1.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from unittest import mock

from deploy.kafka import local
from registry.postgres.programs import account, let_pass, let_read, programs
from tests.support import compose_file
from tests.support.command import registry, start, until

ANYWHERE = "0.0.0.0"  # noqa: S104 - what the file says, and what is not done here
NETWORK = "172.31.77.0/24"
_PROGRAMS = {"prom/prometheus": "prometheus", "prom/alertmanager": "prometheus-alertmanager", "nginx": "nginx"}


def lacking():
    """The programs of others that this machine lacks."""
    return [program for program in _PROGRAMS.values() if shutil.which(program) is None]


class Machine:
    """Runs services of a compose file below a folder."""

    def __init__(self, folder, content, secrets):
        self.folder, self.services, self.secrets = folder, content["services"], secrets
        self._secret_files = {name: Path(value["file"]).name for name, value in content["secrets"].items()}
        self.ports = {
            (name, port): _free_port()
            for name, service in self.services.items()
            for port in compose_file.container_ports(service)
        }
        self.processes = {}
        self._prepare()
        self._let_postgres_in()

    # What is in a container, on this machine

    def _mounts(self, name):
        """Pairs of a path in the container and the path on this machine."""
        service = self.services[name]
        for mount in service.get("volumes", ()):
            source, target = mount.split(":")[:2]
            if source.startswith("."):
                yield target, self._configuration(name, source)
            else:
                yield target, self.folder / "volumes" / source
        for secret in service.get("secrets", ()):
            source, target = (secret, secret) if isinstance(secret, str) else (secret["source"], secret["target"])
            path = target if target.startswith("/") else f"/run/secrets/{target}"
            # PostgreSQL runs as another account, which reads a copy of its own.
            folder = self.folder / "secrets" / name if service["image"].startswith("postgres:") else self.secrets
            yield path, folder / self._secret_files[source]
        for mount in service.get("tmpfs", ()):
            target = mount.partition(":")[0]
            yield target, self.folder / "tmpfs" / name / target.strip("/").replace("/", "-")

    def _configuration(self, name, source):
        return self.folder / "configuration" / name / Path(source).name

    def text(self, name, text):
        """A text of a service as it is on this machine."""
        names = {f"{service}:{port}": f"127.0.0.1:{here}" for (service, port), here in self.ports.items()}
        names |= {f"localhost:{port}": f"127.0.0.1:{self.ports[name, port]}" for port in self._own_ports(name)}
        paths = {path: str(here) for path, here in self._mounts(name)}
        own = {port: str(self.ports[name, port]) for port in self._own_ports(name)}
        places = {**names, **paths, **own, ANYWHERE: "127.0.0.1", NETWORK: "127.0.0.1/32"}
        longest_first = sorted(places, key=len, reverse=True)
        pattern = "|".join(re.escape(place) for place in longest_first)
        # A path does not begin in the middle of another one; a host follows the slashes of an address.
        return re.sub(rf"(?<![\w.-])(?<![\w.]/)({pattern})(?![\w.-])", lambda match: places[match[1]], text)

    def _own_ports(self, name):
        return compose_file.container_ports(self.services[name])

    def environment(self, name):
        """The environment of a service."""
        values = self.services[name].get("environment", {})
        return {key: self.text(name, str(value)) for key, value in values.items()}

    def address(self, name, port):
        """Where a service listens."""
        return f"127.0.0.1:{self.ports[name, port]}"

    def _prepare(self):
        """Make the folders and the configuration of all services."""
        for name, service in self.services.items():
            for _, here in self._mounts(name):
                if "volumes" in here.parts or "tmpfs" in here.parts:
                    here.mkdir(parents=True, exist_ok=True)
            for mount in service.get("volumes", ()):
                source = mount.split(":")[0]
                if source.startswith("."):
                    self._copy(name, compose_file.COMPOSE.parent / source, self._configuration(name, source))

    def _copy(self, name, source, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            for file in source.rglob("*.*"):
                self._copy(name, file, target / file.relative_to(source))
        else:
            target.write_text(self.text(name, source.read_text()))

    # Processes

    def command(self, name, *more):
        """What `docker compose run` does: run a command of our program in the place of a service."""
        place = [self.text(name, str(word)) for word in more]
        return registry(*place, environment=self.environment(name))

    def start(self, *names):
        """Start services after those that they depend on, and wait until each is healthy."""
        left = [name for name in compose_file.started_after(self.services, names) if name not in self.processes]
        while left:
            wave = [name for name in left if self.processes.keys() >= set(self.services[name].get("depends_on", ()))]
            for name in wave:
                self.processes[name] = self._start(name)
            for name in wave:
                self._await(name)
            left = [name for name in left if name not in wave]

    def _start(self, name):
        service = self.services[name]
        output = self.folder / "output" / name
        output.parent.mkdir(exist_ok=True)
        words = [
            self.text(name, word)
            for word in [*compose_file.words(service.get("entrypoint")), *compose_file.words(service.get("command"))]
        ]
        image = service["image"].partition(":")[0]
        if words[:1] == ["registry"]:
            with mock.patch.dict(os.environ, self.environment(name)):
                return start(*words[1:], home=None, output=output)
        if image == "apache/kafka":
            return _popen(self._kafka(name), output)
        if image == "postgres":
            if service.get("entrypoint") is None:
                self._initialise(name)
            words[0] = str(_postgres_program(words[0]))
            return _popen(words, output, self._postgres_environment(name), **_account())
        if words[:1] != [_PROGRAMS[image]]:
            words = [_PROGRAMS[image], *words]
        return _popen(words, output, self.environment(name))

    def _await(self, name):
        """Wait until a service listens, and let its health check say so; or until it ends, if others wait for that."""
        process, said = self.processes[name], self.folder / "output" / name
        if compose_file.must_complete(self.services, name):
            assert process.wait(60) == 0, said.read_text()[-2000:]
            return
        for port in self._own_ports(name):
            until(
                lambda port=port: process.poll() is not None or _answers(self.ports[name, port]),
                90,
                says=said.read_text,
            )
        assert process.poll() is None, said.read_text()[-2000:]
        kind, *check = self.services[name].get("healthcheck", {}).get("test", ["NONE"])
        if kind == "CMD":
            check = [self.text(name, word) for word in check]
            check[0] = {"python3": sys.executable, "pg_isready": str(programs() / "pg_isready")}[check[0]]
            until(lambda: subprocess.run(check, capture_output=True, check=False).returncode == 0, 60, 0.5)

    def stop(self, *names):
        """End services as Docker does."""
        for name in names:
            self.processes[name].terminate()
            assert self.processes.pop(name).wait(60) in (0, 143, -15), name

    def close(self):
        """End all that run. Only the databases do so in good order: they would leave memory of the system behind."""
        databases = [self.processes.pop(name, None) for name in ("postgres-replica", "postgres")]
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()
        for process in filter(None, databases):
            process.send_signal(signal.SIGINT)
            process.wait(60)

    def said(self, name):
        """What a service printed."""
        return (self.folder / "output" / name).read_text()

    def _kafka(self, name):
        """Do what the image of Kafka does: make its settings of the environment, and format its folder."""
        environment = self.environment(name)
        settings = self.folder / "volumes" / f"{name}.properties"
        lines = [
            f"{key.removeprefix('KAFKA_').lower().replace('_', '.')}={value}"
            for key, value in environment.items()
            if key.startswith("KAFKA_")
        ]
        settings.write_text("\n".join(lines) + "\n")
        java = [
            "java", "-Xms128m", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
            f"-Dlog4j2.configurationFile={local.HERE / 'log4j2.properties'}", "-cp", f"{local.fetch()}/*",
        ]  # fmt: skip
        words = ["format", "--ignore-formatted", "-t", environment["CLUSTER_ID"], "-c", str(settings)]
        subprocess.run([*java, "kafka.tools.StorageTool", *words], capture_output=True, check=True)
        return [*java, "kafka.Kafka", str(settings)]

    def _initialise(self, name):
        """Do what the image of PostgreSQL does at its first start: make the cluster, and run what is in its folder."""
        environment = self.environment(name)
        data = Path(environment["PGDATA"])
        password = Path(environment["POSTGRES_PASSWORD_FILE"])
        arguments = environment["POSTGRES_INITDB_ARGS"].split()
        self._as_postgres(name, "initdb", "-D", data, "-U", "postgres", f"--pwfile={password}", *arguments)
        quiet = f"-c listen_addresses='' -c unix_socket_directories={data}"
        self._as_postgres(name, "pg_ctl", "-D", data, "-o", quiet, "-w", "-l", data / "log", "start")
        scripts = {path: here for path, here in self._mounts(name) if path.startswith("/docker-entrypoint-initdb.d/")}
        for path in sorted(scripts):
            if path.endswith(".sql"):
                words = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", data, "-U", "postgres", "-f", scripts[path]]
                self._as_postgres(name, *words, PGPASSWORD=password.read_text())
            else:
                self._as_postgres(name, "/bin/sh", scripts[path])
        self._as_postgres(name, "pg_ctl", "-D", data, "-w", "stop")

    def _as_postgres(self, name, *words, **more):
        """Run a program of PostgreSQL to its end, as the account that root lends it."""
        done = subprocess.run(
            [_postgres_program(words[0]), *words[1:]], env=self._postgres_environment(name) | more, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **_account(),
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}"

    def _postgres_environment(self, name):
        return {"PATH": f"{programs()}:/usr/bin:/bin", **self.environment(name)}

    def _let_postgres_in(self):
        """Let PostgreSQL's account into its folders, and to its secrets, which it reads in its container."""
        let_pass(self.folder / "below")
        let_read(programs())
        mine = [name for name, service in self.services.items() if service["image"].startswith("postgres:")]
        for name in mine:
            for path, here in self._mounts(name):
                if "secrets" in here.parts:
                    here.parent.mkdir(parents=True, exist_ok=True)
                    here.write_bytes((self.secrets / here.name).read_bytes())
                    here.chmod(0o400)
                if not path.endswith(".sh"):
                    _give(here)


def _account():
    """The account of PostgreSQL for a new process: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    lent = account()
    return {"user": lent.pw_uid, "group": lent.pw_gid, "extra_groups": []}


def _give(path):
    if os.geteuid() == 0:
        os.chown(path, account().pw_uid, account().pw_gid)


def _postgres_program(name):
    return name if str(name).startswith("/") else programs() / name


def _popen(words, output, environment=None, **more):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with output.open("w") as file:
        return subprocess.Popen(
            words, stdout=file, stderr=file, env={"PATH": path, "HOME": "/nonexistent", **(environment or {})}, **more
        )


def _answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
