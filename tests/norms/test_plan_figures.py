"""Every number and every closed list of the plan beside the text's own words, typed from the text alone.

Source  国发〔2015〕28号: the five boxes (专栏), sections 二（一）, 二（三）, 三 and 四
"""

from __future__ import annotations

import pytest

from luban.norms.plans import Item, load_plan

PLAN = load_plan("mic2025")

# id → year → (number, about, words of the text that hold it)
NUMBERS = {
    "T13": {2020: (15, True, "形成15家左右"), 2025: (40, True, "形成40家左右")},
    "T14": {2020: (30, False, "运营成本降低30%"), 2025: (50, False, "运营成本降低50%")},
    "T15": {2020: (30, False, "产品生产周期缩短30%"), 2025: (50, False, "产品生产周期缩短50%")},
    "T16": {2020: (30, False, "不良品率降低30%"), 2025: (50, False, "不良品率降低50%")},
    "T18": {2020: (40, False, "40%"), 2025: (70, False, "70%")},
    "T19": {2025: (80, False, "80种标志性先进工艺得到推广应用")},
    "T20": {2020: (1000, False, "千家")},
    "T21": {2020: (100, False, "百家")},
    "T22": {2020: (20, False, "20%")},
    "T30": {2015: (30000, False, "3万家样本企业")},
}
# what has words and no number
WORDS = {
    "T17": {2020: "智能化水平显著提升", 2025: "全面实现智能化"},
    "T23": {2020: "出现拐点"},
    "T24": {2025: "达到世界先进水平"},
    "T25": {2020: "实现自主研制及应用"},
    "T25.1": {2025: "大幅提升"},
    "T25.2": {2025: "明显下降"},
    "T25.3": {2025: "显著增强"},
    "T26": {2049: "新中国成立一百年"},
    "T27": {2020: "基本实现工业化", 2025: "迈入制造强国行列"},
    "T28": {2035: "世界制造强国阵营中等水平"},
    "T28.5": {2035: "全面实现"},
    "T29": {2049: "世界制造强国前列"},
}
LISTS = """
Z01 核心基础零部件（元器件）、先进基础工艺、关键基础材料、产业技术基础
Z02 创新驱动、质量为先、绿色发展、结构优化、人才为本
Z03 提高国家制造业创新能力、推进信息化与工业化深度融合、强化工业基础能力、加强质量品牌建设、全面推行绿色制造、\
大力推动重点领域突破发展、深入推进制造业结构调整、积极发展服务型制造和生产性服务业、提高制造业国际化发展水平
Z04 深化体制机制改革、营造公平竞争市场环境、完善金融扶持政策、加大财税政策支持力度、健全多层次人才培养体系、\
完善中小微企业政策、进一步扩大制造业对外开放、健全组织实施机制
Z05 机械、航空、船舶、汽车、轻工、纺织、食品、电子
Z06 智能交通工具、智能工程机械、服务机器人、智能家电、智能照明电器、可穿戴设备
Z07 民用爆炸物品、危险化学品、食品、印染、稀土、农药
Z08 汽车、高档数控机床、轨道交通装备、大型成套技术装备、工程机械、特种设备、关键原材料、基础零部件、电子元器件
Z09 食品、药品、婴童用品、家电
Z10 钢铁、有色、化工、建材、轻工、印染
Z11 航天装备、通信装备、发电与输变电设备、工程机械、轨道交通装备、家用电器
Z12 数控机床、轨道交通装备、航空航天、发电设备
Z13 研发设计、生产制造、经营管理、销售服务
Z14 专业技术人才、经营管理人才、技能人才
Z15 关键工序智能化、关键岗位机器人替代、生产过程智能优化控制、供应链优化
Z16 流程制造、离散制造、智能装备和产品、新业态新模式、智能化管理、智能化服务
Z17 大型飞机、航空发动机及燃气轮机、民用航天、智能绿色列车、节能与新能源汽车、海洋工程装备及高技术船舶、\
智能电网成套装备、高档数控机床、核电装备、高端诊疗设备
"""
SECTORS = """
新一代信息技术产业: 集成电路及专用装备、信息通信设备、操作系统及工业软件
高档数控机床和机器人: 高档数控机床、机器人
航空航天装备: 航空装备、航天装备
海洋工程装备及高技术船舶:
先进轨道交通装备:
节能与新能源汽车: 动力电池、驱动电机、高效内燃机、先进变速器、轻量化材料、智能控制
电力装备:
农机装备: 育、耕、种、管、收、运、贮
新材料: 特种金属功能材料、高性能结构材料、功能性高分子材料、特种无机非金属材料、先进复合材料
生物医药及高性能医疗器械: 化学药、中药、生物技术药物新产品、影像设备、医用机器人等高性能诊疗设备、\
全降解血管支架等高值医用耗材、可穿戴、远程诊疗等移动医疗产品
"""
ITEMS = {item.id: item for item in (*PLAN.items.values(), *(one for step in PLAN.steps for one in step.items))}


def words(item: Item, year: int) -> str:
    stone = item.milestone(year)
    assert stone is not None, (item.id, year)
    return stone.printed.zh


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_that_of_the_text(name: str) -> None:
    item, told = ITEMS[name], NUMBERS[name]
    assert {one.year: (one.value, one.about) for one in item.milestones} == {
        year: (value, about) for year, (value, about, _) in told.items()
    }
    assert all(text in words(item, year) for year, (_, _, text) in told.items())
    assert not item.qualitative


def test_no_other_target_has_a_number_and_the_others_have_the_texts_words() -> None:
    assert {name for name, item in ITEMS.items() if any(one.value is not None for one in item.milestones)} == set(
        NUMBERS
    )
    for name, told in WORDS.items():
        assert ITEMS[name].qualitative
        assert all(text in words(ITEMS[name], year) for year, text in told.items()), name
    last = {step.until: {one.year for item in step.items for one in item.milestones} for step in PLAN.steps}
    assert last == {2025: {2020, 2025}, 2035: {2035}, 2049: {2049}}


def test_closed_lists_hold_just_what_the_text_names() -> None:
    told = dict(line.split(" ", 1) for line in LISTS.strip().splitlines())
    assert {name: "、".join(entry.zh for entry in one.entries) for name, one in PLAN.lists.items()} == told
    assert [task.name.zh for task in PLAN.tasks] == told["Z03"].split("、")
    assert [task.name.zh for task in PLAN.supports] == told["Z04"].split("、")


def test_sectors_with_their_parts_in_the_texts_order() -> None:
    found = [f"{one.name.zh}: {'、'.join(part.zh for part in one.parts)}".strip() for one in PLAN.sectors]
    assert found == SECTORS.strip().splitlines()
    assert [one.id for one in PLAN.sectors] == [f"S{number:02d}" for number in range(1, 11)]
    assert all(one.gbt and one.isic and one.mapping for one in PLAN.sectors)


def test_programmes_are_the_five_boxes() -> None:
    assert [one.name.zh for one in PLAN.programmes] == [
        "制造业创新中心（工业技术研究基地）建设工程", "智能制造工程", "工业强基工程", "绿色制造工程",
        "高端装备创新工程",
    ]  # fmt: skip
    boxes = {item.id: one.number for one in PLAN.programmes for item in one.items}
    assert {name: boxes[name] for name in ("T13", "T16", "T19", "T22", "T25")} == {
        "T13": 1, "T16": 2, "T19": 3, "T22": 4, "T25": 5,
    }  # fmt: skip
