"""One Prefect task an artefact: retries, timeouts, tags and what the UI shows.

What belongs here: @task functions, thin around the library. What does not: numbers and formulas
(`autogroove`), and which task follows which (`flows`).
"""

from tasks.execution import send_logs_to_runs

send_logs_to_runs()  # every process that is given a task imports this package
