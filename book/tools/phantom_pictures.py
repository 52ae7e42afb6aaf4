"""Draw the pictures of the page on the phantom into book/_static.

    python book/tools/phantom_pictures.py [NAME ...]

Everything is rendered by the library, so a picture shows what the phantom of this version draws. The files are
committed, so that the site is built in seconds; draw them again when ``SIM_VERSION`` moves.
"""

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from thyrolearn import phantom
from thyrolearn.files import replacing
from thyrolearn.phantom import rendering
from thyrolearn.phantom.records import Frame, Latents, Nodule, Patient
from thyrolearn.plots.palette import LIGHTBOX
from thyrolearn.tirads import Descriptors

OUT = Path(__file__).resolve().parents[1] / "_static"
SEED = 4
ECHO_DB = {"hyper": 4.2, "iso": 0.0, "hypo": -5.5, "veryhypo": -12.0, "anechoic": -36.0}
CYST = {"cystic": 1.0, "spongiform": 0.6, "mixed": 0.4, "solid": 0.0}


def nodule(
    composition: str = "solid",
    echo: str = "hypo",
    shape: str = "wider",
    margin: str = "smooth",
    foci: str = "",
    size_mm: float = 13.0,
) -> Nodule:
    """Return a nodule that differs from a smooth, solid, hypoechoic one in what is asked for."""
    echo = "anechoic" if composition == "cystic" else echo
    truth = Descriptors(composition, echo, shape, margin, frozenset(foci.split()))  # type: ignore[arg-type]
    ratio = 0.75 if shape == "wider" else 1.25
    latents = Latents(ECHO_DB[echo], ratio, 1.0, 8 * ("pef" in foci), 1.4, CYST[composition])
    return Nodule(0, 0, "goitre", 0.0, truth, (truth,) * 3, latents, size_mm, False, 0.2)


def patient(scanner: str = "A", number: int = 1) -> Patient:
    """Return a patient without habits: every random effect at its middle."""
    return Patient(number, 50, "F", "page", scanner, 0.0, 1.0, 1.0, 1.0, False, 0.0, ())


def square(image: np.ndarray, spacing: tuple[float, float], height: int) -> np.ndarray:
    """Return the picture with square pixels and ``height`` rows."""
    from PIL import Image

    rows, columns = image.shape[:2]
    width = round(height * columns * spacing[1] / (rows * spacing[0]))
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def crop(frame: Frame, mm: float = 20.0, below: float = 4.0) -> tuple[np.ndarray, tuple[float, float]]:
    """Return ``mm`` by ``mm`` around the nodule, a little more of it below, and the pixel size."""
    (z, x), (rows, columns) = frame.spacing_mm, np.nonzero(frame.mask)
    top, left = (rows.min() + rows.max()) / 2 * z - mm / 2 + below, (columns.min() + columns.max()) / 2 * x - mm / 2
    high, wide = round(mm / z), round(mm / x)
    r = int(np.clip(top / z, 0, frame.image.shape[0] - high))
    c = int(np.clip(left / x, 0, frame.image.shape[1] - wide))
    return frame.image[r : r + high, c : c + wide], frame.spacing_mm


