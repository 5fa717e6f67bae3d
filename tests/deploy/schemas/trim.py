"""Cut a published schema down to what the tests need: trim.py kserve|kuberay|compose < PUBLISHED > SCHEMA.json."""

import json
import sys
from typing import Any

import yaml

KEPT = {
    # Of a KServe predictor: the custom container's pod. Left out are the model servers that KServe brings itself.
    "kserve": {
        "spec": {"predictor"},
        "spec.predictor": {
            "automountServiceAccountToken", "containers", "maxReplicas", "minReplicas", "scaleMetric", "scaleTarget",
            "securityContext", "serviceAccountName", "terminationGracePeriodSeconds", "topologySpreadConstraints",
            "volumes",
        },
    },
    "kuberay": {},
}  # fmt: skip


def trimmed(node: Any, kept: dict[str, set[str]], path: str = "") -> Any:
    """Return a schema without its texts and, where `kept` names an object's path, with those properties alone."""
    if isinstance(node, list):
        return [trimmed(item, kept, path) for item in node]
    if not isinstance(node, dict):
        return node
    result = {}
    for key, value in node.items():
        if key == "description" and isinstance(value, str):
            continue
        if key == "properties":
            names = kept.get(path, value.keys())
            result[key] = {
                name: trimmed(value[name], kept, f"{path}.{name}".lstrip(".")) for name in value if name in names
            }
        else:
            result[key] = trimmed(value, kept, path)
    return result


def main() -> None:
    """Trim what standard input has."""
    which = sys.argv[1]
    if which == "compose":
        schema = trimmed(json.load(sys.stdin), {})
    else:
        definition = yaml.load(sys.stdin, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        stored = next(version for version in definition["spec"]["versions"] if version["storage"])
        schema = trimmed(stored["schema"]["openAPIV3Schema"], KEPT[which])
    json.dump(schema, sys.stdout, separators=(",", ":"), sort_keys=True)
    print()


if __name__ == "__main__":
    main()
