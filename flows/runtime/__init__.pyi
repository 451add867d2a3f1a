from .server import prefect_server as prefect_server
from .server import running_server as running_server
