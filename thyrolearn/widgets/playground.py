"""The phantom's knobs: one nodule under a scanner that the reader sets, over `thyrolearn.phantom.render`."""

import base64
import io
from collections.abc import Iterable
from dataclasses import replace
from html import escape

import ipywidgets as ipw

from thyrolearn.errors import ParameterError
from thyrolearn.phantom import SCANNERS, Frame, Latents, Nodule, Patient, posterior, render
from thyrolearn.phantom.cues import LATENTS, ranges
from thyrolearn.phantom.difficulty import resolve
from thyrolearn.phantom.scanner import get_scanner
from thyrolearn.phantom.sheet import isotropic
from thyrolearn.phantom.tables import encode
from thyrolearn.tirads import NOTICE, Composition, Descriptors, Focus

__all__ = ["RANGES", "Playground", "playground_frame", "specimen"]

RANGES = {
    "frequency_mhz": (4.0, 16.0),
    "focus_mm": (5.0, 40.0),
    "gain_db": (-15.0, 15.0),
    "dynamic_range_db": (30.0, 90.0),
}
"""The lowest and highest value of each knob, as a thyroid probe has them."""


def specimen(descriptors: Descriptors, size_mm: float = 14.0) -> tuple[Patient, Nodule]:
    """Return an average patient and a nodule with exactly these ``descriptors``, for `thyrolearn.phantom.render`.

    Echo, height over width, roughness and the rest stand in the middle of what the phantom draws for the words, so
    that two specimens that differ in one word differ in nothing else. ``size_mm`` is the largest diameter. The
    specimen is made to be looked at: its label is 0 and no disease stands behind it. Raises `ParameterError` for
    "undetermined", which is what a reader could not see and cannot be painted. Lesson: 0_start/01_first_look.

    >>> patient, nodule = specimen(Descriptors("cystic", "anechoic", "wider", "smooth"))
    >>> nodule.latents.echo_db, patient.nodules == (nodule,)
    (-36.0, True)
    """
    if "undetermined" in (descriptors.composition, descriptors.echogenicity, descriptors.margin):
        raise ParameterError("What cannot be determined cannot be painted.", "Choose another word in each category.")
    low, high = ranges(encode(descriptors)[None], resolve("default"))
    middle = dict(zip(LATENTS, (low + high)[0] / 2, strict=True))
    latents = Latents(**{name: float(value) for name, value in middle.items()} | {"foci": int(middle["foci"])})
    chance = posterior(descriptors)
    readers = (descriptors,) * 3
    nodule = Nodule(0, 0, "specimen", 0.0, descriptors, readers, latents, size_mm, halo=False, posterior=chance)
    patient = Patient(0, 50, "F", "none", "A", 0.0, 1.0, 1.0, 1.0, hashimoto=False, gain_db=0.0, nodules=(nodule,))
    return patient, nodule


def playground_frame(
    frequency_mhz: float | None = None,
    focus_mm: float | None = None,
    gain_db: float = 0.0,
    dynamic_range_db: float | None = None,
    foci: str | Iterable[str] = (),
    composition: str = "solid",
    scanner: str = "A",
    shortcut: bool = False,
    seed: int = 3,
    size: int = 256,
) -> Frame:
    """Return one synthetic frame of one hypoechoic nodule of 14 mm, under the knobs of a scanner.

    ``frequency_mhz``, ``focus_mm`` and ``dynamic_range_db`` replace the values of the preset ``scanner`` ("A" to
    "E"); None keeps them. ``gain_db`` is added to the preset's gain. ``foci`` are echogenic foci and ``composition``
    what the nodule consists of, in the words of `thyrolearn.tirads`; a cystic nodule is anechoic and has no
    calcifications. ``shortcut`` burns calipers into the picture. ``seed`` draws the patient's neck and ``size`` is
    the side in pixels, a multiple of 64. Same arguments, same pixels; the truth (mask, descriptors) comes from the
    nodule alone, whatever the knobs. Raises `ParameterError` naming the range for a knob outside `RANGES`.
    Lesson: 0_start/01_first_look. Synthetic, for teaching, not for diagnosis.

    >>> bright, plain = playground_frame(gain_db=10, size=128), playground_frame(size=128)
    >>> bool(bright.image.mean() > plain.image.mean()), bool((bright.mask == plain.mask).all())
    (True, True)
    """
    preset = get_scanner(scanner)
    machine = replace(
        preset,
        frequency=_knob("frequency_mhz", frequency_mhz, preset.frequency),
        focus_mm=_knob("focus_mm", focus_mm, preset.focus_mm),
        gain_db=preset.gain_db + _knob("gain_db", gain_db, 0.0),
        range_db=_knob("dynamic_range_db", dynamic_range_db, preset.range_db),
    )
    patient, nodule = specimen(_nodule(composition, foci))
    overlays = "calipers" if shortcut else "none"
    return render(patient, nodule, 0, seed, scanner=machine, size=size, overlays=overlays)


