"""How extension code does that is called where events are written."""

from django.db import models


class HandlerFailure(models.Model):
    """A handler that failed in the transaction: what it was to do for these events was not done.

    Deleting the row says that somebody has seen to it; the next failure makes a new one.
    """

    handler = models.CharField(max_length=100, unique=True, help_text="Where the function stands.")
    count = models.IntegerField(default=0, help_text="How often it has failed.")
    error = models.CharField(max_length=200, help_text="Of what type the last error was.")
    place = models.CharField(max_length=200, blank=True, help_text="In which line it was raised.")
    key = models.CharField(max_length=250, help_text="The event with which it failed last.")
    since = models.DateTimeField(help_text="When it failed first.")
    failed_at = models.DateTimeField(help_text="When it failed last.")

    def __str__(self) -> str:
        return self.handler
