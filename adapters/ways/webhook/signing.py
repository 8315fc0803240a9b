"""Signs requests by Standard Webhooks, with every secret that holds at the moment: so a secret can be changed."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from adapters.ways.way import WayProblem

_PREFIX: Final = "whsec_"
#: Bytes of a secret, by the specification.
_LENGTHS = range(24, 65)
#: More at a time are a mistake: an old secret is to be taken away.
_MOST = 5
_MAKE = (
    "Make one with: python -c \"import base64, secrets; print('whsec_' + base64.b64encode(secrets.token_bytes(32))"
    '.decode())"'
)


class Secrets:
    """An agency's signing secrets, newest first: from an environment variable, or from a file that may change."""

    def __init__(self, variable: str, environment: Mapping[str, str]) -> None:
        """Take them from NAME, or from the file that NAME_FILE names. Raises `WayProblem`."""
        self._variable = variable
        self._file: Path | None = None
        self._seen: tuple[int, ...] = ()
        given, file = environment.get(variable), environment.get(f"{variable}_FILE")
        if (given is None) == (file is None):
            problem = "neither is set" if given is None else "both are set"
            raise WayProblem(
                f"{variable} or {variable}_FILE: {problem}; one of them holds, or names a file that holds, the signing "
                f"secrets of the webhook, newest first with spaces between. {_MAKE}"
            )
        self._keys: Sequence[bytes] = ()
        if given is not None:
            self._keys = _keys_in(given, variable)
        else:
            self._file = Path(file or "")
            self.now()

    def now(self) -> Sequence[bytes]:
        """Return the keys that hold now, newest first. A file is read again when it has changed; `WayProblem`."""
        if self._file is not None:
            name = f"{self._variable}_FILE"
            try:
                state = self._file.stat()
                seen = (state.st_mtime_ns, state.st_size, state.st_ino)
                if seen != self._seen:
                    self._keys = _keys_in(self._file.read_text("ascii"), name)
                    self._seen = seen
            except OSError as error:
                raise WayProblem(f"{name}: {self._file} can't be read: {error.strerror}") from error
            except UnicodeDecodeError:
                raise WayProblem(f"{name}: {self._file} holds no secrets: it is not plain text. {_MAKE}") from None
        return self._keys


def signed_headers(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks for one request; `timestamp` is in seconds since 1970."""
    content = b"%s.%d.%s" % (message_id.encode("ascii"), timestamp, body)
    signatures = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _keys_in(text: str, name: str) -> Sequence[bytes]:
    secrets = text.split()
    if not 1 <= len(secrets) <= _MOST:
        raise WayProblem(f"{name}: holds {len(secrets)} secrets; 1 to {_MOST} are needed. {_MAKE}")
    return [_key_of(secret, f"{name}: secret {number}") for number, secret in enumerate(secrets, start=1)]


def _key_of(secret: str, name: str) -> bytes:
    """Return the key in a secret. An error never says what the secret is."""
    if not secret.startswith(_PREFIX):
        raise WayProblem(f"{name} does not begin with {_PREFIX}. {_MAKE}")
    try:
        text = secret.removeprefix(_PREFIX).rstrip("=")
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise WayProblem(f"{name} is not base64 behind {_PREFIX}. {_MAKE}") from None
    if len(key) not in _LENGTHS:
        raise WayProblem(f"{name} is of {len(key)} bytes; 24 to 64 are needed. {_MAKE}")
    return key
