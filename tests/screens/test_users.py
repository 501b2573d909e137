from pathlib import Path

import pytest

from luban.core.errors import InputError, NotAllowedError, SecurityError
from luban.ledger import Intake, Ledger, LedgerWriter, MasterData
from luban.loop.places import places
from luban.screens.acts import users_of
from luban.screens.users import Act, Role, User, Users

GOOD = "correct horse"


def test_roles_include_the_ones_below_and_hold_only_at_their_sites():
    somebody = User("li", Role.ENGINEER, ("jinan/machining",))
    assert somebody.may(Role.OPERATOR, "jinan/machining/lathe01")
    assert not somebody.may(Role.ADMIN, "jinan/machining/lathe01")
    assert not somebody.may(Role.VIEWER, "jinan/machining2")  # a name that merely begins alike
    assert not somebody.may(Role.VIEWER, "jinan")
    assert not User("li", Role.ADMIN, active=False).may(Role.VIEWER)


def test_a_session_lasts_until_it_is_ended_and_ends_everywhere(users: Users, acts: list[Act]):
    users.add("li", GOOD, Role.VIEWER, who="test")
    token = users.login("li", GOOD, address="10.0.0.1")
    session = users.session(token)
    assert session is not None
    assert session.user.name == "li"
    users.logout(session.id)
    assert users.session(token) is None
    assert users.session_by_id(session.id) is None
    assert [act.code for act in acts] == ["user added", "logged in", "logged out"]


def test_a_changed_role_counts_at_once_in_an_open_session(users: Users):
    users.add("li", GOOD, Role.VIEWER, who="test")
    token = users.login("li", GOOD)
    users.set_role("li", Role.ENGINEER, who="test")
    session = users.session(token)
    assert session is not None
    assert session.user.role is Role.ENGINEER
    users.require(session, Role.ENGINEER)
    with pytest.raises(NotAllowedError):
        users.require(session, Role.ADMIN)
    with pytest.raises(SecurityError):
        users.require(None, Role.VIEWER)


def test_disabling_and_a_new_password_end_sessions(users: Users):
    users.add("boss", GOOD, Role.ADMIN, who="test")
    users.add("li", GOOD, Role.VIEWER, who="test")
    first = users.login("li", GOOD)
    users.set_password("li", "another horse", who="boss")
    assert users.session(first) is None
    second = users.login("li", "another horse")
    users.disable("li", who="boss")
    assert users.session(second) is None
    with pytest.raises(SecurityError):
        users.login("li", "another horse")
    users.disable("li", who="boss", active=True)
    assert users.session(users.login("li", "another horse")) is not None


def test_wrong_name_and_wrong_password_read_the_same_and_are_slowed_down(users: Users, acts: list[Act]):
    users.add("li", GOOD, Role.VIEWER, who="test")
    with pytest.raises(SecurityError) as unknown:
        users.login("nobody", GOOD)
    with pytest.raises(SecurityError) as wrong:
        users.login("li", "wrong")
    assert str(unknown.value) == str(wrong.value)
    for _ in range(4):
        with pytest.raises(SecurityError):
            users.login("li", "wrong")
    with pytest.raises(SecurityError, match="too many failed logins"):
        users.login("li", GOOD)  # right, but too soon
    assert sum(act.code == "login refused" for act in acts) == 6
    assert GOOD not in str(acts)


def test_nothing_on_disk_lets_anybody_log_in(tmp_path: Path):
    with users_of(tmp_path) as users:
        users.add("li", GOOD, Role.VIEWER, who="test")
        token = users.login("li", GOOD)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert GOOD.encode() not in kept
    assert token.encode() not in kept
    assert b"$argon2id$" in kept


def test_first_start_makes_one_admin_with_a_password_of_its_own(users: Users, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LUBAN_ADMIN_PASSWORD", raising=False)
    password = users.first_admin()
    assert password is not None
    assert len(password) >= 12
    assert users.session(users.login("admin", password)) is not None
    assert users.first_admin() is None


def test_the_environment_may_give_the_first_password(users: Users, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LUBAN_ADMIN_PASSWORD", GOOD)
    assert users.first_admin() is None
    assert users.session(users.login("admin", GOOD)) is not None


def test_what_is_refused_says_why(users: Users):
    users.add("admin", GOOD, Role.ADMIN, who="test")
    with pytest.raises(InputError, match="exists already"):
        users.add("admin", GOOD, Role.ADMIN, who="test")
    with pytest.raises(InputError, match="too short"):
        users.add("li", "short", Role.VIEWER, who="test")
    with pytest.raises(InputError, match="not a user name"):
        users.add("li\n", GOOD, Role.VIEWER, who="test")
    with pytest.raises(InputError, match="last active admin"):
        users.disable("admin", who="admin")
    with pytest.raises(InputError, match="unknown role"):
        Role.parse("king")
    with pytest.raises(InputError, match="no such user"):
        users.set_password("nobody", GOOD, who="admin")


def test_acts_become_facts_in_the_books(tmp_path: Path):
    with users_of(tmp_path) as users:
        users.add("li", GOOD, Role.OPERATOR, who="admin")
        users.login("li", GOOD)
    with LedgerWriter(places(tmp_path).ledger) as writer:
        assert Intake(places(tmp_path).spool, writer).drain() == 2
    events = Ledger(places(tmp_path).ledger).table("event").to_pylist()
    assert [(e["kind"], e["code"], e["person"], e["subject"]) for e in events] == [
        ("act", "user added", "admin", "li"),
        ("act", "logged in", "li", "li"),
    ]


def test_two_servers_share_users_and_sessions(tmp_path: Path):
    folder = places(tmp_path).ledger
    one, other = Users(MasterData(folder)), Users(MasterData(folder))
    one.add("li", GOOD, Role.VIEWER, who="test")
    token = other.login("li", GOOD)
    session = one.session(token)
    assert session is not None
    other.end_sessions("li", who="test")
    assert one.session(token) is None
