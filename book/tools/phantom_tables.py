"""Tables of the page on the phantom: read off the code or off a stored result, never typed."""

import csv
import html
from collections.abc import Iterable
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "datasets" / "results"
Cells = Iterable[str]


def table(head: Cells, rows: Iterable[Cells]) -> str:
    """Return an HTML table; the first cell of a row is its heading.

    >>> table(["a", "b"], [["x", "1 & 2"]]).count("<td>")
    1
    """
    top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = []
    for first, *rest in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        body.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
    inside = f"<thead><tr>{top}</tr></thead><tbody>{''.join(body)}</tbody>"
    return f'<div class="pst-scrollable-table-container"><table class="table">{inside}</table></div>'


def stored(name: str) -> list[dict[str, str]]:
    """Return the rows of a stored result."""
    with (RESULTS / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def interval(row: dict[str, str], prefix: str = "", digits: int = 2) -> str:
    """Return a value of a stored row with its interval.

    >>> interval({"real": "1.234", "real_low": "1.1", "real_high": "1.3"}, "real")
    '1.23 (1.10 to 1.30)'
    """
    names = (prefix, f"{prefix}_low", f"{prefix}_high") if prefix else ("value", "low", "high")
    # + 0.0: a rounded −0.0 is 0.0
    value, low, high = (f"{round(float(row[name]), digits) + 0.0:.{digits}f}".replace("-", "−") for name in names)
    return f"{value} ({low} to {high})"


def scanners() -> str:
    """The five scanners: physics and display, and who trains on them."""
    from thyrolearn import phantom
    from thyrolearn.phantom.population import DEFAULT_SCANNERS

    head = (
        "scanner",
        "MHz",
        "F-number",
        "focus, mm",
        "looks",
        "pulse, cycles",
        "range, dB",
        "noise, dB",
        "depth, mm",
        "use",
    )
    rows = [
        (s.name, f"{s.frequency:g}", f"{s.f_number:g}", f"{s.focus_mm:g}", str(s.looks), f"{s.cycles:g}",
         f"{s.range_db:g}", f"{s.noise_db:g}".replace("-", "−"), f"{s.depth_mm[0]:g} to {s.depth_mm[1]:g}",
         f"{DEFAULT_SCANNERS[s.name]:.0%} of patients" if s.name in DEFAULT_SCANNERS else "held out")
        for s in phantom.SCANNERS.values()
    ]  # fmt: skip
    return table(head, rows)


def signs() -> str:
    """How often each sign occurs in benign and in malignant nodules, exactly as the generator draws them."""
    import numpy as np

    from thyrolearn.phantom.tables import joint, states

    codes, shares = states(), [joint(label).ravel() for label in (0, 1)]
    kept: dict[str, np.ndarray] = {
        "solid": codes[:, 0] == 3,
        "hypoechoic or darker, not cystic": (codes[:, 1] == 2) | (codes[:, 1] == 3),
        "taller than wide": codes[:, 2] == 1,
        "lobulated, irregular or beyond the capsule": codes[:, 3] >= 2,
        "comet tails": codes[:, 4] == 1,
        "macrocalcification": codes[:, 5] == 1,
        "rim calcification": codes[:, 6] == 1,
        "punctate foci": codes[:, 7] == 1,
    }
    return table(
        ("sign", "benign", "malignant"),
        [(name, *(f"{share[which].sum():.1%}" for share in shares)) for name, which in kept.items()],
    )


def percent(share: float) -> str:
    """Return a share of the generator's table as it stands there.

    >>> percent(0.045), percent(0.62)
    ('4.5%', '62%')
    """
    return f"{100 * share:.3g}%"


def histotypes() -> str:
    """The kinds of nodules and a few of their signs before the shared severity pulls on them."""
    from thyrolearn.phantom.tables import HISTOTYPES

    names = {
        "goitre": "benign goitre", "colloid": "colloid nodule", "adenoma": "follicular adenoma",
        "thyroiditis": "focal thyroiditis", "PTC": "papillary carcinoma", "FVPTC": "its follicular variant",
        "FTC": "follicular carcinoma", "MTC": "medullary carcinoma and others",
    }  # fmt: skip
    rows = [
        (names[h.name], "malignant" if h.malignant else "benign", percent(h.weight), percent(h.composition[3]),
         percent(h.echogenicity[2] + h.echogenicity[3]), percent(h.taller), percent(h.margin[2] + h.margin[3]),
         percent(h.foci[3]))
        for h in HISTOTYPES
    ]  # fmt: skip
    head = (
        "kind",
        "class",
        "share of its class",
        "solid",
        "hypoechoic or darker",
        "taller",
        "irregular margin",
        "punctate foci",
    )
    return table(head, rows)


def ceiling() -> str:
    """The largest AUC that each kind of evidence allows, by difficulty; computed, not simulated."""
    from thyrolearn import phantom
    from thyrolearn.phantom.ceiling import EVIDENCE

    names = {"image": "all that an image can show", "descriptors": "the true descriptors alone",
             "points": "ACR points of the true descriptors", "level": "ACR level of the true descriptors"}  # fmt: skip
    rows = [(names[e], *(f"{phantom.bayes_auc(d, e):.3f}" for d in phantom.DIFFICULTIES)) for e in EVIDENCE]
    reader = phantom.Reader("average")
    rows.append(("what one average reader says of them",
                 *(f"{phantom.bayes_auc(d, reader=reader):.3f}" for d in phantom.DIFFICULTIES)))  # fmt: skip
    return table(("known to the judge", *phantom.DIFFICULTIES), rows)


def levels() -> str:
    """Share and risk of the ACR levels where one nodule in ten is malignant."""
    from thyrolearn import phantom

    rows = [(f"TR{row.level}", f"{row.share:.0%}", f"{row.risk:.1%}") for row in phantom.level_table(0.1)]
    return table(("level", "share of nodules", "malignant among them"), rows)


JUDGES = {"posterior": "all true values behind the picture", "descriptors": "the true descriptors",
          "ACR points, truth": "ACR points of the true descriptors",
          "ACR level, truth": "ACR level of the true descriptors",
          "ACR points, reader 1": "ACR points of one reader",
          "ACR level, reader 1": "ACR level of one reader"}  # fmt: skip
TEST = {"ABD": "scanners A, B and D", "C": "scanner C, never seen", "E": "scanner E, never seen"}


def difficulty() -> str:
    """The stored study of difficulty: what was reached on the same test nodules, with intervals."""
    rows = []
    for row in stored("difficulty"):
        if row["question"] == "AUC" and row["seed"] in ("", "mean") and row["test"]:
            trained = f", trained on {row['training_cases']} nodules" if row["training_cases"] else ""
            rows.append(
                (f"{JUDGES.get(row['model'], row['model'])}{trained}", TEST[row["test"]], interval(row), row["cases"])
            )
    return table(("judge", "tested on", "AUC (95 % interval)", "nodules"), rows)


def scanner_cost() -> str:
    """What an unseen scanner costs, and what the network gains over a linear model: paired differences."""
    rows = []
    for row in stored("difficulty"):
        if row["question"] == "cost of the scanner":
            rows.append((f"{row['model']}: cost of scanner {row['test']}, never seen", interval(row)))
        elif row["question"] == "gain":
            rows.append((f"{row['model']} over {row['reference']}, {TEST[row['test']]}", interval(row)))
    return table(("difference in AUC, paired", "value (95 % interval)"), rows)


QUANTITIES = {
    "nodule contrast": "nodule minus its surroundings, grey levels",
    "nodule cnr": "the same over the noise (CNR)",
    "nodule edge": "edge gradient, grey levels a pixel",
    "nodule posterior": "below the nodule minus its surroundings, grey levels",
    "nodule beside": "below the nodule minus beside that, grey levels",
    "texture axial": "length of a speckle along the beam, pixels",
    "texture lateral": "length of a speckle across, pixels",
    "frame mean": "mean of the frame, grey levels",
}
TWO_SAMPLE = {"auc first order": "four numbers of brightness and grain", "auc glcm": "grey-level co-occurrence (GLCM)",
              "auc spectrum": "spectrum in 20 bands", "auc all": "all of them"}  # fmt: skip


REAL = {"ddti": "DDTI, all patients", "ddti half 1": "DDTI, half 1", "ddti half 2": "DDTI, half 2", "tn3k": "TN3K"}


def realism() -> str:
    """Scanner B beside DDTI: medians with intervals."""
    rows = {row["quantity"]: row for row in stored("realism") if (row["reference"], row["scanner"]) == ("ddti", "B")}
    medians = [(words, interval(rows[q], "real"), interval(rows[q], "phantom")) for q, words in QUANTITIES.items()]
    one = next(iter(rows.values()))
    head = (
        f"DDTI ({one['real_frames']} frames)",
        f"phantom, scanner B ({one['phantom_frames']} frames), {one['sample']}",
    )
    return table(("median (95 % interval)", *head), medians)


def tell_apart() -> str:
    """How well linear tests tell real from synthetic: AUC with intervals, a row a pair of set and scanner."""
    pairs: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for row in stored("realism"):
        pairs.setdefault((row["reference"], row["scanner"]), {})[row["quantity"]] = row
    rows = []
    for (reference, scanner), found in pairs.items():
        one = found["auc all"]
        name = f"{REAL[reference]} ({one['real_frames']}) and scanner {scanner} ({one['phantom_frames']})"
        rows.append((name, one["sample"], *(interval(found[q], "phantom") for q in TWO_SAMPLE)))
    return table(("real frames and synthetic ones", "tuned on these?", *TWO_SAMPLE.values()), rows)


def fusion() -> str:
    """What the witnesses are worth together: computed, with the shared severity and as if they were independent."""
    from thyrolearn.phantom.fusion import WITNESSES, fusion_auc

    sets = [*((w,) for w in WITNESSES), ("descriptors", "stiffness"), ("descriptors", "arrival"), WITNESSES]
    rows = [(" + ".join(names), f"{fusion_auc(names):.3f}", f"{fusion_auc(names, 0.0):.3f}") for names in sets]
    return table(("known to the judge", "largest AUC", "were they independent"), rows)


def on_real_frames() -> str:
    """What training on the phantom first is worth on DDTI: Dice of frames of other patients, a row a share and seed."""
    groups: dict[tuple[float, str], dict[str, list[dict[str, str]]]] = {}
    alone = ""
    for row in stored("segmentation_ddti"):
        if row["metric"] == "dice":
            share = float(row["share"] or 1)
            groups.setdefault((-share, row["seed"]), {}).setdefault(row["start"], []).append(row)
    rows = []
    for (_, seed), found in sorted(groups.items()):
        frames = [int(row["cases"]) for row in found["scratch"] if row["cases"]]
        starts = ("scratch", "phantom", "phantom - scratch")
        pooled = [interval(row, digits=3) for start in starts for row in found[start] if row["fold"] == "0"]
        rows.append((f"{min(frames)} to {max(frames)} frames, seed {seed}", *pooled))
        alone = interval(found["phantom alone"][0], digits=3) if "phantom alone" in found else alone
    rows.append(("none at all", "", alone, ""))
    return table(("real frames to train on", "from scratch", "after the phantom", "gain, paired"), rows)


TABLES = {
    "phantom-scanners": scanners, "phantom-signs": signs, "phantom-histotypes": histotypes, "phantom-ceiling": ceiling,
    "phantom-levels": levels, "phantom-difficulty": difficulty, "phantom-cost": scanner_cost,
    "phantom-realism": realism, "phantom-tell-apart": tell_apart, "phantom-fusion": fusion,
    "phantom-on-real-frames": on_real_frames,
}  # fmt: skip
