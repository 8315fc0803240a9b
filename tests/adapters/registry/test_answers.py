"""The registry's answers, one by one, as they go over the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from schemas.versions import event_subject, view_subject
from tests.hub.making import CATALOGUE

DEATH = event_subject("DeathRegistered")
DEATH_ID = CATALOGUE.types["DeathRegistered"].schema_id


@pytest.fixture(scope="module")
def web(registry_url: str) -> Iterator[httpx2.Client]:
    """A client of the served registry."""
    with httpx2.Client(base_url=registry_url) as client:
        yield client


def get(web: httpx2.Client, path: str, status: int = 200) -> Any:
    answer = web.get(path)
    assert answer.headers["content-type"] == "application/vnd.schemaregistry.v1+json"
    assert answer.status_code == status, answer.text
    return answer.json()


def test_every_recorded_schema_is_served_under_its_id_subject_and_version(web: httpx2.Client) -> None:
    for schema_id, one in CATALOGUE.recorded.items():
        by_id = json.loads(get(web, f"/schemas/ids/{schema_id}")["schema"])
        assert by_id == one.schema == get(web, f"/schemas/ids/{schema_id}/schema")
        row = get(web, f"/subjects/{quote(one.subject, safe='')}/versions/{one.version}")
        assert (row["id"], row["subject"], row["version"]) == (schema_id, one.subject, one.version)
        place = {"subject": one.subject, "version": one.version}
        assert get(web, f"/schemas/ids/{schema_id}/versions") == [place]
        assert get(web, f"/schemas/ids/{schema_id}/subjects") == [one.subject]


def test_subjects_are_named_as_recorded(web: httpx2.Client) -> None:
    subjects = get(web, "/subjects?deleted=true")
    assert view_subject("tax", "DeathRegistered") in subjects
    assert len(subjects) == len({one.subject for one in CATALOGUE.recorded.values()})
    only_tax = get(web, "/subjects?subjectPrefix=outbox.tax-")
    assert only_tax == [name for name in subjects if name.startswith("outbox.tax-")] != []
    assert len(get(web, "/schemas")) == len(CATALOGUE.recorded)


def test_a_subject_may_be_percent_encoded_altogether(web: httpx2.Client) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in DEATH.encode())
    assert get(web, f"/subjects/{encoded}/versions") == [1]


@pytest.mark.parametrize("latest", ["latest", "-1", "1"])
def test_the_latest_version_has_several_names(web: httpx2.Client, latest: str) -> None:
    assert get(web, f"/subjects/{DEATH}/versions/{latest}?deleted=false")["id"] == DEATH_ID
    assert get(web, f"/subjects/{DEATH}/versions/{latest}/schema")["name"] == "DeathRegistered"


def test_it_says_what_it_is_and_that_it_is_read_only(web: httpx2.Client) -> None:
    assert get(web, "/schemas/types") == ["AVRO"]
    assert get(web, "/config") == {"compatibilityLevel": "FULL_TRANSITIVE"}
    assert get(web, f"/config/{DEATH}?defaultToGlobal=true") == {"compatibilityLevel": "FULL_TRANSITIVE"}
    assert get(web, "/mode") == get(web, f"/mode/{DEATH}") == {"mode": "READONLY"}
    assert "dancu schemas record" in get(web, "/")["how_a_schema_gets_in"]
    assert get(web, "/schemas/ids/1?fetchMaxId=true&subject=x")["maxId"] == max(CATALOGUE.recorded)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subjects/nobody/versions", 404, 40401),
        ("/subjects/nobody/versions/latest", 404, 40401),
        ("/config/nobody", 404, 40401),
        (f"/subjects/{DEATH}/versions/99", 404, 40402),
        (f"/subjects/{DEATH}/versions/newest", 422, 42202),
        (f"/subjects/{DEATH}/versions/0", 422, 42202),
        (f"/subjects/{DEATH}/versions/{'9' * 5000}", 422, 42202),
        ("/schemas/ids/9999", 404, 40403),
        ("/schemas/ids/first", 404, 40403),
        (f"/schemas/ids/{'9' * 5000}", 404, 40403),
        ("/associations/resources/-/received?resourceType=topic", 404, 404),
        ("/nothing/here", 404, 404),
    ],
)
def test_what_is_not_there_has_the_code_that_clients_know(
    web: httpx2.Client, path: str, status: int, code: int
) -> None:
    answer = get(web, path, status)
    assert answer["error_code"] == code
    assert answer["message"].endswith(".")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/subjects/new/versions"),
        ("POST", f"/subjects/{DEATH}/versions"),
        ("DELETE", f"/subjects/{DEATH}"),
        ("DELETE", f"/subjects/{DEATH}/versions/1"),
        ("PUT", "/config"),
        ("PUT", f"/mode/{DEATH}"),
        ("POST", f"/compatibility/subjects/{DEATH}/versions/latest"),
    ],
)
def test_a_change_is_refused_with_words_that_say_how_a_schema_gets_in(
    web: httpx2.Client, method: str, path: str
) -> None:
    answer = web.request(method, path, json={"schema": '"string"'})
    assert (answer.status_code, answer.json()["error_code"]) == (422, 42205)
    assert "dancu schemas record" in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"schema":1}',
        b'{"schema":"{}","schemaType":"JSON"}',
        b'{"schema":"{\\"type\\":1}"}',
    ],
)
@pytest.mark.parametrize("path", [f"/subjects/{DEATH}", f"/subjects/{DEATH}/versions"])
def test_what_is_no_schema_is_refused_as_such(web: httpx2.Client, path: str, body: bytes) -> None:
    answer = web.post(path, content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (422, 42201)


def test_a_question_without_end_is_not_read_to_its_end(web: httpx2.Client) -> None:
    answer = web.post(f"/subjects/{DEATH}", content=b" " * 300_000)
    assert (answer.status_code, answer.json()["error_code"]) == (413, 413)
