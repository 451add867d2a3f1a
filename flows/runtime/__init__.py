"""TODO flows.runtime."""
