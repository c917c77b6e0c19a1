"""A schedule for people and programs: summary, NetCDF, CSV, JSON and the one-page report."""
