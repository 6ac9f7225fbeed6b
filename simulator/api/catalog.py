"""The organization as the API tells it: users, queues, divisions, codes, schedules, utilization."""

from typing import Any

from simulator.world.organization import (
    ALERTING_TIMEOUT,
    CAPACITY,
    INTERRUPTABLE,
    UTILIZATION_NAMES,
    Agent,
    Division,
    Named,
    Organization,
    Queue,
    Schedule,
    ScheduleGroup,
)

Entity = dict[str, Any]
_FOUNDED = "2023-04-03T07:00:00.000Z"


def organization(of: Organization) -> Entity:
    return {
        "id": of.id,
        "name": "Harbour Insurance",
        "thirdPartyOrgName": "harbour",
        "domain": "harbour.example",
        "defaultLanguage": "en-US",
        "defaultCountryCode": "DE",
        "state": "active",
        "version": 7,
        "selfUri": "/api/v2/organizations/me",
    }


def user(agent: Agent, of: Organization) -> Entity:
    return {
        "id": agent.id,
        "name": agent.name,
        "division": _division_ref(agent.division_id, of),
        "chat": {"jabberId": f"{agent.id}@harbour.example"},
        "email": agent.email,
        "primaryContactInfo": [
            {"address": agent.email, "mediaType": "EMAIL", "type": "PRIMARY"},
        ],
        "addresses": [],
        "state": "active",
        "username": agent.email,
        "version": 12,
        "acdAutoAnswer": False,
        "selfUri": f"/api/v2/users/{agent.id}",
    }


def queue(each: Queue, of: Organization) -> Entity:
    members = sum(each.id in agent.queue_ids for agent in of.agents)
    entity: Entity = {
        "id": each.id,
        "name": each.name,
        "division": _division_ref(each.division_id, of),
        "dateCreated": _FOUNDED,
        "dateModified": _FOUNDED,
        "memberCount": members,
        "userMemberCount": members,
        "joinedMemberCount": members,
        "mediaSettings": _media_settings(each),
        "acwSettings": {"wrapupPrompt": "MANDATORY_TIMEOUT", "timeoutMs": 120_000},
        "skillEvaluationMethod": "BEST",
        "autoAnswerOnly": False,
        "enableTranscription": False,
        "enableManualAssignment": False,
        "selfUri": f"/api/v2/routing/queues/{each.id}",
    }
    if each.media == "email":
        entity["outboundEmailAddress"] = _email_address(each)
    return entity


def _media_settings(each: Queue) -> Entity:
    """Tell how each medium is offered; the service level is about the first answer."""
    settings: Entity = {}
    for media in ("voice", "callback", "chat", "email", "message"):
        settings[UTILIZATION_NAMES.get(media, media)] = {
            "enableAutoAnswer": each.auto_answer and media == each.media,
            "alertingTimeoutSeconds": ALERTING_TIMEOUT[media],
            "serviceLevel": {"percentage": 0.8, "durationMs": each.answer_within},
        }
    if each.media == "email":
        settings["email"]["allOutboundEmailAddresses"] = [_email_address(each)]
    if each.message_type:
        settings["message"]["subTypeSettings"] = {
            each.message_type: {"enableAutoAnswer": each.auto_answer}
        }
        settings["message"]["enableInactivityTimeout"] = True
        settings["message"]["inactivityTimeoutSettings"] = {
            "timeoutSeconds": 36_000,
            "actionType": "DISCONNECT",
        }
    return settings


def _email_address(each: Queue) -> Entity:
    local, _, domain = each.address.partition("@")
    return {
        "domain": {"id": domain, "selfUri": f"/api/v2/routing/email/domains/{domain}"},
        "route": {"id": each.id, "pattern": local, "fromEmail": each.address},
    }


def division(each: Division) -> Entity:
    return {
        "id": each.id,
        "name": each.name,
        "homeDivision": each.home,
        "selfUri": f"/api/v2/authorization/divisions/{each.id}",
    }


def wrap_up_code(code: Named, of: Organization) -> Entity:
    return {
        "id": code.id,
        "name": code.name,
        "division": _division_ref(of.divisions[0].id, of),
        "dateCreated": _FOUNDED,
        "selfUri": f"/api/v2/routing/wrapupcodes/{code.id}",
    }


def utilization() -> Entity:
    """Tell capacities and which media may interrupt which; voice is `call` here."""
    return {
        "utilization": {
            UTILIZATION_NAMES.get(media, media): {
                "maximumCapacity": capacity,
                "interruptableMediaTypes": sorted(
                    UTILIZATION_NAMES.get(other, other) for other in INTERRUPTABLE[media]
                ),
                "includeNonAcd": False,
            }
            for media, capacity in CAPACITY.items()
        },
        "labelUtilizations": {},
        "maxInboundCalls": 1,
    }


def schedule(each: Schedule, of: Organization) -> Entity:
    """Tell a schedule. Its times are local and carry no zone: the group has it."""
    entity: Entity = {
        "id": each.id,
        "name": each.name,
        "division": _division_ref(of.divisions[0].id, of),
        "version": 3,
        "dateCreated": _FOUNDED,
        "dateModified": _FOUNDED,
        "state": "active",
        "start": each.start,
        "end": each.end,
        "selfUri": f"/api/v2/architect/schedules/{each.id}",
    }
    if each.rrule:
        entity["rrule"] = each.rrule
    return entity


def schedule_group(each: ScheduleGroup, of: Organization) -> Entity:
    def references(ids: tuple[str, ...]) -> list[Entity]:
        return [{"id": id_, "selfUri": f"/api/v2/architect/schedules/{id_}"} for id_ in ids]

    return {
        "id": each.id,
        "name": each.name,
        "division": _division_ref(of.divisions[0].id, of),
        "version": 2,
        "dateCreated": _FOUNDED,
        "dateModified": _FOUNDED,
        "state": "active",
        "timeZone": of.zone,
        "openSchedules": references(each.open_ids),
        "closedSchedules": references(each.closed_ids),
        "holidaySchedules": references(each.holiday_ids),
        "selfUri": f"/api/v2/architect/schedulegroups/{each.id}",
    }


def _division_ref(id_: str, of: Organization) -> Entity:
    name = next(each.name for each in of.divisions if each.id == id_)
    return {"id": id_, "name": name, "selfUri": f"/api/v2/authorization/divisions/{id_}"}
