"""Where others send us events."""

from django.urls import path

from integrations.eventbridge import envelope
from integrations.inbox.views import hook
from integrations.models import Source
from integrations.slack.views import interact

genesys = hook(Source.Kind.GENESYS)
eventbridge = hook(Source.Kind.EVENTBRIDGE, envelope.sender_id)

# A sender that leaves out the slash would be redirected, and few repeat a POST at a redirect.
# A source that signs is named in the path; one with a token may be.
urlpatterns = [
    path("genesys/", genesys, name="genesys"),
    path("genesys", genesys),
    path("genesys/<str:name>/", genesys, name="genesys-of"),
    path("eventbridge/", eventbridge, name="eventbridge"),
    path("eventbridge", eventbridge),
    path("eventbridge/<str:name>/", eventbridge, name="eventbridge-of"),
    path("slack/", interact, name="slack"),
    path("slack", interact),
]
app_name = "hooks"
