"""A machine for the scripts: a clone of the repository, programs that are watched, and the cloud of cloud.py."""

import copy
import json
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import awscli.clidriver
import pytest
from cloud import Cloud
from template import DEPLOY

TESTS = Path(__file__).parent
# What the scripts call besides: their arguments are watched, too.
WATCHED = ["awk", "basename", "cat", "curl", "date", "dirname", "git", "grep", "mktemp", "od", "rm", "sed", "sleep", "tail", "tr"]
# `aws` and `docker`: hand over what they were called with, print what they are told. Bash starts in no time.
STAND_IN = """#!/bin/bash
text=
for word in "$@"; do
  case $word in --password-stdin | file:///dev/stdin) text=$(/bin/cat; echo .) text=${{text%.}} ;; esac
done
exec 3<>/dev/tcp/127.0.0.1/{port}
printf '%s\\0' "$#" {name} "$text" "${{DOCKER_CONFIG-}}" "${{DOCKER_CONTEXT-}}" \\
  "${{AWS_REGION-}} ${{AWS_DEFAULT_REGION-}}" "$@" >&3
read -r code answer <&3
/bin/cat "$answer.out"
/bin/cat "$answer.err" >&2
exit "$code"
"""
WATCHER = """#!/bin/sh
printf '%s ' "{name}" "$@" >>{log}
printf '\\n' >>{log}
exec {real} "$@"
"""


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """moto's server; yields its URL."""
    ready = tmp_path_factory.mktemp("moto") / "log"
    program = Path(sys.executable).parent / "moto_server"
    with ready.open("w") as log:
        server = subprocess.Popen([program, "--host", "127.0.0.1", "--port", "0"], stdout=log, stderr=log)
    try:
        for _ in range(600):
            found = [word for word in ready.read_text().split() if word.startswith("http://127.0.0.1:")]
            if found:
                break
            assert server.poll() is None, ready.read_text()
            time.sleep(0.1)
        yield found[0].rstrip("/")
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="session")
def real_cli(moto):
    """The AWS CLI, in this process: a start of it takes longer than all that it does here."""
    os.environ.update(
        AWS_ENDPOINT_URL=moto, AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION="eu-central-1", AWS_PAGER=""
    )
    os.environ.pop("AWS_PROFILE", None)
    return awscli.clidriver.create_clidriver().main


class Machine:
    """Where a verb is run, and what came of it."""

    def __init__(self, folder, cloud, environment):
        self.folder, self.cloud, self.environment = folder, cloud, environment
        self.deploy = folder / "repository" / "deploy"
        self.home, self.temporary, self.programs = folder / "home", folder / "tmp", folder / "bin"
        self.docker_calls = []
        self.docker_context = "default"
        for path in (self.home, self.temporary, self.programs):
            path.mkdir()
        self.copy_repository()

    def copy_repository(self):
        shutil.copytree(DEPLOY, self.deploy, ignore=shutil.ignore_patterns("tests", "__pycache__", ".pytest_cache"))
        shutil.copy(self.deploy / "environments" / "demo.conf", self.deploy / "environments" / f"{self.environment}.conf")
        git = ["git", "-C", str(self.deploy.parent), "-c", "user.name=t", "-c", "user.email=t@example.org"]
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "One"]):
            subprocess.run([*git, *words], check=True)
        self.git = git

    def commit(self, text):
        (self.deploy.parent / "file").write_text(text)
        for words in (["add", "."], ["commit", "--quiet", "-m", text]):
            subprocess.run([*self.git, *words], check=True)

    def change(self, file, old, new):
        """Changes a script, to see that a test notices."""
        path = self.deploy / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new))
        self.commit(f"{file}: {new}")

    def configure(self, **values):
        path = self.deploy / "environments" / f"{self.environment}.conf"
        kept = [line for line in path.read_text().splitlines() if line.split("=")[0] not in values]
        path.write_text("\n".join([*kept, *(f"{key}={item}" for key, item in values.items() if item is not None)]) + "\n")
        self.commit(str(values))

    def run(self, verb, *words, answer=""):
        variables = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "XKCDAPP_DEPLOY_PAUSE": "0",
            "XKCDAPP_DEPLOY_TASK_LIMIT": "2",
            "XKCDAPP_DEPLOY_ROLLOUT_LIMIT": "2",
        }
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen([self.deploy / verb, self.environment, *words], env=variables, text=True, **pipes)
        out, err = self.process.communicate(answer, timeout=120)
        self.output = out + err
        return subprocess.CompletedProcess(verb, self.process.returncode, out, err)

    def docker(self, words, text, login_folder, context):
        if words == ["context", "show"]:
            return 0, f"{self.docker_context}\n", ""
        self.docker_calls.append(words)
        if words[0] == "login":
            Path(login_folder, "config.json").write_text(text)
        if words[0] == "push":
            # Where its daemon is, Docker reads in the folder of its passwords.
            folder = Path(login_folder, "contexts", self.docker_context)
            if (self.docker_context, context) != ("default", "default") and not (context == self.docker_context and folder.is_dir()):
                return 1, "", "Cannot connect to the Docker daemon"
            self.cloud.images.add(words[-1].rsplit(":", 1)[1])
        return 0, "", ""

    def arguments(self):
        """Every argument of every program that the scripts ran."""
        log = self.folder / "watched"
        seen = log.read_text() if log.exists() else ""
        return "\n".join([seen, json.dumps(self.cloud.calls), json.dumps(self.docker_calls)])

    def files_left(self):
        """All that the scripts left outside the repository."""
        return [path for folder in (self.home, self.temporary) for path in folder.rglob("*") if path.is_file()]


