"""How this machine speaks TLS to Kafka: the same files and choices as the Kafka client's own options."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hub.eventlog.connection import KafkaConnection


class BadFile(Exception):
    """A certificate or key can't be used. Says which option, which file and why; never what is in it."""


def protocol_of(connection: KafkaConnection) -> str:
    """Return `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`."""
    return connection.options.get("security.protocol", "plaintext").lower()


def speaks_tls(connection: KafkaConnection) -> bool:
    """Whether the connection is encrypted."""
    return protocol_of(connection).endswith("ssl")


def has_certificate(connection: KafkaConnection) -> bool:
    """Whether we have a certificate of our own to show."""
    names = ("ssl.certificate.location", "ssl.certificate.pem", "ssl.keystore.location")
    return any(connection.options.get(name) for name in names)


def context_of(options: Mapping[str, str]) -> ssl.SSLContext:
    """Return what a handshake needs. Raises `BadFile`."""
    context = ssl.create_default_context()
    _load_authorities(context, options)
    _load_own_certificate(context, options)
    if options.get("ssl.endpoint.identification.algorithm", "https").lower() in ("none", ""):
        context.check_hostname = False
    if options.get("enable.ssl.certificate.verification", "true").lower() in ("false", "f", "0", "no"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def unverified() -> ssl.SSLContext:
    """Return what it takes to see whether a server speaks TLS at all; nothing secret is sent over it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _load_authorities(context: ssl.SSLContext, options: Mapping[str, str]) -> None:
    if text := options.get("ssl.ca.pem"):
        with _told("ssl.ca.pem", "its text"):
            context.load_verify_locations(cadata=text.replace("\\n", "\n"))
    place = options.get("ssl.ca.location", "probe")
    if place != "probe":
        with _told("ssl.ca.location", place):
            path = Path(place)
            path.stat()
            context.load_verify_locations(**({"capath": place} if path.is_dir() else {"cafile": place}))


def _load_own_certificate(context: ssl.SSLContext, options: Mapping[str, str]) -> None:
    certificate, key = options.get("ssl.certificate.location"), options.get("ssl.key.location")
    secret = options.get("ssl.key.password", "")  # never None: OpenSSL would ask at the terminal
    if certificate and key:
        for name, place in (("ssl.certificate.location", certificate), ("ssl.key.location", key)):
            with _told(name, place), Path(place).open("rb"):
                pass
        with _told("ssl.certificate.location and ssl.key.location", f"{certificate}, {key}"):
            context.load_cert_chain(certificate, key, lambda: secret)
    elif options.get("ssl.certificate.pem") and options.get("ssl.key.pem"):
        text = f"{options['ssl.certificate.pem']}\n{options['ssl.key.pem']}\n".replace("\\n", "\n")
        with _told("ssl.certificate.pem and ssl.key.pem", "their text"), _in_memory(text) as place:
            context.load_cert_chain(place, None, lambda: secret)
    elif certificate or key:
        raise BadFile("ssl.certificate.location and ssl.key.location belong together; one of them is not set")
    elif store := options.get("ssl.keystore.location"):
        with _told("ssl.keystore.location", store), Path(store).open("rb"):
            pass


@contextmanager
def _told(option: str, place: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        reason = "the password of the key is wrong, or it is no PEM"
        if "MISMATCH" in (error.reason or ""):
            reason = "the key does not belong to the certificate"
        elif "ca" in option:
            reason = "no certificate in PEM form is in it"
        raise BadFile(f"{option}: {place}: {reason}") from None
    except (OSError, ValueError) as error:
        raise BadFile(f"{option}: {place}: {getattr(error, 'strerror', None) or 'can not be read'}") from None


@contextmanager
def _in_memory(text: str) -> Iterator[str]:
    """A file that is on no disk: Python's ssl takes keys from files only."""
    descriptor = os.memfd_create("dancu-doctor")
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
