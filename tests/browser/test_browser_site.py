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
SHOWN = {
    "home": "book/intro.html", "map": "book/map.html", "how": "book/how_to_use.html", "house": "book/house.html",
    "reference": "book/reference/evaluation.html", "teach": "book/instructor/index.html",
    "self-test": "book/self_test.html", "data-cards": "book/data_cards.html",
    "lesson": "notebooks/1_architectures/01_cnn.html", "widgets": "notebooks/0_start/01_first_look.html",
}  # fmt: skip
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


READ = [page for page in PAGES if page not in ("index.html", "genindex.html", "py-modindex.html")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", READ)
def test_axe_finds_nothing_serious(driver, look, page, theme):
    look(page, theme)
    found = violations(driver)
    assert found == [], "\n".join(map(str, found[:20]))


@pytest.mark.parametrize("page", READ)
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


def test_the_self_test_answers_on_a_page_without_a_kernel(driver, look):
    look(SHOWN["self-test"])
    driver.execute_script("for (const key of document.querySelectorAll('.tl-quiz .tl-key')) key.click()")
    shown = driver.execute_script(
        "return [...document.querySelectorAll('.tl-reasons p')].filter(p => p.offsetHeight).map(p => p.className)"
    )
    assert len(shown) == 12 and set(shown) == {"tl-right"}


@pytest.mark.parametrize(("door", "words"), [("learn", "make lab"), ("teach", "nbgrader"), ("self", "data cards")])
def test_a_door_of_the_home_page_opens_its_own_room(driver, look, door, words):
    look(SHOWN["home"])
    link = driver.execute_script(
        f"return document.querySelector('.th-doors a[href*=\"door={door}\"]').getAttribute('href')"
    )
    assert look(f"book/{link}") == []
    open_rooms = driver.execute_script(
        "return [...document.querySelectorAll('.sd-tab-content')].filter(t => t.offsetHeight).map(t => t.innerText)"
    )
    assert len(open_rooms) == 1 and words in open_rooms[0] and "Your first two minutes" in open_rooms[0]


def test_a_solution_stays_closed_until_it_is_asked_for(driver, look):
    look(SHOWN["lesson"])
    hidden = "return [...document.querySelectorAll('.th-task')].map(t => /BEGIN SOLUTION|Solved/.test(t.innerText))"
    found = driver.execute_script(hidden)
    assert len(found) >= 3 and not any(found)
    driver.execute_script("for (const fold of document.querySelectorAll('.th-task details')) fold.open = true")
    assert all(driver.execute_script(hidden))


def test_a_lesson_prints_with_its_reasons_and_without_the_frame(driver, look):
    look(SHOWN["lesson"])
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = "return [...document.querySelectorAll(arguments[0])].filter(e => e.offsetHeight > 0).length"
        assert driver.execute_script(shown, ".bd-sidebar-primary, .bd-sidebar-secondary, .prev-next-footer") == 0
        assert driver.execute_script(shown, ".tl-reasons p") > 12
        wide = "return [...document.querySelectorAll('pre')].filter(p => p.scrollWidth > p.clientWidth + 2).length"
        assert driver.execute_script(wide) == 0, "a line of code is cut off on paper"
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("page", LESSONS)
def test_long_lines_are_folded_and_code_stays_what_it_was(driver, look, page):
    look(page)
    wide = "return [...document.querySelectorAll('div.cell pre')].filter(p => p.scrollWidth > p.clientWidth + 1)"
    assert driver.execute_script(wide) == []
    shown = driver.execute_script("return [...document.querySelectorAll('div.cell_input pre')].map(p => p.textContent)")
    notebook = json.loads((ROOT / page).with_suffix(".ipynb").read_text(encoding="utf-8"))
    code = {"".join(cell["source"]).strip() for cell in notebook["cells"] if cell["cell_type"] == "code"}
    assert len(shown) == len(code) and {text.strip() for text in shown} == code


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
