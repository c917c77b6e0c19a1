"""Tables of the settled log: leaves, full subtrees and signed heads, which the database lets only grow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from parkopt.store.tables import Base, UtcTime
from parkopt.store.triggers import append_only


class LeafRow(Base):
    """One record of a park's log: what the log shows of it (`leaf`), and what opens that (`salt`, `body`)."""

    __tablename__ = "log_leaf"
    park: Mapped[str] = mapped_column(String(64), primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str] = mapped_column(String(64))
    day: Mapped[str] = mapped_column(String(10))
    party: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_log_leaf_day", "park", "day", "idx"),
        Index("ix_log_leaf_party", "park", "party", "idx"),
        Index("ix_log_leaf_kind", "park", "kind", "idx"),
    )


class NodeRow(Base):
    """Hash of one full subtree of 2^level leaves, level 1 and up (level 0 stands with the leaves)."""

    __tablename__ = "log_node"
    park: Mapped[str] = mapped_column(String(64), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class CheckpointRow(Base):
    """One signed head; its key keeps a second head of one size out."""

    __tablename__ = "log_checkpoint"
    park: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    tsa_token: Mapped[bytes | None] = mapped_column(LargeBinary)


for _table in (LeafRow.__table__, NodeRow.__table__, CheckpointRow.__table__):
    append_only(_table)
