"""The product's settings for tests: deaf to the environment of whoever runs them.

They know two variables of their own. TEST_DATABASE_URL names a PostgreSQL server in which a
database test_... may be made and dropped; without it SQLite is used. TEST_REDIS_URL names a Redis
that may be emptied.
"""

import atexit
import os
import shutil
import tempfile

OWN_NAMES = ("DCM_", "GENESYS_", "DJANGO_SUPERUSER_", "ALLOWED_", "CSRF_", "CELERY_", "SECRET_")
ASKED_FOR = "DCM_CHAOS_"  # how much of tests/faults: make chaos
OWN = {"DATABASE_URL", "REDIS_URL", "TIME_ZONE", "PORT", "DEBUG", "LOG_LEVEL", "WEB_CONCURRENCY"}
for _name in [name for name in os.environ if name in OWN or name.startswith(OWN_NAMES)]:
    if not _name.startswith(ASKED_FOR):
        del os.environ[_name]

FOLDER = tempfile.mkdtemp(prefix="dcm-test-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
os.environ |= {"DCM_VAR_DIR": FOLDER, "DCM_ENV_FILE": os.devnull}
if "TEST_DATABASE_URL" in os.environ:
    # The product's two ways of life: everything embedded, or both servers.
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
    os.environ["REDIS_URL"] = os.environ.get("TEST_REDIS_URL", "")

from dcm import settings as product  # noqa: E402 - the environment had to be made first

globals().update({name: getattr(product, name) for name in dir(product) if name.isupper()})
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # no test is about hashing
if product.ON_SQLITE:
    # A file, as in life: in memory there is neither a lock nor a second process.
    product.DATABASES["default"]["TEST"] = {"NAME": f"{FOLDER}/test.sqlite3"}
