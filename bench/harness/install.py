"""Installs what is missing: programs with apt, the peers' packages into an environment of their own; builds."""

import glob
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "wrk": "wrk",
    "h2load": "nghttp2-client",
    "pgbench": "postgresql",
    "initdb": "postgresql",
    "psql": "postgresql-client",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "openssl": "openssl",
    "setpriv": "util-linux",
    "cc": "gcc libc6-dev",
}
WORK = Path("target/bench")
PYTHON = WORK / "venv/bin/python"


def say(text):
    print(text, file=sys.stderr, flush=True)


def everything():
    programs()
    _python_packages()
    peers()
    if "XKCDAPP_BENCH_BINARY" not in os.environ:
        say("building the app as it is shipped")
        subprocess.run(["scripts/test", "release_build"], check=True, stdout=sys.stderr)


def app_binary():
    return os.environ.get("XKCDAPP_BENCH_BINARY") or str(_target() / _host() / "release/xkcdapp")


def peer_binary(name):
    return str(_target() / "release" / name)


def programs():
    # Debian keeps PostgreSQL's programs off the PATH.
    os.environ["PATH"] += "".join(f":{folder}" for folder in glob.glob("/usr/lib/postgresql/*/bin"))
    missing = {name for program, name in PACKAGES.items() if not shutil.which(program)}
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        missing.add("python3-venv")
    if not missing:
        return
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    names = sorted(" ".join(missing).split())
    if as_root and not shutil.which("sudo"):
        sys.exit(f"install as root: {' '.join(names)}")
    say(f"installing {' '.join(names)}")
    subprocess.run([*as_root, "apt-get", "update"], check=True, stdout=sys.stderr)
    options = ["--yes", "--no-install-recommends", "--option", "DPkg::Lock::Timeout=300"]
    install = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", *options, *names]
    subprocess.run(install, check=True, stdout=sys.stderr)


def _python_packages():
    say("installing the Django peers' packages")
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    subprocess.run([*pip, "--requirement", "bench/peers/requirements.txt"], check=True)


def peers():
    say("building the peers")
    subprocess.run(["cargo", "build", "--locked", "--release", "--package", "xkcd-bench-actix"], check=True)


def binary_with_names():
    """The app with the names of its functions, which what is shipped has not."""
    say("building the app with names")
    build = ["cargo", "rustc", "--locked", "--release", "--package", "xkcdapp", "--bin", "xkcdapp"]
    subprocess.run([*build, "--", "-C", "strip=none"], check=True)
    return str(_target() / "release/xkcdapp")


def _target():
    metadata = ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"]
    found = subprocess.run(metadata, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Path(json.loads(found)["target_directory"])


def _host():
    command = ["rustc", "--print", "host-tuple"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
