"""Errors as RFC 9457 problem+json, in the caller's language, each with its PK id."""

from __future__ import annotations

import json
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from parkopt.api.deps import language_of
from parkopt.errors import (
    Faults,
    InfeasibleDay,
    InputFault,
    ParkoptError,
    ServiceFault,
    SolveFault,
    Text,
    UsageFault,
    Where,
)
from parkopt.faults import (
    AlreadyIssued,
    BadRequest,
    CannotWrite,
    ClaimTooLarge,
    DayNotSettled,
    DayPartsDiffer,
    GecConflict,
    LotsTooSmall,
    MethodChanged,
    MonthClosed,
    NoCorrection,
    NotAllowed,
    NotClaimable,
    NotFound,
    NothingToProve,
    NotMeasured,
    NotYourCertificate,
    OtherRequest,
    StateForbids,
    UnknownAccount,
    UnknownPark,
    WrongQuantity,
)

LOG = logging.getLogger("parkopt.api")
PROBLEM = "application/problem+json"
LONGEST = 2000
"""Letters of a text in an answer."""
CONFLICTS = (
    AlreadyIssued, ClaimTooLarge, DayNotSettled, DayPartsDiffer, GecConflict, LotsTooSmall, MethodChanged, MonthClosed,
    NoCorrection, NotClaimable, NotMeasured, OtherRequest, StateForbids, WrongQuantity,
)  # fmt: skip
"""What the state of certificates, days or months forbids: the same request may pass another day."""
STATUS: tuple[tuple[type[ParkoptError], int], ...] = (
    (NotAllowed, 401),
    (NotYourCertificate, 403),
    (NotFound, 404),
    (NothingToProve, 404),
    (UnknownPark, 404),
    *((cls, 409) for cls in CONFLICTS),
    (BadRequest, 422),
    (UnknownAccount, 422),
    (CannotWrite, 500),
    (InfeasibleDay, 422),
    (InputFault, 422),
    (UsageFault, 422),
    (SolveFault, 503),
    (ServiceFault, 503),
)


class Problem(JSONResponse):
    """A problem+json; what a caller sent that is no valid Unicode goes back escaped, as it came."""

    media_type = PROBLEM

    def render(self, content: Any) -> bytes:
        """Return the bytes."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="backslashreplace")


def status_of(fault: ParkoptError) -> int:
    """Return the HTTP status of a fault; what is not listed is a fault of the service."""
    return next((status for cls, status in STATUS if isinstance(fault, cls)), 500)


def problem(fault: ParkoptError, request: Request, status: int = 0) -> JSONResponse:
    """Return a fault as problem+json; its own status where none is given."""
    lang = language_of(request.headers.get("accept-language", ""))
    status = status or status_of(fault)
    body: dict[str, Any] = {
        "type": f"urn:parkopt:error:{fault.code}",
        "title": fault.message(lang),
        "status": status,
        "detail": fault.remedy(lang),
        "instance": request.url.path,
        **_without_paths(fault.as_dict(lang)),
    }
    body = _short(body)
    return Problem(body, status_code=status, headers={"Content-Language": lang})


def _without_paths(told: dict[str, Any]) -> dict[str, Any]:
    """Leave out where the server keeps a file: it is nobody's business outside."""
    kept = {key: value for key, value in told.items() if key not in ("file", "line")}
    if "faults" in kept:
        kept["faults"] = [_without_paths(fault) for fault in kept["faults"]]
    return kept


def _short(told: Any) -> Any:
    """Cut texts that only repeat, at length, what the caller sent."""
    if isinstance(told, dict):
        return {key: _short(value) for key, value in told.items()}
    if isinstance(told, list):
        return [_short(value) for value in told]
    return f"{told[:LONGEST]}..." if isinstance(told, str) and len(told) > LONGEST else told


def install(app: FastAPI) -> None:
    """Make every error of the application a problem+json."""

    @app.exception_handler(ParkoptError)
    def _ours(request: Request, fault: ParkoptError) -> JSONResponse:
        return problem(fault, request)

    @app.exception_handler(RequestValidationError)
    def _malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(_of_validation(error), request)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == NOT_FOUND:
            return problem(NotFound(what=Text("address", "地址"), key=request.url.path), request)
        if error.status_code == MALFORMED:
            return problem(BadRequest(reason=str(error.detail)), request)
        told = problem(BadRequest(reason=str(error.detail)), request, error.status_code)
        told.headers.update(error.headers or {})
        return told

    @app.exception_handler(ClientDisconnect)
    def _gone(request: Request, _: ClientDisconnect) -> JSONResponse:
        return problem(BadRequest(reason=Text("the body was not sent to its end", "请求体未发送完整")), request)

    @app.exception_handler(Exception)
    def _unforeseen(request: Request, error: Exception) -> JSONResponse:
        LOG.error("unforeseen error at %s", request.url.path, exc_info=error)
        return problem(ParkoptError(), request)


MALFORMED, NOT_FOUND = 400, 404


def _of_validation(error: RequestValidationError) -> ParkoptError:
    """Return all findings of a request together; a fault of ours inside keeps its id."""
    faults = [_of_item(item) for item in error.errors()]
    return faults[0] if len(faults) == 1 else Faults(faults)


def _of_item(item: dict[str, Any]) -> ParkoptError:
    where = Where(field=".".join(str(part) for part in item["loc"] if part != "body"))
    ours = item.get("ctx", {}).get("fault")
    if isinstance(ours, InputFault):
        return type(ours)(where, **ours.facts)
    message = str(item["msg"])
    first = message if message[1:2].isupper() else message[:1].lower() + message[1:]
    return BadRequest(where, reason=Text(first, message))
