"""The Helm chart: what it renders is valid, starts the program as the program can be started, and holds no secret."""

import json
import re
import subprocess
import tomllib
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from deploy.helm import rules
from registry.node.services.names import Service
from registry.settings.settings import load
from tests.support.command_words import parse_words
from tests.support.helm import CHART, parse

VALUES = {file.name.removesuffix("-values.yaml"): file for file in sorted((CHART / "ci").glob("*-values.yaml"))}
NODE = {"publisher", "http", "work"}


@pytest.fixture(scope="module")
def texts(helm):
    """The rendered text of each file of values."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(VALUES, pool.map(helm.template, VALUES.values()), strict=True))


@pytest.fixture(scope="module")
def releases(texts):
    """The objects of each file of values."""
    return {name: parse(text) for name, text in texts.items()}


def of_kind(manifests, kind):
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def pods(manifests):
    """The pods' templates by the part that they are of."""
    return {
        each["metadata"]["labels"]["app.kubernetes.io/component"]: each["spec"]["template"]
        for each in of_kind(manifests, "Deployment").values()
    }


def container(pod):
    [each] = pod["spec"]["containers"]
    return each


def test_helm_finds_nothing_to_complain_of(helm):
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda file: helm.run("lint", "--strict", CHART, f"--values={file}"), VALUES.values()))
    assert [each.stderr for each in done if each.returncode] == []


@pytest.mark.parametrize("name", VALUES)
def test_every_object_has_the_form_that_its_kind_prescribes(releases, kubernetes_schemas, name):
    assert len(releases[name]) >= 5
    assert [fault for manifest in releases[name] for fault in kubernetes_schemas.faults(manifest)] == []


