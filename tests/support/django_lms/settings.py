"""Django's settings. `LMS_PLAIN` takes django-scim2 as it comes: no adapters and no filters of ours."""

import os

SECRET_KEY = "nobody signs in here"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.support.django_lms.urls"
ASGI_APPLICATION = "tests.support.django_lms.asgi.application"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_scim", "tests.support.django_lms"]
#: no steps: the tables are made as the models say
MIGRATION_MODULES = {"auth": None, "contenttypes": None}
MIDDLEWARE = ["tests.support.django_lms.token.TokenMiddleware"]
AUTH_USER_MODEL = "django_lms.Learner"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
#: gone with the test, so nothing waits for the disk
_HASTY = {"init_command": "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF"}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["LMS_DATABASE"],
        "OPTIONS": _HASTY,
        "CONN_MAX_AGE": None,
    }
}
LOGGING_CONFIG = None
_OURS = {
    "USER_ADAPTER": "tests.support.django_lms.adapters.LearnerAdapter",
    "USER_FILTER_PARSER": "tests.support.django_lms.filters.LearnerFilter",
    "GROUP_FILTER_PARSER": "tests.support.django_lms.filters.TeamFilter",
}
SCIM_SERVICE_PROVIDER = {
    "NETLOC": "lms.example.test",
    "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "Token", "description": "A bearer token"}],
    "GROUP_MODEL": "tests.support.django_lms.models.Team",
    **({} if os.environ.get("LMS_PLAIN") else _OURS),
}