def _knob(name: str, value: float | None, preset: float) -> float:
    if value is None:
        return float(preset)
    low, high = RANGES[name]
    if not low <= value <= high:  # NaN, too, is refused
        raise ParameterError(f"{name}={value} is outside its range.", f"Give {low:g} to {high:g}.")
    return float(value)


def _nodule(composition: str, foci: str | Iterable[str]) -> Descriptors:
    echo = "anechoic" if composition == "cystic" else "hypo"
    found = Descriptors.parse(composition, echo, "wider", "smooth", foci)
    calcified = found.foci & {Focus.MACRO, Focus.RIM, Focus.PEF}
    if found.composition in (Composition.CYSTIC, Composition.SPONGIFORM) and calcified:
        raise ParameterError(
            f"A {found.composition} nodule with calcifications is not painted.",
            "Choose foci none or comet, or the composition mixed or solid.",
        )
    return found


_STYLE = """<style>
.tl-playground { color: var(--jp-ui-font-color1, var(--pst-color-text-base, #222)); max-width: 40rem; margin: 0; }
.tl-playground img { display: block; width: 100%; max-width: 32rem; height: auto; background: #000; }
.tl-playground figcaption { font-size: .9em; line-height: 1.45; padding: .3rem 0; color: inherit; max-width: 32rem; }
</style>"""
_TITLES = {
    "frequency_mhz": ("Frequency, MHz", 0.5),
    "focus_mm": ("Focus, mm deep", 1.0),
    "gain_db": ("Gain, dB", 1.0),
    "dynamic_range_db": ("Dynamic range, dB", 2.0),
}
_ONE_FOCUS = {"none": "none", **{word.value: word.term for word in Focus if word is not Focus.NONE}}


