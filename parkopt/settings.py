"""Settings from the environment (or a `.env` file), each named PARKOPT_..."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from parkopt.faults import WrongOption


class Settings(BaseSettings):
    """What can be set from outside; docs/settings.md lists the same."""

    model_config = SettingsConfigDict(
        env_prefix="PARKOPT_", env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    home: Path = Path("parkopt-data")
    """Folder for results, signing key, logs and the SQLite database."""
    database_url: str = ""
    """Database of the service; empty for SQLite in the home folder."""
    parks: Path | None = None
    """Folder of park folders, asked before the parks that came with parkopt."""
    lang: Literal["en", "zh", ""] = ""
    """Language of messages and reports; empty to follow LANG."""
    api_key: SecretStr | None = None
    """Key that the service asks for in X-API-Key; needed to listen beyond this machine."""
    open_meteo_url: str = ""
    """Forecast service that `open_meteo` asks, such as https://api.open-meteo.com/v1/forecast; empty asks none."""
    open_meteo_archive_url: str = ""
    """Archive of past weather, such as https://archive-api.open-meteo.com/v1/archive; empty asks none."""
    open_meteo_key: SecretStr | None = None
    """Key of a commercial Open-Meteo account."""
    weather_cache_hours: float = Field(default=3.0, ge=0)
    """Age in hours up to which a kept forecast is used without asking again."""
    weather_timeout_s: float = Field(default=10.0, gt=0)
    """Longest time in seconds to wait for the weather service, its second try included."""

    @property
    def language(self) -> Literal["en", "zh"]:
        """Return the language to speak."""
        if self.lang:
            return self.lang
        return "zh" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).lower().startswith("zh") else "en"

    @property
    def store_url(self) -> str:
        """Return the database's address."""
        return self.database_url or f"sqlite:///{(self.home / 'parkopt.sqlite').resolve()}"


def settings() -> Settings:
    """Return the settings as the environment has them now, or raise `WrongOption`."""
    try:
        return Settings()
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        option = f"PARKOPT_{'_'.join(str(part) for part in found['loc']).upper()}"
        allowed = str(found.get("ctx", {}).get("expected", found["msg"]))
        raise WrongOption(option=option, value=found["input"], allowed=allowed) from error
