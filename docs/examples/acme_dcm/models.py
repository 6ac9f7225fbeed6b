"""Acme's own tables."""

from django.db import models


class Transfer(models.Model):
    """A customer was handed on."""

    key = models.CharField(max_length=250, unique=True)
    conversation_id = models.CharField(max_length=100, db_index=True)
    user_id = models.CharField(max_length=100)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class CallBack(models.Model):
    """A customer is to be called back."""

    key = models.CharField(max_length=250, unique=True)
    conversation_id = models.CharField(max_length=100)
    ended_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
