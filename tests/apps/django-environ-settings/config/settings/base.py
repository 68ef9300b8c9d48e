from pathlib import Path

import environ

env = environ.Env(DJANGO_TIMEZONE=(str, "UTC"))
BASE_DIR = Path(__file__).resolve().parents[2]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "shop"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "whitenoise.middleware.WhiteNoiseMiddleware"]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DATABASES = {"default": env.db("DATABASE_URL")}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
TIME_ZONE = env("DJANGO_TIMEZONE")
USE_TZ = True