def grid(panels: list[tuple[str, np.ndarray, str | None]], columns: int, width: float, title: float = 8.5) -> object:
    """Return a matplotlib figure on black: one panel each (name, picture with square pixels, colour map)."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = -(-len(panels) // columns)
    tall = max(p[1].shape[0] / p[1].shape[1] for p in panels)
    each = width / columns
    fig, axes = plt.subplots(rows, columns, figsize=(width, rows * (each * tall + 0.28)), squeeze=False)
    fig.patch.set_facecolor(LIGHTBOX["paper"])
    for axis in axes.ravel():
        axis.set_axis_off()
    for axis, (name, picture, colours) in zip(axes.ravel(), panels, strict=False):
        limits = {"vmin": 0, "vmax": 255} if picture.dtype == np.uint8 else {}
        axis.imshow(picture, cmap=colours or "gray", interpolation="bilinear", **limits)
        axis.set_title(name, color=LIGHTBOX["ink"], fontsize=title, pad=3)
    fig.subplots_adjust(0.004, 0.004, 0.996, 1 - 0.24 / fig.get_size_inches()[1], 0.03, 0.13)
    return fig


def save(fig: object, name: str, greys: int = 64) -> None:
    """Write a figure as a PNG of few colours, so that the repository stays small."""
    from PIL import Image

    buffer = io.BytesIO()
    fig.savefig(buffer, dpi=130, facecolor=fig.get_facecolor())  # type: ignore[attr-defined]
    write(Image.open(buffer).convert("RGB"), name, greys)


def write(picture: object, name: str, greys: int) -> None:
    """Write a PIL picture with ``greys`` greys and the 128 colours that fit its coloured part best."""
    from PIL import Image

    pixels = np.asarray(picture)
    palette = np.repeat(np.linspace(0, 255, greys).round().astype(np.uint8)[:, None], 3, 1)
    coloured = pixels[np.ptp(pixels.astype(int), axis=2) > 24]
    if len(coloured):
        own = Image.fromarray(coloured[None]).quantize(128).getpalette()
        palette = np.concatenate([palette, np.array(own, np.uint8).reshape(-1, 3)])
    table = Image.new("P", (1, 1))
    table.putpalette(palette.ravel().tolist())
    with replacing(OUT / f"phantom_{name}.png") as part:
        picture.quantize(palette=table, dither=0).save(part, format="PNG", optimize=True)  # type: ignore[attr-defined]


def chain() -> None:
    """One frame from tissue to picture, stage by stage."""
    from thyrolearn.seeding import normals

    one = nodule("mixed", foci="macro", size_mm=18.0)
    s = rendering.scene(patient(), one, 0, SEED)
    c, z = s.canvas, s.canvas.step
    noise = normals(c.rng("speckle"), (2, 512, 256))
    grain = 20 * np.log10(np.hypot(*noise)[::2] / np.sqrt(2) + 1e-3)
    single = replace(s, scanner=replace(s.scanner, looks=1))
    looks = [20 * np.log10(rendering.signal(scene_) + 1e-4)[::2] for scene_ in (single, s)]
    arrays = [
        ("1  echogenicity (dB)", c.echo, (-30, 14), "gray"),
        ("2  attenuation (dB/cm/MHz)", c.loss, (0, 2.2), "magma"),
        ("3  mirrors: coherent echo", np.sqrt(c.shine), (0, 2), "gray"),
        ("4  scatterers on the tissue", c.echo + grain, (-45, 14), "gray"),
        ("5  loss on the way (dB)", s.loss_db, (-12, 30), "magma"),
        ("6  beam: one look", looks[0], (-50, 8), "gray"),
        ("7  three looks averaged", looks[1], (-50, 8), "gray"),
    ]
    panels = [
        (name, square((255 * np.clip((a - lo) / (hi - lo), 0, 1)).astype(np.uint8), z, 300), colours)
        for name, a, (lo, hi), colours in arrays
    ]
    panels.append(("8  the picture", square(rendering.picture(s, rendering.signal(s), patient()), z, 300), "gray"))
    save(grid(panels, 4, 7.6), "chain")


def scanners() -> None:
    """The same nodule of the same patient on the five scanners, the same 38 mm square of it."""
    one, panels = nodule(echo="veryhypo", margin="lobirr", foci="pef", size_mm=14.0), []
    for name, machine in phantom.SCANNERS.items():
        frame = phantom.render(patient(name, 3), one, 0, SEED, scanner=machine, spacing_mm=(0.15, 0.15))
        panels.append((f"{name}   {machine.frequency:g} MHz", frame.image, None))
    save(grid(panels, 3, 6.6), "scanners")


DARK = {"echo": "veryhypo"}  # where it is the outline that is to be seen
ROWS: tuple[dict[str, dict[str, str]], ...] = (
    {name: {"composition": name} for name in ("cystic", "spongiform", "mixed", "solid")},
    {"hyperechoic": {"echo": "hyper"}, "isoechoic": {"echo": "iso"}, "hypoechoic": {}, "very hypoechoic": DARK},
    {"smooth": DARK, "ill-defined": {**DARK, "margin": "ill"}, "lobulated or irregular": {**DARK, "margin": "lobirr"},
     "beyond the capsule": {**DARK, "margin": "ete"}},
    {"comet tails": {"composition": "cystic", "foci": "comet"}, "macrocalcification": {"foci": "macro"},
     "rim calcification": {"echo": "iso", "foci": "rim"}, "punctate foci": {"foci": "pef"}},
    {"wider than tall": DARK, "taller than wide": {**DARK, "shape": "taller"},
     "taller, irregular": {**DARK, "shape": "taller", "margin": "lobirr"},
     "the same, with foci": {**DARK, "shape": "taller", "margin": "lobirr", "foci": "pef"}},
)  # fmt: skip
NECKS = (5, 12, 3, 3, 3)


def descriptors() -> None:
    """Every word of the ACR lexicon: a row a feature, four nodules a row, in one and the same neck."""
    panels = []
    for row, cells in enumerate(ROWS):
        for name, options in cells.items():
            frame = phantom.render(patient(number=NECKS[row]), nodule(**options), 0, SEED, size=320)
            panels.append((name, square(*crop(frame), 250), None))
    save(grid(panels, 4, 7.0), "descriptors", 40)


def shadow() -> None:
    """A cyst and a calcified nodule, and the brightness below each against the gland beside it."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    cases = [("cyst: brighter behind", nodule("cystic", size_mm=15.0), "#7fe0cf"),
             ("macrocalcification: shadow", nodule(foci="macro", size_mm=15.0), "#ff9a70")]  # fmt: skip
    fig, axes = plt.subplots(1, 3, figsize=(8.0, 2.7), gridspec_kw={"width_ratios": (1, 1, 1.15)})
    fig.patch.set_facecolor(LIGHTBOX["paper"])
    for axis, (name, one, colour) in zip(axes, cases, strict=False):
        s = rendering.scene(patient(number=3), one, 0, SEED)
        frame = phantom.render(patient(number=3), one, 0, SEED)
        axis.imshow(square(frame.image, frame.spacing_mm, 300), cmap="gray", vmin=0, vmax=255)
        axis.set_axis_off()
        axis.set_title(name, color=colour, fontsize=9.5)
        columns = np.flatnonzero(frame.mask.any(0))
        middle = slice(columns[len(columns) // 3], columns[2 * len(columns) // 3])
        loss = s.loss_db[:, middle].mean(1) if "cyst" in name else s.loss_db[:, columns[0] : columns[-1]].max(1)
        axes[2].plot(-loss, s.canvas.z[:, 0], color=colour, lw=2)
        at = (2.5, 31) if "cyst" in name else (-31, 14.5)
        axes[2].text(*at, f"{name.split(':')[0]}", color=colour, fontsize=9)
    last = axes[2]
    last.set_facecolor(LIGHTBOX["paper"])
    last.set_xlim(-32, 12)
    last.invert_yaxis()
    last.set_xlabel("echo against the compensation (dB)", color=LIGHTBOX["ink"], fontsize=9)
    last.set_ylabel("depth (mm)", color=LIGHTBOX["ink"], fontsize=9)
    last.tick_params(colors=LIGHTBOX["muted"], labelsize=8)
    last.axvline(0, color=LIGHTBOX["muted"], lw=0.8)
    for side in last.spines.values():
        side.set_color(LIGHTBOX["muted"])
    fig.subplots_adjust(0.005, 0.18, 0.985, 0.9, 0.22)
    save(fig, "shadow")


def modalities() -> None:
    """The other modalities of one nodule: two frames of a sweep, strain, flow, contrast."""
    one, who = replace(nodule(margin="lobirr", size_mm=16.0), label=1, severity=1.0), patient(number=6)
    clip = phantom.sweep(who, one, SEED, frames=20, step_mm=0.5)
    strain, flow = phantom.elastogram(who, one, 0, SEED), phantom.doppler(who, one, 0, SEED)
    run = phantom.contrast(who, one, SEED, seconds=40, size=256)
    late = int(run.gland.argmax())
    panels = [("sweep, frame 4", clip.images[3], clip.spacing_mm), ("sweep, 4 mm on", clip.images[11], clip.spacing_mm),
              ("strain", strain.rgb, strain.spacing_mm), ("colour Doppler", flow.rgb, flow.spacing_mm),
              (f"contrast at {run.times[late]:.0f} s", run.images[late], run.spacing_mm)]  # fmt: skip
    save(grid([(name, square(image, mm, 300), None) for name, image, mm in panels], 3, 6.6), "modalities")


def others() -> None:
    """Several nodules in one frame, each with its own outline."""
    panels, colours = [], ((255, 120, 80), (90, 220, 200), (240, 200, 80))
    for who in phantom.patients(90, 5):
        for view in (1, 0) if len(who.nodules) > 1 else ():
            frame = phantom.render(who, who.nodules[0], view, 5, others=True)
            if len(panels) < 6 and len(frame.others) and min(o.mask.sum() for o in frame.others) > 400:
                drawn = np.repeat(frame.image[..., None], 3, 2)
                for mask, colour in zip((frame.mask, *(o.mask for o in frame.others)), colours, strict=False):
                    inner = (
                        mask & np.roll(mask, 1, 0) & np.roll(mask, -1, 0) & np.roll(mask, 1, 1) & np.roll(mask, -1, 1)
                    )
                    drawn[mask & ~inner] = colour
                panels.append((frame.view, square(drawn, frame.spacing_mm, 300), None))
    save(grid(panels, 3, 6.6), "others", 48)


PICTURES: dict[str, Callable[[], None]] = {
    "chain": chain, "scanners": scanners, "descriptors": descriptors, "shadow": shadow,
    "modalities": modalities, "others": others,
}  # fmt: skip

if __name__ == "__main__":
    for wanted in sys.argv[1:] or PICTURES:
        PICTURES[wanted]()
