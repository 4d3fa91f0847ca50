"""A finished report by e-mail: which server, the message, and handing it over. Never without TLS."""

import base64
import hashlib
import ipaddress
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from pathlib import PurePath
from typing import Final, Literal, cast, get_args

from walkback.errors import CaseError, WalkbackError
from walkback.reports.words import clean, shorten

Security = Literal["starttls", "tls"]
"""starttls: the connection begins in plain text and turns to TLS before anything is said. tls: TLS from the start."""

HOST: Final = "WALKBACK_SMTP_HOST"
PORT: Final = "WALKBACK_SMTP_PORT"
SECURITY: Final = "WALKBACK_SMTP_SECURITY"
USER: Final = "WALKBACK_SMTP_USER"
PASSWORD: Final = "WALKBACK_SMTP_PASSWORD"  # noqa: S105  # the variable's name
SENDER: Final = "WALKBACK_MAIL_FROM"
RECIPIENTS: Final = "WALKBACK_MAIL_TO"
VARIABLES: Final = (HOST, PORT, SECURITY, USER, PASSWORD, SENDER, RECIPIENTS)

_USUAL_PORT: Final[dict[str, int]] = {"starttls": 587, "tls": 465}
_WHERE: Final = "in the environment or in .env beside the case file"
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
# RFC 5322's dot-atom without "?": with it an address could hold an encoded word, which EmailMessage decodes.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+"
_LOCAL_PART: Final = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(?:\.{_ATOM})*")
_ENHANCED_CODE: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463, such as 5.7.8
_LOGINS: Final = frozenset({"CRAM-MD5", "PLAIN", "LOGIN"})  # what smtplib knows
_MOST_SAID: Final = 200  # characters of a server's answer
# getfqdn() would ask the DNS and tell the machine's name to every recipient.
_OUR_NAME: Final = "[127.0.0.1]"
# mimetypes reads tables that differ between machines.
_TYPES: Final = {
    ".csv": ("text", "csv"),
    ".html": ("text", "html"),
    ".json": ("application", "json"),
    ".md": ("text", "markdown"),
    ".pdf": ("application", "pdf"),
    ".png": ("image", "png"),
    ".svg": ("image", "svg+xml"),
    ".txt": ("text", "plain"),
    ".zip": ("application", "zip"),
}
_ANY_TYPE: Final = ("application", "octet-stream")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where to hand mail over, from whom and to whom. None exists that could not be used safely.

    Addresses are plain ones, such as team@example.org. Raises CaseError with every fault.
    """

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    security: Security
    sender: str
    recipients: tuple[str, ...]

    def __post_init__(self) -> None:
        """Look at everything before saying anything."""
        faults = (
            *_host_faults(self.host),
            *_port_faults(self.port),
            *_security_faults(self.security),
            *_login_faults(self.user, self.password),
            *_address_faults(SENDER, (self.sender,) if self.sender else ()),
            *_address_faults(RECIPIENTS, self.recipients),
        )
        if faults:
            raise CaseError(*faults)

    def __str__(self) -> str:
        """Host and port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def mail_server(environment: Mapping[str, str]) -> MailServer:
    """The server that the `VARIABLES` tell of. The port tells the security and the other way round.

    Raises CaseError with every fault, one line each, with the variable's name and without its value.
    """
    given = {name: environment.get(name, "").strip() for name in VARIABLES}
    port, security = _port_and_security(given[PORT], given[SECURITY].lower())
    recipients = (address.strip() for address in given[RECIPIENTS].split(","))
    return MailServer(
        host=given[HOST],
        port=port,
        user=given[USER] or None,
        password=given[PASSWORD] or None,
        security=cast("Security", security),
        sender=given[SENDER],
        recipients=tuple(dict.fromkeys(address for address in recipients if address)),
    )


