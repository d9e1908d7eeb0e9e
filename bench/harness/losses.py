"""How many views the guide's counter loses once it has more than one worker, and that others lose none.

It is also how the check of exactness is checked: it has to find the loss.
"""

from . import load
from .install import say

COMICS = (1, 10)
CLIENTS = 8


def run(site, comics, lengths):
    """`site` has an upstream with so many comics, which answers at once."""
    targets = [
        site.django("django_guide", "the Django guide's app, 2 workers", workers=2),
        site.django("django_guide", "the Django guide's app, 4 workers", workers=4),
        site.django("django_tuned", "tuned Django"),
        site.app("app_sqlite", "XKCD App on SQLite"),
        site.app("app_postgres", "XKCD App on PostgreSQL"),
    ]
    return [_measure(target, comics, lengths.exact_requests) for target in targets]


def _measure(target, comics, requests):
    with target.server:
        target.server.wait_until_idle()
        views = target.views()
        answered = load.exact(target.server.url, requests, CLIENTS)
        target.server.wait_until_idle()
        counted = target.views() - views
    say(f"  {target.label:36} {comics:2} comics: {answered} answered, {counted} counted")
    # Nobody may lose views but the guide's counter, which has to when all look at one comic.
    if target.name.startswith("django_guide"):
        right = counted < answered if comics == 1 else counted <= answered
    else:
        right = counted == answered
    right = right and answered == requests
    return {
        "name": target.name,
        "label": target.label,
        "comics": comics,
        "answered": answered,
        "counted": counted,
        "check": "as expected" if right else f"WRONG: {requests} asked, {answered} answered, {counted} counted",
    }
