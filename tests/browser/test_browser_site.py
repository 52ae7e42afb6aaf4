"""The built site as a browser sees it: quiet, self-contained, accessible, readable in both themes and on a phone."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PAGES = [p.relative_to(SITE).as_posix() for p in sorted(SITE.rglob("*.html"))
         if not {"_static", "reports", "_modules"} & set(p.relative_to(SITE).parts)]  # fmt: skip
LESSONS = [page for page in PAGES if page.startswith("notebooks/")]
SHOWN = {"home": "book/intro.html", "map": "book/map.html", "how": "book/how_to_use.html",
         "house": "book/house.html", "reference": "book/reference/evaluation.html",
         "lesson": LESSONS[0] if LESSONS else "book/intro.html"}  # fmt: skip
# What axe-core finds in the theme's own frame, which the course does not write. (rule, part of the selector)
THEME: tuple[tuple[str, str], ...] = ()

if not PAGES:
    pytest.skip("the site is not built; run `make book`", allow_module_level=True)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_quietly_and_asks_no_other_host(look, page):
    assert look(page) == []


def violations(driver):
    driver.execute_script(AXE.read_text(encoding="utf-8"))
    found = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {resultTypes: ['violations']}).then(r => done(JSON.stringify(r.violations)))"
    )
    return [(rule["id"], rule["impact"], node["target"][0], node["html"][:140])
            for rule in json.loads(found) if rule["impact"] in ("serious", "critical") for node in rule["nodes"]
            if not any(rule["id"] == name and part in str(node["target"]) for name, part in THEME)]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", sorted({*SHOWN.values(), *LESSONS, "book/glossary.html", "book/setup.html"}))
def test_axe_finds_nothing_serious(driver, look, page, theme):
    look(page, theme)
    found = violations(driver)
    assert found == [], "\n".join(map(str, found[:20]))


@pytest.mark.parametrize("page", sorted(SHOWN.values()))
def test_a_phone_does_not_scroll_sideways(driver, look, page):
    look(page, width=500)  # Chromium makes no narrower window
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": 375, "height": 800, "deviceScaleFactor": 2, "mobile": True})  # fmt: skip
    try:
        wide = driver.execute_script("return document.documentElement.scrollWidth")
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= 376


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_follow_the_theme(driver, look, theme):
    look(SHOWN["lesson"], theme)
    drawn = driver.execute_script(
        "return [...document.querySelectorAll('.th-figure svg text')].slice(0, 40).map(t => getComputedStyle(t).fill)"
    )
    assert drawn
    bright = [sum(map(int, colour[4:-1].split(",")[:3])) / 3 for colour in drawn if colour.startswith("rgb(")]
    # letters on the ground of the page: light on dark, dark on light (frames carry their own dark ground)
    share = sum(value > 128 for value in bright) / len(bright)
    assert share == 1 if theme == "dark" else share < 1


def test_the_quiz_answers_by_keyboard(driver, look):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    look(SHOWN["lesson"])
    choices = driver.find_elements(By.CSS_SELECTOR, ".tl-quiz fieldset:first-of-type input[type=radio]")
    assert len(choices) >= 3
    reasons = "document.querySelectorAll('.tl-quiz fieldset:first-of-type .tl-reasons p')"
    shown = f"return [...{reasons}].map(p => p.offsetHeight > 0)"
    assert not any(driver.execute_script(shown))
    driver.execute_script("arguments[0].focus()", choices[0])
    choices[0].send_keys(Keys.SPACE)
    first = driver.execute_script(shown)
    choices[0].send_keys(Keys.ARROW_DOWN)
    second = driver.execute_script(shown)
    assert sum(first) == sum(second) == 1 and first != second


def test_search_finds_a_word(driver, look):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    assert look("search.html?q=speckle") == []
    WebDriverWait(driver, 15).until(lambda d: d.find_elements(By.CSS_SELECTOR, "#search-results li a"))


@pytest.mark.parametrize("name", SHOWN)
def test_screens_are_kept_for_looking(driver, look, screen, name):
    for theme in ("light", "dark"):
        look(SHOWN[name], theme)
        screen(f"{name}-{theme}", width=1400)
    look(SHOWN[name])
    screen(f"{name}-phone", width=390)
    assert (ROOT / "_build" / "screens" / f"{name}-phone.png").stat().st_size > 5000
