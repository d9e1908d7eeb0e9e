"""The page as a first tutorial writes it: ask for the newest number, ask for a random comic, count it."""

import random

import requests
from django.conf import settings
from django.shortcuts import render

from .models import ComicViews


def index(request):
    newest = requests.get(f"{settings.XKCD_URL}/info.0.json").json()["num"]
    number = random.randint(1, newest)
    comic = requests.get(f"{settings.XKCD_URL}/{number}/info.0.json").json()

    # Two workers that read the same count both write it plus one: a view is lost. bench/ shows how many are.
    views, _ = ComicViews.objects.get_or_create(comic_number=number)
    views.view_count = views.view_count + 1
    views.save()

    if settings.SESSION_PER_VIEW:
        request.session["pages"] = request.session.get("pages", 0) + 1
    return render(request, "comics/comic.html", {"comic": comic, "views": views.view_count})
