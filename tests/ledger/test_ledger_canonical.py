"""RFC 8785: published vectors, what has no form, and reading without doubt."""

from __future__ import annotations

import enum
import hashlib
import importlib

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import NotCanonical, NotEvidence
from parkopt.ledger import canonical, parse, sha256


class Kind(enum.StrEnum):
    A = "a"


def test_rfc_8785_strings_and_literals() -> None:
    text = rb"""{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    expected = '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical(parse(text)) == expected.encode()


def test_rfc_8785_sorts_by_utf_16() -> None:
    text = rb"""{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"}"""
    order = ["Carriage Return", "One", "Control", "Latin Small", "Euro Sign", "Emoji", "Hebrew"]
    written = canonical(parse(text)).decode()
    assert sorted(order, key=written.index) == order


def test_rfc_8785_ignores_locale() -> None:
    assert (
        canonical({"sin": 4, "pêche": 3, "péché": 2, "peach": 1}) == '{"peach":1,"péché":2,"pêche":3,"sin":4}'.encode()
    )


def test_sha256_is_fips_180() -> None:
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(b"") == hashlib.sha256().digest()


def test_the_largest_numbers_have_a_form() -> None:
    assert canonical([2**53 - 1, -(2**53) + 1]) == b"[9007199254740991,-9007199254740991]"
    assert parse(b"[9007199254740991,-9007199254740991]") == [2**53 - 1, -(2**53) + 1]


@pytest.mark.parametrize(
    "value", [1.0, 0.1, float("nan"), 2**53, -(2**53), {1: 2}, {None: 1}, "\ud800", {"\udfff": 1}, b"x", {1, 2}, Kind.A]
)
def test_what_has_no_form_is_refused(value: object) -> None:
    for nested in (value, [value], {"a": {"b": value}}):
        with pytest.raises(NotCanonical):
            canonical(nested)


def test_deep_nesting_is_refused() -> None:
    value: object = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(NotCanonical):
        canonical(value)
    with pytest.raises((NotCanonical, NotEvidence)):
        parse(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize("text", [b"1.5", b"1e3", b"NaN", b"Infinity", b"9007199254740992", b"1" * 5000, rb'"\ud800"'])
def test_reading_refuses_numbers_and_text_without_form(text: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse(text)


@pytest.mark.parametrize("text", [b"", b"{", b'{"a":1}x', b"\xff", b"\xef\xbb\xbf{}", b"{'a':1}", b'{"a":1,}', b"[01]"])
def test_broken_json_is_no_evidence(text: bytes) -> None:
    with pytest.raises(NotEvidence):
        parse(text)


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(NotEvidence, match="'a' stands twice"):
        parse(b'{"x":[{"a":1,"b":2,"a":1}]}')
    with pytest.raises(NotEvidence):
        parse(rb'{"a":1,"\u0061":2}')


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES)
def test_reading_what_was_written_gives_it_back(value: object) -> None:
    assert parse(canonical(value)) == value
    assert canonical(parse(canonical(value))) == canonical(value)


_LEAF = st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.text(max_size=6) | st.floats() | st.just(Kind.A)
_KEYS = st.text(max_size=4) | st.sampled_from(["\U0001f600", "\uffff", "a"]) | st.integers(0, 3)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(_LEAF, lambda one: st.lists(one, max_size=3) | st.dictionaries(_KEYS, one, max_size=3), max_leaves=15)
)
def test_the_quick_way_writes_what_the_slow_way_does(value: object) -> None:
    module = importlib.import_module("parkopt.ledger.canonical")
    try:
        slow = rfc8785.dumps(module._plain(value, module.MAX_DEPTH))
    except NotCanonical:
        with pytest.raises(NotCanonical):
            canonical(value)
    else:
        assert canonical(value) == slow
