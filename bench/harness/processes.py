"""Servers as processes: started, asked whether they answer, looked at through /proc, stopped."""

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Tree:
    """A process and its descendants."""

    def __init__(self, pid):
        self.pid = pid

    def cpu_seconds(self):
        """What the tree has used. A descendant that ended is in the figures of the one that waited for it."""
        return sum(sum(map(int, fields[11:15])) for _, fields in self._members()) / TICKS

    def memory(self):
        """Bytes: of each process what is its own, and of files that they all map what the largest one has in memory.

        Not the proportional size (PSS): it would make a server smaller for each other one of the same binary.
        """
        members = [_memory(pid) for pid, _ in self._members()]
        return sum(own for own, _ in members) + max((mapped for _, mapped in members), default=0)

    def _members(self):
        fields_of = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    # The name in brackets may hold anything, also brackets.
                    fields_of[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
        members = {self.pid}
        grown = True
        while grown:
            children = {pid for pid, fields in fields_of.items() if int(fields[1]) in members}
            grown = not children <= members
            members |= children
        return [(pid, fields_of[pid]) for pid in members if pid in fields_of]


def _memory(pid):
    """Bytes that are its own (shared with none but its forks), and of mapped files."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    size = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith("kB")}
    return size["Pss_Anon"] + size["Pss_Shmem"], size["Rss"] - size["Anonymous"]


class Server(Tree):
    """A server that this run starts: on `port`, its output in `log`."""

    def __init__(self, command, port, environment, log, folder=None, ready="/"):
        self.command, self.port, self.environment = [str(word) for word in command], port, environment
        self.log, self.folder, self.ready = log, folder, ready
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Starts it; returns the seconds until it listened, and until it answered with 200."""
        with open(self.log, "ab") as log:
            began = time.monotonic()
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.pid = self.process.pid
        listened = self._wait(self._listens)
        answered = self._wait(self._answers)
        return listened - began, answered - began

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_until_idle(self, longest=300):
        """Until it does next to nothing for a second: what it does in the background is done."""
        end = time.monotonic() + longest
        while time.monotonic() < end:
            before = self.cpu_seconds()
            time.sleep(1)
            if self.cpu_seconds() - before <= 0.03:
                return
        raise RuntimeError(f"{self.command[0]} is still busy after {longest} s, see {self.log}")

    def _wait(self, happened, longest=180):
        end = time.monotonic() + longest
        while time.monotonic() < end:
            if happened():
                return time.monotonic()
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.command[0]} ended, see {self.log}")
            time.sleep(0.001)
        raise RuntimeError(f"{self.command[0]} does not answer, see {self.log}")

    def _listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def _answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", self.ready)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class MemoryPeak:
    """The most that a tree had while the block ran, looked at twice a second."""

    def __init__(self, tree):
        self.tree, self.bytes = tree, 0
        self._ended = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _look(self):
        while True:
            self.bytes = max(self.bytes, self.tree.memory())
            if self._ended.wait(0.5):
                return
