"""What the doctor never repeats: secrets of the settings, and personal numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa

from deploy.doctor.finding import Finding
from deploy.doctor.setup import Setup
from deploy.logs import hide_numbers

#: Options of the Kafka client that hold secrets have one of these in their names.
_SECRET = ("password", "secret", "key.pem", "jaas", "token", "oauthbearer.config")
#: Shorter ones would hide half of every sentence, and a message never quotes them.
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Discretion:
    """The words that are left out."""

    secrets: Collection[str]

    @classmethod
    def of(cls, setup: Setup, environment: Mapping[str, str]) -> Discretion:
        """Gather the secrets of the settings and of the agencies' URLs."""
        return cls({secret for secret in _secrets(setup, environment) if len(secret) >= _SHORTEST})

    def applied(self, finding: Finding) -> Finding:
        """Return the finding without them."""
        said = {"what": finding.what, "advice": finding.advice}
        for name, text in said.items():
            for secret in self.secrets:
                text = text.replace(secret, "…")
            said[name] = text
        shown = hide_numbers(None, "", dict(said))
        return replace(finding, what=str(shown["what"]), advice=str(shown["advice"]))


def _signing(variable: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the signing secrets of a webhook, with and without what they begin with."""
    text = environment.get(variable, "")
    with suppress(OSError, UnicodeDecodeError):
        text += f" {Path(environment.get(f'{variable}_FILE', '')).read_text('ascii')}"
    for secret in text.split():
        yield from (secret, secret.removeprefix("whsec_"))


def _secrets(setup: Setup, environment: Mapping[str, str]) -> Iterator[str]:
    if setup.connection:
        for name, value in setup.connection.options.items():
            if any(word in name for word in _SECRET):
                yield value
    if setup.database and setup.database.password:
        yield str(setup.database.password)
    if setup.settings and setup.settings.schema_registry:
        yield unquote(urlsplit(setup.settings.schema_registry).password or "")
    for agreement in setup.agreements.by_agency.values() if setup.agreements else ():
        yield from _signing(agreement.delivery.get("secrets_env", ""), environment)
        try:
            yield str(sa.make_url(environment.get(agreement.delivery.get("url_env", ""), "")).password or "")
        except (sa.exc.ArgumentError, ValueError):
            continue
