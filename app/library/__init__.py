"""The takes on disk. No Qt here."""

from app.library.folders import data_folder
from app.library.library import Library
from app.library.take import THUMBNAIL_SHAPE, LibraryError, Take, TakeState, new_take

__all__ = [
    "THUMBNAIL_SHAPE",
    "Library",
    "LibraryError",
    "Take",
    "TakeState",
    "data_folder",
    "new_take",
]
