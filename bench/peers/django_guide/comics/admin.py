from django.contrib import admin

from .models import ComicViews

admin.site.register(ComicViews)