class Handler(socketserver.StreamRequestHandler):
    """Answers one call of a stand-in."""

    def word(self):
        text = b""
        while not text.endswith(b"\0"):
            text += self.rfile.read(1)
        return text[:-1].decode()

    def handle(self):
        number, program, text, login_folder, context, region = (self.word() for _ in range(6))
        words = [self.word() for _ in range(int(number))]
        machine = self.server.machine
        if program == "aws":
            code, out, err = machine.cloud.call(words, text.encode(), region)
        else:
            code, out, err = machine.docker(words, text, login_folder, context)
        answer = machine.folder / f"answer-{threading.get_ident()}-{time.monotonic_ns()}"
        answer.with_suffix(".out").write_text(out)
        answer.with_suffix(".err").write_text(err)
        self.wfile.write(f"{code} {answer}\n".encode())


@pytest.fixture
def machine(tmp_path, moto, real_cli):
    """A machine, and an account with nothing in it."""
    urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST")).read()
    machine = Machine(tmp_path, Cloud(real_cli, "trial"), "trial")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.machine = True, machine
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("aws", "docker"):
            write_program(machine.programs / name, STAND_IN.format(name=name, port=server.server_address[1]))
        for name in WATCHED:
            real = shutil.which(name, path="/usr/bin:/bin:/usr/local/bin")
            write_program(machine.programs / name, WATCHER.format(name=name, log=tmp_path / "watched", real=real))
        yield machine
        server.shutdown()


# What a first deployment leaves, so that not every test has to begin with one.
DEPLOYED = {}


@pytest.fixture
def service(machine):
    """A machine, and an account with a service in it."""
    cloud = machine.cloud
    if not DEPLOYED:
        ended = machine.run("deploy")
        assert ended.returncode == 0, machine.output
        DEPLOYED["state"] = copy.deepcopy({name: getattr(cloud, name) for name in STATE})
        DEPLOYED["parameters"] = cloud.parameters()
        DEPLOYED["repository"] = shutil.move(machine.deploy.parent, Path(DEPLOYED_FOLDER.name) / "repository")
    else:
        vars(cloud).update(copy.deepcopy(DEPLOYED["state"]))
        for name, (kind, value) in DEPLOYED["parameters"].items():
            cloud.put(name, value, kind)
    shutil.rmtree(machine.deploy.parent, ignore_errors=True)
    shutil.copytree(DEPLOYED["repository"], machine.deploy.parent, symlinks=True)
    return machine


STATE = ("stacks", "images", "tasks", "revisions", "deployments")
DEPLOYED_FOLDER = tempfile.TemporaryDirectory()


def write_program(path, text):
    path.write_text(text)
    path.chmod(0o755)
