"""The third layer: do both sides speak the same encryption, and do they trust each other?"""

from __future__ import annotations

import socket
import ssl
import time

from deploy.doctor import certificates
from deploy.doctor.encryption import BadFile, context_of, has_certificate, protocol_of, speaks_tls, unverified
from deploy.doctor.finding import Finding, ok, problem, warning
from deploy.doctor.network import connect
from deploy.doctor.server import Server
from deploy.doctor.together import TooSlow
from deploy.doctor.wire import NotKafka, ask_whether_kafka
from hub.eventlog.connection import KafkaConnection

#: Seconds. With TLS 1.3 a server refuses our certificate only after the handshake.
_SECOND_THOUGHTS = 0.3
#: Days before its end at which a certificate is worth a warning.
_SOON = 14


def dial(server: Server, connection: KafkaConnection, seconds: float) -> socket.socket:
    """Connect as the Kafka client would, up to the log-in. Raises OSError, `TooSlow` or `BadFile`."""
    return _handshake(server, connection, seconds) if speaks_tls(connection) else connect(server, seconds)


def _handshake(server: Server, connection: KafkaConnection, seconds: float) -> ssl.SSLSocket:
    context = context_of(connection.options)
    plain = connect(server, seconds)
    try:
        return context.wrap_socket(plain, server_hostname=server.host)
    except BaseException:
        plain.close()
        raise


def check_tls(check: str, server: Server, connection: KafkaConnection, seconds: float) -> Finding:
    """Shake hands and ask whether this is Kafka."""
    return (_encrypted if speaks_tls(connection) else _plain)(check, server, connection, seconds)


def _encrypted(check: str, server: Server, connection: KafkaConnection, seconds: float) -> Finding:
    try:
        with _handshake(server, connection, seconds) as encrypted:
            _wait_for_refusal(encrypted)
            ask_whether_kafka(encrypted)
            return _trusted(check, server, encrypted)
    except BadFile as error:
        return problem(
            check, str(error), "Sửa tệp hoặc thiết lập đó.", "Mend that file, or the setting DANCU_KAFKA_SSL_… for it."
        )
    except ssl.SSLCertVerificationError as error:
        return certificates.distrusted(check, server, error)
    except (OSError, NotKafka, TooSlow) as error:
        if _is_plain_kafka(server, seconds):
            return problem(
                check,
                f"{server}: this listener speaks no TLS, and DANCU_KAFKA_SECURITY_PROTOCOL={protocol_of(connection)}",
                "Dùng cổng TLS của Kafka, hoặc đổi DANCU_KAFKA_SECURITY_PROTOCOL.",
                "Use Kafka's TLS port, or change DANCU_KAFKA_SECURITY_PROTOCOL "
                "(plaintext or sasl_plaintext: only in a network that nobody else can listen to).",
            )
        return certificates.refused(check, server, error, shown=has_certificate(connection))


def _plain(check: str, server: Server, connection: KafkaConnection, seconds: float) -> Finding:
    try:
        with dial(server, connection, seconds) as plain:
            ask_whether_kafka(plain)
    except (OSError, NotKafka, TooSlow) as error:
        if (isinstance(error, NotKafka) and error.is_tls) or _speaks_tls(server, seconds):
            return problem(
                check,
                f"{server}: this listener speaks TLS, and DANCU_KAFKA_SECURITY_PROTOCOL={protocol_of(connection)}",
                "Đặt DANCU_KAFKA_SECURITY_PROTOCOL=ssl (hoặc sasl_ssl) và DANCU_KAFKA_SSL_CA_LOCATION.",
                "Set DANCU_KAFKA_SECURITY_PROTOCOL=ssl (or sasl_ssl), and DANCU_KAFKA_SSL_CA_LOCATION to the CA.",
            )
        return problem(
            check,
            f"{server}: something listens there, and it does not answer as Kafka does",
            "Xem lại cổng: có thể là chương trình khác, hoặc Kafka đang khởi động.",
            "Check the port: another program may have it (a controller's port is not a broker's), "
            "or the broker is still starting: look at its log.",
        )
    return ok(check, f"{server} is Kafka, without encryption")


def _trusted(check: str, server: Server, encrypted: ssl.SSLSocket) -> Finding:
    certificate = encrypted.getpeercert() or {}
    end = str(certificate.get("notAfter", ""))
    days = int((ssl.cert_time_to_seconds(end) - time.time()) // 86_400) if end else None
    if days is not None and days < _SOON:
        return warning(
            check,
            f"{server}: the broker's certificate ends in {days} days, at {end}",
            "Gia hạn chứng thư của broker.",
            "Renew the broker's certificate before that day; nothing connects afterwards.",
        )
    return ok(check, f"{server} is Kafka, with {encrypted.version()}, and its certificate is trusted")


def _wait_for_refusal(encrypted: ssl.SSLSocket) -> None:
    """Hear an alert before we send: a server that closes on what it has not read takes its alert back."""
    before = encrypted.gettimeout()
    encrypted.settimeout(_SECOND_THOUGHTS)
    try:
        if not encrypted.recv(1):
            raise ConnectionResetError("closed after the handshake")
    except TimeoutError:
        encrypted.settimeout(before)


def _is_plain_kafka(server: Server, seconds: float) -> bool:
    try:
        with connect(server, seconds) as plain:
            ask_whether_kafka(plain)
    except (OSError, NotKafka, TooSlow):
        return False
    return True


def _speaks_tls(server: Server, seconds: float) -> bool:
    try:
        with connect(server, seconds) as plain, unverified().wrap_socket(plain, server_hostname=server.host):
            return True
    except ssl.SSLError as error:  # an alert is TLS, too
        return "ALERT" in (error.reason or "")
    except (OSError, TooSlow):
        return False
