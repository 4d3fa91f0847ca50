"""The letter, handed in to a real mail server on loopback over TLS."""

import re
import socket
import ssl
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from walkback.errors import CaseError, WalkbackError
from walkback.reports.letter import Letter
from walkback.reports.mail import compose, mail_server, send

NOW = datetime(2023, 8, 14, 6, 30, tzinfo=UTC)
SECRET = "correct horse battery staple"  # noqa: S105  # of this test alone
SETTINGS = {
    "WALKBACK_SMTP_HOST": "127.0.0.1",
    "WALKBACK_SMTP_PORT": "587",
    "WALKBACK_MAIL_FROM": "walkback@example.org",
    "WALKBACK_MAIL_TO": "pr@example.org, ceo@example.org",
    "WALKBACK_SMTP_USER": "walkback",
    "WALKBACK_SMTP_PASSWORD": SECRET,
}
LETTER = Letter(
    subject="Zoom: Empörung \U0001f4c8 über die neuen Bedingungen: Inconclusive",
    plain="Es klang ab.\n.\nFrom here on it is quiet.\n",
    html='<p>Es klang ab. \U0001f4c9</p><img src="cid:timeline@walkback" alt="Timeline">',
    pictures={"timeline@walkback": b"\x89PNG made up"},
)


class Mailbox:
    """Keeps what comes in; refuses whom it is told to."""

    def __init__(self, refuse=(), answer="250 OK"):
        """Nothing has come in yet."""
        self.letters, self.logins, self.refuse, self.answer = [], [], refuse, answer

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802  # aiosmtpd's
        """Take a recipient or not."""
        if address in self.refuse:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's
        """Take the letter, noting whether it came over TLS."""
        if self.answer.startswith("250"):
            self.letters.append((session.ssl is not None, envelope))
        if self.answer == "hang up":
            server.transport.abort()
        return self.answer

    def authenticate(self, server, session, envelope, mechanism, given):  # noqa: ARG002  # aiosmtpd's
        """One user with one password; whether it came over TLS is noted."""
        self.logins.append(session.ssl is not None)
        return AuthResult(success=given.password == SECRET.encode(), handled=False)


class _ImplicitTls(Controller):
    def factory(self):
        """A login is allowed: the whole connection is TLS, which this server can't see."""
        return SMTP(self.handler, **{**self.SMTP_kwargs, "auth_require_tls": False})


@pytest.fixture(scope="module")
def authority():
    """A certificate authority of our own."""
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority):
    """The server's."""
    return authority.issue_cert("127.0.0.1")


