"""Why a TLS handshake failed, from OpenSSL's codes, in plain words."""

from __future__ import annotations

import ssl

from deploy.doctor.finding import Finding, problem
from deploy.doctor.server import Server

#: OpenSSL's numbers (X509_V_ERR_…).
_NOT_YET, _EXPIRED = 9, 10
_UNTRUSTED = (2, 18, 19, 20, 21)
_OTHER_HOST = (62, 64)
_ABOUT_OURS = ("BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "UNKNOWN_CA", "CERTIFICATE_EXPIRED", "HANDSHAKE_FAILURE")


def distrusted(check: str, server: Server, error: ssl.SSLCertVerificationError) -> Finding:
    """Say why we do not trust the server's certificate."""
    if error.verify_code in _UNTRUSTED:
        return problem(
            check,
            f"{server}: its certificate is of an authority (CA) that is not trusted here: {error.verify_message}",
            "Đặt DANCU_KAFKA_SSL_CA_LOCATION tới tệp PEM của CA đã ký chứng thư của broker.",
            "Set DANCU_KAFKA_SSL_CA_LOCATION to the PEM file of the CA that signed the brokers' certificates. "
            "If that is set: the file is of another CA.",
        )
    if error.verify_code in _OTHER_HOST:
        return problem(
            check,
            f"{server}: its certificate is not for this host name: {error.verify_message}",
            "Dùng tên có trong chứng thư (subjectAltName), hoặc cấp lại chứng thư có tên này.",
            "Use a name that is in the certificate (subjectAltName) in DANCU_KAFKA and in advertised.listeners, "
            "or have a certificate made for this name.",
        )
    if error.verify_code == _EXPIRED:
        return problem(
            check,
            f"{server}: its certificate, or that of its CA, has expired",
            "Gia hạn chứng thư của broker; kiểm tra đồng hồ của máy này (`date`).",
            "Renew the broker's certificate; check this machine's clock, too (`date`).",
        )
    if error.verify_code == _NOT_YET:
        return problem(
            check,
            f"{server}: its certificate is not valid yet",
            "Đồng hồ của máy này có lẽ chạy chậm: kiểm tra `date` và NTP.",
            "This machine's clock is probably behind: check `date` and NTP.",
        )
    return problem(
        check,
        f"{server}: its certificate can't be trusted: {error.verify_message}",
        "Nhờ người quản trị Kafka xem lại chứng thư.",
        "Let Kafka's operators look at the certificate; `openssl s_client -connect` shows it.",
    )


def refused(check: str, server: Server, error: BaseException, *, shown: bool) -> Finding:
    """Say why the server ended the handshake; `shown` is whether we have a certificate to show."""
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    about_ours = any(word in reason for word in _ABOUT_OURS)
    if "CERTIFICATE_REQUIRED" in reason or (about_ours and not shown):
        return problem(
            check,
            f"{server}: the broker asks for a certificate of ours, and none was shown",
            "Đặt DANCU_KAFKA_SSL_CERTIFICATE_LOCATION và DANCU_KAFKA_SSL_KEY_LOCATION.",
            "Set DANCU_KAFKA_SSL_CERTIFICATE_LOCATION and DANCU_KAFKA_SSL_KEY_LOCATION to this client's PEM files.",
        )
    if about_ours:
        return problem(
            check,
            f"{server}: the broker does not accept our certificate: {reason}",
            "Kiểm tra CA đã ký chứng thư này và ngày hết hạn.",
            "Check by whom it was signed (the broker's ssl.truststore must hold that CA) and when it ends: "
            "`openssl x509 -noout -issuer -enddate -in FILE`.",
        )
    if "PROTOCOL" in reason or "CIPHER" in reason:
        return problem(
            check,
            f"{server}: no version of TLS, or no cipher, that both sides know: {reason}",
            "Bật TLS 1.2 hoặc 1.3 ở broker (ssl.enabled.protocols).",
            "Let the broker offer TLS 1.2 or 1.3 (ssl.enabled.protocols).",
        )
    return problem(
        check,
        f"{server}: the TLS handshake breaks off: {reason or type(error).__name__}",
        "Có thể cổng này không phải TLS, hoặc broker cần chứng thư máy khách; xem nhật ký của broker.",
        "Perhaps this is no TLS port, or the broker asks for a certificate of ours: look at the broker's log.",
    )
