"""The objects and fields in Salesforce that are written or read: what salesforce/ deploys."""

from typing import Final

CASE: Final = "Case"
TASK: Final = "Task"
HOLD: Final = "DCM_Hold__c"

# Of DCM_Hold__c. The key is its external id, unique: what makes a repeated write harmless.
KEY: Final = "Key__c"
CASE_OF: Final = "Case__c"
CONVERSATION: Final = "Conversation_Id__c"
SESSION: Final = "Session_Id__c"
AGENT: Final = "Agent__c"
AGENT_NAME: Final = "Agent_Name__c"
MEDIA_TYPE: Final = "Media_Type__c"
QUEUE: Final = "Queue__c"
STARTED_AT: Final = "Started_At__c"
ENDED_AT: Final = "Ended_At__c"
DURATION: Final = "Duration_Seconds__c"
INTERRUPTED_BY: Final = "Interrupted_By__c"
INTERRUPTED_S: Final = "Interrupted_Seconds__c"
STATE: Final = "State__c"
HOLD_FIELDS: Final = (
    *(KEY, CASE_OF, CONVERSATION, SESSION, AGENT, AGENT_NAME, MEDIA_TYPE, QUEUE),
    *(STARTED_AT, ENDED_AT, DURATION, INTERRUPTED_BY, INTERRUPTED_S, STATE),
)

# Of Case: when the agent connected for whom the owner was set; a conversation's id.
ASSIGNED_AT: Final = "Genesys_Assigned_At__c"
CASE_CONVERSATION: Final = "Genesys_Conversation_Id__c"
CASE_FIELDS: Final = (ASSIGNED_AT, CASE_CONVERSATION)

# Of Task. CallObject carries the hold's key where Task has no external id for it.
TASK_KEY: Final = "DCM_Key__c"
TASK_MARK: Final = "CallObject"
TASK_FIELDS: Final = (
    *("WhatId", "Subject", "Description", "Status", "ActivityDate", "CallDurationInSeconds"),
    TASK_MARK,
)