@pytest.fixture
def trusting(authority):
    """A context that believes it, and nobody else."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def office(certificate):
    """Open a mail server on a free port; gives what to send with."""
    running = []

    def start(mailbox, *, security="starttls", tls=True, **changes):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        options = {"hostname": "127.0.0.1", "port": port, "authenticator": mailbox.authenticate}
        options |= {"auth_require_tls": tls, "timeout": 20}
        if security == "tls":
            controller = _ImplicitTls(mailbox, ssl_context=context, **options)
        else:
            secured = {"tls_context": context, "require_starttls": True} if tls else {}
            controller = Controller(mailbox, **options, **secured)
        controller.start()
        running.append(controller)
        return server(WALKBACK_SMTP_PORT=str(port), WALKBACK_SMTP_SECURITY=security, **changes)

    yield start
    for controller in running:
        controller.stop()


def server(**changes):
    """The settings as they are read."""
    return mail_server({**SETTINGS, **changes}.get)


def message_for(where):
    """The letter with a PDF."""
    return compose(LETTER, where, {"zoom.pdf": b"%PDF-1.7 made up"}, now=NOW)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_letter_arrives_whole(office, trusting, security):
    """Words, HTML with its picture inside, and the PDF, to everybody, over TLS by either way."""
    mailbox = Mailbox()
    where = office(mailbox, security=security)
    send(message_for(where), where, trust=trusting)
    ((secured, envelope),) = mailbox.letters
    letter = message_from_bytes(envelope.original_content, policy=policy.default)
    html = letter.get_body(("html",)).get_content()
    (picture,) = [part for part in letter.walk() if part.get_content_type() == "image/png"]
    (paper,) = letter.iter_attachments()

    assert envelope.rcpt_tos == ["pr@example.org", "ceo@example.org"]
    assert letter["Subject"] == LETTER.subject
    assert letter["Date"].datetime == NOW
    assert letter.get_body(("plain",)).get_content().split() == LETTER.plain.split()
    assert html.strip() == LETTER.html
    assert re.search(r'src="cid:([^"]+)"', html)[1] == picture["Content-ID"].strip("<>")
    assert picture.get_content() == LETTER.pictures["timeline@walkback"]
    assert (paper.get_content_type(), paper.get_filename()) == ("application/pdf", "zoom.pdf")
    assert paper.get_content() == b"%PDF-1.7 made up"
    assert len(mailbox.logins) == 1
    if security == "starttls":
        assert secured
        assert mailbox.logins == [True]


def test_a_stranger_is_not_trusted(office):
    """A certificate that nobody vouches for: no login, no letter, and what to check."""
    mailbox = Mailbox()
    where = office(mailbox)

    with pytest.raises(WalkbackError, match="not to be trusted") as caught:
        send(message_for(where), where)
    assert (mailbox.letters, mailbox.logins) == ([], [])
    assert SECRET not in str(caught.value)


def test_without_tls_nothing_is_sent(office, trusting):
    """A server that offers none gets neither login nor letter."""
    mailbox = Mailbox()
    where = office(mailbox, tls=False)

    with pytest.raises(WalkbackError, match="offers no STARTTLS"):
        send(message_for(where), where, trust=trusting)
    assert (mailbox.letters, mailbox.logins) == ([], [])


def test_a_wrong_password_is_told_and_not_shown(office, trusting):
    """The name of the variable to check, not what is in it."""
    mailbox = Mailbox()
    where = office(mailbox, WALKBACK_SMTP_PASSWORD="wrong-and-secret")  # noqa: S106  # of this test alone

    with pytest.raises(WalkbackError, match="WALKBACK_SMTP_PASSWORD") as caught:
        send(message_for(where), where, trust=trusting)
    assert "wrong-and-secret" not in f"{caught.value}{where!r}"
    assert caught.value.__suppress_context__
    assert mailbox.letters == []


@pytest.mark.parametrize(
    ("refuse", "taken", "told"),
    [
        (["ceo@example.org"], 1, "takes nothing for ceo@example.org; the others have it"),
        (["ceo@example.org", "pr@example.org"], 0, "nothing for pr@example.org, ceo@example.org. Check"),
    ],
)
def test_who_gets_nothing_is_told(office, trusting, refuse, taken, told):
    """By address, whether others have it or not."""
    mailbox = Mailbox(refuse)
    where = office(mailbox)

    with pytest.raises(WalkbackError, match=re.escape(told)):
        send(message_for(where), where, trust=trusting)
    assert len(mailbox.letters) == taken


@pytest.mark.parametrize("answer", ["421 closing", "451 try later", "554 no", "hang up"])
def test_a_server_that_does_not_take_it_is_told_in_one_line(office, trusting, answer):
    """Whatever it says, and if it says nothing and is gone."""
    where = office(Mailbox(answer=answer))

    with pytest.raises(WalkbackError, match="did not take the letter") as caught:
        send(message_for(where), where, trust=trusting)
    assert "\n" not in str(caught.value)


def test_nobody_at_home_is_told():
    """A port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = server(WALKBACK_SMTP_PORT=str(port))

    with pytest.raises(WalkbackError, match=f"127.0.0.1:{port} did not take the letter"):
        send(message_for(where), where)


def test_every_fault_of_the_settings_is_told_at_once():
    """Each by its variable, with what to give; addresses can't carry headers in."""
    with pytest.raises(CaseError) as caught:
        mail_server(
            {
                "WALKBACK_SMTP_PORT": "a door",
                "WALKBACK_SMTP_SECURITY": "none",
                "WALKBACK_MAIL_FROM": "me@example.org\r\nBcc: x@example.org",
                "WALKBACK_MAIL_TO": "pr@example.org, not an address",
                "WALKBACK_SMTP_USER": "somebody",
            }.get
        )

    told = [fault.split(" ")[0].strip(":") for fault in caught.value.faults]
    assert told == [
        "WALKBACK_SMTP_HOST",
        "WALKBACK_SMTP_PORT",
        "WALKBACK_SMTP_SECURITY",
        "WALKBACK_MAIL_FROM",
        "WALKBACK_MAIL_TO",
        "WALKBACK_SMTP_PASSWORD",
    ]


def test_the_port_of_tls_means_tls():
    """465 is spoken to in TLS from the first byte; any other begins with STARTTLS."""
    assert server(WALKBACK_SMTP_PORT="465").security == "tls"
    assert server().security == "starttls"


@pytest.mark.parametrize("password", ["umlaut ü", "tab\t", "new\nline"])
def test_a_password_that_can_not_be_sent_is_a_fault_of_the_settings(password):
    """Without showing it."""
    with pytest.raises(CaseError, match="WALKBACK_SMTP_PASSWORD has a character") as caught:
        server(WALKBACK_SMTP_PASSWORD=password)
    assert password not in str(caught.value)
