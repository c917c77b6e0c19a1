"""The model of a park over a time grid, in Pyomo. It builds and never solves."""

from parkopt.models.build import GOALS, Built, Objective, Problem, build, recipe_for
from parkopt.models.tech import technologies

__all__ = ["GOALS", "Built", "Objective", "Problem", "build", "recipe_for", "technologies"]
