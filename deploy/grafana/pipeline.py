"""The pipeline, its processes, and what is set aside."""

from __future__ import annotations

from deploy.grafana.board import Board, Row
from deploy.grafana.panels import BAD_FROM_ONE, GREEN, RED, Panel, Query
from deploy.grafana.shapes import STACKED, figure, quantiles, yes_no

_NOW = Row(
    "Ngay lúc này / Right now",
    [
        figure("Chưa xử lý / undecided", "max(dancu_undecided_events)", steps=((None, GREEN), (10000, "orange"))),
        figure(
            "Lô cuối cách đây / last batch",
            "time() - max(dancu_pipeline_last_batch_timestamp_seconds > 0)",
            unit="s",
            description="Không có gì để xử lý thì cũng không có lô / without work there is no batch",
        ),
        figure("Tạm giữ / kept back", "max(dancu_held_events)"),
        Panel(
            "Kiểm toán / audit trail",
            [Query("min(dancu_audit_intact)")],
            "stat",
            width=4,
            height=4,
            mappings=yes_no(("nguyên vẹn / intact", GREEN), ("ĐÃ BỊ SỬA / CHANGED", RED)),
            options={"colorMode": "background", "graphMode": "none"},
        ),
        figure(
            "Đồng hồ lệch / clock off",
            "max(abs(dancu_clock_offset_seconds))",
            unit="s",
            steps=((None, GREEN), (5, RED)),
        ),
        figure(
            "Tiến trình không trả lời / processes down", 'count(up{job="dancu"} == 0) or vector(0)', steps=BAD_FROM_ONE
        ),
    ],
)

_WORK = Row(
    "Xử lý / Deciding",
    [
        Panel(
            "Vào và ra / in and out",
            [
                Query("sum(rate(dancu_events_received_total[$__rate_interval]))", "nhận / received"),
                Query("sum(rate(dancu_events_published_total[$__rate_interval]))", "vào luồng / into feeds"),
                Query(
                    'sum(rate(dancu_delivery_attempts_total{outcome="taken"}[$__rate_interval]))', "đã giao / delivered"
                ),
            ],
            unit="eps",
        ),
        Panel(
            "Chưa xử lý và tạm giữ / undecided and kept back",
            [
                Query("max(dancu_undecided_events)", "chưa xử lý / undecided"),
                Query("max(dancu_held_events)", "tạm giữ / kept back"),
            ],
        ),
        Panel("Thời gian một lô / time of a batch", quantiles("dancu_pipeline_batch_seconds_bucket"), unit="s"),
        Panel(
            "Lô cuối của từng tiến trình / last batch of each process",
            [Query("time() - (dancu_pipeline_last_batch_timestamp_seconds > 0)", "{{instance}}")],
            unit="s",
        ),
        Panel(
            "Tiếp nhận / intake",
            [Query("sum by (result) (rate(dancu_intake_events_total[$__rate_interval]))", "{{result}}")],
            unit="eps",
            custom=STACKED,
        ),
        Panel(
            "Tiến trình theo vai trò / processes by role",
            [Query("count by (role) (dancu_build_info)", "{{role}}")],
            custom=STACKED,
        ),
    ],
)

_ASIDE = Row(
    "Trùng, từ chối, không chuyển / Duplicates, refused, withheld",
    [
        Panel(
            "Trùng mỗi giờ, và thường lệ / duplicates in an hour, and what is usual",
            [
                Query("kind:dancu_duplicates:increase1h", "{{kind}}"),
                Query("kind:dancu_duplicates:usual1h", "{{kind}} · thường / usual"),
            ],
            width=12,
        ),
        Panel(
            "Từ chối mỗi giờ, và thường lệ / refused in an hour, and what is usual",
            [
                Query("where:dancu_events_refused:increase1h", "{{where}}"),
                Query("where:dancu_events_refused:usual1h", "{{where}} · thường / usual"),
            ],
            width=12,
        ),
        Panel(
            "Lý do từ chối / reasons of refusal",
            [
                Query(
                    "sum by (where, reason) (rate(dancu_events_refused_total[$__rate_interval]))",
                    "{{where}} · {{reason}}",
                )
            ],
            unit="eps",
            width=12,
            custom=STACKED,
        ),
        Panel(
            "Không được chuyển / withheld",
            [Query("sum by (agency) (rate(dancu_events_withheld_total[$__rate_interval]))", "{{agency}}")],
            unit="eps",
            width=12,
            custom=STACKED,
        ),
    ],
)

_REPAIR = Row(
    "Gửi lại và liên thông / Replays and linked procedures",
    [
        Panel("Đợt gửi lại / replays", [Query("max by (state) (dancu_replays)", "{{state}}")], custom=STACKED),
        Panel(
            "Mục trong các đợt / what is in them",
            [Query("max by (state) (dancu_replay_items)", "{{state}}")],
            custom=STACKED,
        ),
        Panel(
            "Hồ sơ liên thông trễ hạn / late cases",
            [Query('max by (procedure) (dancu_procedure_cases{state="late"})', "{{procedure}}")],
        ),
        Panel(
            "Hồ sơ liên thông / cases",
            [Query("max by (procedure, state) (dancu_procedure_cases)", "{{procedure}} · {{state}}")],
            width=12,
        ),
        Panel(
            "Nhật ký kiểm toán / audit trail",
            [
                Query("max(dancu_audit_entries)", "số mục / entries"),
                Query("max(time() - dancu_audit_checked_timestamp_seconds)", "kiểm tra cách đây (s) / checked ago (s)"),
            ],
            width=12,
        ),
    ],
)

PIPELINE = Board(
    "pipeline",
    "Quy trình xử lý / Pipeline",
    "Xử lý, tiến trình, phần bị bỏ và gửi lại / deciding, processes, what is set aside, replays",
    [_NOW, _WORK, _ASIDE, _REPAIR],
)
