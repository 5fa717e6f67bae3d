import base64
import hashlib
import importlib
import inspect
import shutil
import subprocess

import jsonschema
import kubernetes_validate
import pytest
import yaml

from app.main import create_app
from app.settings import Settings
from helpers.deployed import (
    DEPLOY,
    PROJECT,
    SETTINGS,
    containers_of,
    document,
    documents,
    environment_of,
    schema,
    settings_of,
    strict,
)
from helpers.documents import blocks_of
from scale.options import Options

KUBERNETES = DEPLOY / "kubernetes"
KUSTOMIZATION = document(KUBERNETES / "kustomization.yaml")
MANIFESTS = [document(KUBERNETES / name) for name in KUSTOMIZATION["resources"]]
OF_KIND = {manifest["kind"]: manifest for manifest in MANIFESTS}
POD = OF_KIND["Deployment"]["spec"]["template"]["spec"]
KSERVE = document(DEPLOY / "kserve" / "inference-service.yaml")
RAY = document(DEPLOY / "kuberay" / "ray-service.yaml")
NEWEST = kubernetes_validate.latest_version()
KUBECTL = shutil.which("kubectl")


@pytest.mark.parametrize("version", ["1.30", NEWEST])
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest["kind"])
def test_each_manifest_is_one_that_kubernetes_takes(manifest, version):
    kubernetes_validate.validate(manifest, version, strict=True)


