import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tuned.settings")
application = get_wsgi_application()

# After Django is set up: it reads the settings.
from comics import documents  # noqa: E402

documents.fetch_all_in_background()
