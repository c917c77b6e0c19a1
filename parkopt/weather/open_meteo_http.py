"""One request to a weather service: bounded in time and size, tried twice, its failure told in words."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
import zlib

from parkopt.errors import Text

MAX_BYTES = 20_000_000
MAX_WAIT_S, DEFAULT_WAIT_S = 5.0, 0.5
"""Longest wait before the second try, and the wait where the service names none."""
BUSY = 429


class NoAnswerError(Exception):
    """Why the service gave nothing that can be used, in words of both languages."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def get_text(url: str, timeout_s: float) -> str:
    """Return what `url` answers, within `timeout_s` in all; a busy or failing service is asked a second time.

    A service that begins an answer and then falls silent is waited for up to twice as long: the
    limit of a socket runs anew with each piece that arrives.

    Raises
    ------
    NoAnswerError
        With the reason, which never holds the address.
    """
    end = time.monotonic() + timeout_s
    for attempt in (1, 2):
        try:
            return _get(url, end)
        except urllib.error.HTTPError as error:
            with error:
                wait_s = _wait_s(error) if attempt == 1 else None
                if wait_s is None or time.monotonic() + wait_s >= end:
                    raise NoAnswerError(_refused(error)) from None
        except (TimeoutError, zlib.error, UnicodeDecodeError, OSError, ValueError, http.client.HTTPException) as error:
            raise NoAnswerError(_words(error, timeout_s)) from None
        time.sleep(wait_s)
    raise AssertionError("the second try ends above")


def _get(url: str, end: float) -> str:
    """Return the body of one request; its reading ends at the monotonic time `end`."""
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "parkopt"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - `live_config` lets http and https pass
    body = b""
    with urllib.request.urlopen(request, timeout=max(end - time.monotonic(), 0.001)) as answer:  # noqa: S310
        while chunk := answer.read1(65_536):
            body += chunk
            if time.monotonic() > end:
                raise TimeoutError
            if len(body) > MAX_BYTES:
                raise ValueError("the answer is too long")
        if (length := answer.headers.get("Content-Length")) and len(body) != int(length):
            raise ValueError("the answer was cut off")
        if answer.headers.get("Content-Encoding") == "gzip":
            body = zlib.decompressobj(wbits=31).decompress(body, MAX_BYTES)
    return body.decode()


def _wait_s(error: urllib.error.HTTPError) -> float | None:
    """Return how long to wait before the second try, None where there is to be none."""
    if error.code != BUSY and error.code < 500:  # noqa: PLR2004 - the service's own faults
        return None
    written = error.headers.get("Retry-After", "")
    wait_s = float(written) if written.isdigit() else DEFAULT_WAIT_S
    return wait_s if wait_s <= MAX_WAIT_S else None


def _refused(error: urllib.error.HTTPError) -> Text:
    """Return what a service says that answers with an error."""
    try:
        told = str(json.loads(error.read(65_536))["reason"])
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        told = str(error.reason)
    return Text(f"it answered {error.code}: {told.rstrip('.')}", f"返回 {error.code}：{told.rstrip('.')}")


def _words(error: Exception, timeout_s: float) -> Text:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return Text(f"it did not answer within {timeout_s:g} s", f"{timeout_s:g} 秒内未响应")
    told = getattr(reason, "strerror", None) or (str(reason) if type(error) is ValueError else type(reason).__name__)
    return Text(f"the connection failed: {told}", f"连接失败：{told}")
