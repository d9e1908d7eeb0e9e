"""Names and numbers that stand in several files: the same in each."""

import re

import pytest
import yaml
from properties import attributes
from template import DEPLOY, ROOT, load_all, profile, resolve_all

STACKS = resolve_all(load_all(), profile("production"))
CONTAINER = STACKS["task"].resources["XKCDAppTaskDefinition"]["Properties"]["ContainerDefinitions"][0]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVER = ROOT / "crates/server/src"
SECRETS = set(re.findall(r'SecretName = SecretName::new\("([A-Z_]+)"\)', (SERVER / "config/secrets.rs").read_text()))
# That of create-admin comes and goes.
SECRETS -= {"XKCDAPP_ADMIN_PASSWORD"}
SETTINGS = set(re.findall(r'^    [A-Z_]+ = "(XKCDAPP_[A-Z_]+)"', (SERVER / "config/settings.rs").read_text(), re.M))


def image_variables():
    text = re.search(r"^ENV ((?:.*\\\n)*.*)$", DOCKERFILE, re.M).group(1).replace("\\\n", " ")
    return dict(pair.split("=", 1) for pair in text.split())


def made_by_the_script():
    text = (DEPLOY / "deploy").read_text()
    made = re.search(r"for name in ((?:[A-Z_]+ ?)+); do", text).group(1).split()
    return set(made) | set(re.findall(r"^  put_endpoint ([A-Z_]+) ", text, re.M))


def test_the_port_is_the_same_everywhere():
    service = STACKS["service"].resources["XKCDAppClusterService"]["Properties"]
    network = STACKS["network"].resources
    ports = {
        "image": re.search(r"^EXPOSE (\d+)$", DOCKERFILE, re.M).group(1),
        "image's setting": image_variables()["XKCDAPP_LISTEN"].split(":")[1],
        "container": CONTAINER["PortMappings"][0]["ContainerPort"],
        "container's setting": attributes(CONTAINER["Environment"])["XKCDAPP_LISTEN"].split(":")[1],
        "target group": STACKS["load-balancer"].resources["XKCDAppClusterServiceTargetGroup"]["Properties"]["Port"],
        "service": service["LoadBalancers"][0]["ContainerPort"],
        "way in": network["XKCDAppECSSecurityGroupFromLoadBalancer"]["Properties"]["FromPort"],
        "way out": network["XKCDAppElasticLoadBalancerSecurityGroup"]["Properties"]["SecurityGroupEgress"][0]["FromPort"],
        "compose": COMPOSE["services"]["app"]["ports"][0].split(":")[-1],
    }
    assert set(map(int, ports.values())) == {8000}, ports


def test_the_script_makes_the_parameters_that_the_code_reads():
    assert {"DATABASE_HOST", "SECRET_KEY"} < SECRETS
    # The port of the database is the usual one, which the code assumes.
    assert made_by_the_script() == SECRETS - {"DATABASE_PORT"}


def test_the_script_says_the_database_and_user_that_the_stack_makes():
    database = STACKS["data"].resources["XKCDAppDatabase"]["Properties"]
    (value,) = re.findall(r'DATABASE_NAME \| DATABASE_USER\) put_parameter "\$name" (\w+) ;;', (DEPLOY / "deploy").read_text())
    assert {database["DBName"], database["MasterUsername"]} == {value}


def test_compose_gives_the_secrets_that_the_code_reads():
    given = set(COMPOSE["services"]["app"]["environment"])
    assert given & SECRETS == SECRETS - {"DATABASE_PORT"}
    assert given - SECRETS <= SETTINGS


def test_settings_that_are_given_exist():
    assert len(SETTINGS) > 15
    given = [pair["Name"] for pair in CONTAINER["Environment"]]
    assert set(given) - {"AWS_REGION"} <= SETTINGS
    assert len(set(given)) == len(given)
    assert {name for name in image_variables() if name.startswith("XKCDAPP_")} <= SETTINGS


def test_image_and_task_run_the_same_binary_as_the_same_nobody():
    assert re.search(r"^USER (.*)$", DOCKERFILE, re.M).group(1) == CONTAINER["User"]
    assert 'ENTRYPOINT ["/xkcdapp"]' in DOCKERFILE
    health = re.search(r"^HEALTHCHECK .* CMD \[(.*)\]$", DOCKERFILE, re.M).group(1)
    assert health.replace('"', "").split(", ") == CONTAINER["HealthCheck"]["Command"][1:]


def test_password_hashing_gives_its_memory_back():
    assert image_variables()["MALLOC_MMAP_THRESHOLD_"] == "1048576"


def test_the_base_image_is_the_rust_that_the_workspace_needs():
    version = re.search(r'^rust-version = "([\d.]+)"', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
    assert f"rust:{version}-" in DOCKERFILE


@pytest.mark.parametrize("event", ["views.pending", "views.unwritten"])
def test_the_log_events_that_alarms_are_fed_from_are_written_by_the_code(event):
    sources = [path.read_text() for path in (ROOT / "crates").glob("*/src/**/*.rs")]
    assert any(f'"{event}"' in text for text in sources)
