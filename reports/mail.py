"""Sending a letter by SMTP: always over TLS with a verified certificate; there is no other way."""

import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Final, Literal, get_args

from walkback.errors import CaseError, WalkbackError
from walkback.reports import words
from walkback.reports.letter import Letter

Security = Literal["starttls", "tls"]
_SUBMISSION_PORT: Final = 587
_TLS_PORT: Final = 465
_HOST, _PORT, _SECURITY = "WALKBACK_SMTP_HOST", "WALKBACK_SMTP_PORT", "WALKBACK_SMTP_SECURITY"
_USER, _PASSWORD = "WALKBACK_SMTP_USER", "WALKBACK_SMTP_PASSWORD"  # the variables' names
_FROM, _TO = "WALKBACK_MAIL_FROM", "WALKBACK_MAIL_TO"
_NEEDED: Final = {
    _HOST: "smtp.example.org",
    _FROM: "walkback@example.org",
    _TO: "pr@example.org, ceo@example.org",
}
_VARIABLES: Final = (*_NEEDED, _PORT, _SECURITY, _USER, _PASSWORD)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed in, and from whom to whom they go. The password shows nowhere."""

    host: str
    port: int
    security: Security
    sender: str
    recipients: tuple[str, ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def mail_server(get: Callable[[str], str | None]) -> MailServer:
    """The server and the addresses from variables, by name. Raises CaseError with every fault."""
    given = {name: get(name) or "" for name in _VARIABLES}
    port = given[_PORT] or str(_SUBMISSION_PORT)
    security = given[_SECURITY] or ("tls" if port == str(_TLS_PORT) else "starttls")
    recipients = tuple(part.strip() for part in given[_TO].split(",") if part.strip())
    faults = [
        *_missing(given),
        *_wrong_server(port, security),
        *_wrong_addresses({given[_FROM]: _FROM, **dict.fromkeys(recipients, _TO)}),
        *_wrong_login(given[_USER], given[_PASSWORD]),
    ]
    if faults:
        raise CaseError(*faults)
    return MailServer(
        host=given[_HOST],
        port=int(port),
        security="tls" if security == "tls" else "starttls",
        sender=given[_FROM],
        recipients=recipients,
        user=given[_USER] or None,
        password=given[_PASSWORD] or None,
    )


def _missing(given: Mapping[str, str]) -> Iterator[str]:
    for name, example in _NEEDED.items():
        if not given[name].strip(" ,"):
            yield f"{name} is not set. Set it in the environment or in .env: {example}"


def _wrong_server(port: str, security: str) -> Iterator[str]:
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        yield f"{_PORT} = {words.shorten(port, 20)} is no port. Give a number such as 587"
    if security not in get_args(Security):
        shown = words.shorten(security, 20)
        yield f"{_SECURITY} = {shown} is neither starttls nor tls. Take one of these"


def _wrong_addresses(names: Mapping[str, str]) -> Iterator[str]:
    for address, name in names.items():
        if address and not _is_address(address):
            yield f"{name}: {words.shorten(address, 60)} is no address. Give one such as pr@example.org"


def _wrong_login(user: str, password: str) -> Iterator[str]:
    if bool(user) != bool(password):
        yield f"{_PASSWORD if user else _USER} is not set, but its other half is. Set both or none"
    for name, value in ((_USER, user), (_PASSWORD, password)):
        if not (value.isascii() and value.isprintable()):
            yield f"{name} has a character in it that can't be sent, such as a line break. Copy it again"


def _is_address(text: str) -> bool:
    if not text.isprintable():
        return False
    try:
        parsed = Address(addr_spec=text)
    except (ValueError, IndexError):  # the parser of the standard library fails on some with IndexError
        return False
    return bool(parsed.username and parsed.domain) and text.isascii()


def compose(
    letter: Letter, server: MailServer, attachments: Mapping[str, bytes], *, now: datetime
) -> EmailMessage:
    """The message, dated `now` (aware): words, HTML with its pictures inside, and the attachments by name.

    The same at the same moment is the same message, but for the boundaries of its parts.
    """
    message = EmailMessage()
    message["Subject"] = letter.subject
    message["From"] = server.sender
    message["To"] = ", ".join(server.recipients)
    message["Date"] = format_datetime(now)
    mark = f"{letter.plain}{now.isoformat()}{server.recipients}"
    message["Message-ID"] = f"<{sha256(mark.encode()).hexdigest()[:32]}@{server.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # so that nobody's holiday notice answers
    message.set_content(letter.plain)
    message.add_alternative(letter.html, subtype="html")
    body = message.get_payload(1)
    assert isinstance(body, EmailMessage)  # noqa: S101  # it was added a line above
    for name, picture in letter.pictures.items():
        body.add_related(picture, "image", "png", cid=f"<{name}>", disposition="inline")
    for name, content in attachments.items():
        subtype = "pdf" if name.endswith(".pdf") else "octet-stream"
        message.add_attachment(content, "application", subtype, filename=name)
    return message


def send(
    message: EmailMessage, server: MailServer, *, trust: ssl.SSLContext | None = None, timeout_s: float = 30.0
) -> None:
    """Hand the message in. Raises WalkbackError, in one line, where the server doesn't take it for everybody.

    `trust`: whose certificates to believe, the system's by default.
    """
    where = f"{server.host}:{server.port}"
    try:
        with _connected(server, trust or ssl.create_default_context(), timeout_s) as session:
            if server.user is not None and server.password is not None:
                session.login(server.user, server.password)
            # Not send_message, which puts ">" before lines that begin with "From".
            refused = session.sendmail(server.sender, server.recipients, message.as_bytes(policy=SMTP))
    except ssl.SSLCertVerificationError as error:
        raise WalkbackError(
            f"mail: the certificate of {where} is not to be trusted ({error.verify_message}). Nothing was "
            f"sent; check {_HOST}"
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise WalkbackError(
            f"mail: {where} offers no STARTTLS or no login. Nothing was sent; set {_SECURITY} to tls, or "
            "take another server"
        ) from None
    except smtplib.SMTPAuthenticationError:
        raise WalkbackError(
            f"mail: {where} refused the login of {server.user}. Check {_USER} and {_PASSWORD}"
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        raise WalkbackError(
            f"mail: {where} takes nothing for {', '.join(error.recipients)}. Check {_TO}"
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise WalkbackError(
            f"mail: {where} did not take the letter ({words.shorten(str(error), 200)}). Check {_HOST} and "
            f"{_PORT}, and send it again"
        ) from None
    if refused:
        raise WalkbackError(
            f"mail: {where} takes nothing for {', '.join(refused)}; the others have it. Check {_TO}"
        )


def _connected(server: MailServer, trust: ssl.SSLContext, timeout_s: float) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=timeout_s, context=trust)
    session = smtplib.SMTP(server.host, server.port, timeout=timeout_s)
    try:
        session.starttls(context=trust)
    except BaseException:
        session.close()
        raise
    return session
