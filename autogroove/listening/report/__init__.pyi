from .page import ReportInputs as ReportInputs
from .page import render_page as render_page
from .page import render_page_once as render_page_once
from .page import render_report as render_report
from .pictures import PICTURES as PICTURES
from .pictures import draw_pictures_once as draw_pictures_once
