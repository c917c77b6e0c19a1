"""A day's network from the readings of a bundle, written apart from the code that settled the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from parkopt.carbon.network import Draw, Network, Store, Supply, Wire
from parkopt.errors import ParkoptError
from parkopt.ledger.canonical import Record
from parkopt.ledger.report import StepError
from parkopt.ledger.settled_records import HOURS
from parkopt.ledger.settled_view import View, netted
from parkopt.metering.reading import IntArray

_Answer = TypeVar("_Answer")
ALL = "consumers"
"""One consumer in place of those whose meters the bundle does not hold."""
_WIRES = {"forward": ("forward_sent", "forward_arrived"), "back": ("back_sent", "back_arrived")}


@dataclass(frozen=True)
class DayMeters:
    """The readings of a day, with the devices, factors and method that its park-day names."""

    view: View
    index: int
    record: Record

    @property
    def day(self) -> str:
        """The local date."""
        return str(self.record["day"])

    @property
    def facts(self) -> Record:
        """The devices record that held."""
        return self.view.devices(self.index)

    @property
    def devices(self) -> dict[str, Record]:
        """What is known of each device."""
        return {one["device"]: one for one in self.facts["devices"]}

    @property
    def stores(self) -> dict[str, Record]:
        """The devices that store."""
        return {name: one for name, one in self.devices.items() if "charge_efficiency" in one}

    def network(self) -> Network:
        """Return the flows; StepError where a reading or a factor is missing."""
        buses = [one["bus"] for one in self.facts["channels"]]
        return Network(
            labels=[f"{self.day} {hour:02}:00" for hour in range(HOURS)],
            supplies=self._supplies(),
            consumers=self._consumers(),
            others=self._exports(),
            stores=self._stores(),
            wires=self._wires(),
            gap_ug_per_wh=self._residual(),
            buses=tuple(dict.fromkeys(buses)),
        )

    def _of(self, *registers: str) -> list[tuple[str, str, str]]:
        rows = [(one["device"], one["register"], one["bus"]) for one in self.facts["channels"]]
        return [row for row in rows if row[1] in registers]

    def wh(self, device: str, register: str) -> IntArray:
        """Return a register less its opposite in the same hour, shape (24,); StepError where a reading is missing."""
        found = netted(self.view, self.day, device, register)
        if found is None:
            name = f"{device} {register} {self.day}"
            raise StepError(f"the reading of {name} is missing", f"缺少读数 {name}", self.index)
        return np.asarray(found, np.int64)

    def _supplies(self) -> dict[str, Supply]:
        grid = np.asarray(self.view.factor(self.index, self.record["factors"]["grid"], self.day), np.int64)
        found = {}
        for device, register, bus in self._of("generation", "import"):
            own = self.wh(device, register)
            factor = grid if register == "import" else int(self.devices[device]["ug_per_wh"])
            found[device] = Supply(bus, own, own * factor)
        return found

    def _exports(self) -> dict[str, Draw]:
        found = self._of("export")
        one = len(found) == 1
        return {
            "export" if one else f"export:{device}": Draw(bus, self.wh(device, register))
            for device, register, bus in found
        }

    def _stores(self) -> dict[str, Store]:
        return {
            device: Store(
                bus, self.wh(device, "charge"), self.wh(device, "discharge"),
                share(self.index, self.devices[device], "standing"),
            )
            for device, _, bus in self._of("charge")
            if device in self.stores
        }  # fmt: skip

    def _wires(self) -> dict[str, Wire]:
        at = {(device, register): bus for device, register, bus in self._of(*sum(_WIRES.values(), ()))}
        found = {}
        for device in dict.fromkeys(device for device, _ in at):
            for way, (sent, arrived) in _WIRES.items():
                if (device, sent) in at and (device, arrived) in at:
                    flows = self.wh(device, sent), self.wh(device, arrived)
                    found[f"{device}:{way}"] = Wire(at[device, sent], at[device, arrived], *flows)
        return found

    def _residual(self) -> int:
        values = self.view.factor(self.index, self.record["factors"]["residual"], self.day)
        if len(set(values)) != 1:
            raise StepError("the residual factor varies within a day", "剩余因子在一日内变化", self.index)
        return values[0]

    def _consumers(self) -> dict[str, list[Draw]]:
        if not self.view.scope.all:
            hours = [hour["consumers_wh"] for hour in self.record["hours"]]
            buses = dict.fromkeys(bus for hour in hours for bus in hour)
            taken = {bus: [sum(hour.get(bus, {}).values()) for hour in hours] for bus in buses}
            return {ALL: [Draw(bus, np.asarray(wh, np.int64)) for bus, wh in taken.items()]}
        return {
            party: [Draw(bus, wh) for bus, wh in draws_of(self.view, self.index, self.day, party).items()]
            for party in self.facts["parties"]
        }


def draws_of(view: View, index: int, day: str, party: str) -> dict[str, IntArray]:
    """Return what a party's meters consumed at each bus; StepError where a reading is missing."""
    own: dict[str, IntArray] = {}
    for one in view.devices(index)["channels"]:
        if one["register"] == "consumption" and one["party"] == party:
            wh = np.asarray(view.need("reading", day, one["device"], "consumption")[1]["wh"], np.int64)
            own[one["bus"]] = own.get(one["bus"], np.zeros(HOURS, np.int64)) + wh
    return own


def share(index: int, facts: Record, name: str) -> float:
    """Return a share (0 to 1) that a device's facts state as text; StepError where it is none."""
    try:
        value = float(facts[name])
    except (KeyError, TypeError, ValueError) as wrong:
        raise StepError(
            f"{name} of {facts['device']} is no number", f"{facts['device']} 的 {name} 不是数", index
        ) from wrong
    if not 0.0 <= value <= 1.0:
        raise StepError(
            f"{name} of {facts['device']} is no share", f"{facts['device']} 的 {name} 不在 0 与 1 之间", index
        )
    return value


def known(index: int, work: Callable[[], _Answer]) -> _Answer:
    """Do what may refuse flows that cannot be, and say of which record."""
    try:
        return work()
    except ParkoptError as fault:
        raise StepError(fault.message("en"), fault.message("zh"), index) from fault
    except (ValueError, KeyError, ArithmeticError) as broken:
        raise StepError(f"it cannot be done anew: {broken}", f"无法重新计算：{broken}", index) from broken