def test_the_schemas_refuse_what_kubernetes_would_refuse(kubernetes_schemas, releases):
    wrong = json.loads(json.dumps(of_kind(releases["minimal"], "Deployment")["delft-registry-http"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["prots"] = []
    [fault] = kubernetes_schemas.faults(wrong)
    assert "prots" in fault


def test_the_same_values_become_the_same_text(helm, texts):
    assert helm.template(VALUES["full"]) == texts["full"]


def test_names_are_unique_and_everything_is_in_the_release_s_namespace(releases):
    for name, manifests in releases.items():
        names = [(each["kind"], each["metadata"]["name"]) for each in manifests]
        assert len(names) == len(set(names)), name
        assert {each["metadata"]["namespace"] for each in manifests} == {"credentials"}
        assert all(re.fullmatch(r"delft-registry[a-z-]*", each) and len(each) < 63 for _, each in names)


def test_each_part_of_the_node_is_a_deployment_and_together_they_run_every_service_once(releases):
    for name in ("minimal", "full", "gateway", "kafka-tls"):
        parts = pods(releases[name])
        assert parts.keys() - {"toolbox", "witness"} == NODE
        services = []
        for part in NODE:
            args = container(parts[part])["args"]
            services += [value for option, value in pairwise(args) if option == "--only"]
        assert len(services) == len(set(services))
        assert set(Service) - set(services) == (set() if name == "gateway" else {Service.INTAKE})
    assert pods(releases["witness"]).keys() == {"witness", "toolbox"}


def test_the_program_takes_the_arguments_that_each_part_starts_it_with(releases):
    for manifests in releases.values():
        for part, pod in pods(manifests).items():
            if part != "toolbox":
                parse_words(container(pod)["args"])
    with pytest.raises(Exception, match="No such option: --htp-only"):
        parse_words(["serve", "--htp-only"])


def test_no_container_is_root_or_may_write_to_its_image(releases):
    for manifests in releases.values():
        for pod in pods(manifests).values():
            spec = pod["spec"]
            assert spec["securityContext"]["runAsNonRoot"] is True
            assert spec["securityContext"]["runAsUser"] == 10001
            assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            assert spec["automountServiceAccountToken"] is False
            for each in (*spec["containers"], *spec.get("initContainers", ())):
                assert each["securityContext"] == {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                }
                assert each["resources"]["requests"].keys() == {"cpu", "memory"}
                assert "memory" in each["resources"]["limits"]


def test_each_volume_is_mounted_and_each_mount_has_a_volume(releases):
    for manifests in releases.values():
        claims = of_kind(manifests, "PersistentVolumeClaim").keys() | {"delft-node"}
        for pod in pods(manifests).values():
            volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
            mounted = {mount["name"] for mount in container(pod)["volumeMounts"]}
            assert volumes.keys() == mounted
            assert volumes["node"]["persistentVolumeClaim"]["claimName"] in claims


def test_all_parts_of_a_node_share_one_folder_that_outlives_the_release(releases):
    [claim] = of_kind(releases["minimal"], "PersistentVolumeClaim").values()
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    claims = {
        pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] for pod in pods(releases["full"]).values()
    }
    assert claims == {"delft-registry-node"}


def test_services_and_budgets_select_the_pods_that_they_are_meant_for(releases):
    def selected(manifests, selector):
        return {part for part, pod in pods(manifests).items() if selector.items() <= pod["metadata"]["labels"].items()}

    full = releases["full"]
    services = {name: selected(full, each["spec"]["selector"]) for name, each in of_kind(full, "Service").items()}
    assert services == {"delft-registry": {"http"}, "delft-registry-metrics": NODE}
    budgets = of_kind(full, "PodDisruptionBudget").values()
    assert [selected(full, each["spec"]["selector"]["matchLabels"]) for each in budgets] == [
        {"http"}, {"publisher"}, {"work"},
    ]  # fmt: skip
    assert not of_kind(releases["gateway"], "PodDisruptionBudget")  # one pod: a budget would only stop drains
    [scaler] = of_kind(full, "HorizontalPodAutoscaler").values()
    assert scaler["spec"]["scaleTargetRef"]["name"] in of_kind(full, "Deployment")
    assert "replicas" not in of_kind(full, "Deployment")["delft-registry-http"]["spec"]
    for each in (*of_kind(full, "Deployment").values(), *of_kind(releases["witness"], "Deployment").values()):
        assert each["spec"]["selector"]["matchLabels"].items() <= each["spec"]["template"]["metadata"]["labels"].items()


def test_ports_of_services_probes_policies_and_arguments_are_the_same(releases):
    full = releases["full"]
    for pod in pods(full).values():
        each = container(pod)
        ports = {port["name"]: port["containerPort"] for port in each.get("ports", ())}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if ports:
                [check] = [each[probe][kind]["port"] for kind in ("httpGet", "tcpSocket") if kind in each[probe]]
                assert check in ports
    http = container(pods(full)["http"])
    assert http["args"][http["args"].index("--port") + 1] == "8000"
    opened = [
        port["port"]
        for policy in of_kind(full, "NetworkPolicy").values()
        for rule in policy["spec"].get("ingress", ())
        for port in rule["ports"]
    ]
    assert sorted(opened) == [8000, 9464]
    assert settings_of(full)["metrics_port"] == 9464


def test_the_chart_has_the_alerts_of_the_project_and_scrapes_a_node_under_the_name_that_they_ask_for(releases):
    assert rules.main(["--check"]) == 0
    [installed] = of_kind(releases["full"], "PrometheusRule").values()
    groups = yaml.safe_load(rules.SOURCE.read_text())["groups"]
    assert installed["spec"]["groups"] == [*groups, *yaml.safe_load(VALUES["full"].read_text())["metrics"][
        "prometheusRule"
    ]["additionalGroups"]]  # fmt: skip
    [monitor] = of_kind(releases["full"], "ServiceMonitor").values()
    [endpoint] = monitor["spec"]["endpoints"]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "registry-delft"}]


