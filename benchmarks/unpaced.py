"""Kinds without a pace of their own: what is measured is ours alone."""

from integrations.domain.delivery import Pace
from integrations.extensions.kind import Extension
from integrations.webhooks.kind import Webhook


class Unpaced(Webhook):
    name = "unpaced"
    pace = Pace(at_once=8, per_s=10_000.0)


class UnpacedExtension(Extension):
    pace = Pace(at_once=Extension.pace.at_once, per_s=10_000.0)
