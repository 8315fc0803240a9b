"""Grafana's dashboards, made from code: `python -m deploy.grafana.boards` writes deploy/grafana/dashboards."""
