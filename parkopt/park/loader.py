"""From a park file to a `Park`: every fault of the file together, each with line and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from parkopt.errors import ParkoptError, Text, Where, raise_all
from parkopt.faults import BrokenReference, MissingFile, MissingKey, UnknownKind, WrongCount, WrongValue
from parkopt.park.asset import MAIN, Asset
from parkopt.park.faulty import faults_of
from parkopt.park.schema import Park, ParkFile
from parkopt.park.yaml import Document

Kinds = Mapping[str, type[Asset]]


def load_park(path: Path, kinds: Kinds) -> ParkFile:
    """Read and check a park file.

    Parameters
    ----------
    path : Path
        The park file (YAML).
    kinds : mapping
        Technology classes by kind, from `parkopt.models.technologies()`.

    Returns
    -------
    ParkFile
        The park, its path and a hash over the file and the YAML files that it includes.

    Raises
    ------
    ParkoptError
        One fault as itself; several as `Faults`. Nothing is returned half-checked.
    """
    return _Reading(Document(path), kinds).park_file()


def load_part(path: Path, model: type[Any], **more: Any) -> Any:
    """Read one part of a park file (a mapping of columns, a tariff) from a YAML file of its own.

    Parameters
    ----------
    path : Path
        The YAML file.
    model : type
        The pydantic class that it must fit.
    **more
        Fields that the caller adds where the file does not give them.

    Raises
    ------
    ParkoptError
        All faults of the file together.
    """
    document = Document(path)
    reading = _Reading(document, {})
    part = reading.validate(model, {**document.data, **more}, ())
    raise_all(reading.faults)
    return part


class _Reading:
    """One reading of one park file; it gathers faults instead of stopping at the first."""

    def __init__(self, document: Document, kinds: Kinds) -> None:
        self.document, self.kinds = document, kinds
        self.faults: list[ParkoptError] = []
        self.left_out: set[str] = set()
        self.hashes = [document.sha256]

    def park_file(self) -> ParkFile:
        data = dict(self.document.data)
        given = data.pop("assets", None)
        assets = self._assets(given)
        data["assets"] = assets or {"none": Asset(kind="none")}
        park = self.validate(Park, data, ())
        self._about_assets(given, assets, park)
        raise_all(self.faults)
        assert park is not None
        digest = self.hashes[0] if len(self.hashes) == 1 else sha256("".join(self.hashes).encode()).hexdigest()
        return ParkFile(park=park, path=self.document.path, sha256=digest)

    def _assets(self, given: Any) -> dict[str, Asset]:
        if not isinstance(given, dict) or not given:
            self.faults.append(
                MissingKey(self.document.where(()), key="assets", example="assets: {grid: {kind: grid, ...}}")
            )
            return {}
        read = {str(name): self._asset(str(name), body) for name, body in given.items()}
        return {name: asset for name, asset in read.items() if asset is not None}

    def _asset(self, name: str, body: Any) -> Asset | None:
        at = ("assets", name)
        if not isinstance(body, dict) or "kind" not in body:
            self.faults.append(MissingKey(self.document.where(at), key="kind", example="kind: wind"))
            return None
        cls = self.kinds.get(str(body["kind"]))
        if cls is None:
            known = ", ".join(sorted(self.kinds))
            self.faults.append(UnknownKind(self.document.where((*at, "kind")), kind=body["kind"], known=known))
            return None
        body = {key: self._include(cls, key, value, (*at, key)) for key, value in body.items()}
        asset: Asset | None = self.validate(cls, body, at)
        return asset

    def _include(self, cls: type[Asset], key: str, value: Any, at: tuple[str, ...]) -> Any:
        """Read the YAML file that a field names instead of holding the mapping itself."""
        if key not in cls.includes or not isinstance(value, str):
            return value
        path = self.document.path.parent / value
        try:
            document = Document(path)
        except MissingFile as fault:
            self.faults.append(MissingFile(self.document.where(at), **fault.facts))
            return self._leave_out(at)
        except ParkoptError as fault:
            self.faults.append(fault)
            return self._leave_out(at)
        self.hashes.append(document.sha256)
        part = _Reading(document, self.kinds)
        result = part.validate(cls.includes[key], document.data, ())
        self.faults.extend(part.faults)
        return self._leave_out(at) if result is None else result

    def _leave_out(self, at: tuple[str, ...]) -> None:
        """Note a part whose faults are known, so that its absence is no further fault."""
        self.left_out.add(".".join(at))

    def validate(self, model: type[Any], data: Any, at: tuple[str, ...]) -> Any:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            found = faults_of(error, model, self.document.where, at)
            self.faults.extend(fault for fault in found if fault.where.field not in self.left_out)
            return None

    def _about_assets(self, given: Any, assets: dict[str, Asset], park: Park | None) -> None:
        """Check what needs the whole park: references, files, buses, a grid connection."""
        enterprises = self.document.data.get("enterprises")
        names: dict[str, set[str]] = {
            "assets": set(given) if isinstance(given, dict) else set(),
            "enterprises": set(enterprises) if isinstance(enterprises, dict) else set(),
        }
        for field, collection, name in self._references(assets, park):
            if name not in names[collection]:
                known = ", ".join(sorted(names[collection])) or "-"
                self.faults.append(BrokenReference(self.document.where(field.split(".")), name=name, known=known))
        self.faults.extend(self._missing_files(assets))
        if park is not None:
            self.faults.extend(self._over_entitled(park))
            self.faults.extend(self._agency_purchase(park, assets))
        bodies = given.values() if isinstance(given, dict) else ()
        count = sum(isinstance(body, dict) and body.get("kind") == "grid" for body in bodies)
        if given and not count:
            where = self.document.where(("assets",))
            self.faults.append(WrongCount(where, kind="grid", expected="1 or more", count=count))
        self.faults.extend(self._at_buses(assets, whole=len(assets) == len(bodies)))

    def _at_buses(self, assets: dict[str, Asset], *, whole: bool) -> Iterator[ParkoptError]:
        """Yield a fault for each bus of two carriers, and for each that one asset alone names."""
        found: dict[str, list[tuple[str, str]]] = {}
        for name, asset in assets.items():
            for bus, carrier in asset.carriers().items():
                found.setdefault(bus, []).append((name, carrier))
        for bus, stands in found.items():
            name, carrier = stands[-1]
            where = self.document.where(("assets", name))
            if len({own for _, own in stands}) > 1:
                said = ", ".join(f"{other}: {own}" for other, own in stands)
                reason = Text(f"one bus carries one thing, and here {said}", f"一条母线只能有一种载体，此处为 {said}")
                yield WrongValue(where, value=bus, reason=reason)
            elif whole and bus != MAIN and len(stands) == 1:
                reason = Text(f"no other asset stands at this bus of {carrier}", "没有其他设备接在这条母线上")
                yield WrongValue(where, value=bus, reason=reason)

    def _references(self, assets: dict[str, Asset], park: Park | None) -> Iterator[tuple[str, str, str]]:
        for name, asset in assets.items():
            yield from ((f"assets.{name}.{field}", what, ref) for field, what, ref in asset.references())
        for name, enterprise in (park.enterprises if park else {}).items():
            yield from ((f"enterprises.{name}.entitlements.{ref}", "assets", ref) for ref in enterprise.entitlements)
        for field, what, ref in park.rules.references() if park else ():
            yield f"rules.{field}", what, ref

    def _over_entitled(self, park: Park) -> Iterator[ParkoptError]:
        """Yield a fault where the shares of one asset sum to more than the whole."""
        total: dict[str, float] = {}
        for name, enterprise in park.enterprises.items():
            for asset, share in enterprise.entitlements.items():
                total[asset] = total.get(asset, 0.0) + share
                if total[asset] > 1 + 1e-9:
                    reason = Text(f"the entitlements to {asset} sum to more than 1", f"{asset} 的权益份额合计超过 1")
                    where = self.document.where(("enterprises", name, "entitlements", asset))
                    yield WrongValue(where, value=share, reason=reason)

    def _agency_purchase(self, park: Park, assets: dict[str, Asset]) -> Iterator[ParkoptError]:
        """Yield a fault where a direct-connection project would buy by agency purchase (650/2025, 688/2026)."""
        for name, asset in assets.items() if park.rules.direct_connection != "none" else ():
            if getattr(getattr(asset, "tariff", None), "mode", "") == "agency_tou":
                reason = Text(
                    "a direct-connection project may not buy by agency purchase (NDRC 650/2025, 688/2026)",
                    "绿电直连项目不得由电网企业代理购电（650 号、688 号文）",
                )
                yield WrongValue(self.document.where(("assets", name, "tariff")), value="agency_tou", reason=reason)

    def _missing_files(self, assets: dict[str, Asset]) -> Iterator[ParkoptError]:
        for name, asset in assets.items():
            for field, file in asset.files():
                if not (self.document.path.parent / file).is_file():
                    where: Where = self.document.where(("assets", name, *field.split(".")))
                    yield MissingFile(where, path=file)


def json_schema(kinds: Kinds) -> dict[str, Any]:
    """Return the JSON Schema of a park file, with one branch for each kind of asset."""
    schema = Park.model_json_schema()
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    branches = []
    for kind, cls in sorted(kinds.items()):
        own = _asset_schema(kind, cls)
        definitions.update(own.pop("$defs", {}))
        definitions[cls.__name__] = own
        branches.append({"$ref": f"#/$defs/{cls.__name__}"})
    definitions.pop("Asset", None)
    schema["properties"]["assets"]["additionalProperties"] = {"oneOf": branches}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


def _asset_schema(kind: str, cls: type[BaseModel]) -> dict[str, Any]:
    own = cls.model_json_schema()
    own["properties"]["kind"] = {"const": kind}
    own["required"] = sorted({*own.get("required", []), "kind"})
    for field in getattr(cls, "includes", {}):
        own["properties"][field] = {"anyOf": [{"type": "string"}, own["properties"][field]]}
    return own
