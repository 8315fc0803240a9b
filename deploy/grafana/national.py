"""The national overview: is everything connected, does everything flow, where is it stuck."""

from __future__ import annotations

from typing import Final

from deploy.grafana.board import Board, Row
from deploy.grafana.panels import AMBER, BAD_FROM_ONE, GREEN, RED, Panel, Query
from deploy.grafana.shapes import STACKED, by_province, column, figure, quantiles, table
from deploy.grafana.standing import agencies

_SILENT: Final = "max by (feed) (dancu_feed_silent) == 1"
_LATE: Final = ((None, GREEN), (900, AMBER), (14400, RED))

_NOW = Row(
    "Ngay lúc này / Right now",
    [
        figure(
            "Cảnh báo khẩn / alerts that page",
            'count(ALERTS{alertname=~"Dancu.+",alertstate="firing",severity="page"}) or vector(0)',
            steps=BAD_FROM_ONE,
            description="Xem docs/runbook.md / see docs/runbook.md",
        ),
        figure(
            "Cơ quan đang kết nối / agencies connected",
            "sum(sector:dancu_connections:connected)",
            steps=((None, RED), (1, GREEN)),
        ),
        figure(
            "Sự kiện nhận mỗi giây / events received",
            "sum(rate(dancu_events_received_total[$__rate_interval]))",
            unit="eps",
        ),
        figure("Nhận trong 24 giờ / received in 24 h", "sum(increase(dancu_events_received_total[24h]))"),
        figure(
            "Chưa giao lâu nhất / oldest undelivered",
            "max(agency:dancu_oldest_undelivered_age_seconds:max)",
            unit="s",
            steps=_LATE,
        ),
        figure("Bị giữ / parked", "sum(agency:dancu_parked_deliveries:max)", steps=((None, GREEN), (1, AMBER))),
    ],
)

_ATTENTION = Row(
    "Cần chú ý / What needs attention",
    [
        table(
            "Cảnh báo / alerts",
            {
                "số / how many": Query(
                    'count by (alertname, severity) (ALERTS{alertname=~"Dancu.+",alertstate="firing"})'
                )
            },
            label="alertname",
            names={"alertname": "cảnh báo / alert", "severity": "mức / severity"},
            size=(12, 9),
            description="Cách xử lý từng cảnh báo: docs/runbook.md / what to do about each: docs/runbook.md",
        ),
        table(
            "Nguồn và luồng im lặng / quiet feeds",
            {
                "im lặng đã / silent for": Query(f"max by (feed) (dancu_feed_silence_seconds) and on (feed) {_SILENT}"),
                "thường không quá / usually at most": Query(
                    f"max by (feed) (dancu_feed_expected_silence_seconds) and on (feed) {_SILENT}"
                ),
            },
            label="feed",
            names={"feed": "nguồn, luồng / feed"},
            overrides=[
                column("im lặng đã / silent for", unit="s"),
                column("thường không quá / usually at most", unit="s"),
            ],
            size=(12, 9),
        ),
    ],
)

_SECTORS = Row(
    "Kết nối theo khối / Connections by sector",
    [
        table(
            "Kết nối so với mục tiêu / connections against target",
            {
                "kết nối / connected": Query("sector:dancu_connections:connected"),
                "mục tiêu / target": Query("max by (sector) (dancu_connections_target)"),
                "có thỏa thuận / with agreement": Query("sum by (sector) (max by (sector, state) (dancu_connections))"),
                "không phản hồi / failing": Query('max by (sector) (dancu_connections{state="failing"})'),
                "im lặng / silent": Query('max by (sector) (dancu_connections{state="silent"})'),
            },
            label="sector",
            names={"sector": "khối / sector"},
            size=(12, 8),
        ),
        Panel(
            "Đang kết nối / connected",
            [Query("sector:dancu_connections:connected", "{{sector}}")],
            width=12,
            custom=STACKED,
        ),
    ],
)

_FLOW = Row(
    "Dòng sự kiện / The flow of events",
    [
        Panel(
            "Sự kiện theo loại / events by type",
            [Query("sum by (type) (rate(dancu_events_received_total[$__rate_interval]))", "{{type}}")],
            unit="eps",
            width=12,
            custom=STACKED,
        ),
        Panel(
            "Từ đăng ký đến giao / registered → delivered",
            quantiles("dancu_delivery_latency_seconds_bucket"),
            unit="s",
            width=12,
        ),
        Panel(
            "Sự kiện theo tỉnh, 24 giờ / events by province, 24 h",
            [Query("sort_desc(sum by (province) (increase(dancu_events_by_province_total[24h])))", "{{province}}")],
            "bargauge",
            width=24,
            height=18,
            overrides=by_province(),
            now=True,
            decimals=0,
        ),
    ],
)

_AGENCIES = Row("Cơ quan / Agencies", [agencies(height=14)])

NATIONAL = Board(
    "national",
    "Toàn quốc / National overview",
    "Kết nối, dòng sự kiện và việc cần chú ý trên cả nước / connections, flow and what needs attention in the country",
    [_NOW, _ATTENTION, _SECTORS, _FLOW, _AGENCIES],
)