def test_a_changed_copy_of_the_alerts_is_noticed(tmp_path, monkeypatch, capsys):
    copy = tmp_path / "rules" / "registry.yaml"
    monkeypatch.setattr(rules, "COPY", copy)
    assert rules.main(["--check"]) == 1
    assert "run `make schemas`" in capsys.readouterr().err
    assert rules.main([]) == rules.main(["--check"]) == 0
    copy.write_text("groups: []")
    assert rules.main(["--check"]) == 1


def test_a_new_publisher_waits_for_the_old_one(releases):
    for name in ("minimal", "full", "gateway", "kafka-tls"):
        assert "--standby" in container(pods(releases[name])["publisher"])["args"]


def settings_of(manifests):
    [config] = of_kind(manifests, "ConfigMap").values()
    return tomllib.loads(config["data"]["registry.toml"])


def test_the_log_s_address_names_files_that_are_mounted_in_every_pod_that_reads_it(releases):
    address = urlsplit(settings_of(releases["kafka-tls"])["log"])
    assert address.netloc == "consortium-kafka-bootstrap.kafka.svc:9093"
    files = dict(parse_qsl(address.query))
    assert files.keys() == {"ca_file", "certificate_file", "key_file"}
    for part, pod in pods(releases["kafka-tls"]).items():
        [mount] = [each for each in container(pod)["volumeMounts"] if each["name"] == "kafka"]
        [volume] = [each for each in pod["spec"]["volumes"] if each["name"] == "kafka"]
        sources = volume["projected"]["sources"]
        paths = {f"{mount['mountPath']}/{item['path']}" for each in sources for item in each["secret"]["items"]}
        assert paths == set(files.values()), part
        assert [each["secret"]["name"] for each in sources] == ["consortium-cluster-ca-cert", "delft"]


@pytest.mark.parametrize("name", ["minimal", "full", "gateway"])
def test_the_program_accepts_the_settings(releases, name, tmp_path, monkeypatch):
    [config] = of_kind(releases[name], "ConfigMap").values()
    text = config["data"]["registry.toml"].replace(
        "/etc/registry/openid/client-secret", str(tmp_path / "registry.toml")
    )
    (tmp_path / "registry.toml").write_text(text)
    variables = container(pods(releases[name])["publisher"])["env"]
    for variable in variables:
        monkeypatch.setenv(variable["name"], variable.get("value", "postgresql://registry@db/registry"))
    settings = load(tmp_path)
    assert (settings.member, settings.consortium) == ("delft", "eciu.example")
    assert str(settings.passphrase_file) == "/etc/registry/passphrase/passphrase"
    if name == "full":
        assert settings.http.batch_bytes == 1024**3
        assert settings.http.base_path == "/registry"
        assert settings.witness[0].url == "https://witness.example"


def test_no_object_holds_a_secret(releases):
    for manifests in releases.values():
        assert not of_kind(manifests, "Secret")
        for pod in pods(manifests).values():
            for variable in container(pod).get("env", ()):
                if re.search(r"PASSPHRASE$|SECRET|DATABASE|TOKEN", variable["name"]):
                    assert "secretKeyRef" in variable["valueFrom"]
    assert {"passphrase", "database", "openid_client_secret"}.isdisjoint(settings_of(releases["full"]))


