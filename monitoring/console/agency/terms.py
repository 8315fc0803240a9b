"""An agency's agreement as people read it: what it may have, about whom, why, and how it gets it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from hub.agreements import Agreement
from replay.schedule import DEFAULT
from schemas.catalogue import Catalogue
from schemas.reference.units import VN34, province

_EPOCH: Final = date(1970, 1, 1)
#: A last day from here on means: no end.
_ENDLESS: Final = date(9999, 1, 1)
_DAY: Final = 86_400_000
#: Vietnam's time, of which a day of an agreement is one.
_OFFSET: Final = 7 * 3_600_000


@dataclass(frozen=True, slots=True)
class GrantShown:
    """Types that an agency may have for one purpose on one basis."""

    purpose: str
    #: The statute; None: only with the person's consent.
    statute: str | None
    only_if_received: bool
    #: Type → the names of the fields that the agency sees of it.
    views: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Terms:
    """An agreement."""

    agency: str
    name_vi: str
    name_en: str
    sector: str
    way: str
    valid_from: date
    #: None: no end.
    valid_until: date | None
    in_force: bool
    grants: Sequence[GrantShown]
    #: The provinces to which it is limited, by name; None: no such limit.
    provinces: Sequence[str] | None
    #: How many persons a list limits it to; None: no such limit. Never who.
    persons: int | None
    #: The pauses after each failed attempt, such as 30s or 2h.
    schedule: Sequence[str]
    #: Host of a webhook: path and query may hold a secret.
    endpoint: str | None
    #: Its own Kafka group, if it reads so.
    group: str | None


def terms_of(agreement: Agreement, catalogue: Catalogue, now: int) -> Terms:
    """Return an agreement as it is shown at `now` (ms since 1970 UTC)."""
    first, last = _day(agreement.valid_from), _day(agreement.valid_until)
    population, delivery = agreement.population, agreement.delivery
    return Terms(
        agreement.agency,
        agreement.name_vi,
        agreement.name_en,
        agreement.sector,
        delivery["way"],
        first,
        None if last >= _ENDLESS else last,
        first <= _day((now + _OFFSET) // _DAY) <= last,
        _grants(agreement, catalogue),
        None if population.provinces is None else sorted(map(_province, population.provinces)),
        None if population.persons is None else len(population.persons),
        tuple(delivery.get("schedule", DEFAULT)),
        _host(delivery),
        delivery.get("group"),
    )


def _grants(agreement: Agreement, catalogue: Catalogue) -> Sequence[GrantShown]:
    """Put the types together that are for one purpose on one basis."""
    found: dict[tuple[str, str | None, bool], dict[str, Sequence[str]]] = {}
    for type_name, grant in agreement.grants.items():
        view = catalogue.view(agreement.agency, type_name)
        key = (grant.purpose, grant.statute, grant.only_if_received)
        found.setdefault(key, {})[type_name] = view.fields if view else ()
    return [GrantShown(*key, views) for key, views in found.items()]


def _province(code: str) -> str:
    known = province(code, VN34)
    return f"{known.name} ({code})" if known else code


def _host(delivery: Mapping[str, Any]) -> str | None:
    if delivery["way"] != "webhook":
        return None
    parts = urlsplit(str(delivery.get("url", "")))
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}" if parts.hostname else None


def _day(days: int) -> date:
    return _EPOCH + timedelta(days=min(days, (date.max - _EPOCH).days))
