"""What the web application says of itself in /openapi.json holds: schemathesis makes requests from it, good and bad."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from adapters.registry.serving import served
from consumers.loop import deliver_once
from consumers.pull.feeds import Feeds
from deploy import counters
from deploy.bootstrap import Hub, open_hub
from deploy.replaying import desk_of, router_of
from deploy.settings import load_settings
from deploy.web.app import web_of
from deploy.web.parts import feeds_of, snapshots_of
from hub.access import AGENCY, OPERATOR, Holder, Tokens
from hub.destination import Receipt, Rejection
from hub.eventlog import Outputs
from hub.observe import nobody
from hub.pipeline import process_batch
from hub.registers import Registers
from hub.replays import Kind
from hub.topics import PIPELINE, RECEIVED
from replay.desk import Limits
from replay.selection import Selection
from tests.hub.making import MOVE, admitted, event

#: Requests made for each operation, of each kind.
_EXAMPLES = 6
#: It never ends, so nobody could look at the whole of it; `tests/consumers/pull/test_stream.py` does.
_ENDLESS = "/feeds/{agency}/events"
#: What comes there is sealed, so no description can tell of it; it may be anything, and breaks nothing.
_SEALED = "/edge/"
#: The web server hangs up on whoever sends a longer line.
_LONGEST = 60_000
#: What the web server itself says of what is no HTTP, before any of us is asked.
_UNREAD = b"Invalid HTTP request received."


class Refuses:
    """An agency that takes nothing."""

    def deliver(self, events: Any) -> Receipt:
        return Receipt([Rejection(one.event_id, "constraint", "no such title") for one in events])


@dataclass(frozen=True)
class Served:
    """A hub with some of everything, at a URL."""

    url: str
    replay: str
    #: Who asks, by what a path begins with.
    tokens: Mapping[str, str]

    def token(self, path: str) -> str:
        return next(token for begin, token in self.tokens.items() if path.startswith(begin))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub that has decided about some events, of which an agency takes none, and where a replay is planned."""
    with open_hub(load_settings(home=tmp_path_factory.mktemp("described") / "home")) as hub:
        _fill(hub)
        plan = desk_of(hub).plan(Kind.DELIVERIES, Selection(agency="tax"), "lan", "mended", Limits())
        tokens = Tokens(hub.deliveries_db)
        given_out = {
            "/api/audit": tokens.new(Holder(OPERATOR, "an", "auditor"), "test", 0),
            "/api": tokens.new(Holder(OPERATOR, "lan", "approver"), "test", 0),
            "": tokens.new(Holder(AGENCY, "tax", None), "test", 0),
        }
        with _served(hub) as url:
            yield Served(url, plan.id, given_out)


@contextmanager
def _served(hub: Hub) -> Iterator[str]:
    usual = feeds_of(hub)
    usual.close()
    feeds = Feeds(replace(usual.parts, limits=replace(usual.parts.limits, wait=0.01)))
    app = web_of(feeds, snapshots_of(hub, feeds), router_of(hub), counters.router_of(hub))
    with closing(feeds), served(app) as url:
        yield url


def _fill(hub: Hub) -> None:
    sent = [admitted(event("ResidenceChanged", f"move-{n}", MOVE)) for n in range(3)]
    hub.log.append(Outputs({RECEIVED: sent}))
    batch = hub.log.read(RECEIVED, PIPELINE, 100)
    process_batch(hub.log, Registers(hub.databases.pipeline), hub.rules, batch, nobody)
    deliver_once(hub.feed("tax", Refuses()))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_every_answer_is_one_that_the_description_tells_of(hub: Served, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{hub.url}/openapi.json")
    known = {"agency": "tax", "replay_id": hub.replay, "event_id": "move-0"}
    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]  # else it raises what is wrong with it
            if operation.path == _ENDLESS:
                continue
            _try(operation, mode, hub, session, {})
            named = {name: value for name, value in known.items() if f"{{{name}}}" in operation.path}
            if named:
                _try(operation, mode, hub, session, named)


def _not_asked_of(case: Any) -> list[Any]:
    """Return the checks that say nothing: whether a cursor or a filter can be meant no description tells."""
    one = (case.query or {}).get("event_ids")
    if one is None or isinstance(one, list):
        return [positive_data_acceptance]
    return [positive_data_acceptance, negative_data_rejection]  # in a URL a value alone is a list of one


def _url_of(case: Any) -> str:
    asked = case.as_transport_kwargs()
    return str(requests.Request(asked["method"], asked["url"], params=asked.get("params")).prepare().url)


def _try(operation: Any, mode: GenerationMode, hub: Served, session: requests.Session, named: dict[str, str]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=named or None))
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        headers = {"Authorization": f"Bearer {hub.token(operation.path)}"}
        assume(len(_url_of(case)) < _LONGEST)
        answer = case.call(session=session, headers=headers, timeout=30)
        if operation.path.startswith(_SEALED):
            case.validate_response(answer, checks=[not_a_server_error])
        elif answer.content != _UNREAD:
            case.validate_response(answer, headers=headers, excluded_checks=_not_asked_of(case))

    with suppress(Unsatisfiable):  # no request to it could be bad
        ask()