def picture(frame: Frame, words: str) -> str:
    """Return ``frame`` as an HTML figure in true proportions, with alt text and the mark "synthetic".

    >>> 'alt="Synthetic ultrasound frame' in picture(playground_frame(size=64), "10 MHz")
    True
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(isotropic(frame, 420)).save(buffer, format="PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    inside, depth = frame.image[frame.mask].mean(), frame.shape[0] * frame.spacing_mm[0]
    alt = (
        f"Synthetic ultrasound frame of a thyroid lobe with a {frame.nodule.truth.composition.value} nodule, "
        f"{depth:.0f} mm deep: {words}. Mean grey in the nodule {inside:.0f}, in the frame {frame.image.mean():.0f}."
    )
    caption = f"{words}. Synthetic image from the phantom; {NOTICE}."
    return (
        f'{_STYLE}<figure class="tl-playground"><img alt="{escape(alt, quote=True)}" '
        f'src="data:image/png;base64,{data}" /><figcaption>{escape(caption)}</figcaption></figure>'
    )


class Playground(ipw.VBox):
    """The phantom's knobs beside its picture: move a slider, see what the same nodule becomes.

    ``seed`` draws the neck; ``size`` is the rendered side in pixels. Another scanner moves the sliders to its own
    settings. Controls are labelled and follow the arrow keys; the picture has alt text that changes with it. What
    cannot be painted is said in place of the picture. Lesson: 0_start/01_first_look.

    >>> app = Playground(size=64)
    >>> app.knobs["gain_db"].value = 10
    >>> "gain +10 dB" in app.output.value
    True
    """

    def __init__(self, seed: int = 3, size: int = 256) -> None:
        self.seed, self.size = seed, size
        wide = {"style": {"description_width": "9em"}, "layout": {"width": "100%", "max_width": "30em"}}
        start = self._preset("A")
        self.knobs = {
            name: ipw.FloatSlider(
                value=start[name],
                min=RANGES[name][0],
                max=RANGES[name][1],
                step=step,
                description=title,
                readout_format=".1f" if step < 1 else ".0f",
                continuous_update=False,
                **wide,
            )
            for name, (title, step) in _TITLES.items()
        }
        painted = [word for word in Composition if word is not Composition.UNDETERMINED]
        options = {
            "composition": ("Composition", [(word.term, word.value) for word in painted], "solid"),
            "foci": ("Echogenic foci", [(term, word) for word, term in _ONE_FOCUS.items()], "none"),
            "scanner": ("Scanner", [(f"{name}, {row.frequency:g} MHz", name) for name, row in SCANNERS.items()], "A"),
        }
        self.choices = {
            name: ipw.Dropdown(options=words, value=value, description=title, **wide)
            for name, (title, words, value) in options.items()
        }
        self.shortcut = ipw.Checkbox(value=False, description="Calipers, burnt in (a shortcut)", indent=False)
        self.output = ipw.HTML()
        self.choices["scanner"].observe(self._follow_scanner, names="value")
        for control in self.controls():
            control.observe(self._refresh, names="value")
        self._refresh(None)
        self.output.layout.flex, self.output.layout.min_width = "3 1 22em", "0"
        knobs = ipw.VBox(self.controls(), layout={"flex": "2 1 20em", "min_width": "0"})
        beside = {"flex_flow": "row wrap", "grid_gap": "0 1.5em", "align_items": "flex-start", "width": "100%"}
        super().__init__([ipw.Box([self.output, knobs], layout=beside)])

    def controls(self) -> list[ipw.Widget]:
        """The controls in the order of the Tab key.

        >>> len(Playground(size=64).controls())
        8
        """
        return [*self.knobs.values(), *self.choices.values(), self.shortcut]

    def settings(self) -> dict[str, object]:
        """The arguments of `playground_frame` that are set now.

        >>> Playground(size=64).settings()["scanner"]
        'A'
        """
        knobs = {name: knob.value for name, knob in self.knobs.items()}
        chosen = {name: choice.value for name, choice in self.choices.items()}
        return knobs | chosen | {"shortcut": self.shortcut.value, "seed": self.seed, "size": self.size}

    def _follow_scanner(self, change: dict[str, str]) -> None:
        with self.hold_trait_notifications():
            for name, value in self._preset(change["new"]).items():
                self.knobs[name].value = value

    @staticmethod
    def _preset(scanner: str) -> dict[str, float]:
        row = SCANNERS[scanner]
        values = row.frequency, float(row.focus_mm), 0.0, float(row.range_db)
        return dict(zip(RANGES, values, strict=True))

    def _refresh(self, _change: object) -> None:
        now = self.settings()
        at = {name: knob.value for name, knob in self.knobs.items()}
        words = (
            f"scanner {now['scanner']}, {at['frequency_mhz']:.1f} MHz, focus {at['focus_mm']:.0f} mm, "
            f"gain {at['gain_db']:+.0f} dB, dynamic range {at['dynamic_range_db']:.0f} dB, "
            f"{now['composition']}, foci: {now['foci']}"
        )
        try:
            self.output.value = picture(playground_frame(**now), words)  # type: ignore[arg-type]
        except ParameterError as problem:
            self.output.value = f'{_STYLE}<p class="tl-playground" role="alert">{escape(str(problem))}</p>'
