"""The platforms' own hosts, on loopback: a proxy that takes CONNECT and speaks TLS in each host's name."""

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import trustme


class LoopbackInternet:
    """Where every request of a child process goes; `asked` are the hosts that were connected to."""

    def __init__(self, platforms, folder, hosts):
        """`platforms` is a running sandbox; the certificate authority is written to `folder`."""
        authority = trustme.CA()
        self.certificate = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.certificate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*hosts).configure_cert(self.context)
        self.upstream = urlsplit(platforms.address)
        self.hosts = hosts
        self.asked = []
        self.environment = {}

    @contextmanager
    def running(self):
        """Serve until the block ends."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.environment = {
            "HTTPS_PROXY": f"http://127.0.0.1:{server.server_address[1]}",
            "HTTP_PROXY": f"http://127.0.0.1:{server.server_address[1]}",
            "NO_PROXY": "",
            "REQUESTS_CA_BUNDLE": str(self.certificate),
        }
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


def _handler(internet):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self):
            host, _, port = self.path.partition(":")
            internet.asked.append(host)
            self.close_connection = True
            if host not in internet.hosts or port != "443":
                self.send_error(502, "no such host here")
                return
            self.send_response_only(200)
            self.end_headers()
            with suppress(OSError), internet.context.wrap_socket(self.connection, server_side=True) as client:
                _relay(client, internet.upstream)

        def log_message(self, *_):
            pass

    return Handler


def _relay(client, upstream):
    """Pass on what each side says until one of them ends."""
    with socket.create_connection((upstream.hostname, upstream.port)) as server:
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source, target):
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR) if not isinstance(target, ssl.SSLSocket) else target.unwrap()
