"""The DAG: which task follows which, and where it runs.

What belongs here: @flow functions, the runner of tasks, the command line. What does not: numbers
and files.
"""
