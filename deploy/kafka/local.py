"""A one-broker Kafka on this machine, for the demo and the tests: `python -m deploy.kafka.local [FOLDER]`.

The jars come by Maven from a pinned pom, once, into build/kafka/libs. The broker keeps its data in a folder of
the caller's and ends with the process that started it. With a `BrokerSecurity` it speaks TLS only, asks clients for
certificates and keeps access lists. Several brokers are in `deploy/kafka/cluster.py`.
"""

# ruff: noqa: S603 - it starts Java and Maven, with arguments of its own making

import contextlib
import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

HERE: Final = Path(__file__).parent
LIBS: Final = HERE.parents[1] / "build" / "kafka" / "libs"
MAVEN_SECONDS: Final = 300
START_SECONDS: Final = 60
_JAVA: Final = 17
_PR_SET_PDEATHSIG: Final = 1
_SCRAM_MODULE: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"
_LISTENERS: Final = re.compile(
    r"^listeners=(?:PLAINTEXT|SSL)://127\.0\.0\.1:(\d+),CONTROLLER://127\.0\.0\.1:(\d+)(?:,SASL_SSL://127\.0\.0\.1:(\d+))?$",
    re.MULTILINE,
)


class KafkaFailed(RuntimeError):
    """The local Kafka could not be fetched or started. The message says what and what to do."""


def missing() -> str | None:
    """Say in a sentence what this machine lacks for a local Kafka; None if it lacks nothing."""
    java = shutil.which("java")
    if java is None:
        return f"Java {_JAVA} or later is not installed"
    output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    with contextlib.suppress(IndexError, ValueError):
        if int(output.split('"')[1].split(".")[0]) < _JAVA:
            return f"Java {_JAVA} or later is needed, and this is {output.splitlines()[0]}"
    if not _has_jars() and shutil.which("mvn") is None:
        return "Maven is not installed"
    return None


def _has_jars() -> bool:
    return (LIBS / ".complete").exists() and (LIBS / ".complete").read_bytes() == (HERE / "pom.xml").read_bytes()


def fetch() -> Path:
    """Bring the jars, unless they are here. Raises `KafkaFailed`."""
    LIBS.mkdir(parents=True, exist_ok=True)
    with (LIBS.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be fetching: then they are here afterwards
        if not _has_jars():
            command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
            command.append(f"-DoutputDirectory={LIBS}")
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=MAVEN_SECONDS, check=False)
            except subprocess.TimeoutExpired as error:
                raise KafkaFailed(f"Maven did not bring Kafka's jars within {MAVEN_SECONDS} s; try again") from error
            if done.returncode:
                raise KafkaFailed(f"Maven could not bring Kafka's jars: {(done.stdout + done.stderr).strip()[-600:]}")
            (LIBS / ".complete").write_bytes((HERE / "pom.xml").read_bytes())
    return LIBS


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class BrokerSecurity:
    """TLS with clients' certificates, and access lists that deny what they do not allow."""

    keystore_file: Path
    """PEM: the broker's private key (PKCS #8, without a passphrase) and after it the chain of its certificate, which
    names 127.0.0.1 and is also a client's: brokers speak to each other and to the controllers with it."""
    ca_file: Path
    """PEM: the authorities whose certificates are accepted, of clients and of brokers."""
    super_users: tuple[str, ...]
    """Principals that access lists do not bind, such as `User:CN=broker`: the brokers', and an administrator's."""
    scram_users: tuple[tuple[str, str], ...] = ()
    """Users with their passwords who may log in by SCRAM-SHA-512 on a port of its own (`scram_port`)."""

    def settings(self) -> str:
        """Return the lines of `server.properties`, for brokers and controllers alike."""
        return "\n".join(
            [
                "ssl.keystore.type=PEM",
                f"ssl.keystore.location={self.keystore_file}",
                "ssl.truststore.type=PEM",
                f"ssl.truststore.location={self.ca_file}",
                "ssl.client.auth=required",
                # Those who log in with a password need no certificate.
                "listener.name.sasl_ssl.ssl.client.auth=none",
                "sasl.enabled.mechanisms=SCRAM-SHA-512",
                f"listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={_SCRAM_MODULE} required;",
                "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                f"super.users={';'.join(self.super_users)}",
                "",
            ]
        )


