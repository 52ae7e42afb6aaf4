"""One family of errors: each names what is wrong and what to do about it, in one line."""

__all__ = ["ThyrolearnError", "SettingsError", "ParameterError", "DataError", "ClaimError", "LessonError"]


class ThyrolearnError(Exception):
    """The family. The command line prints it as one line and ends with exit code 2.

    >>> str(DataError("scan.jpg is cut off.", "Copy the file again."))
    'scan.jpg is cut off. Copy the file again.'
    """

    exit_code = 2

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem} {remedy}".strip())


class SettingsError(ThyrolearnError, ValueError):
    """A setting (data, tier, device, folder) that cannot be used."""


class ParameterError(ThyrolearnError, ValueError):
    """An argument outside its range; the message names the range."""


class DataError(ThyrolearnError):
    """A file or folder that is missing, broken or not what it claims to be."""


class ClaimError(ThyrolearnError, AssertionError):
    """A lesson's measured value has left the band that ten seeds gave it."""


class LessonError(ThyrolearnError):
    """A lesson, exercise or quiz that does not exist or cannot be run."""
