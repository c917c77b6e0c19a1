"""The leaves of the error tree: one class an id, with its words in both languages.

Ids: PK10 usage, PK11 units and time, PK12 park file, PK13 data files, PK14 solve,
PK15 carbon, PK16 ledger, PK17 store and service. An id is never renumbered or reused.
"""

from __future__ import annotations

from parkopt.errors import ParkoptError
from parkopt.faults.data import (
    BrokenFile,
    ChangedData,
    EnergyNotPower,
    ImplausibleValue,
    MissingColumn,
    MissingSteps,
    NegativeValue,
    OutsideData,
    ShiftedClock,
    ShiftingZone,
    TimeNotRising,
    TooFar,
    TooShort,
    UnevenSteps,
    UnknownArchetype,
    UnknownTurbine,
    UnreadableTime,
    UnreadableValue,
    WrongCurve,
)
from parkopt.faults.ledger import (
    BadProof,
    BadRecord,
    BadSignature,
    BadVerifierKey,
    KeyUnreadable,
    LogBroken,
    NotCanonical,
    NotEvidence,
    NothingToProve,
    OutsideLog,
)
from parkopt.faults.park import (
    BrokenReference,
    DuplicateKey,
    MissingKey,
    NotYaml,
    UnknownKey,
    UnknownKind,
    WrongCount,
    WrongValue,
)
from parkopt.faults.service import (
    BadRequest,
    NotAllowed,
    NotFound,
    OpenToAll,
    StoreUnusable,
)
from parkopt.faults.solve import (
    ChargeAndDischarge,
    CheckFailed,
    FormsDiffer,
    Infeasible,
    NoSolution,
    NotClosed,
    NotReproduced,
    Unbounded,
    UnknownFactor,
    WrongState,
)
from parkopt.faults.usage import (
    AlreadyThere,
    CannotWrite,
    GridMismatch,
    MissingFile,
    MissingUnit,
    NaiveTime,
    OutOfRange,
    UnknownAsset,
    UnknownPark,
    WrongDate,
    WrongOption,
    WrongStep,
    WrongUnit,
    ZoneNotFixed,
)

__all__ = [
    "AlreadyThere",
    "BadProof",
    "BadRecord",
    "BadRequest",
    "BadSignature",
    "BadVerifierKey",
    "BrokenFile",
    "BrokenReference",
    "CannotWrite",
    "ChangedData",
    "ChargeAndDischarge",
    "CheckFailed",
    "DuplicateKey",
    "EnergyNotPower",
    "FormsDiffer",
    "GridMismatch",
    "ImplausibleValue",
    "Infeasible",
    "KeyUnreadable",
    "LogBroken",
    "MissingColumn",
    "MissingFile",
    "MissingKey",
    "MissingSteps",
    "MissingUnit",
    "NaiveTime",
    "NegativeValue",
    "NoSolution",
    "NotAllowed",
    "NotCanonical",
    "NotClosed",
    "NotEvidence",
    "NotFound",
    "NotReproduced",
    "NotYaml",
    "NothingToProve",
    "OpenToAll",
    "OutOfRange",
    "OutsideData",
    "OutsideLog",
    "ShiftedClock",
    "ShiftingZone",
    "StoreUnusable",
    "TimeNotRising",
    "TooFar",
    "TooShort",
    "Unbounded",
    "UnevenSteps",
    "UnknownArchetype",
    "UnknownAsset",
    "UnknownFactor",
    "UnknownKey",
    "UnknownKind",
    "UnknownPark",
    "UnknownTurbine",
    "UnreadableTime",
    "UnreadableValue",
    "WrongCount",
    "WrongCurve",
    "WrongDate",
    "WrongOption",
    "WrongState",
    "WrongStep",
    "WrongUnit",
    "WrongValue",
    "ZoneNotFixed",
    "all_errors",
]


def all_errors() -> dict[str, type[ParkoptError]]:
    """Return every error class that has an id of its own, by id."""
    found: dict[str, type[ParkoptError]] = {}
    stack: list[type[ParkoptError]] = [ParkoptError]
    while stack:
        cls = stack.pop()
        stack.extend(cls.__subclasses__())
        if "code" in vars(cls):
            found[cls.code] = cls
    return dict(sorted(found.items()))
