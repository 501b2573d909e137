from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from luban.connect.mtconnect.model import read_devices
from luban.connect.mtconnect.observation import Addresses
from luban.connect.mtconnect.streams import read_answer
from luban.core.errors import PayloadError
from luban.core.quality import Quality
from luban.core.time import parse_time
from tests.connect.mtconnect.conftest import MACHINE

ITEMS = read_devices(MACHINE).by_id
# Written by hand after the standard's Part 3, in the oldest and the newest manner.
ANSWER = """<?xml version="1.0" encoding="UTF-8"?>
<m:MTConnectStreams xmlns:m="urn:mtconnect.org:MTConnectStreams:{version}" xmlns:x="urn:vendor">
<m:Header creationTime="2026-11-24T06:30:01Z" sender="a" instanceId="7" version="{version}" bufferSize="8"
 nextSequence="12" firstSequence="4" lastSequence="11"/>
<m:Streams><m:DeviceStream name="M1" uuid="u1"><m:ComponentStream component="Path" componentId="p">
<m:Samples>
 <m:Load dataItemId="sl" name="Sload" sequence="5" timestamp="2026-11-24T06:30:00.1234567Z">71.5</m:Load>
 <m:PathPosition dataItemId="pp" sequence="6" timestamp="2026-11-24T06:30:00Z">1 2 3</m:PathPosition>
 <m:DisplacementTimeSeries dataItemId="sv" sequence="4" timestamp="2026-11-24T06:30:01Z" sampleCount="2"
  sampleRate="10">1.5 2.5</m:DisplacementTimeSeries>
 <x:Load dataItemId="unknown" name="else" sequence="9" timestamp="2026-11-24T06:30:00Z">3</x:Load>
</m:Samples><m:Events>
 <m:Execution dataItemId="ex" sequence="7" timestamp="2026-11-24T14:30:00+08:00">ACTIVE</m:Execution>
 <m:PartCount dataItemId="pc" sequence="8" timestamp="2026-11-24T06:30:00Z">UNAVAILABLE</m:PartCount>
 <m:Message dataItemId="ms" sequence="8" timestamp="2026-11-24T06:30:00Z" nativeCode="A1">door</m:Message>
 <m:Program dataItemId="pg" sequence="8" timestamp="yesterday">P1</m:Program>
 <m:VariableDataSet dataItemId="var" count="2" sequence="10" timestamp="2026-11-24T06:30:00Z">
  <m:Entry key="a">1</m:Entry><m:Entry key="b"><m:Cell key="r">2</m:Cell></m:Entry></m:VariableDataSet>
</m:Events><m:Condition>
 <m:Fault dataItemId="st" sequence="11" timestamp="2026-11-24T06:30:00Z" type="TEMPERATURE" nativeCode="17"
  qualifier="HIGH">hot</m:Fault>
</m:Condition></m:ComponentStream></m:DeviceStream></m:Streams></m:MTConnectStreams>"""


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.3", "1.8", "2.0", "2.4", "9.9"])
def test_any_version_is_read(version: str) -> None:
    answer = read_answer(ANSWER.format(version=version).encode(), ITEMS)
    assert (answer.header.instance, answer.header.next, answer.header.first) == (7, 12, 4)
    assert [seen.sequence for seen in answer.observations] == [4, 5, 6, 7, 8, 8, 9, 10, 11]
    assert answer.bad[0][0] == "pg"
    ear = Addresses(["Sload", "ex", "pc", "M1:message", "Svib", "st", "else", "var/b", "pp/z"])
    found = {s.address: s for seen in answer.observations for s in ear.samples(seen)}
    moment = parse_time("2026-11-24T06:30:00Z")
    assert (found["Sload"].value, found["Sload"].time, found["Sload"].unit) == (71.5, moment + 123_456, "%")
    assert (found["ex"].value, found["ex"].time) == ("ACTIVE", moment)
    assert (found["pc"].value, found["pc"].quality) == (None, Quality.UNAVAILABLE)
    assert found["M1:message"].value == "door"
    assert (found["Svib"].value, found["Svib"].time) == (2.5, moment + 1_000_000)
    assert found["st"].value == "FAULT 17: hot"
    assert found["else"].value == 3
    assert found["var/b"].value == "r=2"
    assert found["pp/z"].value == 3.0


@pytest.mark.parametrize(
    "errors",
    [
        '<Errors><Error errorCode="OUT_OF_RANGE">too low</Error></Errors>',
        '<Error errorCode="OUT_OF_RANGE">too low</Error>',
        '<Errors><OutOfRange errorCode="OUT_OF_RANGE"><ErrorMessage>too low</ErrorMessage></OutOfRange></Errors>',
    ],
)
def test_errors_of_every_age(errors: str) -> None:
    head = '<MTConnectError xmlns="urn:mtconnect.org:MTConnectError:1.0"><Header instanceId="7"/>'
    text = f"{head}{errors}</MTConnectError>"
    answer = read_answer(text.encode(), ITEMS)
    assert answer.refused("OUT_OF_RANGE")
    assert answer.refusals[0].text == "too low"
    assert answer.header.instance == 7


@pytest.mark.parametrize(
    "text", ["<a/>", "<MTConnectStreams/>", '<MTConnectStreams><Header instanceId="x"/></MTConnectStreams>', ""]
)
def test_what_is_no_answer(text: str) -> None:
    with pytest.raises(PayloadError):
        read_answer(text.encode(), ITEMS)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_answers_are_refused_or_read_and_never_break_anything(data: st.DataObject) -> None:
    whole = ANSWER.format(version="2.0").encode()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    damaged = whole[:start] + data.draw(st.binary(max_size=20)) + whole[end:]
    try:
        answer = read_answer(damaged, ITEMS)
    except PayloadError:
        return
    for seen in answer.observations:
        for sample in Addresses(["Sload", "ex", "pc", "M1:message", "Svib", "st", "else", "var/b", "pp/z"]).samples(
            seen
        ):
            assert -(2**63) < sample.time < 2**63
