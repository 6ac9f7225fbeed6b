"""The Django project of DCM."""

from dcm.celery import app as celery_app

__all__ = ["celery_app"]
