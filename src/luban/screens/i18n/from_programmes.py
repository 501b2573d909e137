"""Sentences of the desks of programmes and returns that are shown to people; {blanks} stand for what is filled in."""

__all__ = ["SENTENCES"]

SENTENCES: tuple[str, ...] = (
    "in the books already", "luban programme move changes owner or date", "no such task",
    "`luban programme DIR` lists them", "the task is not open", "the task is open", "how does it go?",
    "a task has a name and an owner", "another date or owner, and why", "nothing closes without evidence",
    "a task is not given up without a reason", "a task is not opened again without a reason",
    "name the fact that is in force", "nothing counts without evidence", "what is counted has a name",
    "the target is not followed so", "the part is in the catalogue; who can make it?",
    "a source has a name, and is qualified by evidence", "nothing of this name counts for it",
    "nothing is withdrawn without a reason", "what was shown, and by which evidence?", "on the agenda already",
    "say more of it as advice", "no such item on the agenda", "what was said of which item?",
    "a decision quotes the indicator versions it used", "quote a value, or put the item down as advice",
    "which value is quoted?", "no value is known to quote", "the plan has no target with a number then",
    "a fact is named by its number", "the table names a document that was not sent", "what does the table hold?",
    "each task has an id of its own", "a question says something", "an answer says something",
    "by its course it is met with a chance of {share}, {n} years known", "status: {status}",
    "expected {value} ({low} … {high}), asked for {asked}",
    "what helped, taken everywhere, would add {more}: weigh that before lowering it",
    (
        "what helped, taken everywhere, would add {each}, not to be added up, as {names} were in effect in the same "
        "places and years: weigh that before lowering it"
    ),
    "two columns have one name", "an empty document shows nothing", "no file can have that name",
    "a region sets itself two values", "a region, a number, and a weight above 0 if any", "not a year and a number",
    "yes or no", "which target is to be another one?",
    "nothing was returned", "no such question is open", "a vintage of this name is there", "a vintage is never renamed",
)  # fmt: skip
"""All of them."""
