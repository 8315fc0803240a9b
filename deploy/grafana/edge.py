"""Counters that read cards: who is heard of, what was verified, what is odd."""

from __future__ import annotations

from deploy.grafana.board import Board, Choice, Row
from deploy.grafana.panels import AMBER, BAD_FROM_ONE, GREEN, Panel, Query
from deploy.grafana.shapes import STACKED, by_province, column, figure, table

_SILENCE = 'site:dancu_edge_site_silence_seconds:min{province=~"$province",site=~"$site"}'

_NOW = Row(
    "Ngay lúc này / Right now",
    [
        figure("Quầy / sites", f"count({_SILENCE})"),
        figure("Liên lạc trong một giờ / heard of within an hour", f"count({_SILENCE} <= 3600) or vector(0)"),
        figure(
            "Im lặng quá ba ngày / silent for over three days",
            f"count({_SILENCE} > 3 * 86400) or vector(0)",
            steps=((None, GREEN), (1, AMBER)),
        ),
        figure(
            "Thẻ của người đã mất / dead persons' cards",
            'max(dancu_edge_alerts{kind="deceased_card_used"}) or vector(0)',
            steps=BAD_FROM_ONE,
        ),
        figure(
            "Cảnh báo chưa xem / alerts not looked at",
            "sum(max by (kind) (dancu_edge_alerts)) or vector(0)",
            steps=((None, GREEN), (1, AMBER)),
        ),
        figure(
            "Xác thực trong 24 giờ / verifications in 24 h",
            "sum(max by (result) (increase(dancu_card_verifications_total[24h])))",
        ),
    ],
)

_RESULTS = Row(
    "Kết quả / Results",
    [
        Panel(
            "Kết quả đọc thẻ / what came of reading cards",
            [Query("max by (result) (rate(dancu_card_verifications_total[$__rate_interval]))", "{{result}}")],
            unit="eps",
            width=12,
            custom=STACKED,
        ),
        Panel(
            "Kết quả, 24 giờ / results, 24 h",
            [Query("sort_desc(max by (result) (increase(dancu_card_verifications_total[24h])))", "{{result}}")],
            "bargauge",
            width=12,
            now=True,
            decimals=0,
        ),
        Panel(
            "Cảnh báo chưa xem theo loại / alerts not looked at, by kind",
            [Query("max by (kind) (dancu_edge_alerts)", "{{kind}}")],
            width=12,
            custom=STACKED,
        ),
        Panel(
            "Quầy liên lạc trong một giờ, theo tỉnh / sites heard of within an hour, by province",
            [
                Query(
                    'count by (province) (site:dancu_edge_site_silence_seconds:min{province=~"$province"} <= 3600)',
                    "{{province}}",
                )
            ],
            width=12,
            overrides=by_province(),
            custom=STACKED,
        ),
    ],
)

_SITES = Row(
    "Quầy / Sites",
    [
        table(
            "Quầy, im lặng lâu nhất trước / sites, the quietest first",
            {"im lặng / silent for": Query(f"sort_desc({_SILENCE})")},
            label="site",
            names={"site": "quầy / site", "province": "tỉnh / province"},
            overrides=[column("im lặng / silent for", unit="s")],
            size=(24, 14),
        )
    ],
)

EDGE = Board(
    "edge",
    "Quầy đọc thẻ / Counters",
    "Quầy nào liên lạc, kết quả đọc thẻ, điều bất thường / which counters are heard of, results, what is odd",
    [_NOW, _RESULTS, _SITES],
    [
        Choice(
            "province",
            "Tỉnh, thành phố / province",
            "label_values(dancu_edge_site_last_seen_timestamp_seconds, province)",
            several=True,
        ),
        Choice(
            "site",
            "Quầy / site",
            'label_values(dancu_edge_site_last_seen_timestamp_seconds{province=~"$province"}, site)',
            several=True,
        ),
    ],
    since="now-24h",
)
