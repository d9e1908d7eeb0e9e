"""deploy/Dockerfile and deploy/compose.yaml as they are written; test_image.py builds and runs the image."""

import re

import pytest
import yaml
from template import DEPLOY, ROOT

# One instruction a line, without comments.
DOCKERFILE = re.sub(r"\s*\\\n\s*", " ", re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.M))
BUILD, FINAL = (stage.splitlines() for stage in re.split(r"(?m)^(?=FROM )", DOCKERFILE)[1:])
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def arguments(stage, name):
    return [line.split(" ", 1)[1] for line in stage if line.startswith(f"{name} ")]


# --- The image ---------------------------------------------------------------------------------------------


def test_the_image_begins_empty_and_gets_three_things():
    assert FINAL[0] == "FROM scratch"
    assert re.fullmatch(r"FROM docker\.io/library/rust:\d+\.\d+-slim-[a-z]+ AS build", BUILD[0]), "a version, not what is newest"
    assert arguments(FINAL, "COPY") == [
        "--from=build /image/etc /etc",
        "--from=build --chown=65532:65532 /image/data /data",
        "--from=build /image/xkcdapp /xkcdapp",
    ]
    assert not arguments(FINAL, "ADD") + arguments(FINAL, "RUN") + arguments(BUILD, "ADD") + arguments(BUILD, "ARG")


def test_the_image_runs_the_server_as_nobody_stops_it_politely_and_asks_for_its_health():
    expected = {
        "USER": ["65532:65532"],
        "EXPOSE": ["8000"],
        "STOPSIGNAL": ["SIGTERM"],
        "ENTRYPOINT": ['["/xkcdapp"]'],
        "CMD": ['["serve"]'],
        "HEALTHCHECK": ['--interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/xkcdapp", "healthcheck"]'],
    }
    assert {name: arguments(FINAL, name) for name in expected} == expected


def test_the_image_holds_no_secret_and_no_setting_but_its_own():
    (variables,) = arguments(FINAL, "ENV")
    assert {pair.split("=")[0] for pair in variables.split()} == {
        "MALLOC_MMAP_THRESHOLD_", "SSL_CERT_FILE", "XKCDAPP_LISTEN", "XKCDAPP_DATA",
    }
    assert not arguments(BUILD, "ENV")
    assert "--mount=type=secret" not in DOCKERFILE


@pytest.mark.parametrize(
    "words",
    [
        "cargo rustc --locked --release --package xkcdapp --bin xkcdapp --target",
        "link-arg=-Wl,-z,pack-relative-relocs",
        'RUSTFLAGS="-C target-feature=+crt-static"',
        "--mount=type=cache,id=xkcdapp-registry,target=/usr/local/cargo/registry",
        "--mount=type=cache,id=xkcdapp-target,target=/src/target",
        "cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/",
    ],
)
def test_the_build_is_locked_static_and_keeps_its_dependencies(words):
    (run,) = arguments(BUILD, "RUN")
    assert words in run


def test_the_builder_is_given_the_sources_alone():
    copied = {word for line in arguments(BUILD, "COPY") for word in line.split()[:-1]}
    first, *rest = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert first == "*"
    sources = {"Cargo.toml", "Cargo.lock", "crates", "examples", "bench/peers/actix"}
    assert {line[1:] for line in rest if line.startswith("!")} == copied == sources


# --- The app, PostgreSQL and Redis on one machine ----------------------------------------------------------


def test_compose_opens_the_app_alone_and_to_this_machine_alone():
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {"app": ["127.0.0.1:8000:8000"]}
    assert not any(service.get("network_mode") or service.get("privileged") for service in SERVICES.values())


def test_compose_writes_no_secret_down():
    secrets = {"DATABASE_PASSWORD", "ELASTICACHE_AUTH_TOKEN", "SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}
    given = [(name, value) for each in SERVICES.values() for name, value in each["environment"].items() if name in secrets]
    assert {name for name, _ in given} == secrets
    for name, value in given:
        # From the environment, with no default: without it nothing starts.
        assert re.fullmatch(r"\$\{(DATABASE_PASSWORD|ELASTICACHE_AUTH_TOKEN|SECRET_KEY):\?[^}]+\}", value), name


@pytest.mark.parametrize("name", ["app", "migrate"])
def test_compose_is_as_strict_as_the_task(name):
    service = SERVICES[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["init"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"user", "cap_add", "volumes", "entrypoint"} & set(service), "the image says how it runs"
    stores = ("XKCDAPP_STORE", "XKCDAPP_SESSIONS", "DATABASE_HOST", "ELASTICACHE_ENDPOINT")
    assert [service["environment"][key] for key in stores] == ["postgres", "redis", "postgres", "redis:6379"]


def test_compose_migrates_before_it_serves_and_gives_time_to_stop():
    assert SERVICES["migrate"]["command"] == ["migrate"]
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["app"]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "redis": {"condition": "service_healthy"},
    }
    # 20 is the default of XKCDAPP_SHUTDOWN_SECONDS.
    assert int(SERVICES["app"]["stop_grace_period"].removesuffix("s")) >= 20 + 5


def test_compose_keeps_the_counts_and_ends_no_session():
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"] and "postgres" in COMPOSE["volumes"]
    shell, option, command = SERVICES["redis"]["command"]
    assert (shell, option) == ("sh", "-c")
    # Through standard input: in an argument of redis-server everybody on the machine could read the password.
    assert command.startswith("printf 'requirepass %s") and command.endswith('"$$REDIS_PASSWORD" | exec redis-server -')
    assert "maxmemory-policy noeviction" in command
    for name in ("postgres", "redis"):
        assert re.fullmatch(rf"docker\.io/library/{name}:\d+(\.\d+)?-[a-z]+", SERVICES[name]["image"]), name
        assert SERVICES[name]["healthcheck"]["test"][0].startswith("CMD")
