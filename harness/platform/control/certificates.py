"""Control routes of the HTTPS port: its handshakes, and which certificate it presents."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from harness.network.certificates import CertificateKind
from harness.platform.facade import Platform


class CertificateOrder(BaseModel):
    """Which certificate the HTTPS port presents to new connections."""

    model_config = ConfigDict(extra="forbid")

    certificate: CertificateKind


def add_certificates(app: FastAPI, platform: Platform) -> None:
    """``/api/handshakes`` and ``/api/certificate``."""

    @app.get("/api/handshakes")
    def handshakes() -> list[dict[str, Any]]:
        """TLS handshakes at the HTTPS port with what they say of the device, oldest first."""
        return [handshake.as_dict() for handshake in platform.handshakes]

    @app.get("/api/certificate")
    def presented() -> dict[str, CertificateKind | None]:
        """What new connections to the HTTPS port see; null without such a port."""
        return {"certificate": platform.presented_certificate}

    @app.post("/api/certificate")
    def present(order: CertificateOrder) -> dict[str, str]:
        """Present another certificate: a device must refuse all but the right one (NET-TLS)."""
        platform.present_certificate(order.certificate)
        return {"certificate": order.certificate}
