"""Reads `/metrics` as Prometheus does."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Scrape:
    """What one scrape was answered."""

    text: str

    def samples(self, name: str, **labels: str) -> Iterator[tuple[dict[str, str], float]]:
        """Yield the labels and the value of each sample of that name whose labels agree."""
        for family in text_string_to_metric_families(self.text):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    yield sample.labels, sample.value

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of those samples, 0 if there are none."""
        return sum(value for _, value in self.samples(name, **labels))

    def names(self) -> set[str]:
        """Return the names of all samples."""
        return {sample.name for family in text_string_to_metric_families(self.text) for sample in family.samples}


def scrape(address: str, **headers: str) -> Scrape:
    """Scrape a service."""
    response = httpx.get(f"{address}/metrics", headers=headers, timeout=30)
    assert response.status_code == 200, response.text
    return Scrape(response.text)
