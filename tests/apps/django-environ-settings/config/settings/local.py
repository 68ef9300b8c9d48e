from .base import *  # noqa: F403

SECRET_KEY = "local"
DEBUG = True
INSTALLED_APPS += ["debug_toolbar"]  # noqa: F405
