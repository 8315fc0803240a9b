"""A country's agencies: 80 agreements. Those that join the five shipped ones share the views of tax."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from schemas.reference.units import VN34, provinces

_SHIPPED = Path(__file__).parents[3] / "deploy" / "agreements"
_LOCAL = ("BirthRegistered", "DeathRegistered", "ResidenceChanged")
#: Provinces whose office for administrative procedures has an agreement of its own, beside the province's.
_OFFICES = 27
#: What an agency rejected stays with an operator: nothing comes again by itself while somebody looks.
_LATER: dict[str, Any] = {"schedule": []}


class Party(NamedTuple):
    """An agency that joins the five shipped ones."""

    agency: str
    vi: str
    en: str
    sector: str
    types: Sequence[str]
    delivery: Mapping[str, Any]
    basis: Any
    population: Any = "everyone"


def _by(statute: str) -> dict[str, str]:
    return {"statute": statute}


_FEED = {"way": "feed"}
_SQL = {"way": "sql", **_LATER}
_CLEAN = _by("Law on Identification 26/2023/QH15, Article 10 (sharing between state agencies)")
_MOVED = ("ResidenceChanged", "PersonDetailsCorrected")
_NATIONAL = (
    Party("justice", "Bộ Tư pháp", "Ministry of Justice", "ministry", ("DeathRegistered",), _SQL, _CLEAN),
    Party("education", "Bộ Giáo dục", "Ministry of Education", "ministry", ("BirthRegistered",), _SQL, _CLEAN),
    Party("health", "Bộ Y tế", "Ministry of Health", "ministry", _LOCAL, _SQL, _CLEAN),
    Party("home_affairs", "Bộ Nội vụ", "Ministry of Home Affairs", "ministry", _MOVED, _FEED, _CLEAN),
    Party("construction", "Bộ Xây dựng", "Ministry of Construction", "ministry", _MOVED, _SQL, _CLEAN),
    Party("defence", "Bộ Quốc phòng", "Ministry of National Defence", "ministry", _LOCAL, _FEED, _CLEAN),
    Party("culture", "Bộ Văn hóa", "Ministry of Culture", "ministry", ("DeathRegistered",), _FEED, _CLEAN),
    Party("industry", "Bộ Công Thương", "Ministry of Industry and Trade", "ministry", _MOVED, _FEED, _CLEAN),
    Party(
        "electricity", "Tập đoàn Điện lực (minh họa)", "Electricity group (example)", "enterprise", _MOVED,
        {"way": "webhook", "url": "http://127.0.0.1:9/events", "secrets_env": "ELECTRICITY_SECRETS",
         "allow_private": True, **_LATER}, _by("Electricity Law 61/2024/QH15 (the customer of a household)"),
    ),
    Party("mobile_a", "Mạng di động A (minh họa)", "Mobile network A (example)", "telecom", _MOVED, _FEED, "consent"),
    Party("mobile_b", "Mạng di động B (minh họa)", "Mobile network B (example)", "telecom", _MOVED, _FEED, "consent"),
    Party("mobile_c", "Mạng di động C (minh họa)", "Mobile network C (example)", "telecom", _MOVED, _FEED, "consent"),
    Party(
        "hospital_hue", "Bệnh viện Trung ương (minh họa)", "Central hospital (example)", "health_facility",
        ("DeathRegistered", "ResidenceChanged"), _FEED, _CLEAN, {"provinces": ["46"]},
    ),
)  # fmt: skip


def make_country(home: Path) -> None:
    """Write the agreements into a home."""
    agreements = home / "agreements"
    agreements.mkdir(parents=True)
    for shipped in _SHIPPED.glob("*.yaml"):
        content = yaml.safe_load(shipped.read_text())
        content["delivery"] |= _LATER
        _write(agreements, content)
    for party in (*_NATIONAL, *_localities()):
        _write(agreements, _agreement(party))


def _localities() -> Iterator[Party]:
    today = sorted(provinces(VN34), key=lambda one: one.code)
    law = _by("Law on Residence 68/2020/QH14, Article 36 (sharing of residence data)")
    for number, one in enumerate(today):
        where, delivery = {"provinces": [one.code]}, _SQL if number % 9 == 0 else _FEED
        name = f"UBND {one.kind.lower()} {one.name}", f"People's Committee of {one.name}"
        yield Party(f"province_{one.code}", *name, "locality", _LOCAL, delivery, law, where)
    for one in today[:_OFFICES]:
        name = f"Trung tâm hành chính công {one.name}", f"One-stop office of {one.name}"
        yield Party(f"office_{one.code}", *name, "locality", _LOCAL[:2], _FEED, law, {"provinces": [one.code]})


def _agreement(party: Party) -> dict[str, Any]:
    return {
        "agency": party.agency,
        "name": {"vi": party.vi, "en": party.en},
        "view": "tax",
        "sector": party.sector,
        "valid": {"from": "2025-07-01"},
        "population": party.population,
        "grants": [{"types": list(party.types), "purpose": "keeping-records-right", "basis": party.basis}],
        "delivery": dict(party.delivery),
    }


def _write(folder: Path, content: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    (folder / f"{content['agency']}.yaml").write_text(text, encoding="utf-8")
