"""The accounting method: its record, and that it is fixed for a year."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from parkopt.carbon.attribute import ORDERS
from parkopt.carbon.contractual import AttributionMethod
from parkopt.carbon.methods import Method, method_of, require_same_year
from parkopt.carbon.network import LossPolicy, StorageMethod
from parkopt.faults import MethodChanged
from parkopt.ledger.canonical import canonical
from parkopt.park.schema import Accounting

METHOD = Method(2026)


def test_the_record_names_every_choice_and_has_a_canonical_form():
    record = METHOD.as_record()
    assert record["type"] == "method"
    assert {"version", "year", "loss_policy", "storage_carbon", "storage_gc", "attribution", "rounding"} < set(record)
    assert record["order"] == ["entitlement", "leftover", "shared", "storage", "contract"]
    assert record["parkopt_version"]
    assert canonical(record) != canonical(replace(METHOD, attribution="pro_rata").as_record())


def test_a_record_gives_the_method_back():
    method = replace(METHOD, attribution="contract_first", loss_policy="downstream")
    assert Method.from_record({**method.as_record(), "park": "dafeng"}) == method


def test_the_order_of_the_record_follows_the_attribution():
    assert all(replace(METHOD, attribution=name).order == order for name, order in ORDERS.items())


@pytest.mark.parametrize(
    "change", [{"attribution": "pro_rata"}, {"loss_policy": "downstream"}, {"storage_carbon": "fifo"}, {"version": 99}]
)
def test_no_choice_changes_within_a_year(change):
    new = replace(METHOD, **change)
    with pytest.raises(MethodChanged) as found:
        require_same_year(METHOD, new)
    ((name, value),) = change.items()
    assert f"{name} {getattr(METHOD, name)};" in str(found.value)
    assert f"{name} {value}." in str(found.value)
    require_same_year(METHOD, replace(new, year=2027))


def test_the_park_file_chooses_and_offers_what_the_ledgers_know():
    assert method_of(Accounting(), 2026) == METHOD
    chosen = Accounting(attribution="pro_rata", loss_policy="downstream", storage="lifo")
    assert method_of(chosen, 2027) == Method(2027, "downstream", "lifo", "pro_rata")
    known = {"attribution": AttributionMethod, "loss_policy": LossPolicy, "storage": StorageMethod}
    for name, choices in known.items():
        assert get_args(Accounting.model_fields[name].annotation) == get_args(choices)


def test_the_first_day_and_the_same_method_pass():
    require_same_year(None, METHOD)
    require_same_year(METHOD, Method(2026))
