"""Failures, replays and the audit trail over HTTP: by role, strict about filters, every error a problem."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from deploy.web.errors import answer_errors
from hub.access import AGENCY, OPERATOR, ROLES, Holder, Tokens
from hub.access.bearer import ByToken
from replay.api import Parts, make_router
from tests.replay.office import Office

NOW = 1_800_000_000_000


class Api:
    """The routes, asked by operators of any role."""

    def __init__(self, office: Office) -> None:
        self.office = office
        tokens = Tokens(office.engine)
        self.tokens = {role: tokens.new(Holder(OPERATOR, f"the-{role}", role), "test", NOW) for role in ROLES}
        self.tokens["other"] = tokens.new(Holder(OPERATOR, "the-other", "operator"), "test", NOW)
        self.tokens["agency"] = tokens.new(Holder(AGENCY, "land", None), "test", NOW)
        app = FastAPI()
        authenticate = ByToken(tokens, lambda: NOW)
        app.include_router(make_router(Parts(office.desk, office.failures, office.engine, authenticate)))
        answer_errors(app)
        self.client = TestClient(app)

    def __call__(self, who: str, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        answer = self.client.request(method, f"/api{path}", headers=headers, json=body)
        return answer.status_code, answer.json()


@pytest.fixture
def api(office: Office) -> Api:
    """The interface of an office with two failures."""
    office.park("a", "b")
    return Api(office)


def _planned(api: Api, who: str = "operator") -> str:
    code, found = api(who, "POST", "/replays", {"selection": {"agency": "land"}, "reason": "mended"})
    assert code == 201, found
    return str(found["id"])


def test_an_operator_plans_an_approver_approves_and_it_runs(api: Api) -> None:
    api.office.threshold = 1
    api = Api(api.office)
    replay_id = _planned(api)
    assert api("operator", "POST", f"/replays/{replay_id}/approve", {"reason": "I did"})[0] == 403
    code, found = api("approver", "POST", f"/replays/{replay_id}/approve", {"reason": "looked"})
    assert (code, found["state"]) == (200, "approved")
    assert api("operator", "POST", f"/replays/{replay_id}/run", {})[1]["state"] == "running"
    api.office.mend()
    api.office.finish(replay_id)
    code, found = api("viewer", "GET", f"/replays/{replay_id}")
    assert isinstance(found["progress"], dict)
    assert (code, found["state"], found["progress"]["delivered"]) == (200, "done", 2)
    listed = api("viewer", "GET", f"/replays/{replay_id}/items?state=delivered")[1]["items"]
    assert [one["event_id"] for one in listed] == ["a", "b"]  # type: ignore[attr-defined]
    entries = api("auditor", "GET", f"/audit?subject={replay_id}")[1]["entries"]
    assert [(one["by"], one["action"]) for one in entries] == [  # type: ignore[attr-defined]
        ("the-operator", "replay.planned"),
        ("the-approver", "replay.approved"),
        ("the-operator", "replay.started"),
        ("dancu", "replay.done"),
    ]


def test_pause_resume_and_cancel(api: Api) -> None:
    replay_id = _planned(api)
    assert api("operator", "POST", f"/replays/{replay_id}/approve", {"reason": "two only"})[0] == 200
    for step, state in (("run", "running"), ("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        code, found = api("operator", "POST", f"/replays/{replay_id}/{step}", {"reason": "why"})
        assert (code, found["state"]) == (200, state)
    assert api("operator", "POST", f"/replays/{replay_id}/resume", {"reason": "why"})[0] == 409
    assert api("operator", "POST", f"/replays/{replay_id}/cancel", {})[0] == 422, "a reason is needed"


_STEPS = [
    ("GET", "/failures", {"viewer", "operator", "approver", "auditor"}),
    ("GET", "/failures/groups", {"viewer", "operator", "approver", "auditor"}),
    ("GET", "/failures/a", {"viewer", "operator", "approver", "auditor"}),
    ("GET", "/replays", {"viewer", "operator", "approver", "auditor"}),
    ("GET", "/audit", {"auditor"}),
    ("POST", "/replays", {"operator", "approver"}),
    ("POST", "/replays/ID/approve", {"approver"}),
    ("POST", "/replays/ID/run", {"operator", "approver"}),
    ("POST", "/replays/ID/pause", {"operator", "approver"}),
    ("POST", "/replays/ID/resume", {"operator", "approver"}),
    ("POST", "/replays/ID/cancel", {"operator", "approver"}),
]


def test_every_route_is_for_its_roles_only(api: Api) -> None:
    replay_id = _planned(api)
    for method, path, allowed in _STEPS:
        for who in ("", "agency", *ROLES):
            body = {"selection": {"all": True}, "reason": "x"} if path == "/replays" else {"reason": "x"}
            asked = "other" if who == "operator" and path.endswith("approve") else who
            code, found = api(asked, method, path.replace("ID", replay_id), body if method == "POST" else None)
            if who in allowed:
                assert code in (200, 201, 409), (method, path, who, found)
            else:
                assert code == (403 if who else 401), (method, path, who, found)
                assert {"type", "title", "status", "detail"} <= found.keys()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"selection": {}}, "nothing is selected"),
        ({"selection": {"agnecy": "land"}}, "unknown filter"),
        ({"selection": {"agency": "police"}}, "no such agency"),
        ({"selection": {"error_class": "unheard-of"}}, "nothing that is parked"),
        ({"selection": {"all": True}, "rate": 0}, "rate"),
        ({"selection": {"all": True}, "cap": 0}, "cap"),
        ({"selection": {"all": True}, "cap": 10**30}, "cap"),
        ({"selection": {"attempts": {"min": 10**30}}}, "attempts"),
        ({"selection": {"attempts": "5..1"}}, "attempts"),
        ({"selection": {"all": True}, "reason": ""}, "a reason"),
        ({"selection": {"all": True}, "reason": "a\0b"}, "can't be shown"),
    ],
)
def test_a_plan_that_can_not_be_meant_is_refused(api: Api, body: dict[str, object], words: str) -> None:
    code, found = api("operator", "POST", "/replays", {"reason": "why", **body})
    assert (code, words in str(found["detail"])) == (422, True), found
    assert api("viewer", "GET", "/replays")[1]["replays"] == []


def test_a_body_with_an_unknown_field_or_too_much_is_refused(api: Api) -> None:
    code, _ = api("operator", "POST", "/replays", {"selection": {"all": True}, "reason": "x", "rte": 5})
    assert code == 400
    assert api("operator", "POST", "/replays", {"selection": {"event_ids": ["x" * 2_000_000]}, "reason": "x"})[0] == 413


def test_a_dry_run_estimates_and_keeps_nothing(api: Api) -> None:
    code, found = api("operator", "POST", "/replays", {"selection": {"all": True}, "dry_run": True})
    assert code == 200
    assert found["estimate"]["deliveries"] == 2  # type: ignore[index]
    assert api("viewer", "GET", "/replays")[1]["replays"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("agnecy=land", 400),
        ("persons=079204000001", 400),
        ("since=yesterday", 422),
        ("attempts=x", 422),
        ("event_ids=", 422),
    ],
)
def test_a_filter_of_the_failures_that_is_not_known_shows_nothing_instead_of_everything(
    api: Api, query: str, status: int
) -> None:
    for path in ("/failures", "/failures/groups"):
        code, found = api("viewer", "GET", f"{path}?{query}")
        assert code == status
        assert "079204000001" not in str(found)


def test_failures_are_paged_and_filtered(api: Api) -> None:
    first = api("viewer", "GET", "/failures?limit=1")[1]
    rest = api("viewer", "GET", f"/failures?limit=5&after={first['next']}")[1]
    ids: Callable[[dict[str, object]], list[str]] = lambda page: [one["event_id"] for one in page["failures"]]  # type: ignore[attr-defined]  # noqa: E731
    assert (ids(first), ids(rest), rest["next"]) == (["a"], ["b"], None)
    assert ids(api("viewer", "GET", "/failures?event_ids=b&agency=land&attempts=1..&since=2020-01-01")[1]) == ["b"]
    assert api("viewer", "GET", "/failures?limit=1000000000")[0] == 400
    assert api("viewer", "GET", "/failures?after=x")[0] == 400
    assert api("viewer", "GET", "/failures?after=land:99999999999999999999")[0] == 400


def test_unknown_ids_are_not_found(api: Api) -> None:
    assert api("viewer", "GET", "/failures/nothing")[0] == 404
    assert api("viewer", "GET", "/replays/nothing")[0] == 404
    assert api("approver", "POST", "/replays/nothing/approve", {"reason": "x"})[0] == 404


def test_the_interface_describes_itself(api: Api) -> None:
    described = api.client.get("/openapi.json").json()
    assert {"/api/failures", "/api/replays", "/api/replays/{replay_id}/approve", "/api/audit"} <= set(
        described["paths"]
    )
