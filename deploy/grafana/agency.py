"""One agency: how it is connected, how far it is, what it does not take."""

from __future__ import annotations

from deploy.grafana.board import Board, Choice, Row
from deploy.grafana.panels import AMBER, GREEN, RED, Panel, Query
from deploy.grafana.shapes import STACKED, figure, of_states, quantiles

_A = 'agency="$agency"'
_COLOURED = {"colorMode": "background", "graphMode": "none", "textMode": "name"}

_NOW = Row(
    "Ngay lúc này / Right now",
    [
        Panel(
            "Kết nối / connection",
            [Query(f"max by (state) (dancu_agency_state{{{_A}}}) == 1", "{{state}}")],
            "stat",
            width=4,
            height=4,
            options=_COLOURED,
            overrides=of_states(),
            now=True,
        ),
        figure(
            "Liên lạc cuối / last contact",
            f"time() - max(dancu_agency_last_contact_timestamp_seconds{{{_A}}})",
            unit="s",
        ),
        figure("Chờ giao / pending", f"agency:dancu_pending_deliveries:max{{{_A}}}"),
        figure("Bị giữ / parked", f"agency:dancu_parked_deliveries:max{{{_A}}}", steps=((None, GREEN), (1, AMBER))),
        figure(
            "Chưa giao lâu nhất / oldest undelivered",
            f"agency:dancu_oldest_undelivered_age_seconds:max{{{_A}}}",
            unit="s",
            steps=((None, GREEN), (900, AMBER), (14400, RED)),
        ),
        figure(
            "Đến trong 5 phút / within 5 minutes",
            f"agency:dancu_delivered_within_5m:ratio_rate1h{{{_A}}}",
            unit="percentunit",
            steps=((None, RED), (0.9, AMBER), (0.99, GREEN)),
        ),
    ],
)

_DELIVERIES = Row(
    "Giao nhận / Deliveries",
    [
        Panel(
            "Kết quả giao / what came of it",
            [Query(f"sum by (outcome) (rate(dancu_delivery_attempts_total{{{_A}}}[$__rate_interval]))", "{{outcome}}")],
            unit="eps",
            custom=STACKED,
        ),
        Panel(
            "Vào luồng và đã lấy / into the feed, and out of it",
            [
                Query(
                    f"sum(rate(dancu_events_published_total{{{_A}}}[$__rate_interval]))", "vào luồng / into the feed"
                ),
                Query(
                    f'sum(rate(dancu_delivery_attempts_total{{{_A},outcome="taken"}}[$__rate_interval]))',
                    "đã giao / delivered",
                ),
                Query(f"sum(rate(dancu_feed_events_read_total{{{_A}}}[$__rate_interval]))", "đã đọc / read over HTTP"),
                Query(f"sum(rate(dancu_replayed_deliveries_total{{{_A}}}[$__rate_interval]))", "gửi lại / replayed"),
            ],
            unit="eps",
        ),
        Panel(
            "Chờ giao và bị giữ / pending and parked",
            [
                Query(f"agency:dancu_pending_deliveries:max{{{_A}}}", "chờ giao / pending"),
                Query(f"agency:dancu_parked_deliveries:max{{{_A}}}", "bị giữ / parked"),
            ],
        ),
        Panel(
            "Chưa giao lâu nhất, và mục tiêu / oldest undelivered, and its target",
            [
                Query(f"agency:dancu_oldest_undelivered_age_seconds:max{{{_A}}}", "lâu nhất / oldest"),
                Query(f"agency:dancu_oldest_undelivered_age_seconds:target{{{_A}}}", "mục tiêu / target"),
            ],
            unit="s",
            width=12,
        ),
        Panel(
            "Từ đăng ký đến giao / registered → delivered",
            quantiles(f"dancu_delivery_latency_seconds_bucket{{{_A}}}"),
            unit="s",
            width=12,
        ),
        Panel(
            "Phân bố độ trễ / how late, in full",
            [
                Query(
                    f"sum by (le) (increase(dancu_delivery_latency_seconds_bucket{{{_A}}}[$__rate_interval]))", "{{le}}"
                )
            ],
            "heatmap",
            "s",
            width=24,
        ),
    ],
)

_RIGHTS = Row(
    "Không chuyển, im lặng, kết nối / Withheld, quiet, connected",
    [
        Panel(
            "Không được chuyển mỗi giờ / withheld in an hour",
            [
                Query(f"agency:dancu_events_withheld:increase1h{{{_A}}}", "giờ này / this hour"),
                Query(f"agency:dancu_events_withheld:usual1h{{{_A}}}", "cao nhất thường lệ / usual highest"),
            ],
        ),
        Panel(
            "Luồng im lặng / quiet feed",
            [
                Query('max(dancu_feed_silence_seconds{feed="agency:$agency"})', "đã / for"),
                Query('max(dancu_feed_expected_silence_seconds{feed="agency:$agency"})', "thường / usual"),
            ],
            unit="s",
        ),
        Panel(
            "Kết nối theo thời gian / connection over time",
            [Query(f"max by (state) (dancu_agency_state{{{_A}}}) == 1", "{{state}}")],
            "state-timeline",
            overrides=of_states(),
        ),
    ],
)

AGENCY = Board(
    "agency",
    "Một cơ quan / One agency",
    "Kết nối, giao nhận, độ trễ của một cơ quan / an agency's connection, deliveries and delay",
    [_NOW, _DELIVERIES, _RIGHTS],
    [Choice("agency", "Cơ quan / agency", "label_values(dancu_agency_info, agency)")],
)
