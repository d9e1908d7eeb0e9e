from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="ComicViews",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("comic_number", models.IntegerField(unique=True)),
                ("view_count", models.IntegerField(default=0)),
            ],
            options={"db_table": "comic_views"},
        ),
    ]
