"""What the page needs and no more: connections are kept, and middleware that it has no use for is left out."""

import os

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SESSION_PER_VIEW = os.environ["SESSION_PER_VIEW"] == "yes"

INSTALLED_APPS = ["django.contrib.sessions", "comics"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    *(["django.contrib.sessions.middleware.SessionMiddleware"] if SESSION_PER_VIEW else []),
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tuned.urls"
WSGI_APPLICATION = "tuned.wsgi.application"
USE_I18N = False
# With DEBUG off, Django's own loader keeps parsed templates.
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["DATABASE_HOST"],
        "PORT": os.environ["DATABASE_PORT"],
        "NAME": os.environ["DATABASE_NAME"],
        "USER": os.environ["DATABASE_USER"],
        "PASSWORD": os.environ["DATABASE_PASSWORD"],
        "OPTIONS": {
            "sslmode": "verify-full",
            "sslrootcert": os.environ["DATABASE_CA"],
            # The statement is parsed and planned once for each connection.
            "server_side_binding": True,
            "prepare_threshold": 0,
        },
        # One connection for each thread, kept for good.
        "CONN_MAX_AGE": None,
    }
}
# With hiredis installed, redis-py parses in C.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
XKCD_URL = os.environ["XKCD_URL"]
