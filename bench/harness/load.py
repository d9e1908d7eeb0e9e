"""Load: wrk for the most a server can do, h2load for a given rate, threads of our own to the exact request."""

import http.client
import json
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

REPORT = Path(__file__).with_name("wrk-report.lua")


def wrk(url, connections, seconds, headers=()):
    """As many requests as `connections` can make, one after the other each, for so long."""
    headers = [word for header in headers for word in ("-H", header)]
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency", "-s", str(REPORT)]
    output = _output(["wrk", *options, *headers, url])
    return json.loads(output.rpartition("REPORT ")[2])


def paced(url, rate, connections, seconds, log):
    """`rate` requests a second, spread over the connections; ends when the last was answered."""
    log.unlink(missing_ok=True)
    clients = min(connections, max(1, rate // 10))
    requests = int(rate * seconds)
    options = ["--h1", "-t1", f"-c{clients}", f"-n{requests}", f"--rps={rate / clients}", f"--log-file={log}"]
    _output(["h2load", *options, url])
    rows = [list(map(int, line.split("\t"))) for line in log.read_text().splitlines()]
    times = [microseconds for _, status, microseconds in rows if status == 200]
    first, last = min(row[0] for row in rows), max(row[0] + row[2] for row in rows)
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    return {
        "offered": rate,
        "achieved": len(times) / ((last - first) / 1e6),
        "answered_200": len(times),
        "others": requests - len(times),
        "p50_ms": percentiles[49] / 1e3,
        "p99_ms": percentiles[98] / 1e3,
    }


def status(url, path, headers=()):
    """That of one request, redirects not followed."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", path, headers=dict(header.split(": ", 1) for header in headers))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def exact(url, requests, connections, path=lambda _: "/"):
    """Exactly so many requests, each answered to its end; returns how many answers were 200."""
    address = urlsplit(url).netloc

    def visit(numbers):
        answered = 0
        connection = http.client.HTTPConnection(address, timeout=60)
        for number in numbers:
            connection.request("GET", path(number))
            answer = connection.getresponse()
            answer.read()
            answered += answer.status == 200
        connection.close()
        return answered

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(visit, [range(client, requests, connections) for client in range(connections)]))


def _output(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
