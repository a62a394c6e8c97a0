"""The metrics of a node that runs, as Prometheus scrapes them."""

import re

import httpx
from prometheus_client.parser import text_string_to_metric_families

ADDRESS = re.compile(r"metrics are at (http://\S+/metrics)")


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def value(self, name, **labels):
        """The value of the one sample with these labels; None where there is none."""
        found = [sample.value for sample in self.samples if sample.name == name and sample.labels == labels]
        assert len(found) < 2, (name, labels)
        return found[0] if found else None

    def total(self, name, **labels):
        """The sum of all samples that have these labels, whatever others they have."""
        return sum(s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items())

    def values_of(self, label):
        """All values of a label."""
        return {sample.labels[label] for sample in self.samples if label in sample.labels}


def scrape(said):
    """Scrape the node that has said where its metrics are."""
    answer = httpx.get(ADDRESS.search(said)[1], timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return Metrics(answer.text)
