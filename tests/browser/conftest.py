"""A headless Chromium, the built site on loopback, and what the browser saw."""

import base64
import functools
import http.server
import json
import shutil
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
SCREENS = ROOT / "_build" / "screens"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
         "--hide-scrollbars", "--force-color-profile=srgb")  # fmt: skip


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def driver():
    """One Chromium for all tests; skipped with the reason where there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed (pip install .[browser])")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    helper = shutil.which("chromedriver")
    if not chromium or not helper:
        pytest.skip("Chromium or chromedriver is not here (Debian: apt install chromium chromium-driver)")
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    browser = selenium.Chrome(options=options, service=selenium.ChromeService(helper))
    browser.set_page_load_timeout(60)
    yield browser
    browser.quit()


@pytest.fixture(scope="session")
def site():
    """The address of the built site, served from this machine to this machine."""
    if not (SITE / "index.html").is_file():
        pytest.skip("the site is not built; run `make book`")
    handler = functools.partial(Quiet, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        del format, args


@pytest.fixture
def look(driver, site):
    """Open a page in a theme and a width; return what went wrong while it loaded."""

    def open_page(page, theme="light", width=1400, height=1000):
        driver.set_window_size(width, height)
        driver.get(f"{site}/{page}")
        driver.execute_script("localStorage.setItem('mode', arguments[0]); localStorage.setItem('theme', arguments[0])",
                              theme)  # fmt: skip
        seen(driver)
        driver.get(f"{site}/{page}")
        settle(driver)
        return seen(driver, site)

    return open_page


def settle(driver, seconds=20):
    """Wait until fonts are there, formulas are set and nothing is being loaded."""
    end = time.monotonic() + seconds
    ready = ("return document.readyState === 'complete' && document.fonts.status === 'loaded' && "
             "!(window.MathJax && MathJax.startup && MathJax.startup.promise && "
             "!document.querySelector('mjx-container') && document.querySelector('.math'))")  # fmt: skip
    while time.monotonic() < end and not driver.execute_script(ready):
        time.sleep(0.05)


def seen(driver, site=""):
    """What the browser logged since the last call: requests elsewhere, requests that failed, console errors."""
    troubles = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        detail = message["params"]
        if message["method"] == "Network.requestWillBeSent":
            url = detail["request"]["url"]
            if not url.startswith((site, "data:", "blob:", "chrome:", "about:")):
                troubles.append(f"asked another host: {url}")
        elif message["method"] == "Network.responseReceived" and detail["response"]["status"] >= 400:
            troubles.append(f"{detail['response']['status']} {detail['response']['url']}")
        elif message["method"] == "Network.loadingFailed" and not detail.get("canceled"):
            troubles.append(f"failed: {detail.get('errorText')}")
    troubles += [f"console: {e['message']}" for e in driver.get_log("browser") if e["level"] == "SEVERE"]
    return troubles


@pytest.fixture
def screen(driver):
    """Save a picture of the page to _build/screens/."""

    def save(name, width=0):
        """With a width: the whole page at that width; else what the window shows."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        if width:
            view = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", view)
            height = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]["height"]
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", view | {"height": min(int(height), 16000)})
            time.sleep(0.4)
        picture = driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"]
        if width:
            driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        (SCREENS / f"{name}.png").write_bytes(base64.b64decode(picture))

    return save
