"""Several brokers on this machine, as one cluster, for tests."""

from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.kafka.local import BrokerSecurity, LocalKafka


class LocalCluster:
    """Brokers that are controllers, too, on free ports of 127.0.0.1. Each takes about 450 MB."""

    def __init__(self, folder: Path, brokers: int = 3, security: BrokerSecurity | None = None) -> None:
        """`folder` takes a folder for each broker."""
        self.brokers = [LocalKafka(Path(folder) / f"broker-{number}", security) for number in range(1, brokers + 1)]
        voters = tuple(f"{i}@127.0.0.1:{each.controller_port}" for i, each in enumerate(self.brokers, 1))
        for number, broker in enumerate(self.brokers, 1):
            broker.node_id, broker.voters = number, voters

    @property
    def bootstrap(self) -> str:
        """The brokers' addresses, separated by commas."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    @property
    def url(self) -> str:
        """The log's address as the project's settings have it."""
        return f"kafka://{self.bootstrap}"

    def start(self) -> None:
        """Start all brokers, and wait until they answer. Raises `KafkaFailed`."""
        cluster_id = None
        for broker in self.brokers:
            cluster_id = broker.format(cluster_id) or cluster_id
        for broker in self.brokers:  # all first: a broker answers when a majority of the controllers is there
            broker.launch()
        for broker in self.brokers:
            broker.wait_until_ready()

    def stop(self) -> None:
        """Let all brokers end in good order, the last first."""
        for broker in reversed(self.brokers):
            broker.stop()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # after any error nobody else could stop the brokers that run already
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
