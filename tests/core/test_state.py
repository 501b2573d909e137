import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.core.state import pack, unpack, unpacking

TOLD = {"names": ["load", "负载"], "last": None, "limit": 2.5}
ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "0.b": np.array([True, False]), "none": np.empty((0, 2), np.int64)}


@pytest.mark.parametrize("small", [True, False])
def test_a_state_comes_back_and_the_same_state_gives_the_same_bytes(small: bool):
    state = pack(TOLD, ARRAYS, small=small)
    told, arrays = unpack(state)
    assert told == TOLD
    assert arrays.keys() == ARRAYS.keys()
    for name, array in arrays.items():
        assert array.dtype == ARRAYS[name].dtype
        assert np.array_equal(array, ARRAYS[name])
    assert pack(told, arrays, small=small) == state


def test_an_archive_of_numpy_with_json_is_a_state():
    file = io.BytesIO()
    np.savez(file, told=np.frombuffer(b'{"last": "\\u8d1f"}', np.uint8), x=np.ones(2))
    told, arrays = unpack(file.getvalue())
    assert told == {"last": "负"}
    assert arrays["x"].tolist() == [1, 1]


def test_objects_and_the_taken_name_are_refused():
    with pytest.raises(ValueError, match="told"):
        pack({}, {"told": np.ones(1)})
    with pytest.raises(ValueError, match="allow_pickle"):
        pack({}, {"x": np.array([object()])})


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_is_wrong_with_the_bytes_is_one_error(data: st.DataObject):
    state = bytearray(pack(TOLD, ARRAYS, small=data.draw(st.booleans())))
    way = data.draw(st.sampled_from(["cut", "bits", "foreign"]))
    if way == "cut":
        state = state[: data.draw(st.integers(0, len(state) - 1))]
    elif way == "bits":
        for at in data.draw(st.lists(st.integers(0, len(state) - 1), min_size=1, max_size=8)):
            state[at] ^= data.draw(st.integers(1, 255))
    else:
        state = bytearray(data.draw(st.binary(max_size=60)))
    with suppress(InputError), unpacking("this is not a state"):
        told, arrays = unpack(bytes(state))
        assert told["names"] is not None
        arrays["a"].sum()


def test_the_error_says_what_it_should_have_been_and_what_was_wrong():
    with pytest.raises(InputError, match="this is not a state") as caught, unpacking("this is not a state"):
        unpack(b"PK nothing")
    assert "Error: " in caught.value.came or "BadZipFile: " in caught.value.came


def test_a_reason_that_was_given_within_stays():
    with pytest.raises(InputError, match="of another version"), unpacking("this is not a state"):
        raise InputError("of another version")
