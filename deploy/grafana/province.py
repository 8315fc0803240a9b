"""One province: its events, the agencies that have only its events, its counters."""

from __future__ import annotations

from deploy.grafana.board import Board, Choice, Row
from deploy.grafana.panels import GREEN, RED, Panel, Query
from deploy.grafana.shapes import column, figure, link, table
from deploy.grafana.standing import agencies
from schemas.reference.units import VN34, provinces

_P = 'province="$province"'
_RATE = f"sum(rate(dancu_events_by_province_total{{{_P}}}[$__rate_interval]))"
_SILENCE = f"site:dancu_edge_site_silence_seconds:min{{{_P}}}"

_EVENTS = Row(
    "Sự kiện / Events",
    [
        figure("Sự kiện mỗi giây / events", _RATE, unit="eps", width=6),
        figure("Trong 24 giờ / in 24 h", f"sum(increase(dancu_events_by_province_total{{{_P}}}[24h]))", width=6),
        figure(
            "Phần của cả nước / share of the country",
            f"sum(increase(dancu_events_by_province_total{{{_P}}}[24h]))"
            " / sum(increase(dancu_events_by_province_total[24h]))",
            unit="percentunit",
            width=6,
        ),
        figure(
            "So với tuần trước / against a week ago",
            f"sum(increase(dancu_events_by_province_total{{{_P}}}[24h]))"
            f" / sum(increase(dancu_events_by_province_total{{{_P}}}[24h] offset 1w))",
            unit="percentunit",
            width=6,
        ),
        Panel(
            "Sự kiện, và cùng giờ tuần trước / events, and the same hour a week ago",
            [
                Query(f"sum(increase(dancu_events_by_province_total{{{_P}}}[1h]))", "giờ này / this hour"),
                Query(
                    f"sum(increase(dancu_events_by_province_total{{{_P}}}[1h] offset 1w))", "tuần trước / a week ago"
                ),
            ],
            width=24,
        ),
    ],
)

_AGENCIES = Row(
    "Cơ quan của tỉnh / Agencies of the province",
    [
        agencies(
            _P,
            height=9,
            description="Cơ quan chỉ nhận sự kiện của tỉnh này / agencies that have events of this province only",
        )
    ],
)

_COUNTERS = Row(
    "Quầy đọc thẻ / Counters",
    [
        figure("Quầy / sites", f"count({_SILENCE})", width=6),
        figure("Liên lạc trong một giờ / heard of within an hour", f"count({_SILENCE} <= 3600) or vector(0)", width=6),
        figure(
            "Im lặng quá ba ngày / silent for over three days",
            f"count({_SILENCE} > 3 * 86400) or vector(0)",
            steps=((None, GREEN), (1, RED)),
            width=6,
        ),
        figure("Lâu nhất / the longest", f"max({_SILENCE})", unit="s", width=6),
        table(
            "Quầy / sites",
            {"im lặng / silent for": Query(f"sort_desc({_SILENCE})")},
            label="site",
            names={"site": "quầy / site", "province": "tỉnh / province"},
            overrides=[
                column("im lặng / silent for", unit="s"),
                column("quầy / site", links=link("Quầy / counters", "/d/dancu-edge?var-site=${__value.raw}")),
            ],
        ),
    ],
)

PROVINCE = Board(
    "province",
    "Một tỉnh, thành phố / One province",
    "Sự kiện, cơ quan và quầy đọc thẻ của một tỉnh / a province's events, agencies and counters",
    [_EVENTS, _AGENCIES, _COUNTERS],
    [Choice("province", "Tỉnh, thành phố / province", values={one.code: one.name for one in provinces(VN34)})],
    since="now-24h",
)
