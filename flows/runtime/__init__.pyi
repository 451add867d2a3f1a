from .server import prefect_server as prefect_server
