"""The course: what a lesson calls while it runs, and what the command line does with lessons.

>>> from thyrolearn import course
>>> isinstance(course.outline(), list)
True
"""

from thyrolearn.course.evidence import judged, results
from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge
from thyrolearn.course.lesson import Lesson, begin
from thyrolearn.course.progress import show_progress
from thyrolearn.course.records import LessonRecord, outline

__all__ = [
    "Exercise", "Lesson", "LessonRecord", "Verdict", "Wrong", "begin", "call", "close", "judge", "judged", "outline",
    "results", "show_progress",
]  # fmt: skip
