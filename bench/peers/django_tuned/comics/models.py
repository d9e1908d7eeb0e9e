from django.db import models


class ComicViews(models.Model):
    comic_number = models.IntegerField(primary_key=True)
    view_count = models.IntegerField(default=0)

    class Meta:
        db_table = "comic_views"
