from .base import *  # noqa: F403
from .base import env

SECRET_KEY = env("DJANGO_SECRET_KEY")
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS")
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS")
SENTRY_DSN = env("SENTRY_DSN", default="")
SESSION_COOKIE_SECURE = env.bool("COOKIE_SECURE")
CACHES = {"default": env.cache("CACHE_URL")}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
