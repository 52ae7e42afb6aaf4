"""The phantom's knobs on a page that runs no Python: pictures drawn beforehand, one knob moved at a time.

    python book/tools/phantom_knobs.py

draws them into book/_static/phantom_knobs.webp, with their words in phantom_knobs.json beside it. The live knobs are
`thyrolearn.widgets.Playground`, of which these are the frames.
"""

import html
import io
import json
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "_static"
SIDE = 264  # pixels of a tile
COLUMNS = 6
KNOBS: tuple[tuple[str, str, tuple[tuple[str, object], ...]], ...] = (
    ("Frequency", "frequency_mhz", (("5 MHz", 5.0), ("14 MHz", 14.0))),
    ("Focus", "focus_mm", (("5 mm", 5.0), ("30 mm", 30.0))),
    ("Gain", "gain_db", (("−10 dB", -10.0), ("+10 dB", 10.0))),
    ("Dynamic range", "dynamic_range_db", (("35 dB", 35.0), ("85 dB", 85.0))),
    ("Foci", "foci", (("punctate", "pef"), ("macrocalcification", "macro"), ("rim", "rim"), ("comet tail", "comet"))),
    ("Composition", "composition", (("mixed", "mixed"), ("spongiform", "spongiform"), ("cystic", "cystic"))),
    ("Scanner", "scanner", (("B", "B"), ("C", "C"), ("D", "D"), ("E", "E"), ("F, an archive", "F"))),
    ("Shortcut", "shortcut", (("calipers", True),)),
)
START = "Scanner A as it comes: 10 MHz, focus 16 mm, solid, no foci"


def settings() -> list[tuple[str, str, dict[str, object]]]:
    """Return (knob, words, arguments of `playground_frame`), the start first."""
    moved = [(knob, words, {name: value}) for knob, name, values in KNOBS for words, value in values]
    return [("Start", "as it comes", {}), *moved]


def draw() -> None:
    """Render every setting, the middle square of each, into one picture."""
    import numpy as np
    from PIL import Image

    from thyrolearn.files import replacing, write_text
    from thyrolearn.phantom.sheet import isotropic, tile
    from thyrolearn.widgets import playground_frame

    tiles, facts = [], []
    for knob, words, options in settings():
        frame = playground_frame(**options)  # type: ignore[arg-type]
        page = isotropic(frame, SIDE)
        left = (page.shape[1] - SIDE) // 2 if page.shape[1] > SIDE else 0
        tiles.append(np.pad(page, ((0, 0), (0, max(0, SIDE - page.shape[1]))))[:, left : left + SIDE])
        greys = {"nodule": round(float(frame.image[frame.mask].mean())), "frame": round(float(frame.image.mean()))}
        facts.append({"knob": knob, "words": words, **greys})
    buffer = io.BytesIO()
    Image.fromarray(tile(tiles, COLUMNS, gap=0)).save(buffer, "WEBP", quality=62, method=6)
    with replacing(STATIC / "phantom_knobs.webp") as part:
        part.write_bytes(buffer.getvalue())
    write_text(STATIC / "phantom_knobs.json", json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


STYLE = """<style>
.th-knobs { display: flex; flex-wrap: wrap; gap: 1rem 1.6rem; border: 0; padding: 0; margin: 1rem 0; }
.th-knobs legend { font-weight: 600; padding: 0; }
.th-knobs-choice { flex: 1 1 17rem; }
.th-knobs-choice p { margin: 0 0 .3rem; color: var(--th-ink); line-height: 1.9; }
.th-knobs-choice label { padding: .1rem .45rem .1rem .1rem; white-space: nowrap; }
.th-knobs-view { flex: 0 0 264px; }
.th-knobs-view > div { display: none; }
.th-knobs-picture { width: 264px; height: 264px; background-repeat: no-repeat; background-color: #000; }
.th-knobs-view p { font-size: .9em; margin: .3rem 0 0; color: var(--th-ink); }
"""


def board(up: str = "") -> str:
    """Return the knobs as radio buttons, and beside them the picture of the one that is chosen. No script is needed."""
    facts = json.loads((STATIC / "phantom_knobs.json").read_text(encoding="utf-8"))
    groups: dict[str, list[str]] = {}
    views, shown = [], []
    for i, fact in enumerate(facts):
        key, name = f"th-knob-{i}", html.escape(f"{fact['knob']}: {fact['words']}")
        groups.setdefault(fact["knob"], []).append(
            f'<label><input type="radio" name="th-knob" id="{key}"{" checked" if i == 0 else ""}> '
            f"{html.escape(fact['words'])}</label>"
        )
        greys = f"Mean grey in the nodule {fact['nodule']}, in the frame {fact['frame']}."
        place = f"{-SIDE * (i % COLUMNS)}px {-SIDE * (i // COLUMNS)}px"
        views.append(
            f'<div class="{key}"><div class="th-knobs-picture" role="img" aria-label="Synthetic ultrasound frame '
            f'of one nodule. {name}. {greys}" style="background-image:url({up}_static/phantom_knobs.webp);'
            f'background-position:{place}"></div><p><strong>{name}.</strong> {greys} Synthetic.</p></div>'
        )
        shown.append(f".th-knobs:has(#{key}:checked) .{key}")
    rows = "".join(f"<p><strong>{html.escape(knob)}</strong> {''.join(rows)}</p>" for knob, rows in groups.items())
    style = f"{STYLE}{', '.join(shown)} {{ display: block; }}\n</style>"
    return (
        f'{style}<fieldset class="th-knobs"><legend>{html.escape(START)}. Move one knob:</legend>'
        f'<div class="th-knobs-choice">{rows}</div><div class="th-knobs-view" aria-live="polite">{"".join(views)}</div>'
        "</fieldset>"
    )


if __name__ == "__main__":
    draw()
