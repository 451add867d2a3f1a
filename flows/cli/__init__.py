"""TODO flows.cli."""
