"""The report of a release: one HTML file that needs nothing else.

What belongs here: the public names of the package.
What does not: code.
"""

from autogroove.report.inputs import ReportInputs
from autogroove.report.page import render_report

__all__ = ["ReportInputs", "render_report"]
