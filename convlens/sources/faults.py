"""Why a log did not come, in one clause that repeats no text of URLs: they may hold passwords."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from convlens.errors import SourceError, UnreachableError
from convlens.sources.urls import shown

_STATUS = {
    401: "asks for a user name and password; ~/.netrc may hold them",
    403: "is forbidden",
    404: "does not exist on the server",
    407: "is behind a proxy that asks for a user name and password",
    410: "does not exist on the server any more",
    429: "is asked for too often; try again later",
}


class DroppedError(UnreachableError):
    """A server that broke off or is out of order: the next try may do."""


def refused(url: str, status: int) -> SourceError:
    """What an answer means that is no log."""
    if status >= 500:
        return DroppedError(shown(url), f"the server is out of order (HTTP {status})")
    return SourceError(shown(url), f"{_STATUS.get(status, 'cannot be fetched')} (HTTP {status})")


def explained(url: str, fault: Exception) -> SourceError:
    """What an exception of requests, urllib3 or the system means; UnreachableError if it may pass."""
    import requests
    from urllib3 import exceptions as urllib3

    lasting: list[tuple[tuple[type[BaseException], ...], str]] = [
        ((requests.TooManyRedirects,), "redirects without end"),
        ((requests.exceptions.InvalidSchema,), "redirects to what is neither http:// nor https://"),
        ((requests.exceptions.InvalidHeader,), "the server contradicts itself on how long it is"),
        # A Location that cannot even be parsed raises any kind of ValueError.
        ((ValueError,), "it, or where it redirects, is no address that can be fetched"),
    ]
    passing: list[tuple[tuple[type[BaseException], ...], str]] = [
        ((urllib3.ProxyError,), "the proxy that HTTPS_PROXY or HTTP_PROXY names cannot be used"),
        ((ssl.SSLCertVerificationError,), "the server's certificate cannot be trusted"),
        ((ssl.SSLError,), "the server does not speak TLS as it should; is the address http://?"),
        ((socket.gaierror,), "the name of the server cannot be resolved; is there a network?"),
        ((ConnectionRefusedError,), "the server refuses the connection"),
        ((requests.ConnectTimeout,), "the server does not answer in time"),
        ((urllib3.NewConnectionError,), "the server cannot be reached"),  # a TimeoutError to urllib3
        ((requests.Timeout, urllib3.TimeoutError), "the server stops sending"),
    ]
    for kinds, why in lasting:
        if isinstance(fault, kinds):
            return SourceError(shown(url), why)
    met = list(_beneath(fault))
    for kinds, why in passing:
        if found := next((error for error in met if isinstance(error, kinds)), None):
            more = getattr(found, "verify_message", "")
            return UnreachableError(shown(url), f"{why} ({more})" if more else why)
    if any(isinstance(error, urllib3.ProtocolError | ConnectionError) for error in met):
        return DroppedError(shown(url), "the server broke off in the middle, or speaks no HTTP")
    # A plain OSError is a sentence of requests, such as that REQUESTS_CA_BUNDLE names no file.
    what = str(fault) if type(fault) is OSError else type(fault).__name__
    return UnreachableError(shown(url), f"cannot be fetched ({what})")


def _beneath(error: object) -> Iterator[BaseException]:
    """An error and all that it was raised for, as requests and urllib3 pack them."""
    if isinstance(error, BaseException):
        yield error
        for below in (*error.args, getattr(error, "reason", None), error.__cause__ or error.__context__):
            yield from _beneath(below)
