"""Put notebooks/ and datasets/ into the wheel, so that an installed package has its lessons with it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithLessons(build_py):
    """Copy the shipped folders beside the modules; an editable install uses the checkout's own."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for name in ("notebooks", "datasets"):
            target = Path(self.build_lib) / "thyrolearn" / "_shipped" / name
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(name, target, ignore=shutil.ignore_patterns(".ipynb_checkpoints", ".*", "__pycache__"))


setup(cmdclass={"build_py": WithLessons})
