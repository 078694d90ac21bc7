"""The driver protocol: HTTP/1.1 with JSON, over a unix socket or mutual TLS. A thread a connection."""

import http.server
import json
import logging
import os
import socket
import socketserver
import ssl
import threading

from octavia_provider_host import calls
from octavia_provider_host import installed

LOG = logging.getLogger(__name__)

VERSIONS = [1]
LONGEST_REQUEST = 64 * 1024 * 1024


class _Counter:
    """Calls under way."""

    def __init__(self):
        self._lock = threading.Lock()
        self.value = 0

    def __enter__(self):
        with self._lock:
            self.value += 1

    def __exit__(self, *_):
        with self._lock:
            self.value -= 1


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = False

    def do_GET(self):
        if self.path != "/":
            return self._answer(404, {"error": {"kind": "Error", "operator_fault_string": f"No such path: {self.path}"}})
        driver = self.server.driver
        self._answer(200, {
            "protocol": "octavia-provider-driver",
            "versions": VERSIONS,
            "provider": driver.name,
            "library": installed.library_version(),
            "calls": self.server.counter.value,
        })

    def do_POST(self):
        method = self.path[len("/v1/"):] if self.path.startswith("/v1/") else None
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 <= length <= LONGEST_REQUEST:
                raise ValueError("the length is out of bounds")
            given = json.loads(self.rfile.read(length))["arguments"]
            if not isinstance(given, dict):
                raise ValueError("arguments is no map")
        except (ValueError, KeyError, TypeError) as error:
            self.close_connection = True
            return self._refuse(400, f"The request cannot be read: {error}")
        if method not in calls.METHODS:
            return self._refuse(404, f"No such method: {self.path}")
        with self.server.counter:
            answer = calls.call(self.server.driver, method, given)
        self._answer(200, answer)

    def _refuse(self, status, text):
        self._answer(status, {"error": {"kind": "Error", "operator_fault_string": text}})

    def _answer(self, status, message):
        body = json.dumps(message).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format, *args):
        LOG.debug(format, *args)


class _Server(socketserver.ThreadingMixIn):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, _request, _client):
        # Callers go away when their time is over.
        LOG.debug("A connection ended early", exc_info=True)


class _UnixServer(_Server, socketserver.UnixStreamServer):
    pass


class _TlsServer(_Server, socketserver.TCPServer):
    allow_reuse_address = True

    def __init__(self, address, handler, context):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._context = context
        super().__init__(address, handler)

    def finish_request(self, request, client_address):
        # In the thread of the connection: who does not finish the handshake keeps nobody else.
        request.settimeout(10)
        with self._context.wrap_socket(request, server_side=True) as secured:
            secured.settimeout(None)
            super().finish_request(secured, client_address)


def open_listener(driver, arguments):
    listener = _unix(arguments.socket) if arguments.socket else _tls(arguments)
    listener.driver = driver
    listener.counter = _Counter()
    return listener


def _unix(path):
    if os.path.exists(path):
        os.unlink(path)
    before = os.umask(0o177)
    try:
        return _UnixServer(path, _Handler)
    finally:
        os.umask(before)


def _tls(arguments):
    if not (arguments.certificate and arguments.key and arguments.client_ca):
        raise ValueError("--listen needs --certificate, --key and --client-ca.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=arguments.client_ca)
    context.load_cert_chain(arguments.certificate, arguments.key)
    context.verify_mode = ssl.CERT_REQUIRED
    host, _, port = arguments.listen.rpartition(":")
    return _TlsServer((host.strip("[]"), int(port)), _Handler, context)
