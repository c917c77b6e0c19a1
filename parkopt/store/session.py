"""The name of a database session, for those who pass one on and know nothing else of SQLAlchemy."""

from __future__ import annotations

from sqlalchemy.orm import Session

__all__ = ["Session"]
