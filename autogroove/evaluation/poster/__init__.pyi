from .examining import Findings as Findings
from .examining import examine as examine
from .examples import count_examples as count_examples
from .examples import make_examples as make_examples
from .page import check_path as check_path
from .page import write_page as write_page
from .settings import PosterSettings as PosterSettings
