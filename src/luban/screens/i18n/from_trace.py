"""Sentences of the trace page's service that are shown to people; {blanks} stand for what is filled in."""

__all__ = ["SENTENCES"]

SENTENCES: tuple[str, ...] = (
    "the facts of trace are being read", "ask again in a moment", "no fact names this lot", "look at its spelling",
    "there was no such time", "look at its spelling and its limits", "a margin is a time of 0 or more",
    "which values are out?", "limits out of order", "no such recall",
    "a recall begins with suspect lots", "how many mock recalls?",
    "a recall is opened with a reason", "nothing of it went to this customer", "this customer was not told yet",
    "a quantity is a number of 0 or more", "the answer accounts for more than was delivered",
    "customers are still to be told", "not all is accounted for: a case is closed like that only with a reason",
    "this recall is closed", "too many facts for one document", "a condition names at least one thing",
    "no lot was used: nothing can be called back", "trace shows the whole plant",
    "no fact names this {what}", "no step of work ran there", "name the work unit by its path",
    "look at its spelling, or at the books' range",
    "there is not so much of it at this place", "a quantity is a number above 0", "a move names an item",
    "a move goes from one place to another", "the lot is of another item", "no such kanban loop",
    "every card of the loop is full", "no such order", "nothing is known to go into this item",
    "no such partner", "nothing is granted to this partner",
    "this lot was not granted to the partner, nor delivered to it", "too large", "not a partner's view",
    "the file cannot be read", "the file was changed since it was taken in", "a partner needs a name",
    "not a field of a record",
    "a lot went back into one that it was made of: a chain of hashes cannot hold a loop",
    "the code stands for several things", "give one of them another label in the table of codes",
    "nothing is named by this code", "look at its label", "a part and a machine are to be read",
    "the work ends before it begins", "this name is taken: facts name such a part already", "this name is taken",
    "look at its spelling, or say what is made", "read twice", "this piece is in another part already",
    "there is not so much left of it", "the code stands for something else",
    "no such claim", "a claim says what is wrong", "not a remedy", "nothing of this lot was delivered",
    "who has it?", "sold later than now", "a claim on more than was delivered and is not claimed yet",
    "another remedy than was asked for needs a reason", "a voucher is of a refund",
    "a claim is decided before it is closed",
    "no fact proves that it was settled: it is closed like that only with a reason", "this claim is closed",
    "fields of a claim are missing", "the goods came back", "they went out again", "others went out for the claim",
    "a voucher is on record", "what is common is asked of 2 lots or more",
)  # fmt: skip
"""All of them."""
