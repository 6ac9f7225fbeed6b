"""Who has said, where we told of something, that it is looked after."""

from django.db import models

from integrations.models.outbox import Delivery


class Acknowledgement(models.Model):
    """The first person who acknowledged what a delivery told; the user is one of the chat tool."""

    delivery = models.OneToOneField(
        Delivery, on_delete=models.CASCADE, related_name="acknowledgement"
    )
    user_id = models.CharField(max_length=100)
    user_name = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} at {self.at}"
