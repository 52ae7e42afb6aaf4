"""Exercises of the first lesson: the ACR level, height over width in mm, contrast against the gland."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "acr_points_of_the_quiz"]


def acr_points_of_the_quiz() -> str:
    """The numeric key of the quiz: solid, hypoechoic, taller than wide, smooth, punctate and rim foci.

    >>> acr_points_of_the_quiz()
    '12'
    """
    from thyrolearn.tirads import Descriptors, acr

    return str(acr.points(Descriptors.parse("solid", "hypo", "taller", "smooth", ["pef", "rim"])))


TOTALS = (0, 2, 3, 4, 5, 6, 7, 9, 17)


def _check_level(answer: Callable[..., Any]) -> Verdict:
    from thyrolearn.tirads import acr

    got, truth = [call(answer, total) for total in TOTALS], [acr.level(total) for total in TOTALS]
    known = (
        (
            close(got, [1, 1, 2, 3, 4, 4, 4, 5, 5]),
            "limits left out",
            "A level begins at its limit: a total of exactly 7 is TR5 already, and 3 is TR3. Count the limit in.",
        ),
        (
            close(got, [level - 1 for level in truth]),
            "counted from zero",
            "Your lowest level is 0. The order is right; the levels are called TR1 to TR5.",
        ),
        (
            close(got, [1, 2, 3, 4, 5, 5, 5, 5, 5]),
            "points taken for levels",
            "Up to 4 points level and points agree, and then they part: TR4 is 4 to 6 points.",
        ),
    )
    praise = "Right at every limit, and the limits are where calculators on the web differ from the standard."
    return judge(close(got, truth), praise, *known, otherwise="Count how many limits (2, 3, 4, 7) the total reaches.")


LEVEL = Exercise(
    name="level",
    prompt="Return the ACR level, an integer from 1 to 5, for a total of points.",
    hint="The levels begin at 0, 2, 3, 4 and 7 points.",
    starter="def level(points):\n    ...  # points is an integer",
    solution="def level(points):\n    return 1 + sum(points >= first for first in (2, 3, 4, 7))",
    alternates=(
        "def level(points):\n"
        "    if points >= 7:\n"
        "        return 5\n"
        "    if points >= 4:\n"
        "        return 4\n"
        "    return max(points, 1)",
        "def level(points):\n    return int(np.searchsorted([2, 3, 4, 7], points, side='right')) + 1",
    ),
    wrong=(
        Wrong(
            "more than the limit",
            "def level(points):\n    return 1 + sum(points > first for first in (2, 3, 4, 7))",
            "limits left out",
        ),
        Wrong(
            "levels from zero",
            "def level(points):\n    return sum(points >= first for first in (2, 3, 4, 7))",
            "counted from zero",
        ),
        Wrong(
            "points are levels",
            "def level(points):\n    return max(1, min(points, 5))",
            "points taken for levels",
        ),
    ),
    check=_check_level,
    inputs=lambda: (6,),
    setup="import numpy as np",
)


def _mask() -> tuple[Any, tuple[float, float]]:
    """An upright ellipse of 21 rows by 13 columns whose pixels are much wider than high."""
    import numpy as np

    rows, columns = np.ogrid[:40, :32]
    return ((rows - 20) / 10) ** 2 + ((columns - 15) / 6) ** 2 <= 1, (0.1, 0.25)


def _check_ratio(answer: Callable[..., Any]) -> Verdict:
    mask, spacing = _mask()
    got, square = call(answer, mask, spacing), call(answer, mask, (0.2, 0.2))
    truth = (21 * 0.1) / (13 * 0.25)
    known = (
        (
            close(got, 21 / 13),
            "pixels for millimetres",
            "You counted pixels. These are two and a half times as wide as high: this nodule is wider than tall.",
        ),
        (
            close(got, 1 / truth),
            "width over height",
            "This is width over height. Rows run down, along the beam: they are the height.",
        ),
        (
            close(got, (21 * 0.25) / (13 * 0.1)),
            "spacing swapped",
            "The spacing is (z, x): its first number belongs to the rows.",
        ),
        (
            close(got, (20 * 0.1) / (12 * 0.25)),
            "one pixel short",
            "From row 10 to row 30 there are 21 rows, not 20: both ends belong to the nodule.",
        ),
    )
    right = close(got, truth) and close(square, 21 / 13)
    praise = "Wider than tall, although it covers more rows than columns. Files without a spacing hide this."
    return judge(right, praise, *known, otherwise="Find the first and last row and column that hold the nodule.")


def _ratio(body: str) -> str:
    return f"def height_over_width(mask, spacing_mm):\n    rows, columns = np.nonzero(mask)\n{body}"


HEIGHT_OVER_WIDTH = Exercise(
    name="height_over_width",
    prompt="Return height over width, in mm, of the smallest upright box around the nodule.",
    hint="Pixels need not be square.",
    starter="def height_over_width(mask, spacing_mm):\n    ...  # mask: bool (rows, columns); spacing_mm: (z, x)",
    solution=_ratio(
        "    height = (np.ptp(rows) + 1) * spacing_mm[0]\n"
        "    width = (np.ptp(columns) + 1) * spacing_mm[1]\n"
        "    return height / width"
    ),
    alternates=(
        "def height_over_width(mask, spacing_mm):\n"
        "    high, wide = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))\n"
        "    z, x = spacing_mm\n"
        "    return (high[-1] - high[0] + 1) * z / ((wide[-1] - wide[0] + 1) * x)",
    ),
    wrong=(
        Wrong(
            "counts pixels",
            _ratio("    return (np.ptp(rows) + 1) / (np.ptp(columns) + 1)"),
            "pixels for millimetres",
        ),
        Wrong(
            "turned round",
            _ratio("    return (np.ptp(columns) + 1) * spacing_mm[1] / ((np.ptp(rows) + 1) * spacing_mm[0])"),
            "width over height",
        ),
        Wrong(
            "x before z",
            _ratio("    return (np.ptp(rows) + 1) * spacing_mm[1] / ((np.ptp(columns) + 1) * spacing_mm[0])"),
            "spacing swapped",
        ),
        Wrong(
            "last minus first",
            _ratio("    return np.ptp(rows) * spacing_mm[0] / (np.ptp(columns) * spacing_mm[1])"),
            "one pixel short",
        ),
    ),
    check=_check_ratio,
    inputs=_mask,
    setup="import numpy as np",
)


def _picture() -> tuple[Any, Any, Any, Any]:
    """A dark nodule in a brighter gland, with a shadow over parts of both and bright muscle far away."""
    import numpy as np

    image = np.full((24, 24), 200, np.uint8)
    nodule, ring, shadow = (np.zeros(image.shape, bool) for _ in range(3))
    ring[4:20, 4:20], nodule[8:16, 8:16], shadow[10:, 12:15] = True, True, True
    ring &= ~nodule
    image[ring], image[nodule], image[shadow] = 120, 80, 10
    return image, nodule, ring, shadow


def _check_contrast(answer: Callable[..., Any]) -> Verdict:
    image, nodule, ring, shadow = _picture()
    got = call(answer, image, nodule, ring, shadow)
    known = (
        (close(got, 80), "no yardstick", "This is the grey of the nodule alone; another scanner would change it."),
        (close(got, 40), "sign", "The size is right. The nodule is darker than the gland, so the answer is negative."),
        (
            close(got, image[nodule].mean() - image[ring].mean()),
            "shadow counted",
            "Pixels in the shadow count here. They are dark because of what lies above them, in nodule and ring alike.",
        ),
        (
            close(got, 80 - image[~nodule & ~shadow].mean()),
            "whole frame as yardstick",
            "You compared with all of the frame. Skin and muscle are in it; the yardstick is the gland nearby.",
        ),
    )
    moved = call(answer, image + image.dtype.type(30), nodule, ring, shadow)
    praise = "Forty grey levels darker than the gland, and more gain would not change that."
    otherwise = "Take the mean over the nodule and the mean over the ring, each without shadow."
    return judge(close(got, -40) and close(moved, -40), praise, *known, otherwise=otherwise)


CONTRAST = Exercise(
    name="contrast",
    prompt="Return how much brighter the nodule is than the gland nearby, in grey levels, without shadowed pixels.",
    hint="Two means, of the right pixels.",
    starter="def contrast(image, nodule, ring, shadow):\n    ...  # image: uint8; the others: bool, same shape",
    solution=(
        "def contrast(image, nodule, ring, shadow):\n"
        "    return image[nodule & ~shadow].mean() - image[ring & ~shadow].mean()"
    ),
    alternates=(
        "def contrast(image, nodule, ring, shadow):\n"
        "    grey = image.astype(float)\n"
        "    clear = np.where(shadow, np.nan, grey)\n"
        "    return np.nanmean(clear[nodule]) - np.nanmean(clear[ring])",
    ),
    wrong=(
        Wrong(
            "the nodule alone",
            "def contrast(image, nodule, ring, shadow):\n    return image[nodule & ~shadow].mean()",
            "no yardstick",
        ),
        Wrong(
            "gland minus nodule",
            "def contrast(image, nodule, ring, shadow):\n"
            "    return image[ring & ~shadow].mean() - image[nodule & ~shadow].mean()",
            "sign",
        ),
        Wrong(
            "forgets the shadow",
            "def contrast(image, nodule, ring, shadow):\n    return image[nodule].mean() - image[ring].mean()",
            "shadow counted",
        ),
        Wrong(
            "compares with everything",
            "def contrast(image, nodule, ring, shadow):\n"
            "    return image[nodule & ~shadow].mean() - image[~nodule & ~shadow].mean()",
            "whole frame as yardstick",
        ),
    ),
    check=_check_contrast,
    inputs=_picture,
    setup="import numpy as np",
)

EXERCISES = [LEVEL, HEIGHT_OVER_WIDTH, CONTRAST]
