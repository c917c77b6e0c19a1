"""What routes depend on: settings, the caller's language, the API key."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Header, Request

from parkopt.errors import Language
from parkopt.faults import NotAllowed
from parkopt.settings import Settings


def config_of(request: Request) -> Settings:
    """Return the settings of the application."""
    config: Settings = request.app.state.config
    return config


def language_of(accept_language: Annotated[str, Header(alias="Accept-Language")] = "") -> Language:
    """Return the language that the caller asks for first."""
    return "zh" if accept_language.strip().lower().startswith("zh") else "en"


SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
}
"""Headers of files and pages: a browser takes them for what they are, and runs nothing of them."""
Config = Annotated[Settings, Depends(config_of)]
Speaks = Annotated[Language, Depends(language_of)]


def require_key(config: Config, x_api_key: Annotated[str, Header(alias="X-API-Key")] = "") -> None:
    """Let a request pass where no key is set (this machine only), or where it carries the key.

    Raises
    ------
    NotAllowed
        Where the key is missing or another one.
    """
    if not config.api_key:
        return
    expected = config.api_key.get_secret_value().encode()
    if not hmac.compare_digest(x_api_key.encode("latin-1"), expected):
        raise NotAllowed()
