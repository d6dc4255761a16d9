"""Shows the ledger who asks: the API key in CONSENT_LEDGER_API_KEY, or in the file that CONSENT_LEDGER_API_KEY_FILE names."""

import collections
import ipaddress
import os

import grpc


def key():
    """The key, or None where there is none: a ledger without principals asks nobody on its own machine."""
    file = os.environ.get("CONSENT_LEDGER_API_KEY_FILE")
    if file:
        with open(file, encoding="utf-8") as text:
            return text.read().strip()
    return os.environ.get("CONSENT_LEDGER_API_KEY", "").strip() or None


class _Details(
    collections.namedtuple("_Details", ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression")),
    grpc.ClientCallDetails,
):
    """A call with other metadata."""


class _Shown(grpc.UnaryUnaryClientInterceptor):
    def __init__(self, text):
        self._header = ("authorization", f"Bearer {text}")

    def intercept_unary_unary(self, continuation, call, request):
        metadata = [*(call.metadata or ()), self._header]
        details = _Details(call.method, call.timeout, metadata, call.credentials, call.wait_for_ready, call.compression)
        return continuation(details, request)


def _is_private(server):
    host = server.removeprefix("https://").removeprefix("http://").rsplit(":", 1)[0].strip("[]")
    if server.startswith("https://") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown_on(channel, server):
    """The channel, showing the key with every call; never in plain text to another machine."""
    text = key()
    if text is None:
        return channel
    if not _is_private(server):
        raise SystemExit("the API key is not sent: the server is on another machine, and nothing between is encrypted")
    return grpc.intercept_channel(channel, _Shown(text))
