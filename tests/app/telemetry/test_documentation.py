"""The table of metrics in the documentation is what a scrape has."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from helpers.pictures import jpeg
from helpers.scraping import scrape

PAGE = (Path(__file__).parents[3] / "docs" / "observability.md").read_text()
ROW = re.compile(r"^\| `(quartet_\w+)` \| (\w+)(?:, 1)? \| ([^|]*) \|", re.MULTILINE)


def test_the_table_has_every_metric_with_its_type_and_labels(client, address: str) -> None:
    client.post("/predict/catdog", content=jpeg((60, 60), (220, 30, 30)))
    client.post("/predict/catdog", content=b"nothing")
    found = {}
    for family in text_string_to_metric_families(scrape(address).text):
        if family.name.startswith("quartet_"):
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            found[name] = (family.type, labels)
    written = {name: (kind, {part.strip() for part in labels.split(",")}) for name, kind, labels in ROW.findall(PAGE)}
    assert written == found
