"""Frames of the phantom for the home page: rendered by the library, chosen by what they are, kept until it changes."""

import base64
import hashlib
import html
import io
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "_build" / ".pictures"
SEED = 11

NAMES = ("hero", "one", "two", "three", "four")


def _key() -> str:
    digest = hashlib.blake2b(Path(__file__).read_bytes(), digest_size=8)
    for path in sorted((ROOT / "thyrolearn").glob("phantom/*.py")) + sorted((ROOT / "thyrolearn").glob("tirads/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def pictures() -> dict[str, dict]:
    """Return the pictures by name: WebP data, size, outline and what is true of the nodule."""
    file = KEPT / f"{_key()}.json"
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    made = _make()
    KEPT.mkdir(parents=True, exist_ok=True)
    for old in KEPT.glob("*.json"):
        old.unlink()
    file.write_text(json.dumps(made), encoding="utf-8")
    return made


def _make() -> dict[str, dict]:
    from thyrolearn import phantom

    # scanner A has the best picture of the three that the lessons use
    nodules = [(p, n) for p in phantom.patients(600, SEED, scanners=["A"]) for n in p.nodules if 10 < n.size_mm < 26]
    sure = [(p, n) for p, n in nodules if n.label and n.posterior > 0.9 and n.size_mm > 13]
    cyst = next((p, n) for p, n in nodules if not n.label and "CYSTIC" in n.truth.composition.name)
    hero = next((p, n) for p, n in sure if "TALLER" in n.truth.shape.name)
    other = next((p, n) for p, n in sure if p is not hero[0])
    chosen = dict(zip(NAMES, (hero, cyst, other, *_twins(nodules)), strict=True))
    return {name: _picture(phantom.render(p, n, 0, SEED, size=512 if name == "hero" else 320))
            for name, (p, n) in chosen.items()}  # fmt: skip


def _twins(nodules: list) -> list:
    """Return a benign and a malignant nodule of two patients that show the same signs and leave a reader in doubt."""
    doubtful = [(p, n) for p, n in nodules if 0.3 < n.posterior < 0.6]
    return next([a, b] for a in doubtful for b in doubtful
                if not a[1].label and b[1].label and a[1].truth == b[1].truth and a[0] is not b[0])  # fmt: skip


def _picture(frame: object) -> dict:
    import numpy as np
    from PIL import Image
    from skimage.measure import approximate_polygon, find_contours

    from thyrolearn.tirads import acr

    (z, x), nodule = frame.spacing_mm, frame.nodule
    rows, columns = frame.image.shape
    height, width = round(rows * z / x), columns
    bright = np.flatnonzero(frame.image.max(axis=1) > 40)
    keep = min(height, round((bright[-1] + 4) * z / x), round(width * 0.86))
    picture = Image.fromarray(frame.image).resize((width, height), Image.Resampling.BICUBIC).crop((0, 0, width, keep))
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=82)
    contour = max(find_contours(np.pad(frame.mask.astype(float), 1), 0.5), key=len) - 1
    outline = approximate_polygon(contour, 0.4)
    told = acr.assess(nodule.truth, nodule.size_mm)
    return {
        "data": base64.b64encode(buffer.getvalue()).decode(), "width": width, "height": keep,
        "outline": "M" + "L".join(f"{c:.1f} {r * z / x:.1f}" for r, c in outline) + "Z",
        "bar": 10 / x, "label": nodule.label, "words": str(nodule.truth), "posterior": nodule.posterior,
        "points": told.points, "level": str(told.level), "size_mm": nodule.size_mm,
    }  # fmt: skip


def frame(name: str, alt: str) -> str:
    """Return one picture with its outline, its 10 mm bar and the mark that it is synthetic."""
    made = pictures()[name]
    width, height = made["width"], made["height"]
    bar = f"M{width * 0.04:.1f} {height - 12}h{made['bar']:.1f}"
    kind = "malignant" if made["label"] else "benign"
    return (
        f'<div class="th-frame"><img src="data:image/webp;base64,{made["data"]}" width="{width}" height="{height}" '
        f'alt="{html.escape(alt)}"><svg viewBox="0 0 {width} {height}" aria-hidden="true">'
        f'<path class="th-truth th-{kind}" d="{made["outline"]}"/><path class="th-bar" d="{bar}"/></svg>'
        f'<span class="th-mark">synthetic · bar 10 mm</span></div>'
    )


def hero(up: str = "") -> str:
    """Return the picture at the top of the home page, with its truth."""
    del up
    made = pictures()["hero"]
    alt = (f"A synthetic ultrasound frame of a thyroid lobe in cross-section. The malignant nodule is outlined: "
           f"{made['words']}, {made['size_mm']:.0f} mm.")  # fmt: skip
    return (
        f'<figure class="th-hero-figure">{frame("hero", alt)}<figcaption>Made by the phantom, so its truth is known: '
        f"malignant, {made['size_mm']:.0f} mm, {html.escape(made['words'])}.</figcaption></figure>"
    )


def reader(up: str = "") -> str:
    """Return four frames to judge: choose an answer, and the outline and the truth appear."""
    del up
    out = ['<div class="th-reader">']
    for number, name in enumerate(NAMES[1:], 1):
        made = pictures()[name]
        truth = "malignant" if made["label"] else "benign"
        options = "".join(
            f'<input type="radio" name="read-{number}" id="read-{number}-{word}" value="{word}" '
            f'class="th-{"right" if word == truth else "wrong"}">'
            f'<label for="read-{number}-{word}">{word.capitalize()}</label>'
            for word in ("benign", "malignant")
        )
        ideal = f"A reader who knew how these images are made would say {made['posterior']:.0%} malignant."
        facts = (f"{made['words'].capitalize()}. ACR TI-RADS gives {made['points']} points, TR{made['level'][-1]}. "
                 f"{ideal}")  # fmt: skip
        out.append(
            f'<fieldset class="th-read"><legend>Frame {number}</legend>'
            f"{frame(name, f'Synthetic ultrasound frame {number}, with one nodule to judge.')}"
            f'<div class="th-choice">{options}</div><div class="th-verdict" role="status">'
            f'<p class="th-if-right"><strong>Right: {truth}.</strong></p>'
            f'<p class="th-if-wrong"><strong>It is {truth}.</strong></p>'
            f'<p class="th-facts">{html.escape(facts)}</p></div></fieldset>'
        )
    return "".join(out) + "</div>"
