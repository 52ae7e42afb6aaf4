"""The built site: nothing from another host, a text for every picture, links that arrive. Needs `make book`."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = [p for p in sorted(SITE.rglob("*.html")) if not {"_static", "reports"} & set(p.relative_to(SITE).parts)]
# sphinx-thebe writes its address into every page as a constant; it is fetched only by a button that the site has not
KNOWN = ("https://unpkg.com/thebe@",)

if not PAGES:
    pytest.skip("the site is not built; run `make book`", allow_module_level=True)


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.fetched, self.links, self.images, self.ids, self.svgs = [], [], [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if found.get("id"):
            self.ids.add(found["id"])
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed") and found.get("src"):
            self.fetched.append(found["src"])
        if tag == "link" and {"stylesheet", "preload", "icon"} & set((found.get("rel") or "").split()):
            self.fetched.append(found["href"])
        if tag == "img":
            self.images.append(found)
        if tag == "svg" and found.get("role") == "img":
            self.svgs.append(found)
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])


@pytest.fixture(scope="module")
def pages():
    return {path: Page(path) for path in PAGES}


def test_nothing_is_fetched_from_another_host(pages):
    outside = [(path.name, url) for path, page in pages.items() for url in page.fetched if urlsplit(url).netloc]
    assert outside == []


def test_no_script_or_style_names_another_host(pages):
    """Only addresses that would be fetched: imports, url(), fetch and the loader's own."""
    pattern = re.compile(r"""(?:@import\s+["']|url\(["']?|fetch\(["']|import\(["'])(https?://[^"')]+)""")
    styles = list((SITE / "_static").rglob("*.css"))
    guilty = []
    for path in [*pages, *styles]:
        text = path.read_text(encoding="utf-8", errors="replace")
        guilty += [(path.name, url) for url in pattern.findall(text) if not url.startswith(KNOWN)]
    assert guilty == []


def test_every_picture_has_words(pages):
    bare = [(path.name, image.get("src", "")[:60]) for path, page in pages.items() for image in page.images
            if image.get("alt") is None]  # fmt: skip
    bare += [(path.name, "svg") for path, page in pages.items() for svg in page.svgs if not svg.get("aria-label")]
    assert bare == []


def test_links_within_the_site_arrive(pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            target = (path.parent / unquote(parts.path)).resolve()
            if not target.exists():
                broken.append((path.relative_to(SITE).as_posix(), link))
    assert broken == []


def test_links_to_a_place_on_a_page_find_it(pages):
    lost = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not parts.fragment:
                continue
            target = pages.get((path.parent / unquote(parts.path)).resolve() if parts.path else path)
            if target is not None and unquote(parts.fragment) not in target.ids:
                lost.append((path.relative_to(SITE).as_posix(), link))
    assert lost == []


def test_widget_scripts_are_found_from_every_depth(pages):
    for path in pages:
        for up in re.findall(r'data-jupyter-widgets-cdn="([^"]+)"', path.read_text(encoding="utf-8")):
            assert (path.parent / up / "@jupyter-widgets").is_dir(), path


def test_every_page_says_what_it_is_not_for(pages):
    bare = [path.name for path in pages if "not for diagnosis" not in path.read_text(encoding="utf-8")
            and path.name not in ("index.html", "genindex.html", "search.html", "py-modindex.html")]  # fmt: skip
    assert bare == []


def test_lessons_show_their_outputs():
    lessons = [path for path in PAGES if "notebooks" in path.parts]
    assert lessons
    for path in lessons:
        text = path.read_text(encoding="utf-8")
        assert "th-figure" in text and "Traceback" not in text, path.name


def test_a_lesson_page_has_its_anatomy(pages):
    for path in [path for path in pages if "notebooks" in path.parts]:
        text = path.read_text(encoding="utf-8")
        parts = (
            "th-head",
            "th-objectives",
            "th-facts",
            "th-doors-line",
            "th-real",
            "th-limits",
            "th-functions",
            "tl-quiz",
        )
        for part in parts:
            assert f"{part}" in text, f"{path.name} has no {part}"
        assert "colab" not in text.lower() and "mybinder" not in text.lower(), "the public address is not known"
        assert text.count("th-task") >= 3, path.name
        # the worked solution is there, folded
        folded = re.findall(r"<details[^>]*hide.*?</details>", text, re.S)
        assert sum("BEGIN SOLUTION" in box for box in folded) == len(re.findall("BEGIN SOLUTION", text)) >= 3
        # and with it what the checker says of it, which would give the answer away
        assert text.count("Solved.") == sum(box.count("Solved.") for box in folded) >= 3


def test_lessons_and_reference_link_to_each_other(pages):
    lessons = [path for path in pages if "notebooks" in path.parts]
    for path in lessons:
        assert any("reference/" in link and "#thyrolearn." in link for link in pages[path].links), path.name
    reference = [link for path, page in pages.items() if "reference" in path.parts for link in page.links]
    for path in lessons:
        assert any(link.endswith(f"notebooks/{path.parent.name}/{path.name}") for link in reference), path.name


def test_a_lesson_lists_the_functions_that_name_it_and_they_lead_back(pages):
    import sys

    sys.path.insert(0, str(SITE.parents[1] / "book" / "tools"))
    import rooms

    linked = 0
    for slug, (title, page) in rooms.lessons().items():
        text = (SITE / f"{page}.html").read_text(encoding="utf-8")
        for name in rooms.built_in(slug):
            assert name in text.split('id="from-the-library"')[1], f"{title} does not list {name}"
            linked += 1
    assert linked > 10
    text = (SITE / "book" / "reference" / "tirads.html").read_text(encoding="utf-8")
    assert re.search(r"Lesson: <a[^>]*notebooks/0_start/01_first_look\.html", text)


def test_the_home_page_answers_without_python(pages):
    home = (SITE / "book" / "intro.html").read_text(encoding="utf-8")
    for question in ("What is this?", "Is it for me?", "How do I start?", "cost me in time?", "not use it for?"):
        assert question in home
    assert home.count('type="radio"') == 8 and home.count("synthetic") >= 5
