"""Hand-made patients and nodules, so that rendering is tested apart from the generative tables."""

from dataclasses import replace

import numpy as np

from thyrolearn.phantom.records import Latents, Nodule, Patient
from thyrolearn.tirads import Descriptors

ECHO_DB = {"hyper": 4.2, "iso": 0.0, "hypo": -5.5, "veryhypo": -12.0, "anechoic": -36.0}
CYSTIC = {"cystic": 1.0, "spongiform": 0.6, "mixed": 0.4, "solid": 0.0}


def make_nodule(
    composition="solid",
    echo="hypo",
    shape="wider",
    margin="smooth",
    foci=(),
    size_mm=14.0,
    halo=False,
    number=0,
    **latents,
):
    truth = Descriptors(composition, "anechoic" if composition == "cystic" else echo, shape, margin, frozenset(foci))
    values = {
        "echo_db": ECHO_DB[truth.echogenicity],
        "ap_ratio": 0.75 if shape == "wider" else 1.2,
        "roughness": 1.0,
        "foci": 8 if "pef" in foci else 0,
        "heterogeneity_db": 1.4,
        "cyst_fraction": CYSTIC[composition],
    }
    values.update(latents)
    return Nodule(number, 0, "goitre", 0.0, truth, (truth,) * 3, Latents(**values), size_mm, halo, 0.2)


def make_patient(nodule=None, number=1, scanner="A", **changes):
    nodules = (nodule,) if nodule is not None else (make_nodule(),)
    patient = Patient(number, 50, "F", "site-" + scanner, scanner, 0.0, 1.0, 1.0, 1.0, False, 0.0, nodules)
    return replace(patient, **changes)


def gallery(seed=0):
    """A list of (name, patient, nodule) over every descriptor."""
    rows = [
        ("solid hypo smooth", {}),
        ("solid iso halo", {"echo": "iso", "halo": True}),
        ("solid hyper", {"echo": "hyper"}),
        ("very hypo taller lobirr pef", {"echo": "veryhypo", "shape": "taller", "margin": "lobirr", "foci": ("pef",)}),
        ("cystic comet", {"composition": "cystic", "foci": ("comet",)}),
        ("mixed", {"composition": "mixed", "echo": "iso", "size_mm": 20.0}),
        ("spongiform", {"composition": "spongiform", "echo": "iso", "size_mm": 18.0}),
        ("hypo ill", {"margin": "ill"}),
        ("hypo lobirr", {"margin": "lobirr", "size_mm": 16.0}),
        ("hypo ete pef", {"margin": "ete", "foci": ("pef",)}),
        ("macro", {"foci": ("macro",)}),
        ("rim", {"echo": "iso", "foci": ("rim",)}),
    ]
    rng = np.random.default_rng(seed)
    out = []
    for i, (name, options) in enumerate(rows):
        nodule = make_nodule(**options)
        patient = make_patient(
            nodule,
            100 * seed + i,
            parenchyma_db=float(rng.normal(0, 1.2)),
            thickness=float(rng.uniform(0.8, 1.2)),
            gain_db=float(rng.normal(0, 2)),
        )
        out.append((name, patient, nodule))
    return out
