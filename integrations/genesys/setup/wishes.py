"""What the administrator asks for, and what each thing must look like for it: values only."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgspec

from integrations.genesys.setup import names

TIMEOUT_S: Final = 10
# What the workflow hands on: texts, but for the time, which it makes one.
TEXTS: Final = (
    "conversationId",
    "participantId",
    "sessionId",
    "userId",
    "queueId",
    "mediaType",
    "disconnectType",
)
TIME: Final = "eventTime"
REQUEST_TEMPLATE: Final = "${input.rawRequest}"
SUCCESS_TEMPLATE: Final = "${rawResult}"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """url is our own, without a path. No queue or medium means all; no ttl, no limit."""

    url: str
    queue_ids: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    ttl_s: int | None = None
    enabled: bool = True

    @property
    def hook(self) -> str:
        return f"{self.url.rstrip('/')}/hooks/genesys/"


def contract() -> Json:
    """Return what goes into the data action, and that nothing need come out of it."""
    properties = {name: {"type": "string"} for name in ("topic", *TEXTS, TIME)}
    return {
        "input": {
            "inputSchema": {
                "type": "object",
                "additionalProperties": True,
                "required": ["topic", "conversationId"],
                "properties": properties,
            }
        },
        "output": {
            "successSchema": {"type": "object", "additionalProperties": True, "properties": {}}
        },
    }


def config(wishes: Wishes) -> Json:
    """Return how the data action calls us. The token stands in the credential alone."""
    return {
        "timeoutSeconds": TIMEOUT_S,
        "request": {
            "requestUrlTemplate": wishes.hook,
            "requestType": "POST",
            "headers": {
                "Authorization": f"Bearer ${{credentials.{names.TOKEN_FIELD}}}",
                "Content-Type": "application/json",
            },
            "requestTemplate": REQUEST_TEMPLATE,
        },
        "response": {
            "translationMap": {},
            "translationMapDefaults": {},
            "successTemplate": SUCCESS_TEMPLATE,
        },
    }


def trigger(event: str, flow_id: str, wishes: Wishes) -> Json:
    """Return the trigger of an event. Those of customers name no queue, and pass for all."""
    criteria = [_is_in("mediaType", tuple(medium.upper() for medium in wishes.media))]
    if names.EVENTS[event]:
        criteria.append(_is_in("queueId", wishes.queue_ids))
    return {
        "name": names.of_event(event),
        "topicName": names.TOPIC + event,
        "enabled": wishes.enabled,
        "target": {
            "type": "Workflow",
            "id": flow_id,
            "workflowTargetSettings": {"dataFormat": "TopLevelPrimitives"},
        },
        "matchCriteria": [each for each in criteria if each["values"]],
        "description": f"Starts the workflow {names.of_event(event)}. Made by genesys_setup.",
    } | ({} if wishes.ttl_s is None else {"eventTTLSeconds": wishes.ttl_s})


def _is_in(field: str, values: tuple[str, ...]) -> Json:
    return {"jsonPath": field, "operator": "In", "values": sorted(values)}


def description(event: str, division: str) -> str:
    """Return a workflow's description: it ends in what its content is told by."""
    content = workflow(event, division, "")
    mark = blake2b(content.encode(), digest_size=6).hexdigest()
    return f"Sends {event} to DCM. Made by genesys_setup, {mark}."


def workflow(event: str, division: str, told: str) -> str:
    """Return the workflow of an event in the YAML that Architect and Archy read."""
    variables = "".join(_variable("string", name) for name in TEXTS) + _variable("integer", TIME)
    inputs = _input("topic", "lit", _text(names.TOPIC + event))
    inputs += "".join(_input(name, "exp", _text(f"Flow.{name}")) for name in TEXTS)
    inputs += _input(TIME, "exp", _text(f"ToString(Flow.{TIME})"))
    return _WORKFLOW.format(
        name=_text(names.of_event(event)),
        description=_text(told),
        division=_text(division),
        variables=variables,
        category=_text(names.INTEGRATION),
        action=_text(names.ACTION),
        inputs=inputs,
    )


def _text(value: str) -> str:
    """Quote a text: what JSON quotes, YAML reads."""
    return msgspec.json.encode(value).decode()


def _variable(kind: str, name: str) -> str:
    return f"""    - {kind}Variable:
        name: {_text(f"Flow.{name}")}
        initialValue:
          noValue: true
        isInput: true
        isOutput: false
"""


def _input(name: str, kind: str, value: str) -> str:
    return f"""                        {name}:
                          {kind}: {value}
"""


_WORKFLOW: Final = """workflow:
  name: {name}
  description: {description}
  division: {division}
  startUpRef: "/workflow/states/state[Initial State_10]"
  defaultLanguage: en-us
  supportedLanguages:
    en-us:
      none: true
  variables:
{variables}  settingsErrorHandling:
    errorHandling:
      endWorkflow:
        none: true
  states:
    - state:
        name: Initial State
        refId: Initial State_10
        actions:
          - callData:
              name: Send the event
              timeout:
                lit:
                  minutes: 1
              category:
                {category}:
                  dataAction:
                    {action}:
                      inputs:
{inputs}          - endWorkflow:
              name: End Workflow
              exitReason:
                noValue: true
"""
