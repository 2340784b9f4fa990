"""TLS configuration."""

from __future__ import annotations

import ssl
from os import PathLike
from pathlib import Path
from typing import Literal

from . import _oxftp

TlsVersion = Literal["1.2", "1.3"]


class TlsConfig:
    """TLS of the library: rustls, with the session reuse that FTP servers demand of data connections.

    Certificates are verified, by default against the roots of the system.

    ``ca_file`` and ``ca_data`` have PEM certificates that are trusted in place of those. ``client_certificate`` and
    ``client_key`` are PEM files, the latter by default in the former. ``pins`` are SHA-256 fingerprints of certificates,
    in hexadecimal digits: exactly these are trusted. ``verify=False`` accepts any certificate, so an attacker can read
    everything.
    """

    def __init__(
        self,
        *,
        ca_file: str | PathLike[str] | None = None,
        ca_data: str | bytes | None = None,
        client_certificate: str | PathLike[str] | None = None,
        client_key: str | PathLike[str] | None = None,
        minimum_version: TlsVersion | None = None,
        maximum_version: TlsVersion | None = None,
        verify: bool = True,
        pins: list[str] | tuple[str, ...] = (),
    ) -> None:
        self.ca_file = ca_file
        self.ca_data = ca_data.encode() if isinstance(ca_data, str) else ca_data
        self.client_certificate = client_certificate
        self.client_key = client_key
        self.minimum_version = minimum_version
        self.maximum_version = maximum_version
        self.verify = verify
        self.pins = tuple(pins)
        self._build()

    def _build(self) -> None:
        roots = self.ca_data
        if self.ca_file is not None:
            roots = (roots or b"") + Path(self.ca_file).read_bytes()
        chain = key = None
        if self.client_certificate is not None:
            chain = Path(self.client_certificate).read_bytes()
            key = chain if self.client_key is None else Path(self.client_key).read_bytes()
        options = {
            "roots": roots,
            "chain": chain,
            "key": key,
            "minimum": self.minimum_version,
            "maximum": self.maximum_version,
            "verify": self.verify,
            "pins": [bytes.fromhex(pin.replace(":", "")) for pin in self.pins],
        }
        #: The native configuration.
        self.native: _oxftp.TlsConfig = _oxftp.TlsConfig(options)

    @classmethod
    def from_ssl_context(
        cls,
        context: ssl.SSLContext,
        *,
        client_certificate: str | PathLike[str] | None = None,
        client_key: str | PathLike[str] | None = None,
    ) -> TlsConfig:
        """Translates an `ssl.SSLContext`: its trusted certificates, versions, and whether it verifies.

        A client certificate of the context cannot be read back, so it is given again. Raises :class:`ValueError` if
        the context verifies certificates, but not host names, or has certificates in a directory.
        """
        verify = context.verify_mode == ssl.CERT_REQUIRED
        if verify and not context.check_hostname:
            raise ValueError("a context that verifies certificates without host names cannot be translated")
        roots = context.get_ca_certs(binary_form=True) if verify else []
        if verify and not roots:
            raise ValueError("the certificates that the context trusts cannot be read")
        minimum = context.minimum_version
        maximum = context.maximum_version
        return cls(
            ca_data="".join(ssl.DER_cert_to_PEM_cert(root) for root in roots) or None,
            client_certificate=client_certificate,
            client_key=client_key,
            minimum_version="1.3" if minimum == ssl.TLSVersion.TLSv1_3 else None,
            maximum_version="1.2" if maximum == ssl.TLSVersion.TLSv1_2 else None,
            verify=verify,
        )

    def __getstate__(self) -> dict[str, object]:
        state = dict(self.__dict__)
        del state["native"]
        return state

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._build()

    def __repr__(self) -> str:
        return f"TlsConfig(verify={self.verify!r}, ca_file={self.ca_file!r})"
