"""The printed statement: each figure equals the data, all is escaped, and a real browser prints it on four pages."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from parkopt.errors import Text
from parkopt.results.statement import Proof, Stored
from parkopt.results.statement_figures import SCALE, colour
from parkopt.results.statement_page import daily, number, origins, percent, statement_page
from parkopt.results.statement_words import WORDS
from tests.results.example_statement import VKEY, month
from tests.results.test_page import ARGS, CHROMIUM
from tests.results.test_statement import small

LANGUAGES = pytest.mark.parametrize("lang", ["en", "zh"])
EVIL = "<script>alert('x')</script>&\"{{ 7*7 }}"


class Page(HTMLParser):
    """Rows of tables by id, exact values in them, texts by id, and hours of the heat map."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.values, self.texts, self.hours, self.places, self.tags = {}, {}, {}, {}, {}, []
        self.table, self.ids, self.in_hour = "", [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.append((tag, told))
        if tag in ("table", "section") and "id" in told:
            self.table = told["id"]
            self.rows[self.table], self.values[self.table] = [], []
        if tag == "tr":
            self.rows[self.table].append([])
            self.values[self.table].append([])
        if tag in ("td", "th"):
            self.rows[self.table][-1].append("")
        if tag == "data":
            own = self.values.setdefault(self.table, [])
            (own[-1] if own and isinstance(own[-1], list) else own).append(int(told["value"]))
        if tag == "rect":
            self.in_hour = told if told.get("class") == "hour" else None
        self.at = told.get("id", "") if tag in ("dd", "p", "h1", "pre", "title") else self.at if tag == "data" else ""
        self.last = tag

    def handle_data(self, data):
        if self.last == "title" and self.in_hour is not None:
            self.hours[data[:16]] = (data[17:], self.in_hour["fill"])
            self.places[data[:16]] = (float(self.in_hour["x"]), float(self.in_hour["y"]))
            self.in_hour = None
        if self.at:
            self.texts[self.at] = self.texts.get(self.at, "") + data.strip()
        rows = self.rows.get(self.table)
        if rows and rows[-1] and self.last in ("td", "th", "data", "small"):
            rows[-1][-1] += data.strip()

    at, last = "", ""


@cache
def html(lang):
    return statement_page(month(), lang)


@cache
def read(lang):
    return Page(html(lang))


@LANGUAGES
def test_key_figures_are_the_sums_of_the_data(lang):
    data, page = month(), read(lang)
    assert page.values["key"] == [
        int(data.consumption_wh.sum()),
        int(data.green_wh.sum()),
        int(data.location_ug.sum()),
        int(data.market_ug.sum()),
    ]
    assert f"{100 * data.green_wh.sum() / data.consumption_wh.sum():.1f} %" in html(lang)
    assert f"{100 * (1 - 7 / 744):.1f} %" in html(lang), "7 of 744 hours are estimated"


@LANGUAGES
def test_each_hour_of_the_heat_map_is_that_of_the_data(lang):
    data, page = month(), read(lang)
    assert len(page.hours) == 744
    for step, share in enumerate(data.share.tolist()):
        words, fill = page.hours[data.label(step)]
        assert words.startswith(f"{100 * share:.1f} %")
        assert fill == colour(share)
    estimated = [label for label, (words, _) in page.hours.items() if getattr(WORDS["estimated"], lang) in words]
    assert len(estimated) == 7
    assert html(lang).count('class="estimated"') == 7 + 1, "and one in the legend"
    assert html(lang).count('class="corrected"') == 6 + 1


def test_hours_stand_in_columns_and_days_in_rows():
    places = read("en").places
    across = sorted({x for x, _ in places.values()})
    down = sorted({y for _, y in places.values()})
    assert (len(across), len(down)) == (24, 31)
    for label, (x, y) in places.items():
        assert (across.index(x), down.index(y)) == (int(label[11:13]), int(label[8:10]) - 1)


@LANGUAGES
def test_tables_by_source_are_those_of_the_data(lang):
    data, page = month(), read(lang)
    used, green = int(data.consumption_wh.sum()), int(data.green_wh.sum())
    physical = [[line.wh, line.ug] for line in data.physical()]
    assert page.values["physical"][1:] == [*physical, [used, int(data.location_ug.sum())]]
    assert page.values["claimed"][1:] == [*[[line.wh] for line in data.claimed()], [used - green], [used]]
    first = data.physical()[0]
    assert page.rows["physical"][1][1:3] == [f"{first.wh / 1000:,.1f}", percent(first.wh, used)]
    assert getattr(data.names["offshore"], lang) in page.rows["physical"][1][0]
    through = {"en": "Roof PV, through Battery 1", "zh": "屋顶光伏，经 1 号电池"}[lang]
    assert any(row[0].startswith(through) for row in page.rows["physical"])


@LANGUAGES
def test_the_daily_table_has_each_day(lang):
    data, page = month(), read(lang)
    rows = list(daily(data))
    assert [row[0] for row in page.rows["daily"][1:-1]] == [str(day) for day in data.days]
    assert page.values["daily"][1:-1] == [[r.consumption_wh, r.green_wh, r.location_ug, r.market_ug] for r in rows]
    assert page.values["daily"][-1] == [sum(column) for column in zip(*page.values["daily"][1:-1], strict=True)]
    assert page.rows["daily"][12][-2:] == [getattr(WORDS["corrected"], lang), "1"]
    assert page.rows["daily"][5][6] == "19/24", "five hours of 5 July are estimated"


@LANGUAGES
def test_stored_energy_has_its_origin(lang):
    data, page = month(), read(lang)
    made = origins(data, lang)
    assert [[one.wh] for one in made] == page.values["stored"][1:]
    assert sum(one.wh for one in made) == int(data.physical_wh[2:4].sum())
    sun = next(one for one in made if one.origin == getattr(data.names["roof_pv"], lang))
    assert sun.charged == "2026-07-01 11:00 – 2026-07-31 14:00", "18-21 h less seven"
    assert sun.used == "2026-07-01 18:00 – 2026-07-31 21:00"


def test_an_unknown_charging_hour_is_said():
    one = Stored("ess", "opening", "", "2026-06-30T16:00:00Z", 5)
    assert origins(small(stored=(one,)), "en")[0].charged == "before the first record"
    assert "No energy of the period came through a storage" in statement_page(small(), "en")


@LANGUAGES
def test_accounts_stand_side_by_side_with_what_they_rest_on(lang):
    rows = read(lang).rows["accounts"]
    assert len(rows) == 1 + len(month().accounts)
    title = {"en": "Location-based, scope 2", "zh": "范围二，基于位置"}[lang]
    assert rows[1][0] == title
    assert rows[1][2:] == ["0.5827 kg/kWh", "2023", "Jiangsu", "MEE and NBS announcement 47/2025", "R"]
    assert rows[7][1:] == ["1.031", "–", "–", "–", "–", "–"]
    assert rows[6][0].endswith({"en": "hours above 100 % do not count", "zh": "超过 100% 的小时不计"}[lang])


def test_accounts_take_texts_of_either_form():
    titles = (
        {"title": Text("a & b", "甲")},
        {"title": "plain", "value": 12},
        {"title": {"en": "only"}, "value": 123.456},
    )
    rows = Page(statement_page(small(accounts=titles), "zh")).rows["accounts"]
    assert [row[:2] for row in rows[1:]] == [["甲", "–"], ["plain", "12"], ["only", "123.5"]]
    assert [number(value) for value in (0.387123, 1234567, 99.96)] == ["0.3871", "1,234,567", "99.96"]


@LANGUAGES
def test_corrections_and_proof_are_listed(lang):
    data, page = month(), read(lang)
    row = page.rows["corrections"][1]
    assert row == ["2026-07-12", "1", getattr(data.corrections[0].reason, lang), "+124.3", "+88.2", "16020"]
    assert page.texts["proof-log"] == "parkopt/dafeng/settled"
    assert page.texts["proof-log_size"] == "18,342"
    assert page.texts["proof-root"].replace(" ", "") == data.proof.root[:16]
    assert page.texts["proof-key"].replace(" ", "") == hashlib.sha256(VKEY.encode()).hexdigest()[:16]
    assert page.texts["proof-sha256"].replace(" ", "") == data.proof.sha256
    assert f"parkopt verify {data.proof.file} \\\n  --key {VKEY}" in html(lang)


def test_a_file_name_cannot_smuggle_a_command():
    proof = Proof(1, "ab" * 32, VKEY, "cd" * 32, "x.zip; rm -rf ~")
    assert "parkopt verify &#39;x.zip; rm -rf ~&#39; \\\n  --key" in statement_page(small(proof=proof), "en")


@LANGUAGES
def test_what_it_is_not_is_said(lang):
    text = html(lang)
    assert getattr(WORDS["note_gec"], lang) in text
    assert getattr(month().synthetic, lang) in text
    assert 'id="synthetic"' not in statement_page(small(synthetic=Text("", "")), lang)
    assert ("月结单" in text) == (lang == "zh")


@LANGUAGES
def test_everything_is_escaped(lang):
    evil, each = Text(EVIL, EVIL), np.ones(24, dtype=np.int64)
    data = small(
        park=evil, party=evil, party_id=EVIL, synthetic=evil, names={"grid": evil, "roof_pv": evil, "ess": evil},
        accounts=tuple({key: EVIL} for key in ("title", "value", "unit", "factor", "source", "region", "note")),
        statuses=(EVIL,), claims_wh={EVIL: 5_000 * each}, labels=(f"ess<{EVIL}", "grid"), groups={},
        stored=(Stored(EVIL, EVIL, "2026-06-30T16:00:00Z", "2026-06-30T16:00:00Z", 1),),
        corrections=(type(month().corrections[0])(date(2026, 7, 1), 1, evil),),
        proof=Proof(1, EVIL, f"{EVIL}+1+2", EVIL, EVIL),
    )  # fmt: skip
    page = Page(statement_page(data, lang))
    assert {tag for tag, _ in page.tags} & {"script", "img", "iframe", "link"} == set()
    assert all(not name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert "{{ 7*7 }}" in page.rows["accounts"][1][0], "shown, not run"


@LANGUAGES
def test_nothing_is_fetched_from_outside(lang):
    text = html(lang).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.findall(r"(?i)https?://\S*|\bsrc\s*=|@import|<link|<script|<iframe|srcset|href=", text)
    assert set(re.findall(r"url\(([^)]*)\)", text)) == {"#hatch", "#cross"}


@LANGUAGES
def test_hours_that_are_empty_or_missing_are_marked(lang):
    none, both = np.zeros(24, dtype=np.int64), np.zeros((2, 24), dtype=np.int64)
    data = small(
        consumption_wh=none, physical_wh=both, green_wh=none, claims_wh={}, location_ug=both, market_ug=none,
        quality="-" * 4 + "M" * 20, statuses=("missing",),
    )  # fmt: skip
    page = Page(statement_page(data, lang))
    assert [fill for _, fill in page.hours.values()] == ["url(#cross)"] * 4 + ["#ffffff"] * 20
    words = [getattr(WORDS[key], lang) for key in ("missing", "no_use")]
    assert [said for said, _ in page.hours.values()] == [words[0]] * 4 + [words[1]] * 20
    assert page.rows["daily"][1][3] == "–"
    assert page.rows["daily"][1][6:8] == ["20/24", words[0]]


def test_the_scale_reads_in_greyscale():
    """Luminance falls by at least 0.05 with each eighth."""
    told = [colour(at / 8) for at in range(9)]
    grey = [sum(w * int(one[i : i + 2], 16) / 255 for w, i in ((0.2126, 1), (0.7152, 3), (0.0722, 5))) for one in told]
    assert all(a - b > 0.05 for a, b in pairwise(grey))
    assert (colour(0.0), colour(1.0), colour(0.5)) == (SCALE[0], SCALE[-1], SCALE[2])


@pytest.mark.parametrize(
    ("first", "days", "period"),
    [
        (date(2026, 7, 1), 31, "2026-07"),
        (date(2028, 2, 1), 29, "2028-02"),
        (date(2026, 7, 1), 30, "2026-07-01 – 2026-07-30"),
        (date(2026, 7, 1), 62, "2026-07-01 – 2026-08-31"),
        (date(2026, 7, 15), 1, "2026-07-15 – 2026-07-15"),
    ],
)
def test_the_period_is_a_month_or_any_days(first, days, period):
    page = Page(statement_page(month(first, days), "en"))
    assert f"<b>{period}</b>" in statement_page(month(first, days), "en")
    assert len(page.hours) == 24 * days


def test_every_word_is_there_in_both_languages():
    assert all(word.en and word.zh for word in WORDS.values())
    assert all(re.search(r"[\u4e00-\u9fff]", word.zh) for key, word in WORDS.items() if key not in ("kwh", "kg"))


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium on this machine")
@LANGUAGES
def test_a_browser_shows_and_prints_it(lang, tmp_path):
    from playwright.sync_api import sync_playwright

    file = tmp_path / "statement.html"
    file.write_text(html(lang), encoding="utf-8")
    said, asked = [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        try:
            tab = browser.new_page(viewport={"width": 900, "height": 1000})
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("request", lambda request: asked.append(request.url))
            tab.goto(file.as_uri())
            assert tab.locator("h1").inner_text() == getattr(month().party, lang)
            assert tab.locator("rect.hour").count() == 744
            assert cut_texts(tab) == []
            tab.screenshot(path=str(tmp_path / "page.png"), full_page=True)
            tab.set_viewport_size({"width": 390, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth") <= 390
            printed = tab.pdf(prefer_css_page_size=True, print_background=True)
        finally:
            browser.close()
    assert said == []
    assert asked == [file.as_uri()]
    assert (tmp_path / "page.png").stat().st_size > 100_000
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= 4
    assert all(abs(float(size) - a4) < 1 for size, a4 in zip(media_box(printed), (595, 842), strict=True))


def cut_texts(tab):
    """Return texts of figures that reach out of their figure."""
    return tab.evaluate(
        """() => [...document.querySelectorAll('svg')].flatMap(s => { const o = s.getBoundingClientRect();
        return [...s.querySelectorAll('text')].filter(t => { const b = t.getBoundingClientRect();
        return b.right > o.right + 1 || b.left < o.left - 1 || b.bottom > o.bottom + 1 || b.top < o.top - 1; })
        .map(t => t.textContent) })"""
    )


def media_box(pdf):
    return re.search(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", pdf).groups()
