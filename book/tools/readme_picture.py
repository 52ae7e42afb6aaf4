"""Draw the picture of the README: `python book/tools/readme_picture.py`. Eight nodules, two labels in turn."""

from pathlib import Path

from thyrolearn import data, plots

TARGET = Path(__file__).resolve().parents[1] / "_static" / "phantom_sheet.png"


def main() -> None:
    """Write the picture, one frame a nodule, and say where."""
    first = [case for case in data.load("phantom", name="stills") if case.view == "transverse"]
    figure = plots.cases(first[::9], count=8)
    figure.savefig(TARGET, dpi=110, facecolor=figure.get_facecolor())
    print(f"{TARGET} ({TARGET.stat().st_size // 1024} kB)")


if __name__ == "__main__":
    main()
