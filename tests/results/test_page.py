"""The one-page report: complete in itself, escaped, and readable in a real browser."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cache
from html import escape
from pathlib import Path

import pytest

from parkopt.results.figures import figures
from parkopt.results.page import page
from parkopt.results.words import WORDS, say
from parkopt.workflow import DAY_AHEAD, Context, DayRequest, run

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CTX = Context(run="r1", created_at="2026-01-01T00:00:00+00:00", version="0")


@cache
def planned(park="dafeng"):
    return run(DAY_AHEAD, DayRequest(park=park, day=date(2026, 1, 15)), CTX)


@cache
def html(lang):
    return page(planned().schedule, lang)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_is_fetched_from_outside(lang):
    text = re.sub(r'xmlns(:xlink)?="http://www\.w3\.org/[^"]*"', "", html(lang))
    assert not re.findall(r"(?i)https?://\S*|\bsrc\s*=|@import|<link|<script|<iframe|srcset|//cdn", text)
    assert all(target.startswith("#") for target in re.findall(r"url\(['\"]?([^)]*)\)", text))
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', text))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_line_of_the_bill_and_every_enterprise_is_shown(lang):
    text, schedule, park = html(lang), planned().schedule, planned().loaded.park
    for line, yuan in zip(schedule["line"].to_numpy(), schedule["bill_yuan"].to_numpy(), strict=True):
        assert re.search(rf"<tr><td>{re.escape(say(line, lang))}[^\n]*{re.escape(f'{yuan:,.2f}')}</td></tr>", text), (
            line
        )
    assert all(getattr(enterprise.name, lang) in text for enterprise in park.enterprises.values())
    assert getattr(park.name, lang) in text
    assert escape(getattr(park.synthetic, lang)).replace("&#x27;", "&#39;") in text
    assert say("forecast_only", lang) in text


def test_each_line_of_a_bill_has_words():
    lines = {line for name in ("dafeng", "ydz") for line in planned(name).schedule["line"].to_numpy().tolist()}
    assert lines <= set(WORDS)


def test_names_are_escaped():
    done = planned()
    evil = {"df-cold-port": {"en": "<script>alert(1)</script>", "zh": "<img onerror=1>"}}
    schedule = done.schedule.assign_attrs(enterprise_names=json.dumps(evil))
    text = page(schedule, "en")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<img" not in page(schedule, "zh")


def test_asset_names_are_escaped_in_figures_and_are_no_formulas():
    done = planned()
    evil = "<script>$\\frac$</script>"
    names = [evil if name == "roof_pv" else name for name in done.schedule["asset"].to_numpy().tolist()]
    flows = json.loads(done.schedule.attrs["flows"])
    renamed = json.dumps({evil if name == "roof_pv" else name: own for name, own in flows.items()})
    schedule = done.schedule.assign_coords(asset=names).assign_attrs(flows=renamed)
    drawn = figures(schedule, "en")["sources"]
    assert "<script" not in drawn
    assert "&lt;script&gt;$\\frac$&lt;/script&gt;" in drawn


def test_many_assets_of_one_kind_can_be_drawn():
    done = planned()
    names = done.schedule["asset"].to_numpy().tolist()
    assert len(names) > 6
    flows = json.dumps({name: {"supply_mw": "local"} for name in names} | {"grid": {"import_mw": "grid"}})
    schedule = done.schedule.assign_coords(kind=("asset", ["pv"] * len(names))).assign_attrs(flows=flows)
    assert figures(schedule, "en")["sources"].count("<svg") == 1


def test_threads_can_draw_at_once():
    done = planned()
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda lang: page(done.schedule, lang), ["zh", "en"] * 4))
    assert set(drawn) == {html("en"), html("zh")}


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium on this machine")
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [1100, 390])
def test_a_browser_shows_it(lang, width, tmp_path):
    from playwright.sync_api import sync_playwright

    file = tmp_path / "report.html"
    file.write_text(html(lang), encoding="utf-8")
    said, asked = [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        try:
            tab = browser.new_page(viewport={"width": width, "height": 900})
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("request", lambda request: asked.append(request.url))
            tab.goto(file.as_uri())
            title = tab.locator("h1")
            assert title.is_visible()
            assert title.inner_text() == getattr(planned().loaded.park.name, lang)
            boxes = [drawing.bounding_box() for drawing in tab.locator("svg").all()]
            assert len(boxes) == 3
            assert all(box["width"] >= 600 and box["height"] > 150 for box in boxes)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (
                "the page itself never scrolls sideways"
            )
            cut = tab.evaluate(
                """() => [...document.querySelectorAll('svg')].flatMap(s => { const o = s.getBoundingClientRect();
                return [...s.querySelectorAll('text')].filter(t => { const b = t.getBoundingClientRect();
                return b.width && (b.right > o.right + 1 || b.left < o.left - 1); }).map(t => t.textContent) })"""
            )
            assert cut == []
            tab.screenshot(path=str(tmp_path / "page.png"), full_page=True)
        finally:
            browser.close()
    assert said == []
    assert asked == [file.as_uri()]
    assert (tmp_path / "page.png").stat().st_size > 50_000
