"""A measured value with its interval: no result in the course travels without one."""

from dataclasses import dataclass

from thyrolearn.errors import ParameterError

__all__ = ["Estimate"]


@dataclass(frozen=True)
class Estimate:
    """A value, the two ends of its interval, how the interval was made, and how many cases stand behind it.

    >>> e = Estimate(0.81, 0.77, 0.85, method="DeLong", n=512)
    >>> print(e)
    0.810 (95 % interval 0.770 to 0.850, DeLong, n = 512)
    >>> e.excludes(0.5), e.excludes(0.8)
    (True, False)
    """

    value: float
    low: float
    high: float
    method: str
    n: int
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ParameterError(f"An interval from {self.low} to {self.high} is upside down.", "Give low <= high.")

    def __str__(self) -> str:
        percent = f"{100 * self.confidence:g} %"
        ends = f"{self.low:.3f} to {self.high:.3f}"
        return f"{self.value:.3f} ({percent} interval {ends}, {self.method}, n = {self.n})"

    def excludes(self, value: float) -> bool:
        """Whether ``value`` lies outside the interval."""
        return not self.low <= value <= self.high
