"""Comics, kept in the memory of the process once they were fetched."""

import functools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from django.conf import settings

REFRESHED_AFTER_SECONDS = 600
_upstream = requests.Session()
_newest = (0, float("-inf"))


def newest():
    """The newest comic's number, at most ten minutes old."""
    global _newest
    number, fetched_at = _newest
    if time.monotonic() - fetched_at > REFRESHED_AFTER_SECONDS:
        number = _document("/info.0.json")["num"]
        _newest = (number, time.monotonic())
    return number


@functools.cache
def comic(number):
    return _document(f"/{number}/info.0.json")


def fetch_all_in_background():
    def fetch_all():
        with ThreadPoolExecutor(4) as pool:
            for _ in pool.map(comic, range(1, newest() + 1)):
                pass

    threading.Thread(target=fetch_all, daemon=True).start()


def _document(path):
    answer = _upstream.get(settings.XKCD_URL + path, timeout=5)
    answer.raise_for_status()
    return answer.json()
