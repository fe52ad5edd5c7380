"""The list of takes, with search, a star filter and what can be done with a take."""

from app.widgets.takes_list.takes_list import TakesList

__all__ = ["TakesList"]
