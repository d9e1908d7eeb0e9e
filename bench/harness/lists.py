"""Pages that list comics, and the admin site over a long history, at 8 connections."""

import http.cookiejar
import re
import subprocess
import urllib.parse
import urllib.request

from . import install, load, postgres
from .install import say

CONNECTIONS = 8
PAGES = ("/archive/", "/popular/", "/search/?q=anchor", "/feed.xml", "/api/popular")
ADMIN_PAGES = ("/admin/", "/admin/comics/", "/admin/comics/?order=-views", "/admin/history/")
HISTORY = 100_000
FILL_HISTORY = f"""
INSERT INTO view_history (changed_at, changed_by, comic_number, seen, wanted, delta)
SELECT now() - n * interval '1 minute', 'bench', n % 3280 + 1, n, n, 0 FROM generate_series(1, {HISTORY}) AS n
"""
USERNAME, PASSWORD = "bench", "a long password for a bench"


def run(app, lengths):
    """`app` runs on PostgreSQL and has all comics."""
    postgres.ask(app.server.environment["DATABASE_NAME"], FILL_HISTORY)
    cookie = _sign_in(app.server)
    measured = {}
    for _ in range(lengths.rounds):
        for path in PAGES + ADMIN_PAGES:
            headers = [f"Cookie: {cookie}"] if path in ADMIN_PAGES else []
            # wrk takes a redirect for a page.
            status = load.status(app.server.url, path, headers)
            found = load.wrk(app.server.url + path, CONNECTIONS, lengths.list_seconds, headers)
            found["rate"] = found["answered"] / found["seconds"]
            wrong = found["not_200"] + found["broken"] + found["late"]
            is_right = status == 200 and wrong == 0
            found["check"] = "exact" if is_right else f"WRONG: answered {status}, {wrong} requests failed"
            measured.setdefault(path, []).append(found)
    for path, rounds in measured.items():
        say(f"  {path:28} p99 {max(found['p99_ms'] for found in rounds):8.2f} ms, {rounds[-1]['check']}")
    return measured


def _sign_in(server):
    environment = server.environment | {"XKCDAPP_ADMIN_PASSWORD": PASSWORD}
    command = [install.app_binary(), "create-admin", "--no-input", "--if-missing", "--username", USERNAME]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = browser.open(server.url + "/admin/login/").read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
    fields = {"csrf_token": token, "next": "/admin/", "username": USERNAME, "password": PASSWORD}
    browser.open(server.url + "/admin/login/", urllib.parse.urlencode(fields).encode())
    (session,) = [cookie for cookie in jar if cookie.name == "xkcdapp_session"]
    return f"{session.name}={session.value}"
