# SPDX-License-Identifier: MIT
"""The providers behind TLS, with certificates to order."""

import shutil
import socket
import ssl
import subprocess
import threading
import warnings

import pytest

# The settings NAME_BASE_URL that say where the providers are.
PROVIDERS = ("TWILIO_API", "TWILIO_TRUNKING", "TWILIO_VOICE", "RETELL")

needs_openssl = pytest.mark.skipif(
    not shutil.which("openssl"), reason="not tested: there is no openssl"
)


class Tls:
    """The sandbox behind TLS, with a certificate that is its own authority: ca.pem."""

    def __init__(self, folder, target, host="localhost", days=2, newest=None):
        self.folder = folder
        self.target = target
        self.host, self.days, self.newest = host, days, newest
        self.renew()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"
        self.came = 0  # connections, whatever became of them
        threading.Thread(target=self._serve, daemon=True).start()

    def renew(self):
        """A new key and certificate, put in the place of the former as a renewal does."""
        fresh = self.folder / "fresh"
        fresh.mkdir(parents=True)
        names = f"-subj /CN={self.host} -addext subjectAltName=DNS:{self.host}"
        curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        for command in (
            f"req {curve} {names} -keyout {fresh}/key.pem -out {fresh}/request",
            f"x509 -req -in {fresh}/request -copy_extensions copyall -days {self.days} "
            f"-signkey {fresh}/key.pem -out {fresh}/ca.pem",
        ):
            subprocess.run(["openssl", *command.split()], check=True, capture_output=True)
        (fresh / "request").unlink()
        for name in ("key.pem", "ca.pem"):
            (fresh / name).rename(self.folder / name)
        fresh.rmdir()

    def _serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            self.came += 1
            threading.Thread(target=self._carry, args=[client], daemon=True).start()

    def _context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.newest:  # an old server, which knows no better
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
                context.maximum_version = self.newest
        context.load_cert_chain(self.folder / "ca.pem", self.folder / "key.pem")
        return context

    def _carry(self, client):
        try:
            inside = self._context().wrap_socket(client, server_side=True)
        except OSError:  # a handshake that was refused
            client.close()
            return
        self._splice(inside)

    def _splice(self, inside):
        host, port = self.target.removeprefix("http://").split(":")
        outside = socket.create_connection((host, int(port)))
        there = threading.Thread(target=self._pump, args=[inside, outside], daemon=True)
        there.start()
        self._pump(outside, inside)
        there.join()
        inside.close()
        outside.close()

    @staticmethod
    def _pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other way ends as well
