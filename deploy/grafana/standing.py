"""The table of agencies: how each is connected, how far it is, a link to its own dashboard."""

from __future__ import annotations

from deploy.grafana.panels import Panel, Query
from deploy.grafana.shapes import column, link, states, table


def agencies(chosen: str = "", *, height: int, description: str = "") -> Panel:
    """Return the table; `chosen`: labels of `dancu_agency_info` that an agency must have."""
    only = f" and on (agency) max by (agency) (dancu_agency_info{{{chosen}}})" if chosen else ""
    asked = {
        "": "max by (agency, state) (dancu_agency_state) == 1",
        "chờ giao / pending": "agency:dancu_pending_deliveries:max",
        "bị giữ / parked": "agency:dancu_parked_deliveries:max",
        "chờ lâu nhất / oldest": "agency:dancu_oldest_undelivered_age_seconds:max",
        "liên lạc cuối / last contact": "time() - max by (agency) (dancu_agency_last_contact_timestamp_seconds)",
        "không chuyển 1 giờ / withheld 1 h": "agency:dancu_events_withheld:increase1h",
    }
    return table(
        "Cơ quan / agencies",
        {heading: Query(expr + only) for heading, expr in asked.items()},
        label="agency",
        names={"agency": "cơ quan / agency", "state": "kết nối / connection"},
        overrides=[
            column("kết nối / connection", mappings=states(), custom__cellOptions={"type": "color-text"}),
            column("chờ lâu nhất / oldest", unit="s"),
            column("liên lạc cuối / last contact", unit="s"),
            column("không chuyển 1 giờ / withheld 1 h", decimals=0),
            column(
                "cơ quan / agency",
                links=link("Một cơ quan / one agency", "/d/dancu-agency?var-agency=${__value.raw}"),
            ),
        ],
        size=(24, height),
        description=description,
    )
