"""The schedule of beat: which task is sent how often, read from the environment.

A tick that nobody took before the next one is worth nothing: state lives in rows.
"""

from typing import Any, Final

from dcm import env

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
LATE_BY_S: Final = 10


def read(*, demo: bool) -> dict[str, Any]:
    """Return the schedule; in the demo, where nobody waits for minutes, things come sooner."""
    return {
        name.rpartition(".")[2].replace("_", "-"): _every(name, seconds)
        for name, seconds in (_genesys(demo=demo) | _own()).items()
    }


def _genesys(*, demo: bool) -> dict[str, int]:
    """Return how often each task of the worker that reads Genesys is sent."""
    poll = env.number("DCM_POLL_SECONDS", default=10 if demo else 60, least=1)
    reread = env.number("DCM_OPEN_SECONDS", default=15 if demo else 120, least=1)
    directory = env.number("DCM_SYNC_SECONDS", default=300 if demo else 900, least=1)
    messages = env.number("DCM_MESSAGES_SECONDS", default=15 if demo else 60, least=1)
    find = env.number("DCM_FIND_OPEN_SECONDS", default=120 if demo else 600, least=1)
    feedback = env.number("DCM_FEEDBACK_SECONDS", default=60 if demo else 900, least=1)
    presence = env.number("DCM_PRESENCE_SECONDS", default=15 if demo else 300, least=1)
    wanted = env.number("DCM_WANTED_SECONDS", default=1, least=1)
    verify = env.number("DCM_VERIFY_SECONDS", default=1, least=1)
    last_day = env.number("DCM_LAST_DAY_SECONDS", default=900 if demo else HOUR, least=1)
    jobs = env.number("DCM_JOBS_SECONDS", default=15 if demo else 60, least=1)
    reconcile = env.number("DCM_RECONCILE_SECONDS", default=10, least=1)
    enforce = env.number("DCM_ENFORCE_SECONDS", default=10 if demo else 60, least=1)
    erasures = env.number("DCM_GDPR_SECONDS", default=60 if demo else HOUR, least=1)
    return {
        "integrations.genesys.poll": poll,
        "integrations.genesys.reread_open": reread,
        "integrations.genesys.reread_wanted": wanted,
        "integrations.genesys.read_writers": wanted,
        "integrations.genesys.verify_connected": verify,
        "integrations.genesys.find_open": find,
        "integrations.genesys.last_day": last_day,
        "integrations.genesys.nightly": jobs,
        "integrations.genesys.reconcile": reconcile,
        "integrations.genesys.read_messages": messages,
        "integrations.genesys.read_feedback": feedback,
        "integrations.genesys.read_presence": presence,
        "integrations.genesys.synchronise": directory,
        "integrations.genesys.enforce": enforce,
        "integrations.genesys.mirror_erasures": erasures,
    }


def _own() -> dict[str, int]:
    """Return how often each task that asks nobody is sent."""
    return {
        "integrations.process_inbox": env.number("DCM_INBOX_SECONDS", default=2, least=1),
        "integrations.derive": env.number("DCM_DERIVE_SECONDS", default=5, least=1),
        "integrations.deliver": env.number("DCM_DELIVER_SECONDS", default=2, least=1),
        "integrations.sweep_salesforce": env.number("DCM_SALESFORCE_SECONDS", default=5, least=1),
        "sla.recompute": env.number("DCM_RECOMPUTE_SECONDS", default=2, least=1),
        "sla.work_off_backtests": env.number("DCM_BACKTEST_SECONDS", default=2, least=1),
        "integrations.check_timers": env.number("DCM_SLA_SECONDS", default=1, least=1),
        "sla.tend_alerts": env.number("DCM_ALERTS_SECONDS", default=5, least=1),
        "integrations.watch_roads": MINUTE,
        "integrations.ping_deadman": MINUTE,
        "handling.refresh_open": MINUTE,
        "sla.drop_old_timers": HOUR,
        "sla.drop_old_alerts": HOUR,
        "conversations.drop_old_documents": HOUR,
        "conversations.drop_old_news": HOUR,
        "conversations.drop_old_presence": HOUR,
        "integrations.drop_old_events": HOUR,
        "integrations.drop_old_deliveries": HOUR,
        "integrations.strip_old_personal_data": DAY,
    }


def _every(task: str, seconds: int) -> dict[str, Any]:
    """Return beat's entry.

    A busy worker may be some seconds late: what is sent each second must not be over by then, each
    time, or it would never be done.
    """
    expires = max(seconds, LATE_BY_S)
    return {"task": task, "schedule": seconds, "options": {"expires": expires}}
