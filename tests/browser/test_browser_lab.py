"""JupyterLab as `make lab` serves it: the learner's copy opens, the whole lesson runs, and its figures are there."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

FIRST = "1_architectures/01_cnn.ipynb"
MAKEFILE = (Path(__file__).resolve().parents[2] / "Makefile").read_text(encoding="utf-8")
QUIET = re.search(r"QUIET := (.*?)\n#", MAKEFILE, re.S)[1].replace("\\\n", " ").split("$(if")[0].split()


@pytest.fixture(scope="module")
def lab(driver, tmp_path_factory):
    """The address and token of a JupyterLab in a fresh copy of the course."""
    del driver  # skips first where there is no browser
    home = tmp_path_factory.mktemp("lab")
    quiet = os.environ | {"JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_DATA_DIR": str(home / "data"),
                          "THYROLEARN_HOME": str(home), "OMP_NUM_THREADS": "2"}  # fmt: skip
    subprocess.run([sys.executable, "-c", "from thyrolearn.cli import main; main()", "start", "my_course"], cwd=home,
                   check=True, capture_output=True, env=quiet)  # fmt: skip
    found = sorted((home / "my_course").rglob(FIRST.split("/")[1]))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    token, course = secrets.token_hex(8), home / "my_course"
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip", "127.0.0.1", "--port", str(port), "--allow-root",
         "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={course}",
         *QUIET],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/api?token={token}", timeout=1).close()
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    yield address, token, found[0].relative_to(course).as_posix() if found else "", course
    server.terminate()
    server.wait(20)


def seen(driver, here=()):
    """The requests since the last call that left this machine."""
    urls = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in urls if m["method"] == "Network.requestWillBeSent"]
    return [f"asked another host: {url}" for url in urls if not url.startswith((*here, "data:", "blob:", "about:"))]


def came(driver, script, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if driver.execute_script(script):
            return True
        time.sleep(0.3)
    return False


def wait(driver, script, seconds, what):
    if not came(driver, script, seconds):
        pytest.fail(f"waited {seconds} s for {what}")


# a cell that waits, runs or has run: [*] or [1]
STARTED = "return [...document.querySelectorAll('.jp-InputPrompt')].some(p => /\\[[*\\d]/.test(p.textContent))"
STATUS = "return (document.querySelector('#jp-main-statusbar') || document.body).innerText"


def run_all(driver, lab, notebook, seconds):
    """Open ``notebook``, run all its cells by the menu, and wait until the kernel is idle again."""
    from selenium.webdriver.common.by import By

    address, token, *_ = lab
    driver.set_window_size(1400, 1000)
    seen(driver)
    driver.get(f"{address}/lab/tree/{notebook}?token={token}&reset")
    wait(driver, f"return /Idle/.test((() => {{ {STATUS} }})())", 90, "an idle kernel")
    for _ in range(5):  # JupyterLab swallows a command that comes before its extensions are ready
        time.sleep(1)
        driver.find_element(By.XPATH, "//div[contains(@class,'lm-MenuBar-itemLabel') and text()='Run']").click()
        driver.find_element(By.CSS_SELECTOR, '[data-command="runmenu:run-all"]').click()
        if came(driver, STARTED, 8):
            break
    else:
        pytest.fail("the cells were not run")
    time.sleep(1)  # a queued cell is not yet a busy kernel
    wait(driver, f"return /Idle/.test((() => {{ {STATUS} }})())", seconds, "the end of the notebook")
    time.sleep(1)


def saved(driver, file):
    """Save the open notebook and return its code cells. The page itself holds only what is scrolled into view."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    before = file.stat().st_mtime_ns
    ActionChains(driver).key_down(Keys.CONTROL).send_keys("s").key_up(Keys.CONTROL).perform()
    end = time.monotonic() + 20
    while file.stat().st_mtime_ns == before and time.monotonic() < end:
        time.sleep(0.2)
    return [c for c in json.loads(file.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]


def test_the_lesson_runs_in_jupyterlab(driver, lab, screen):
    from selenium.webdriver.common.by import By

    address, _, notebook, course = lab
    run_all(driver, lab, notebook, 900)  # a busy machine takes its time
    cells = saved(driver, course / notebook)
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [output["evalue"] for output in outputs if output["output_type"] == "error"] == []
    assert all(cell["execution_count"] for cell in cells), "a cell was not run"
    assert sum("th-figure" in "".join(o.get("data", {}).get("text/html", "")) for o in outputs) >= 3
    # JupyterLab keeps off the page what is scrolled away: look for a figure from the top down
    panel = driver.execute_script(  # what scrolls in the notebook, not in the file browser beside it
        "return [...document.querySelectorAll('.jp-NotebookPanel *')].filter(e => "
        "/auto|scroll/.test(getComputedStyle(e).overflowY)).sort((a, b) => b.scrollHeight - a.scrollHeight)[0]"
    )
    figures = 0
    for step in range(40):
        driver.execute_script("arguments[0].scrollTop = arguments[1]", panel, step * 600)
        time.sleep(0.15)
        figures += len(driver.find_elements(By.CSS_SELECTOR, ".th-figure svg"))
        if figures:
            break
    assert figures, "no figure on the page"
    screen("lab-light")
    assert not driver.find_elements(By.CSS_SELECTOR, ".Toastify__toast"), "JupyterLab asks something"
    assert seen(driver, (address,)) == []


def test_figures_follow_the_dark_theme_of_jupyterlab(driver, lab, screen):
    del lab
    if "lab" not in driver.current_url:
        pytest.skip("the lesson did not open")
    driver.execute_script("document.body.setAttribute('data-jp-theme-light', 'false')")
    fill = driver.execute_script(
        "const t = document.querySelector('.th-figure figcaption'); return t ? getComputedStyle(t).color : ''"
    )
    assert fill == "rgb(169, 180, 193)", "the caption takes the dark palette's muted ink"
    screen("lab-dark")


def test_a_widget_is_moved_and_its_table_changes(driver, lab):
    import nbformat
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    course = lab[3]
    cells = [nbformat.v4.new_code_cell("from thyrolearn import widgets\n\nwidgets.Scorer(size_mm=18)")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), course / "scorer.ipynb")
    run_all(driver, lab, "scorer.ipynb", 60)
    text = "return document.querySelector('.tl-scorer').innerText"
    wait(driver, "return !!document.querySelector('.tl-scorer')", 30, "the scorer")
    before = driver.execute_script(text)
    assert "not for diagnosis" in before
    echogenicity = driver.find_elements(By.CSS_SELECTOR, ".widget-dropdown select")[1]
    Select(echogenicity).select_by_visible_text("very hypoechoic")
    wait(driver, f"return (() => {{ {text} }})() !== {json.dumps(before)}", 20, "another table")
    assert "very hypoechoic" in driver.execute_script(text)


def test_a_knob_is_moved_and_the_picture_changes(driver, lab):
    import nbformat
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    course = lab[3]
    cells = [nbformat.v4.new_code_cell("from thyrolearn import widgets\n\nwidgets.Playground(size=128)")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), course / "playground.ipynb")
    run_all(driver, lab, "playground.ipynb", 60)
    picture = (
        "return (p => p ? [p.src.length, p.src.slice(-80), p.alt] : null)(document.querySelector('.tl-playground img'))"
    )
    wait(driver, f"return !!(() => {{ {picture} }})()", 30, "the picture")
    before = driver.execute_script(picture)
    gain = driver.find_elements(By.CSS_SELECTOR, ".noUi-handle")[2]
    gain.send_keys(Keys.ARROW_RIGHT)
    wait(driver, f"return (() => {{ {picture} }})()[2] !== {json.dumps(before[2])}", 20, "another picture")
    after = driver.execute_script(picture)
    assert "gain +1 dB" in after[2] and after[:2] != before[:2]
