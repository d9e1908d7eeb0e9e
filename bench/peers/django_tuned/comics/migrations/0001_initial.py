from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="ComicViews",
            fields=[
                ("comic_number", models.IntegerField(primary_key=True, serialize=False)),
                ("view_count", models.IntegerField(default=0)),
            ],
            options={"db_table": "comic_views"},
        ),
    ]
