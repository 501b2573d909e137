"""The story of one morning on real wires: a drift caught, a breakdown planned around, a lot traced, all in the books.

Reads a shop's wires; writes the books of a plant folder of its own.
"""

from luban.loop.story.telling import story_folder, tell_story
from luban.loop.story.told import Energy, Step, Story

__all__ = ["Energy", "Step", "Story", "story_folder", "tell_story"]
