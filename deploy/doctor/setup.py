"""The settings and agreements themselves: what can't be used is a finding, and all else is looked at nevertheless."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from deploy.bootstrap import agreements_folder
from deploy.doctor.finding import Finding, ok, problem
from deploy.settings import BadSetting, Settings
from hub.agreements import AgreementProblem, Agreements, load_agreements
from hub.eventlog.connection import KafkaConnection
from schemas.catalogue import Catalogue, load_catalogue

_SETTINGS = ("Sửa biến môi trường đó.", "Correct that environment variable, where the process gets its environment.")


@dataclass(frozen=True, slots=True)
class Setup:
    """What can be used of the settings, and what was found while they were read."""

    findings: Sequence[Finding]
    catalogue: Catalogue
    #: None: not one of them can be used.
    settings: Settings | None = None
    connection: KafkaConnection | None = None
    database: sa.URL | None = None
    agreements: Agreements | None = None


def read_setup(settings: Settings | BadSetting) -> Setup:
    """Read what the settings name: options of the Kafka client, the database's URL, the agreements."""
    catalogue = load_catalogue()
    if isinstance(settings, BadSetting):
        return Setup([problem("settings", str(settings), *_SETTINGS)], catalogue)
    wrong: list[Finding] = []
    connection = _connection(settings, wrong)
    database = _database(settings, wrong)
    findings = wrong or [ok("settings", _told(settings))]
    agreements: Agreements | None = None
    folder = agreements_folder(settings)
    try:
        agreements = load_agreements(folder, catalogue)
    except AgreementProblem as error:
        said = problem(
            "agreements",
            str(error),
            "Sửa tệp thỏa thuận đó, hoặc đặt DANCU_AGREEMENTS đúng thư mục.",
            "Correct that file, or point DANCU_AGREEMENTS to the right folder; no process starts without.",
        )
        findings = [*findings, said]
    else:
        findings = [*findings, ok("agreements", f"{', '.join(agreements.by_agency)} ({folder})")]
    return Setup(findings, catalogue, settings, connection, database, agreements)


def _connection(settings: Settings, wrong: list[Finding]) -> KafkaConnection | None:
    try:
        connection = settings.kafka_connection()
    except BadSetting as error:
        wrong.append(problem("settings", str(error), *_SETTINGS))
        return None
    if connection and _lacks("confluent_kafka", "kafka", wrong):
        return None
    return connection


def _database(settings: Settings, wrong: list[Finding]) -> sa.URL | None:
    if settings.database is None or _lacks("psycopg", "postgres", wrong):
        return None
    try:
        return sa.make_url(settings.database)
    except (sa.exc.ArgumentError, ValueError):  # the message would show the URL
        wrong.append(problem("settings", "DANCU_DATABASE: not a URL of a database", *_SETTINGS))
        return None


def _lacks(module: str, extra: str, wrong: list[Finding]) -> bool:
    if importlib.util.find_spec(module):
        return False
    wrong.append(
        problem(
            "settings",
            f"the settings need {module}, which is not installed here",
            f"Cài: pip install 'dancu-hub[{extra}]'.",
            f"Install it: pip install 'dancu-hub[{extra}]'.",
        )
    )
    return True


def _told(settings: Settings) -> str:
    log = "Apache Kafka" if settings.kafka else "the embedded log"
    database = "PostgreSQL" if settings.database else "SQLite files"
    return f"home {settings.home.absolute()}, {log}, {database}"