def _port_and_security(port: str, security: str) -> tuple[int, str]:
    """Each as given, else as usual beside the other. A port that is no number becomes 0, which is none."""
    if not port:
        return _USUAL_PORT.get(security, _USUAL_PORT["starttls"]), security or "starttls"
    number = int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0
    return number, security or ("tls" if number == _USUAL_PORT["tls"] else "starttls")


def _host_faults(host: str) -> Iterator[str]:
    if not host:
        yield f"{HOST} is not set. Set it {_WHERE} to your mail server's name, such as smtp.example.org"
    elif not _NAME.fullmatch(host) and not _is_ip_address(host):
        yield (
            f"{HOST} is not a server's name. Give the name alone, such as smtp.example.org; "
            f"the port goes into {PORT}, the login into {USER} and {PASSWORD}"
        )


def _is_ip_address(host: str) -> bool:
    try:
        # A scope (fe80::1%…) may hold any character.
        return "%" not in host and bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _port_faults(port: int) -> Iterator[str]:
    if not 1 <= port <= 65_535:
        yield f"{PORT} is not a port. Give a whole number from 1 to 65535; 587 and 465 are usual"


def _security_faults(security: str) -> Iterator[str]:
    if security not in get_args(Security):
        yield f"{SECURITY} is neither starttls nor tls. Take one of these; nothing is sent without TLS"


def _login_faults(user: str | None, password: str | None) -> Iterator[str]:
    if user and not password:
        yield f"{USER} is set, but {PASSWORD} is not. Set it {_WHERE}, or neither for a server without login"
    if password and not user:
        yield f"{PASSWORD} is set, but {USER} is not. Set it {_WHERE}, or neither for a server without login"
    for name, value in ((USER, user), (PASSWORD, password)):
        # smtplib can send ASCII alone, and its error would hold the value.
        if value and not (value.isascii() and value.isprintable()):
            yield (
                f"{name} has a character in it that can't be sent, such as a line break or an umlaut. "
                "Copy it again, or ask your provider for an app password"
            )


def _address_faults(name: str, addresses: tuple[str, ...]) -> Iterator[str]:
    if not addresses:
        several = "; a comma stands between several" if name == RECIPIENTS else ""
        yield f"{name} is not set. Set it {_WHERE} to an address such as team@example.org{several}"
    for number, address in enumerate(addresses, start=1):
        if not _is_address(address):
            which = f", number {number} of {len(addresses)}," if len(addresses) > 1 else ""
            yield (
                f"{name}{which} is not an address that can be used. Give it plain, such as team@example.org: "
                "no name, no angle brackets, no line break, ASCII letters only (xn--… for other domains)"
            )


