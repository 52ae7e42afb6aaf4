"""Exercises of the lesson on data and splits: leaked share, prevalence by patient, joining duplicates."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "another_frame_in_training"]


def another_frame_in_training(frames: int = 4, folds: int = 5) -> str:
    """The numeric key of the quiz: the chance that a patient's other frames are not all in the test frame's fold.

    >>> another_frame_in_training()
    '99 %'
    """
    return f"{100 * (1 - (1 / folds) ** (frames - 1)):.0f} %"


def _leaked_inputs() -> tuple[Any, Any]:
    import numpy as np

    return np.array(list("aaabbcdd")), np.array(list("aaabeeffg"))


def _check_leaked(answer: Callable[..., Any]) -> Verdict:
    import numpy as np

    train, test = _leaked_inputs()
    got = call(answer, train, test)
    known = (
        (
            close(got, 2 / 5),
            "patients counted",
            "This is the share of test patients. A patient with three frames gives three answers away: count frames.",
        ),
        (
            close(got, 5 / 8),
            "sides swapped",
            "This is the share of training frames whose patient is in the test. It is the test that is spoiled.",
        ),
        (
            close(got, 2 / 7),
            "overlap of the sets",
            "Shared patients over all patients. A small test set inside a large training set would look clean.",
        ),
    )
    clean = call(answer, np.array(list("aab")), np.array(list("cdd")))
    right = close(got, 4 / 9) and close(clean, 0)
    praise = "Four of nine. By image it is usually most of them, by patient none."
    return judge(right, praise, *known, otherwise="Ask of each test frame whether its patient occurs in training.")


LEAKED_SHARE = Exercise(
    name="leaked_share",
    prompt="Return the share of test frames whose patient is also in training.",
    hint="One yes or no for each test frame, then the mean.",
    starter="def leaked_share(train, test):\n    ...  # numpy arrays: the patient of each frame",
    solution="def leaked_share(train, test):\n    return np.isin(test, train).mean()",
    alternates=(
        "def leaked_share(train, test):\n"
        "    known = set(train.tolist())\n"
        "    return sum(patient in known for patient in test.tolist()) / len(test)",
    ),
    wrong=(
        Wrong(
            "share of test patients",
            "def leaked_share(train, test):\n    return np.isin(np.unique(test), train).mean()",
            "patients counted",
        ),
        Wrong(
            "share of training frames",
            "def leaked_share(train, test):\n    return np.isin(train, test).mean()",
            "sides swapped",
        ),
        Wrong(
            "overlap of two sets",
            "def leaked_share(train, test):\n"
            "    return len(np.intersect1d(train, test)) / len(np.union1d(train, test))",
            "overlap of the sets",
        ),
    ),
    check=_check_leaked,
    inputs=_leaked_inputs,
    setup="import numpy as np",
)


def _prevalence_inputs() -> tuple[Any, Any]:
    import numpy as np

    labels = np.array([1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0])
    return labels, np.array(list("aaabbccddef"))


def _check_prevalence(answer: Callable[..., Any]) -> Verdict:
    labels, patients = _prevalence_inputs()
    got = call(answer, labels, patients)
    known = (
        (
            close(got, 3 / 11),
            "frames counted",
            "This is the share of frames. A patient with many frames would count many times.",
        ),
        (
            close(got, (2 / 3 + 1 / 2) / 6),
            "mean of shares",
            "You averaged each patient's share of malignant frames. One malignant frame makes the patient a case.",
        ),
        (
            close(got, 2 / 11),
            "patients over frames",
            "Patients with a malignant frame, divided by frames. Both must count the same thing.",
        ),
    )
    right = close(got, 2 / 6) and close(call(answer, labels[:3], patients[:3]), 1)
    praise = "Two of six patients. A share without its unit says nothing."
    return judge(right, praise, *known, otherwise="Make one yes or no a patient first: any malignant frame?")


PATIENT_PREVALENCE = Exercise(
    name="patient_prevalence",
    prompt="Return the share of patients who have at least one malignant frame.",
    hint="First one number a patient, then the mean.",
    starter="def patient_prevalence(labels, patients):\n    ...  # numpy arrays, one entry a frame",
    solution=(
        "def patient_prevalence(labels, patients):\n"
        "    return np.mean([labels[patients == one].max() for one in np.unique(patients)])"
    ),
    alternates=(
        "def patient_prevalence(labels, patients):\n    return len(set(patients[labels == 1])) / len(set(patients))",
    ),
    wrong=(
        Wrong(
            "share of frames",
            "def patient_prevalence(labels, patients):\n    return labels.mean()",
            "frames counted",
        ),
        Wrong(
            "mean of the patients' shares",
            "def patient_prevalence(labels, patients):\n"
            "    return np.mean([labels[patients == one].mean() for one in np.unique(patients)])",
            "mean of shares",
        ),
        Wrong(
            "patients over frames",
            "def patient_prevalence(labels, patients):\n"
            "    return len(np.unique(patients[labels == 1])) / len(patients)",
            "patients over frames",
        ),
    ),
    check=_check_prevalence,
    inputs=_prevalence_inputs,
    setup="import numpy as np",
)


def _join_inputs() -> tuple[Any, Any]:
    """Three patients linked in a chain (a-c by q, c-e by t), and two who share nothing."""
    import numpy as np

    return np.array(list("aabccdee")), np.array(list("pqrqtstu"))


def _same(found: Any, wanted: Any) -> bool:
    """Whether two numberings make the same groups, whatever the numbers are."""
    import numpy as np

    found, wanted = np.asarray(found), np.asarray(wanted)
    return found.shape == wanted.shape and bool(
        np.array_equal(found[:, None] == found[None], wanted[:, None] == wanted[None])
    )


def _check_join(answer: Callable[..., Any]) -> Verdict:
    patients, pictures = _join_inputs()
    got = call(answer, patients, pictures)
    known = (
        (
            _same(got, [0, 0, 1, 2, 2, 3, 4, 4]),
            "pictures ignored",
            "These are the patients as numbered. One picture under two numbers can still land on both sides.",
        ),
        (
            _same(got, [0, 1, 2, 1, 3, 4, 3, 5]),
            "patients ignored",
            "Equal pictures are together, but the frames of one patient are not.",
        ),
        (
            _same(got, [0, 0, 1, 0, 2, 3, 2, 4]),
            "patient parted",
            "The frames with a shared picture moved, and left the other frames of their patient behind.",
        ),
    )
    right = _same(got, [0, 0, 1, 0, 0, 2, 0, 0])
    praise = "Right, chain included. The library does this before it splits."
    return judge(right, praise, *known, otherwise="Each step may link groups that were apart: repeat until it settles.")


JOIN = Exercise(
    name="join",
    prompt="Return a group number for each frame, equal for all frames that must stay together.",
    hint="Let frames that share anything take the smallest number among them, and repeat until nothing changes.",
    starter="def join(patients, pictures):\n    ...  # a numpy array of whole numbers, one a frame",
    solution=(
        "def join(patients, pictures):\n"
        "    groups = np.arange(len(patients))\n"
        "    for _ in groups:\n"
        "        for names in (patients, pictures):\n"
        "            for name in set(names):\n"
        "                groups[names == name] = groups[names == name].min()\n"
        "    return groups"
    ),
    alternates=(
        "def join(patients, pictures):\n"
        "    from scipy.sparse.csgraph import connected_components\n"
        "    linked = (patients[:, None] == patients) | (pictures[:, None] == pictures)\n"
        "    return connected_components(linked, directed=False)[1]",
    ),
    wrong=(
        Wrong(
            "patients as they are",
            "def join(patients, pictures):\n    return np.unique(patients, return_inverse=True)[1]",
            "pictures ignored",
        ),
        Wrong(
            "pictures alone",
            "def join(patients, pictures):\n    return np.unique(pictures, return_inverse=True)[1]",
            "patients ignored",
        ),
        Wrong(
            "moves frames, not patients",
            "def join(patients, pictures):\n"
            "    groups = np.unique(patients, return_inverse=True)[1]\n"
            "    for name in sorted(set(pictures)):\n"
            "        groups[pictures == name] = groups[pictures == name].min()\n"
            "    return groups",
            "patient parted",
        ),
    ),
    check=_check_join,
    inputs=_join_inputs,
    setup="import numpy as np",
)

EXERCISES = [LEAKED_SHARE, PATIENT_PREVALENCE, JOIN]
