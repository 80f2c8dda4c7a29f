"""`python -m uvicorn tests.support.django_lms.asgi:application`: makes the tables, then answers."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.django_lms.settings")

from django.core.asgi import get_asgi_application
from django.core.management import call_command

application = get_asgi_application()
call_command("migrate", run_syncdb=True, verbosity=0)
