"""The quiz in a real browser: mouse, keyboard, print, and nothing asked of another host."""

import shutil

import pytest
from test_quiz import SAMPLE

from thyrolearn.course import quiz

selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium or its driver is not installed"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quiz")
    (folder / "demo_first.yml").write_text(SAMPLE)
    html = quiz.render(quiz.load("demo/first", folder), "demo/first")
    (folder / "page.html").write_text(f"<!doctype html><html lang='en'><title>Quiz</title><body>{html}")
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for switch in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"):
        options.add_argument(switch)
    from selenium.webdriver.chrome.service import Service

    browser = selenium.Chrome(service=Service(DRIVER), options=options)
    browser.set_window_size(390, 800)
    browser.get((folder / "page.html").as_uri())
    yield browser
    browser.quit()


def radios(page):
    return page.find_elements("css selector", "input[type=radio]")


def reasons(page):
    return [p.text for p in page.find_elements("css selector", ".tl-reasons p") if p.is_displayed()]


def test_a_reason_appears_with_the_choice_and_changes_with_it(page):
    page.refresh()
    assert reasons(page) == []
    radios(page)[1].click()
    assert reasons(page) == ["B. Not so. That needs a padding of one pixel on each side."]
    page.find_element("css selector", f"label[for={radios(page)[0].get_attribute('id')}]").click()
    (said,) = reasons(page)
    assert said.startswith("A. Right.")


def test_arrow_keys_choose(page):
    from selenium.webdriver.common.keys import Keys

    page.refresh()
    radios(page)[0].send_keys(Keys.SPACE)
    radios(page)[0].send_keys(Keys.ARROW_DOWN)
    assert [radio.is_selected() for radio in radios(page)] == [False, True, False, False, False]
    assert reasons(page)[0].startswith("B. Not so.")


def test_the_reasons_stand_in_a_live_region_with_the_questions_named(page):
    tree = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if "role" in node}
    assert ("radio", "A. 62") in named
    assert any(role == "group" and name.startswith("1. A 3 by 3 convolution") for role, name in named)
    assert any(role == "status" for role, _ in named)


def test_nothing_is_wider_than_a_phone(page):
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def test_on_paper_every_reason_is_shown(page):
    page.refresh()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert len(reasons(page)) == 5
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_quiz_counts_what_was_right(page):
    page.refresh()
    tally = page.find_element("css selector", ".tl-tally")
    assert not tally.is_displayed()

    def told():
        """What a screen reader gets: the text that the style makes, in the pieces that the browser cuts it into."""
        tree = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        pieces = [n["name"]["value"] for n in tree if n["role"]["value"] == "StaticText"]
        return "".join(pieces)

    radios(page)[1].click()
    radios(page)[3].click()
    assert tally.is_displayed() and "1 of 2 answered are right" in told()
    radios(page)[0].click()
    assert "2 of 2 answered are right" in told()
