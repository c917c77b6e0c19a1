"""Runs of many days or many futures, above the flow of a single day."""
