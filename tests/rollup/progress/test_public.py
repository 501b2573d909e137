import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from luban.core.errors import ConfigError, InputError
from luban.norms.plans import load_plan
from luban.rollup.outlook import public_outlook
from luban.rollup.points import Point
from luban.rollup.progress import plan_progress
from luban.rollup.public import (
    PublicData,
    Source,
    is_public,
    population_words,
    proxies,
    proxy_levels,
    proxy_points,
    proxy_signals,
)
from luban.rollup.reports import Report, beside, conflicts, populations, read_reports, reported_points

DATA = Path(__file__).parent / "data" / "nation"
REPORTS = """indicator,year,value,unit,comparable,statement,url
I07,2021,74.7,%,yes,x,a
I07,2023,80.1,%,partly,"重点工业企业 (not 规模以上)",b
I08,2021,55.3,%,conflict,x,c
I08,2021,51.3,%,conflict,y,d
I09,2022,6.8,% cut vs 2020,partly,z,e
I11,2020,40,% cut vs 2015,yes,z,f
"""


def water():
    return next(one for one in proxies() if one.id == "water_va")


def test_water_per_real_value_added_of_china():
    data, i11 = PublicData(DATA), load_plan().indicator("I11")
    points = {one.year: one.value for one in proxy_points(data, water(), "CHN", i11)}
    assert points[2020] == pytest.approx(36.7, abs=0.2)
    # by hand from the four files: withdrawals of 133.50 and 103.04 km3, shares of GDP, growth of 2016 to 2020
    growth = 1.0677 * 1.0689 * 1.0676 * 1.0608 * 1.0234
    assert points[2020] == pytest.approx(100 * (1 - 103.04 / 133.50 / (36.9116 / 40.0476 * growth)), abs=0.02)


def test_what_is_carried_forward_is_named_and_not_counted():
    data = PublicData(DATA)
    found = {(one.kind, one.place, one.year) for one in proxy_signals(data, water(), "CHN")}
    assert ("repeated tail", "gapminder/total_water_withdrawal_billion_cu_meters.csv", 2022) in found
    assert [one.year for one in proxy_levels(data, water(), "CHN", carried=False)][-1] == 2020
    assert [one.year for one in proxy_levels(data, water(), "CHN")][-1] == 2022
    assert proxy_levels(data, water(), "KOR") == ()


def test_a_proxy_without_the_year_of_the_milestone_hides_no_other(tmp_path):
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    years = [*range(2010, 2020), 2021, 2022]
    rows = [f"CHN,{year},{10 + (year - 2010) + year % 3}" for year in years]
    (tmp_path / "wdi" / "it.net.bbnd.p2.csv").write_text("\n".join(["iso3,year,value", *rows]))
    found = public_outlook(PublicData(tmp_path), load_plan(), "CHN", until=2035)
    lines = {(one.indicator.id, one.milestone.year): one for one in found.lines}
    assert "not known" in lines["I06", 2020].ahead.reason
    assert lines["I06", 2025].ahead.chance is not None
    assert lines["I11", 2025].ahead.chance is not None


def test_a_proxy_that_begins_at_zero_hides_no_other(tmp_path):
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "wdi" / "it.net.bbnd.p2.csv"
    file.write_text(
        "\n".join(["iso3,year,value", *(f"CHN,{year},{year - 2000 + year % 3}" for year in range(2010, 2023))])
    )
    (tmp_path / "gapminder" / "total_water_withdrawal_billion_cu_meters.csv").write_text(
        "\n".join(["iso3,year,value", *(f"CHN,{year},{year - 2015}" for year in range(2015, 2021))])
    )
    found = public_outlook(PublicData(tmp_path), load_plan(), "CHN", until=2035)
    lines = {(one.indicator.id, one.milestone.year): one for one in found.lines}
    assert lines["I06", 2025].ahead.chance is not None
    assert lines["I11", 2025].progress.status == "not assessable"


def test_every_proxy_has_its_doubt_in_three_languages():
    plan = load_plan()
    found = proxies(plan)
    assert {one.indicator for one in found} == {"I01", "I02", "I05", "I06", "I09", "I10", "I11"}
    for one in found:
        for language in ("zh", "en", "ko"):
            assert one.doubt.of(language)
            assert one.name.of(language)
            assert one.name.of(language) != plan.indicator(one.indicator).name.of(language)