def _is_address(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    return bool(_LOCAL_PART.fullmatch(local) and _NAME.fullmatch(domain)) and len(address) <= 254


def compose(  # noqa: PLR0913  # a mail has this many parts
    subject: str,
    plain: str,
    html: str,
    pictures: Mapping[str, bytes],
    attachments: Mapping[str, bytes],
    server: MailServer,
    *,
    now: datetime,
    message_id: str,
) -> EmailMessage:
    """The message: the same arguments give the same bytes.

    `pictures` are PNG files by the content id that the HTML names as `cid:…`; `attachments` are files by
    name, their type by the name's ending. `now` is aware, `message_id` has its angle brackets. The
    recipients see each other. Raises ValueError where a content id or the message id holds a line break.
    """
    message = EmailMessage(policy=MAIL_POLICY)
    message["Subject"] = _one_line(subject)
    message["From"] = server.sender
    message["To"] = ", ".join(server.recipients)
    message["Date"] = now
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office note comes back
    # Quoted-printable keeps lines short, and no line of it can be a boundary below.
    message.set_content(plain, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    _add_pictures(message, pictures)
    for name, content in attachments.items():
        _attach(message, _one_line(name), content)
    _name_boundaries(message, message_id)
    return message


def _one_line(text: str) -> str:
    # EmailMessage would decode an encoded word, and with it a line break that begins a header of its own.
    return clean(text).replace("=?", "= ?")


def _add_pictures(message: EmailMessage, pictures: Mapping[str, bytes]) -> None:
    page = message.get_body(("html",))
    if not isinstance(page, EmailMessage) or not pictures:
        return
    for content_id, png in pictures.items():
        page.add_related(png, "image", "png", cid=f"<{content_id}>", disposition="inline")
    page.set_param("type", "text/html")  # RFC 2387 wants it


def _attach(message: EmailMessage, name: str, content: bytes) -> None:
    maintype, subtype = _TYPES.get(PurePath(name).suffix.lower(), _ANY_TYPE)
    charset = {"charset": "utf-8"} if maintype == "text" else None
    message.add_attachment(content, maintype, subtype, filename=name, params=charset)


def _name_boundaries(message: EmailMessage, message_id: str) -> None:
    """Give every multipart its boundary; the generator would draw one by chance."""
    seed = hashlib.sha256(message_id.encode()).hexdigest()[:24]
    several = [part for part in message.walk() if part.is_multipart()]
    for number, part in enumerate(several):
        part.set_boundary(f"=_{seed}_{number}")


def send(
    message: EmailMessage,
    server: MailServer,
    *,
    timeout_s: float = 30.0,
    context: ssl.SSLContext | None = None,
) -> None:
    """Hand the message over to the server, for its sender and recipients.

    `timeout_s` is for connecting and for each answer. `context` is for an authority of one's own;
    without it the system's are trusted, or those in the file that SSL_CERT_FILE names.

    Raises WalkbackError, in one line, where the server didn't take the message for every recipient.
    The login is in none of it.
    """
    try:
        with _connected(server, timeout_s, context or ssl.create_default_context()) as client:
            _log_in(client, server)
            refused = client.send_message(message, server.sender, server.recipients)
    except (OSError, ValueError) as error:
        # From None: the cause could hold the login.
        raise WalkbackError(f"{server}: {_explained(error, server)}") from None
    if refused:
        raise WalkbackError(
            f"{server}: the other recipients have the mail, but the server refused "
            f"{_refused(refused, server)}. Correct {RECIPIENTS}, and send it to these alone"
        )


@contextmanager
def _connected(server: MailServer, timeout_s: float, context: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    """A client under TLS, its EHLO said."""
    client = _client(server, timeout_s, context)
    try:
        client.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            _start_tls(client, server, context)
            client.ehlo_or_helo_if_needed()
        yield client
    finally:
        # Whether the mail was taken is known by now: a fault at parting changes nothing.
        with suppress(OSError):
            client.quit()
        client.close()


def _client(server: MailServer, timeout_s: float, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=_OUR_NAME, timeout=timeout_s, context=context
        )
    return smtplib.SMTP(server.host, server.port, local_hostname=_OUR_NAME, timeout=timeout_s)


def _start_tls(client: smtplib.SMTP, server: MailServer, context: ssl.SSLContext) -> None:
    if not client.has_extn("starttls"):
        raise WalkbackError(
            f"{server}: the server doesn't offer STARTTLS, and nothing is sent without TLS. Check {PORT}, "
            f"or set {SECURITY}=tls if the server speaks TLS from the start"
        )
    client.starttls(context=context)


def _log_in(client: smtplib.SMTP, server: MailServer) -> None:
    if server.user is None or server.password is None:
        return
    if _LOGINS.isdisjoint(client.esmtp_features.get("auth", "").split()):
        raise WalkbackError(
            f"{server}: the server offers no login by password. Unset {USER} and {PASSWORD} if it needs none, "
            "or take a server that has one"
        )
    client.login(server.user, server.password)


def _explained(error: OSError | ValueError, server: MailServer) -> str:
    """What happened and what to do; of the server's words only what can't hold the login."""
    match error:
        case smtplib.SMTPException():
            return _smtp_trouble(error, server)
        case ssl.SSLCertVerificationError():
            return (
                f"the server's certificate can't be trusted ({clean(error.verify_message)}). Check {HOST}; if your "
                "organisation has an authority of its own, name its file in SSL_CERT_FILE"
            )
        case ssl.SSLError():
            other = "starttls" if server.security == "tls" else "tls"
            return f"no TLS came about. Check {PORT}, or try {SECURITY}={other}"
        case TimeoutError():
            return (
                f"no answer in time. Check {HOST}, {PORT} and {SECURITY}, and whether a firewall is between"
            )
        case socket.gaierror():
            return f"the name can't be found. Check {HOST} and the network"
        case ConnectionRefusedError():
            return f"nobody listens there. Check {HOST} and {PORT}"
        case OSError():
            return f"the connection failed ({error.strerror}). Check {HOST}, {PORT} and the network"
    return f"the server's answer makes no sense. Check {HOST} and {PORT}"


def _smtp_trouble(error: smtplib.SMTPException, server: MailServer) -> str:
    match error:
        case smtplib.SMTPServerDisconnected(__context__=TimeoutError()):
            return _explained(TimeoutError(), server)
        case smtplib.SMTPServerDisconnected():
            return f"the server hung up in the middle. Try again; if it stays so, check {PORT} and {SECURITY}"
        case smtplib.SMTPAuthenticationError():
            return _login_trouble(error)
        case smtplib.SMTPRecipientsRefused():
            return (
                f"nobody got the mail, for the server refused {_refused(error.recipients, server)}. "
                f"Correct {RECIPIENTS}, or try again later if a number begins with 4"
            )
        case smtplib.SMTPSenderRefused():
            return (
                f"the server refused the sender {server.sender} "
                f"({_said(error.smtp_code, error.smtp_error, server)}). Check that {SENDER} is an address which "
                f"{USER} may send from"
            )
        case smtplib.SMTPResponseException():
            return _answer_trouble(error, server)
    return f"the server's answer makes no sense. Check {HOST} and {PORT}"


def _login_trouble(error: smtplib.SMTPAuthenticationError) -> str:
    # Its words stay out: a server may repeat what it was sent, whole or in part.
    enhanced = _ENHANCED_CODE.match(_text(error.smtp_error))
    code = f"{error.smtp_code} {enhanced[0]}" if enhanced else str(error.smtp_code)
    if 400 <= error.smtp_code < 500:
        return f"the server can't check the login now ({code}). Try again later"
    return f"the server refused the login ({code}). Check {USER} and {PASSWORD}; many providers want an app password"


def _answer_trouble(error: smtplib.SMTPResponseException, server: MailServer) -> str:
    if error.smtp_code < 0:
        return f"what answers there is no mail server. Check {HOST} and {PORT}"
    said = _said(error.smtp_code, error.smtp_error, server)
    if 400 <= error.smtp_code < 500:
        return f"the server doesn't take the mail now ({said}). Try again later"
    return f"the server refused the mail ({said}). Ask whoever runs it for what the answer means"


def _refused(recipients: Mapping[str, tuple[int, bytes]], server: MailServer) -> str:
    return ", ".join(f"{who} ({_said(code, text, server)})" for who, (code, text) in recipients.items())


def _said(code: int, words: bytes | str, server: MailServer) -> str:
    """An answer in one line, without words that repeat the login."""
    text = _text(words)
    if any(secret in text for secret in _secrets(server)):
        return str(code)
    return f"{code} {shorten(text, _MOST_SAID)}".rstrip()


def _secrets(server: MailServer) -> tuple[str, ...]:
    """The password, plain and as the logins encode it."""
    if server.user is None or server.password is None:
        return ()
    sent = (server.password, f"\0{server.user}\0{server.password}")
    return (server.password, *(base64.b64encode(text.encode()).decode() for text in sent))


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
