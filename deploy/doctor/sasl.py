"""The fourth layer: who are we, and does the broker believe it?"""

from __future__ import annotations

from contextlib import suppress

from deploy.doctor.client import Client, NoMetadata
from deploy.doctor.encryption import BadFile, protocol_of
from deploy.doctor.finding import Finding, ok, problem
from deploy.doctor.server import Server
from deploy.doctor.tls import dial
from deploy.doctor.together import TooSlow
from deploy.doctor.wire import Login, NotKafka, ask_login
from deploy.settings import BadSetting
from hub.eventlog.connection import KafkaConnection

_CHECK = "kafka.sasl"


def check_sasl(server: Server, connection: KafkaConnection, seconds: float) -> Finding:
    """Ask the listener what it wants, then log in with the Kafka client itself."""
    asks = protocol_of(connection).startswith("sasl")
    mechanism = mechanism_of(connection)
    login: Login | None = None
    with suppress(OSError, NotKafka, TooSlow, BadFile), dial(server, connection, seconds) as opened:
        login = ask_login(opened, mechanism)  # when that fails, the client says what is wrong
    if login is not None and (wrong := _disagreement(server, login, mechanism, asks=asks)):
        return wrong
    try:
        Client(connection).metadata(2 * seconds)
    except BadSetting as error:
        return problem(_CHECK, str(error), "Sửa các biến DANCU_KAFKA_….", "Correct the variables DANCU_KAFKA_….")
    except NoMetadata as error:
        return _no_login(server, connection, error)
    if asks:
        return ok(_CHECK, f"logged in as {connection.options.get('sasl.username', 'ourselves')} with {mechanism}")
    return ok(_CHECK, "the listener asks for no SASL log-in")


def mechanism_of(connection: KafkaConnection) -> str:
    """Return the chosen mechanism; the client's own default is GSSAPI."""
    options = connection.options
    return options.get("sasl.mechanism") or options.get("sasl.mechanisms") or "GSSAPI"


def _disagreement(server: Server, login: Login, mechanism: str, *, asks: bool) -> Finding | None:
    offered = ", ".join(login.mechanisms) or "none"
    if login.wanted and not asks:
        return problem(
            _CHECK,
            f"{server}: this listener wants a SASL log-in ({offered}), and none is set",
            "Đặt DANCU_KAFKA_SECURITY_PROTOCOL=sasl_ssl, DANCU_KAFKA_SASL_MECHANISM, …_USERNAME, …_PASSWORD_FILE.",
            "Set DANCU_KAFKA_SECURITY_PROTOCOL to sasl_ssl (or sasl_plaintext), DANCU_KAFKA_SASL_MECHANISM, "
            "DANCU_KAFKA_SASL_USERNAME and DANCU_KAFKA_SASL_PASSWORD_FILE.",
        )
    if asks and not login.wanted:
        return problem(
            _CHECK,
            f"{server}: this listener knows no SASL, and the settings ask for it",
            "Dùng cổng SASL của Kafka, hoặc đổi DANCU_KAFKA_SECURITY_PROTOCOL.",
            "Use the port of Kafka's SASL listener, or set DANCU_KAFKA_SECURITY_PROTOCOL to ssl (or plaintext).",
        )
    if asks and not login.known:
        return problem(
            _CHECK,
            f"{server}: the broker does not take the mechanism {mechanism}; it takes {offered}",
            f"Đặt DANCU_KAFKA_SASL_MECHANISM thành một trong: {offered}.",
            f"Set DANCU_KAFKA_SASL_MECHANISM to one of: {offered}.",
        )
    return None


def _no_login(server: Server, connection: KafkaConnection, error: NoMetadata) -> Finding:
    if error.login_failed and "nsupported" in str(error):
        return problem(
            _CHECK,
            f"{server}: the broker does not take the mechanism {mechanism_of(connection)}: {error}",
            "Đổi DANCU_KAFKA_SASL_MECHANISM theo broker.",
            "Set DANCU_KAFKA_SASL_MECHANISM to one that the broker takes (sasl.enabled.mechanisms).",
        )
    if error.login_failed:
        user = connection.options.get("sasl.username", "(no sasl.username)")
        return problem(
            _CHECK,
            f"{server}: the broker does not accept the log-in of {user} with {mechanism_of(connection)}",
            "Sai tên hoặc mật khẩu: kiểm tra DANCU_KAFKA_SASL_USERNAME và tệp DANCU_KAFKA_SASL_PASSWORD_FILE.",
            "Wrong user or password: check DANCU_KAFKA_SASL_USERNAME and the file of DANCU_KAFKA_SASL_PASSWORD_FILE; "
            "on the cluster `kafka-configs.sh --describe --entity-type users` lists who has a SCRAM password.",
        )
    return problem(
        _CHECK,
        f"{server}: the Kafka client gets no answer about the cluster: {error}",
        "Xem nhật ký của broker; có thể broker chưa có controller hoặc quá tải.",
        "Look at the broker's log: it may have no controller yet, or be overloaded.",
    )
