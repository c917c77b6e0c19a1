"""The model of a park over a time grid, in Pyomo. It builds and never solves."""