class LocalKafka:
    """One broker, its own controller, on free ports of 127.0.0.1."""

    def __init__(self, folder: Path, security: BrokerSecurity | None = None) -> None:
        """`folder` takes the broker's data, settings and output; without `security` there is neither TLS nor a list."""
        self.folder = Path(folder)
        self.security = security
        self.port, self.controller_port, self.scram_port = self._ports() or (_free_port(), _free_port(), _free_port())
        self.node_id = 1
        self.voters: tuple[str, ...] = (f"1@127.0.0.1:{self.controller_port}",)
        """The controllers of the cluster, this one among them: `ID@HOST:PORT`."""
        self._process: subprocess.Popen[bytes] | None = None

    def _ports(self) -> tuple[int, int, int] | None:
        """Return the ports that the folder was made with, so that a broker started again answers there."""
        with contextlib.suppress(FileNotFoundError):
            listeners = _LISTENERS.search((self.folder / "server.properties").read_text())
            if listeners is not None:
                return int(listeners[1]), int(listeners[2]), int(listeners[3] or 0)
        return None

    @property
    def bootstrap(self) -> str:
        """The address that clients connect to."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The log's address as the project's settings have it."""
        return f"kafka://{self.bootstrap}"

    @property
    def scram_bootstrap(self) -> str:
        """The address where clients log in by SCRAM."""
        return f"127.0.0.1:{self.scram_port}"

    def start(self) -> None:
        """Start the broker on what its folder holds, and wait until it answers. Raises `KafkaFailed`."""
        self.format()
        self.launch()
        self.wait_until_ready()

    def format(self, cluster_id: str | None = None) -> str | None:
        """Write the settings and make the storage, unless the folder has them; return the id of a new cluster.

        Raises `KafkaFailed`.
        """
        lacking = missing()
        if lacking is not None:
            raise KafkaFailed(f"{lacking}; a local Kafka needs Java {_JAVA} and Maven")
        libs = fetch()
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "server.properties"
        if settings.exists():
            return None
        # Renamed only when the storage is complete: a start that was cut off in between begins again.
        draft = settings.with_suffix(".draft")
        draft.write_text(self._settings())
        draft.chmod(0o600)
        java = self._java(libs)
        cluster = cluster_id or self._run([*java, "kafka.tools.StorageTool", "random-uuid"]).strip()
        scram: list[str] = []
        for user, password in self.security.scram_users if self.security is not None else ():
            scram += ["-S", f"SCRAM-SHA-512=[name={user},password={password}]"]
        self._run([
            *java, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", str(draft), *scram,
        ])  # fmt: skip
        draft.rename(settings)
        return cluster

    def _settings(self) -> str:
        """Return the text of `server.properties`."""
        copies = min(3, len(self.voters))
        text = (
            (HERE / "server.properties")
            .read_text()
            .replace("@NODE@", str(self.node_id))
            .replace("@VOTERS@", ",".join(self.voters))
            .replace("@PORT@", str(self.port))
            .replace("@CONTROLLER@", str(self.controller_port))
            .replace("@DATA@", str(self.folder / "data"))
            .replace("@COPIES@", str(copies))
            .replace("@IN_SYNC@", str(max(1, copies - 1)))
        )
        if self.security is None:
            return text
        lines = []
        for line in text.splitlines():
            if line.startswith(("listeners=", "advertised.listeners=")):
                lines.append(f"{line.replace('PLAINTEXT', 'SSL')},SASL_SSL://127.0.0.1:{self.scram_port}")
            elif line.startswith("listener.security.protocol.map="):
                lines.append("listener.security.protocol.map=SSL:SSL,CONTROLLER:SSL,SASL_SSL:SASL_SSL")
                lines.append("security.inter.broker.protocol=SSL")
            else:
                lines.append(line)
        return "\n".join([*lines, self.security.settings()])

    def launch(self) -> None:
        """Start the broker's process, without waiting for it."""
        settings = self.folder / "server.properties"
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*self._java(LIBS), "kafka.Kafka", str(settings)],
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one libc call, before exec
            )

    def _java(self, libs: Path) -> list[str]:
        return [
            "java", "-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1",
            f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}", "-cp", f"{libs}/*",
        ]  # fmt: skip

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False)
        if done.returncode:
            raise KafkaFailed(f"Kafka's storage could not be made: {(done.stdout + done.stderr).strip()[-600:]}")
        return done.stdout

    def wait_until_ready(self) -> None:
        """Wait until the broker's port is open. Raises `KafkaFailed` if it ends or takes longer than a minute."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._process is not None and self._process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        self.kill()
        output = (self.folder / "output").read_text(errors="replace")[-600:]
        raise KafkaFailed(f"Kafka did not start within {START_SECONDS} s: {output}")

    def stop(self) -> None:
        """Let the broker end in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker as a power cut would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start on the same data and port."""
        self.stop()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _die_with_parent() -> None:
    """Linux ends the broker with the process that started it, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.setsid()  # Ctrl-C is for the one who started it, who then stops the broker in good order


@contextlib.contextmanager
def temporary() -> Iterator[LocalKafka]:
    """A broker whose data goes when it ends."""
    with tempfile.TemporaryDirectory(prefix="registry-kafka-") as folder, LocalKafka(Path(folder)) as broker:
        yield broker


if __name__ == "__main__":
    with LocalKafka(Path(sys.argv[1])) if len(sys.argv) > 1 else temporary() as running:
        print(f"Kafka answers at {running.bootstrap}; Ctrl-C ends it")  # noqa: T201 - a command
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