def test_the_validator_refuses_a_property_that_kubernetes_has_not():
    broken = {**OF_KIND["Service"], "spec": {**OF_KIND["Service"]["spec"], "prots": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, NEWEST, strict=True)


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")
def test_kustomize_puts_them_together_and_adds_the_queue_on_request(tmp_path):
    def built() -> dict[str, dict]:
        done = subprocess.run([KUBECTL, "kustomize", tmp_path / "it"], check=True, capture_output=True, text=True)
        found = list(yaml.safe_load_all(done.stdout))
        for manifest in found:
            kubernetes_validate.validate(manifest, NEWEST, strict=True)
        return {manifest["kind"]: manifest for manifest in found}

    shutil.copytree(KUBERNETES, tmp_path / "it")
    plain = built()
    assert plain.keys() == OF_KIND.keys()
    with (tmp_path / "it" / "kustomization.yaml").open("a") as kustomization:
        kustomization.write("components: [queue-depth]\n")
    metrics = [metric["type"] for metric in built()["HorizontalPodAutoscaler"]["spec"]["metrics"]]
    assert metrics == ["Resource", "Pods"]


def test_all_select_the_pods_of_the_deployment():
    (label,) = OF_KIND["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    chosen = {"matchLabels": dict([label])}
    assert OF_KIND["Deployment"]["spec"]["selector"] == chosen
    assert OF_KIND["PodDisruptionBudget"]["spec"]["selector"] == chosen
    assert OF_KIND["NetworkPolicy"]["spec"]["podSelector"] == chosen
    assert OF_KIND["Service"]["spec"]["selector"] == dict([label])
    assert all(constraint["labelSelector"] == chosen for constraint in POD["topologySpreadConstraints"])
    target = OF_KIND["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", OF_KIND["Deployment"]["metadata"]["name"])


def pods():
    return [("Deployment", POD), ("InferenceService", KSERVE["spec"]["predictor"])]


@pytest.mark.parametrize(("_", "pod"), pods(), ids=[name for name, _ in pods()])
def test_pods_keep_to_the_restricted_profile(_, pod):
    """Pod Security Standards, restricted."""
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert all({"emptyDir", "secret"} & volume.keys() for volume in pod["volumes"])


@pytest.mark.parametrize(("_", "pod"), pods(), ids=[name for name, _ in pods()])
def test_probes_ask_what_the_service_answers_without_a_key(_, pod):
    paths = create_app(Settings()).openapi()["paths"]
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert set(ports.values()) == {Settings.model_fields["port"].default}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container[probe]["httpGet"]
        assert "get" in paths[asked["path"]]
        assert ports.get(asked["port"], asked["port"]) == Settings.model_fields["port"].default
    # What restarts a pod may not ask for what a restart does not mend: a model that is refused.
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")
def test_the_pages_command_makes_the_secret_that_the_pods_read(tmp_path):
    (block,) = (one for one in blocks_of(PROJECT / "docs" / "scaling-out.md") if "create secret" in one.text)
    (tmp_path / "keys.toml").write_text("")
    # Without a cluster it says what it would make.
    offline = f'kubectl() {{ {KUBECTL} "$@" --dry-run=client --output yaml; }}\nKEY=secret\n'
    done = subprocess.run(
        ["bash", "-ec", offline + block.text], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    made = yaml.safe_load(done.stdout)
    kubernetes_validate.validate(made, NEWEST, strict=True)
    place = {"name": "quartet-keys", "namespace": OF_KIND["Namespace"]["metadata"]["name"]}
    assert place.items() <= made["metadata"].items()
    assert base64.b64decode(made["data"]["admin-key-sha256"]).decode() == hashlib.sha256(b"secret").hexdigest()
    (container,) = POD["containers"]
    read = [one["valueFrom"]["secretKeyRef"] for one in container["env"] if "secretKeyRef" in one.get("valueFrom", {})]
    assert {(one["name"], one["key"]) for one in read} == {("quartet-keys", "admin-key-sha256")}
    assert "quartet-keys" in [volume["secret"]["secretName"] for volume in POD["volumes"] if "secret" in volume]
    assert "keys.toml" in made["data"]


@pytest.mark.parametrize(("name", "pod"), pods(), ids=[name for name, _ in pods()])
def test_a_pod_is_given_the_time_that_it_takes_to_stop(name, pod):
    (container,) = pod["containers"]
    given = {key: value for key, value in environment_of(container).items() if key in SETTINGS and value is not None}
    if name == "Deployment":
        given |= OF_KIND["ConfigMap"]["data"]
    settings = settings_of(given)
    # The supervisor of several processes adds 2 s: app/processes/supervisor.py.
    assert pod["terminationGracePeriodSeconds"] > settings.drain_seconds + settings.shutdown_seconds + 2
    assert settings.drain_seconds > 0


def test_every_setting_named_exists():
    named = set(OF_KIND["ConfigMap"]["data"])
    for container in [*containers_of(POD), *containers_of(KSERVE)]:
        named |= {name for name in environment_of(container) if name.startswith("QUARTET_")}
    assert named <= SETTINGS


def test_a_roll_out_takes_no_pod_away_before_another_is_ready():
    assert OF_KIND["Deployment"]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert OF_KIND["HorizontalPodAutoscaler"]["spec"]["minReplicas"] >= 2


@pytest.mark.parametrize(
    ("manifest", "name"),
    [(KSERVE, "kserve-inference-service"), (RAY, "kuberay-ray-service")],
    ids=["KServe", "KubeRay"],
)
def test_a_custom_resource_is_as_its_definition_says(manifest, name):
    validator = jsonschema.Draft202012Validator(strict(schema(name)))
    validator.validate(manifest)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**manifest, "spec": {**manifest["spec"], "predictors": {}}})


def test_kserve_speaks_the_second_protocol_to_a_container_that_names_it():
    (container,) = KSERVE["spec"]["predictor"]["containers"]
    assert container["name"] == "kserve-container"
    assert environment_of(container)["PROTOCOL"] == "v2"


def test_ray_serves_what_the_project_has():
    (application,) = yaml.safe_load(RAY["spec"]["serveConfigV2"])["applications"]
    pytest.importorskip("ray", reason="needs the extra `scale`")
    module, _, attribute = application["import_path"].partition(":")
    assert inspect.isfunction(getattr(importlib.import_module(module), attribute))
    assert Options.model_validate(application["args"]).of("pneumonia").max_replicas == 12


def test_rays_proxies_are_told_of_the_service():
    cluster = RAY["spec"]["rayClusterConfig"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for container in (container for group in groups for container in group["template"]["spec"]["containers"]):
        module, _, function = environment_of(container)["RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"].partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_the_adapters_rule_is_of_the_metric_that_scales():
    rule = document(KUBERNETES / "queue-depth" / "adapter-rule.yaml")["rules"][0]
    scaler = document(KUBERNETES / "queue-depth" / "autoscaler.yaml")
    assert rule["name"]["as"] == scaler["spec"]["metrics"][1]["pods"]["metric"]["name"]
    assert len(documents(KUBERNETES / "queue-depth" / "kustomization.yaml")) == 1