REFUSED = {
    "a value that nobody knows": ({"ingres__enabled": "true"}, "'ingres' not allowed"),
    "a setting that nobody knows": ({"settings__http__prot": "1"}, "'prot' not allowed"),
    "a setting that the chart decides": ({"settings__metrics_port": "9000"}, "'metrics_port' not allowed"),
    "a secret among the settings": ({"settings__passphrase": "abc"}, "'passphrase' not allowed"),
    "a tag that moves": ({"image__tag": "latest"}, "/image/tag"),
    "a digest that is none": ({"image__digest": "sha256:abc"}, "/image/digest"),
    "the consortium's own node": ({"member": "governance"}, "/member"),
    "a log on a disk": ({"log": "file:log"}, "/log"),
    "three publishers": ({"publisher__replicas": "3"}, "/publisher/replicas"),
    "root": ({"podSecurityContext__runAsUser": "0"}, "/podSecurityContext/runAsUser"),
    "a file system that is written": ({"securityContext__readOnlyRootFilesystem": "false"}, "readOnlyRootFilesystem"),
    "no database": ({"database__existingSecret": ""}, "database.existingSecret: name the Secret"),
    "no passphrase": ({"passphrase__existingSecret": ""}, "passphrase.existingSecret: name the Secret"),
    "a certificate without its authority": ({"kafka__client__existingSecret": "x"}, "kafka.ca.existingSecret: name"),
    "no founding": ({"founded": ""}, "founded: give the hash"),
    "an Ingress without a host": ({"ingress__enabled": "true"}, "ingress.hosts: name at least one host"),
    "a route without a Gateway": ({"httpRoute__enabled": "true"}, "httpRoute.parentRefs: name the Gateway"),
    "a client's secret without a provider": ({"openid__existingSecret": "x"}, "there is no identity provider"),
    "a witness without a passphrase": ({"witness__enabled": "true"}, "witness.passphrase.existingSecret: name"),
    "fewer pods at most than at least": (
        {"http__autoscaling__enabled": "true", "http__autoscaling__maxReplicas": "1"}, "minReplicas is greater",
    ),
}  # fmt: skip


def test_what_is_wrong_or_missing_is_refused_with_what_to_do(helm):
    def attempt(case):
        options, _ = case
        values = [f"--set={name.replace('__', '.')}={value}" for name, value in options.items()]
        return helm.run("template", "delft", CHART, f"--values={VALUES['minimal']}", *values)

    with ThreadPoolExecutor(2) as pool:
        answers = dict(zip(REFUSED, pool.map(attempt, REFUSED.values()), strict=True))
    for name, (_, reason) in REFUSED.items():
        assert answers[name].returncode != 0, name
        assert reason in answers[name].stderr, name


def test_values_that_the_file_of_values_names_are_those_of_the_schema():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())

    def compare(named, part, path):
        part = schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        if path == ".settings" or not isinstance(named, dict) or "properties" not in part:
            return
        if part.get("additionalProperties") is False:
            assert named.keys() == part["properties"].keys() - {"global"}, path
        for name, value in named.items():
            compare(value, part["properties"].get(name, {}), f"{path}.{name}")

    compare(values, schema, "")


PREPARE = CHART / "files" / "prepare-folder.sh"


def prepare(folder):
    """Run the script with its paths moved below a folder, as an init container does."""
    script = PREPARE.read_text().replace("/var/lib/registry", str(folder)).replace("/etc/registry", str(folder / "etc"))
    return subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)


def test_a_volume_without_a_node_is_refused_before_the_program_starts(tmp_path):
    done = prepare(tmp_path)
    assert done.returncode == 1
    assert "There is no node in this volume yet" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_folder_takes_the_settings_of_the_chart_and_keys_stay_private(tmp_path):
    keys = tmp_path / "node" / "keys"
    keys.mkdir(parents=True)
    (keys / "signing.pem").touch(0o660)
    (keys / "signing.pem").chmod(0o660)
    (tmp_path / "node" / "registry.toml").write_text("first = true")
    settings = tmp_path / "etc" / "settings" / "registry.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("of_chart = true")
    for _ in range(2):
        assert prepare(tmp_path).returncode == 0
        assert (tmp_path / "node" / "registry.toml").read_text() == "of_chart = true"
    assert (tmp_path / "node" / "registry.toml").readlink() == settings
    assert (tmp_path / "node" / "registry.toml.before").read_text() == "first = true"
    assert (keys / "signing.pem").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "node").iterdir()) == [
        "keys",
        "registry.toml",
        "registry.toml.before",
    ]
