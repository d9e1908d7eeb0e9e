"""What was measured on, and with which versions."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path

from . import install


def describe():
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+) kB", Path("/proc/meminfo").read_text())
    return {
        "date": time.strftime("%Y-%m-%d"),
        "commit": _first_line("git", "describe", "--always", "--dirty", "--abbrev=10"),
        "cpu": cpu[1] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory[1]) / 2**20),
        "versions": _versions(),
    }


def _versions():
    packages = install.PYTHON, "-m", "pip", "list", "--format", "freeze"
    frozen = dict(line.split("==") for line in _output(*packages).splitlines() if "==" in line)
    lock = Path("Cargo.lock").read_text()
    crate = lambda name: re.search(rf'name = "{name}"\nversion = "(.*)"', lock)[1]  # noqa: E731
    return {
        "Linux": platform.release(),
        "Rust": _first_line("rustc", "--version").split()[1],
        "actix-web": crate("actix-web"),
        "tera": crate("tera"),
        "PostgreSQL": _first_line("postgres", "--version").split()[2],
        "Redis": re.search(r"v=(\S+)", _first_line("redis-server", "--version"))[1],
        "Python": frozen_python(),
        "Django": frozen["Django"],
        "gunicorn": frozen["gunicorn"],
        "psycopg": frozen["psycopg"],
        "wrk": _first_line("wrk", "-v").split()[1],
        "h2load": _first_line("h2load", "--version").split("/")[-1],
    }


def frozen_python():
    return _first_line(install.PYTHON, "--version").split()[1]


def _first_line(*command):
    return _output(*command).splitlines()[0]


def _output(*command):
    # `wrk -v` says its version and ends with 1.
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
