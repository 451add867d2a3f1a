from .page import ReportInputs as ReportInputs
from .page import render_report as render_report
