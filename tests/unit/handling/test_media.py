from handling.domain import media


def test_only_a_strictly_more_urgent_medium_interrupts() -> None:
    assert media.interrupters("chat") == {"voice", "callback"}
    assert media.interrupters("voice") == set()
    assert media.interrupters("workitem") == set(media.MEDIA) - {"workitem"}
    assert media.interrupters("cobrowse") == set()


def test_utilization_says_call_where_analytics_says_voice() -> None:
    answer = {
        "utilization": {
            "call": {"maximumCapacity": 1, "interruptableMediaTypes": []},
            "email": {"maximumCapacity": 1, "interruptableMediaTypes": ["call", "chat"]},
        },
        "labelUtilizations": {},
    }
    assert media.matrix(answer) == {"voice": frozenset(), "email": frozenset({"voice", "chat"})}


def test_what_an_agent_has_of_their_own_replaces_medium_by_medium() -> None:
    organization = {
        "email": {"interruptableMediaTypes": ["call"]},
        "chat": {"interruptableMediaTypes": ["call"]},
    }
    agent = {"level": "Agent", "utilization": {"email": {"interruptableMediaTypes": None}}}
    assert media.matrix(organization, agent) == {
        "email": frozenset(),
        "chat": frozenset({"voice"}),
    }


def test_an_answer_at_the_level_of_the_organization_is_nothing_of_the_agents_own() -> None:
    agent = {
        "level": "Organization",
        "utilization": {"email": {"interruptableMediaTypes": []}},
    }
    organization = {"email": {"interruptableMediaTypes": ["chat"]}}
    assert media.matrix(organization, agent) == {"email": frozenset({"chat"})}


def test_no_utilization_keeps_the_ranks() -> None:
    assert media.matrix({}) is None
    assert media.matrix({"utilization": {}}, {"level": "Agent"}) is None
