"""The image: built by deploy/Dockerfile with buildah, looked into, and run as ECS runs it.

No registry is asked: this machine's own Rust stands for the base image, with what it has compiled so far as the
builder's cache. All that the Dockerfile says is done as it says.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from template import DEPLOY, ROOT

BASE = next(line.split()[1] for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line.startswith("FROM "))
MEGABYTE = 1_000_000
NOBODY = 65532
# Not all of /usr: the Dockerfile mounts its cache below /usr/local.
SYSTEM = ("/usr/bin", "/usr/lib", "/usr/include", "/usr/libexec", "/bin", "/lib", "/lib64", "/etc/ssl", "/etc/alternatives")


def output(*words):
    ended = subprocess.run(words, capture_output=True, text=True)
    assert ended.returncode == 0, f"{words}: {ended.stdout[-3000:]}{ended.stderr[-3000:]}"
    return ended.stdout.strip()


class Builder:
    """buildah, with a store of its own."""

    def __init__(self, folder):
        self.store = ["--storage-driver", "vfs", "--root", str(folder / "store"), "--runroot", str(folder / "run")]
        self.folder = folder

    def __call__(self, *words):
        return output("buildah", *self.store, *words)

    def stand_in(self):
        """An image under the base image's name, in which this machine's programs appear."""
        empty = self.folder / "empty"
        empty.mkdir()
        empty.chmod(0o1777)
        container = self("from", "scratch")
        self("copy", container, str(empty), "/tmp")
        settings = {
            "PATH": f"{output('rustc', '--print', 'sysroot')}/bin:/usr/bin:/bin",
            "CARGO_HOME": cargo_home(),
            "CARGO_NET_OFFLINE": "true",
            # What scripts/test compiled of the dependencies is not compiled again.
            "CARGO_BUILD_BUILD_DIR": str(ROOT / "target"),
        }
        for name, value in settings.items():
            self("config", "--env", f"{name}={value}", container)
        self("commit", "--quiet", container, BASE)

    def build(self, tag):
        system = [path for path in SYSTEM if os.path.exists(path)]
        own = [output("rustc", "--print", "sysroot")]
        writable = [cargo_home(), str(ROOT / "target")]
        mounts = [f"{path}:{path}:ro" for path in system + own] + [f"{path}:{path}" for path in writable]
        volumes = [word for mount in mounts for word in ("--volume", mount)]
        self("build", "--isolation", "chroot", "--pull-never", *volumes, "--tag", tag, "--file", str(DEPLOY / "Dockerfile"), str(ROOT))


def cargo_home():
    return os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))


@pytest.fixture(scope="session")
def builder(tmp_path_factory):
    output("cargo", "fetch", "--locked", "--manifest-path", str(ROOT / "Cargo.toml"))
    builder = Builder(tmp_path_factory.mktemp("buildah"))
    builder.stand_in()
    builder.build("xkcdapp")
    yield builder
    shutil.rmtree(builder.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def configuration(builder):
    return json.loads(builder("inspect", "--type", "image", "xkcdapp"))["OCIv1"]["config"]


@pytest.fixture(scope="session")
def root(builder):
    """The image's file system."""
    return Path(builder("mount", builder("from", "--pull-never", "xkcdapp")))


def test_it_runs_the_binary_as_a_number_that_is_not_root(configuration):
    assert configuration["User"] == f"{NOBODY}:{NOBODY}"
    assert configuration["Entrypoint"] == ["/xkcdapp"] and configuration["Cmd"] == ["serve"]
    assert list(configuration["ExposedPorts"]) == ["8000"] or list(configuration["ExposedPorts"]) == ["8000/tcp"]
    variables = dict(pair.split("=", 1) for pair in configuration["Env"])
    assert variables["XKCDAPP_LISTEN"] == "0.0.0.0:8000" and variables["MALLOC_MMAP_THRESHOLD_"] == "1048576"


def test_nothing_is_in_it_but_the_binary_and_certificates(root):
    files = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}
    assert files == {"xkcdapp", "etc/ssl/certs/ca-certificates.crt"}
    assert (root / "data").is_dir() and (root / "data").stat().st_uid == NOBODY
    assert "BEGIN CERTIFICATE" in (root / "etc/ssl/certs/ca-certificates.crt").read_text()


def test_it_is_at_most_25_megabytes(root):
    assert sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) <= 25 * MEGABYTE


def test_the_binary_needs_no_library(root):
    headers = output("readelf", "--program-headers", "--wide", str(root / "xkcdapp"))
    assert "LOAD" in headers and "INTERP" not in headers, headers


class Container:
    """The image run as ECS runs it: as nobody, on a file system that can't be written but for /data."""

    def __init__(self, root, configuration):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.root = root
        self.variables = dict(pair.split("=", 1) for pair in configuration["Env"])
        self.variables.update(XKCDAPP_LISTEN=f"127.0.0.1:{self.port}", XKCDAPP_COMICS="built-in", XKCDAPP_SHUTDOWN_SECONDS="8")

    def command(self, *words):
        # What every container runtime brings is /dev.
        prepare = 'mkdir -p "$0/dev" && mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && mount --bind /dev "$0/dev"'
        prepare += ' && mount -t tmpfs -o uid=65532,gid=65532,mode=700 data "$0/data"'
        run = f'{prepare} && exec chroot --userspec={NOBODY}:{NOBODY} --groups= "$0" /xkcdapp "$@"'
        return ["unshare", "--mount", "sh", "-c", run, str(self.root), *words]

    def start(self):
        self.began = time.monotonic()
        self.process = subprocess.Popen(self.command("serve"), env=self.variables, stdout=subprocess.PIPE, text=True)
        while self.status("/health/live") != 200:
            assert self.process.poll() is None and time.monotonic() < self.began + 20
        self.took = time.monotonic() - self.began
        return self

    def status(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                answer.read()
                return answer.status
        except OSError:
            return None

    def run(self, *words):
        return subprocess.run(self.command(*words), env=self.variables, capture_output=True, text=True, timeout=30)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, [json.loads(line) for line in said.splitlines()]


def test_it_answers_within_100_ms(root, configuration):
    # Other work on the machine slows single starts.
    times = []
    for _ in range(5):
        container = Container(root, configuration).start()
        times.append(container.took)
        container.stop()
    assert min(times) < 0.1, times


def test_its_health_check_tells_alive_from_dead(root, configuration):
    container = Container(root, configuration).start()
    assert container.run("healthcheck").returncode == 0
    assert container.stop()[0] == 0
    assert container.run("healthcheck").returncode == 1


def test_sigterm_lets_those_being_served_finish(root, configuration):
    container = Container(root, configuration).start()
    statuses, stop = [], threading.Event()

    def visit():
        while not stop.is_set():
            statuses.append(container.status("/1000001/"))

    visitor = threading.Thread(target=visit)
    visitor.start()
    time.sleep(0.3)
    container.process.send_signal(signal.SIGTERM)
    # While it drains it answers everybody, also those who come anew; then it closes its door.
    time.sleep(1)
    during = len(statuses)
    code, log = container.stop()
    stop.set()
    visitor.join()
    assert code == 0
    assert during > 2 and set(statuses[:during]) == {200}
    assert log[-1]["event"] == "server.stopped"