def test_a_folder_and_its_files(tmp_path):
    assert is_public(DATA)
    assert not is_public(tmp_path)
    assert PublicData(DATA).economies == ("CHN",)
    with pytest.raises(InputError, match="no such folder"):
        PublicData(tmp_path / "none")
    copy = tmp_path / "nation"
    shutil.copytree(DATA, copy)
    (copy / "wdi" / "nv.ind.totl.zs.csv").write_text("iso3,year,value\nCHN,2015,forty\n")
    with pytest.raises(InputError, match="not a number") as caught:
        proxy_levels(PublicData(copy), water(), "CHN")
    assert caught.value.where == "wdi/nv.ind.totl.zs.csv:2"
    (copy / "wdi" / "nv.ind.totl.zs.csv").unlink()
    with pytest.raises(InputError, match="no such series"):
        proxy_levels(PublicData(copy), water(), "CHN")


def test_a_wrong_proxy_is_named(tmp_path):
    source = Path(str(load_plan().folder))
    folder = tmp_path / "plan"
    shutil.copytree(source, folder)
    text = (folder / "proxies.toml").read_text()
    (folder / "proxies.toml").write_text(text.replace('indicator = "I11"', 'indicator = "I99"'))
    with pytest.raises(ConfigError, match="no such indicator") as caught:
        proxies(folder)
    assert "water_va" in caught.value.where


def test_reports_stand_beside_what_was_computed(tmp_path):
    file, plan = tmp_path / "reports.csv", load_plan()
    file.write_text(REPORTS)
    reports = read_reports(file, population_words(plan))
    assert [(one.place, one.year, one.text) for one in conflicts(reports)] == [
        ("I08", 2021, "sources give 55.3 / 51.3 for 2021")
    ]
    assert [(one.place, one.year) for one in populations(reports)] == [("I07", 2023)]
    rows = {(one.report.indicator, one.report.year, one.report.value): one
            for one in beside(reports, {"I11": [Point(2020, 36.7)]}, plan)}  # fmt: skip
    assert rows["I11", 2020, 40.0].gap == pytest.approx(3.3)
    assert rows["I11", 2020, 40.0].doubts == ()
    assert rows["I08", 2021, 55.3].doubts == ("another source gives another value",)
    assert any("2020" in doubt for doubt in rows["I09", 2022, 6.8].doubts)


def test_a_status_that_holds_whoever_is_right():
    plan = load_plan()
    reports = [Report("I08", 2021, 55.3, comparable="conflict"), Report("I08", 2021, 51.3, comparable="conflict"),
               Report("I07", 2023, 80.1, comparable="partly", population="key firms")]  # fmt: skip
    points = reported_points(reports, plan)
    assert points == {"I08": (Point(2021, 51.3, 51.3, 55.3),)} or points["I08"][0].value == 51.3
    assert "I07" not in points
    found = next(one.progress for one in plan_progress(points, plan)
                 if (one.indicator.id, one.milestone.year) == ("I08", 2025))  # fmt: skip
    assert found.between == ("on track", "on track")
    assert round(100 * found.ratio) == 111


@pytest.mark.parametrize(("text", "message"), [
    ("indicator,year\nI07,2021\n", "columns are missing"),
    ("indicator,year,value\nI07,2021,x\n", "not a number"),
    ("indicator,year,value\nI07,2021.5,1\n", "not a number"),
    ("indicator,year,value,comparable\nI07,2021,1,maybe\n", "no such word"),
])  # fmt: skip
def test_bad_reports_are_named(tmp_path, text, message):
    file = tmp_path / "reports.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_reports(file)


ROWS = """Year,Sector,Product,Status,Value
2018,mining,,Normal,1
2018,power,,Normal,2
2019,mining,,Normal,3
2020,mining,,Provisional,4
2020,power,,Normal,5
2020,power,coal,Normal,4
2021,mining,,Normal,
2021,power,,Normal,6
"""


def test_a_year_without_a_row_that_is_named_is_unknown_and_no_smaller_sum(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "rows.csv").write_text(ROWS)
    both = Source("own/rows.csv", where={"Sector": ("mining", "power")})
    data = PublicData(tmp_path)
    assert data.series(both, "") == {2018: 3.0, 2020: 9.0}  # the part of 2020 that is no row of its own is not added
    assert data.lacking_rows(both, "") == {2019: "power", 2021: "mining"}
    coal = Source("own/rows.csv", where={"Sector": ("power",), "Product": ("coal",)})
    assert data.series(coal, "") == {2020: 4.0}
    proxy = replace(water(), numerator=(both,), denominator=(), economy="")
    told = [one for one in proxy_signals(data, proxy, "CHN") if one.kind == "missing rows"]
    assert [(one.year, one.text) for one in told] == [
        (2019, "unknown in 2019: no row of power"), (2021, "unknown in 2021: no row of mining"),
    ]  # fmt: skip
    (tmp_path / "own" / "rows.csv").write_text(ROWS + "2020,power,,Normal,7\n")
    with pytest.raises(InputError, match="two values") as caught:
        PublicData(tmp_path).series(both, "")
    assert (caught.value.came, caught.value.where) == ("2020 power", "own/rows.csv:10")
