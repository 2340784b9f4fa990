"""Runs pyftpdlib for the tests; configured by environment variables."""

import logging
import os

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

EVERYTHING = "elradfmwMT"


def main():
    logging.basicConfig(filename="pyftpdlib.log", level=logging.DEBUG)
    handler = encrypted_handler() if "OXFTP_CERTIFICATE" in os.environ else FTPHandler
    handler.authorizer = DummyAuthorizer()
    user, password, root = (os.environ["OXFTP_" + name] for name in ("USER", "PASSWORD", "ROOT"))
    handler.authorizer.add_user(user, password, root, perm=EVERYTHING)
    handler.timeout = 0
    handler.permit_foreign_addresses = "OXFTP_FOREIGN_ADDRESSES" in os.environ
    server = FTPServer((os.environ["OXFTP_HOST"], int(os.environ["OXFTP_PORT"])), handler)
    server.max_cons = 0
    # Unlike max_cons, it does not count data connections; 0 means unlimited.
    server.max_cons_per_ip = int(os.environ["OXFTP_MAX_SESSIONS"])
    server.serve_forever()


def encrypted_handler():
    from OpenSSL import SSL
    from pyftpdlib.handlers import TLS_FTPHandler

    class Explicit(TLS_FTPHandler):
        certfile = os.environ["OXFTP_CERTIFICATE"]
        tls_control_required = True
        tls_data_required = True

        @classmethod
        def get_ssl_context(cls):
            fresh = cls.ssl_context is None
            context = super().get_ssl_context()
            if fresh:
                configure(context)
            return context

    class Implicit(Explicit):
        def handle(self):
            self.secure_connection(self.ssl_context)

        def handle_ssl_established(self):
            super().handle()

    def configure(context):
        version = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}.get(os.environ["OXFTP_TLS"])
        if version is not None:
            context.set_min_proto_version(version)
            context.set_max_proto_version(version)
        if "OXFTP_CLIENT_AUTHORITY" in os.environ:
            context.set_session_id(b"oxftp")
            context.load_verify_locations(os.environ["OXFTP_CLIENT_AUTHORITY"])
            context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *given: given[-1])

    return Implicit if "OXFTP_IMPLICIT" in os.environ else Explicit


main()
