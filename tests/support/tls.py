"""Certificates made on the spot."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass
class Authority:
    """A certificate authority that nobody knows but those who are given its `file`."""

    ca: trustme.CA
    file: Path


def authority(folder: Path) -> Authority:
    ca = trustme.CA()
    file = folder / "authority.pem"
    ca.cert_pem.write_to_path(str(file))
    return Authority(ca, file)


def server_tls(made: Authority, name: str) -> ssl.SSLContext:
    """For a server whose certificate names `name`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.ca.issue_cert(name).configure_cert(context)
    return context
