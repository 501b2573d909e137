"""Machine tools as OPC UA shows them: an object tree of OPC 40501-1 in the folder of OPC 40001-1.

Objects/Machines/NAME with Identification, Monitoring, Production, Equipment and Notification. Types, browse names
and numeric ids are those of the published node sets, as far as they are used here: the whole of a companion
specification is not served. `luban connect browse` needs no hand to map such a machine.

Source  OPC 40501-1 v1.02 (MachineTool), OPC 40001-1 v1.04 (Machinery), OPC 10000-8 v1.05 (analog items)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from asyncua import Node, Server, ua

from luban.connect.opcua.nodes import add_object
from luban.connect.opcua.script import Type
from luban.connect.wire import Value

__all__ = ["DeviceMethod", "DeviceVariable", "MachineNode", "MachineTree"]

_UA, _OWN, _DI, _MACHINERY, _TOOL = "ua", "own", "di", "machinery", "tool"
_URIS: Final = {
    _DI: "http://opcfoundation.org/UA/DI/",
    _MACHINERY: "http://opcfoundation.org/UA/Machinery/",
    _TOOL: "http://opcfoundation.org/UA/MachineTool/",
}
_MACHINES: Final = 1001  # the folder, in the namespace of Machinery
_TYPES: Final[Mapping[str, tuple[str, int]]] = {
    "MachineToolType": (_TOOL, 13),
    "MachineToolIdentificationType": (_TOOL, 11),
    "MonitoringType": (_TOOL, 14),
    "MachineOperationMonitoringType": (_TOOL, 26),
    "SpindleMonitoringType": (_TOOL, 22),
    "ProductionType": (_TOOL, 21),
    "ProductionActiveProgramType": (_TOOL, 32),
    "ProductionJobListType": (_TOOL, 30),
    "ProductionJobType": (_TOOL, 29),
    "ProductionStatisticsType": (_TOOL, 20),
    "EquipmentType": (_TOOL, 12),
    "NotificationType": (_TOOL, 7),
    "MachineOperationModeStateMachineType": (_TOOL, 1003),
    "MachineryItemState_StateMachineType": (_MACHINERY, 1002),
    "MachineryOperationCounterType": (_MACHINERY, 1009),
}
# path below the machine ('*' is any name) → namespace of its browse name, type
_OBJECTS: Final[Mapping[str, tuple[str, str]]] = {
    "Identification": (_DI, "MachineToolIdentificationType"),
    "Monitoring": (_TOOL, "MonitoringType"),
    "Monitoring/MachineTool": (_TOOL, "MachineOperationMonitoringType"),
    "Monitoring/MachineTool/MachineryItemState": (_MACHINERY, "MachineryItemState_StateMachineType"),
    "Monitoring/MachineTool/MachineryOperationMode": (_MACHINERY, "MachineOperationModeStateMachineType"),
    "Monitoring/MachineTool/OperationCounters": (_DI, "MachineryOperationCounterType"),
    "Monitoring/Spindle": (_OWN, "SpindleMonitoringType"),
    "Production": (_TOOL, "ProductionType"),
    "Production/ActiveProgram": (_TOOL, "ProductionActiveProgramType"),
    "Production/ProductionPlan": (_TOOL, "ProductionJobListType"),
    "Production/ProductionPlan/*": (_OWN, "ProductionJobType"),
    "Production/Statistics": (_TOOL, "ProductionStatisticsType"),
    "Equipment": (_TOOL, "EquipmentType"),
    "Notification": (_TOOL, "NotificationType"),
}
_ALWAYS: Final = ("Identification", "Monitoring/MachineTool", "Production/ActiveProgram", "Equipment", "Notification")
# namespace of a variable's browse name, by its last name; the device's own where it is not here
_VARIABLES: Final[Mapping[str, str]] = (
    dict.fromkeys(("CurrentState", "NumberInList"), _UA)
    | dict.fromkeys(("Manufacturer", "Model", "SerialNumber", "ProductInstanceUri", "PowerOnDuration"), _DI)
    | dict.fromkeys(("Location", "YearOfConstruction"), _MACHINERY)
    | dict.fromkeys(
        (
            "FeedOverride", "IsWarmUp", "IsRotating", "Override", "Name", "JobIdentifier", "Identifier",
            "OrderIdentifier", "RunsPlanned", "RunsCompleted", "PartsCompleted", "PartsGood", "PartsProducedInLifetime",
        ),
        _TOOL,
    )
)  # fmt: skip
_FINITE_STATE, _ANALOG, _ANALOG_UNIT, _ANALOG_RANGE = 2760, 15318, 17497, 17570


@dataclass(frozen=True, slots=True)
class DeviceVariable:
    """One value of a machine.

    path      below the machine, e.g. Monitoring/Spindle/Load
    unit      its EngineeringUnits, '' for none
    range     its EURange; a client cannot write beyond it
    writable  a set-point
    value     what it shows at first
    """

    path: str
    type: Type = "Double"
    unit: str = ""
    range: tuple[float, float] | None = None
    writable: bool = False
    value: Value = None


@dataclass(frozen=True, slots=True)
class DeviceMethod:
    """One method of a machine: names of its arguments and their types."""

    path: str
    inputs: Mapping[str, Type] = field(default_factory=dict)
    outputs: Mapping[str, Type] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MachineNode:
    """One machine tool.

    identification  Manufacturer, Model, SerialNumber, ProductInstanceUri, Location …: properties that never change
    """

    name: str
    variables: Sequence[DeviceVariable] = ()
    methods: Sequence[DeviceMethod] = ()
    identification: Mapping[str, str] = field(default_factory=dict)


class MachineTree:
    """The objects of all machines of a server; `index` is the device's own namespace."""

    def __init__(self, server: Server, index: int) -> None:
        self._server = server
        self._indices = {_UA: 0, _OWN: index}
        self._objects: dict[str, Node] = {}
        self._types: dict[str, ua.NodeId] = {}
        self._folder: ua.NodeId | None = None

    async def add(self, machine: MachineNode) -> None:
        """The machine's objects and its identification; variables and methods are placed by the device."""
        folder = await self._opened()
        root = ua.NodeId(machine.name, self._indices[_OWN])
        name = ua.QualifiedName(machine.name, self._indices[_OWN])
        await add_object(self._server, folder, root, name, self._types["MachineToolType"], organized=True)
        self._objects[machine.name] = self._server.get_node(root)
        for path in _ALWAYS:
            await self._object(machine.name, path)
        for key, text in machine.identification.items():
            parent = self._objects[f"{machine.name}/Identification"]
            kind = ua.VariantType.LocalizedText if key in ("Manufacturer", "Model") else ua.VariantType.String
            value = ua.LocalizedText(text) if kind is ua.VariantType.LocalizedText else text
            node = ua.NodeId(f"{machine.name}/Identification/{key}", self._indices[_OWN])
            await parent.add_property(node, self.name(key), value, kind)

    async def parent(self, machine: str, path: str) -> Node:
        """The object that holds the variable or method of this path; made if it is not there yet."""
        return await self._object(machine, path.rpartition("/")[0])

    def name(self, path: str) -> ua.QualifiedName:
        """Browse name of a variable or method."""
        last = path.rpartition("/")[2]
        return ua.QualifiedName(last, self._indices[_VARIABLES.get(last, _OWN)])

    @staticmethod
    def kind(variable: DeviceVariable) -> int:
        """Numeric id of its type, 0 for a plain one."""
        if variable.path.endswith("/CurrentState"):
            return _FINITE_STATE
        if variable.unit and variable.range is not None:
            return _ANALOG_RANGE
        return _ANALOG_UNIT if variable.unit else _ANALOG if variable.range is not None else 0

    async def _object(self, machine: str, path: str) -> Node:
        key = f"{machine}/{path}" if path else machine
        if key not in self._objects:
            above, _, last = path.rpartition("/")
            parent = await self._object(machine, above)
            space, kind = _OBJECTS.get(path) or _OBJECTS.get(f"{above}/*") or (_OWN, "")
            node = ua.NodeId(key, self._indices[_OWN])
            await add_object(
                self._server, parent.nodeid, node, ua.QualifiedName(last, self._indices[space]),
                self._types.get(kind, ua.NodeId(ua.ObjectIds.BaseObjectType)), organized=False,
            )  # fmt: skip
            self._objects[key] = self._server.get_node(node)
        return self._objects[key]

    async def _opened(self) -> ua.NodeId:
        """The folder Machines; with the first machine come the namespaces and types."""
        if self._folder is None:
            for space, uri in _URIS.items():
                self._indices[space] = await self._server.register_namespace(uri)
            for name, (space, number) in _TYPES.items():
                index = self._indices[space]
                above = ua.ObjectIds.FiniteStateMachineType if "StateMachine" in name else ua.ObjectIds.BaseObjectType
                made = await self._server.get_node(ua.NodeId(above)).add_object_type(
                    ua.NodeId(number, index), ua.QualifiedName(name, index)
                )
                self._types[name] = made.nodeid
            index = self._indices[_MACHINERY]
            folder = ua.NodeId(_MACHINES, index)
            await self._server.nodes.objects.add_folder(folder, ua.QualifiedName("Machines", index))
            self._folder = folder
        return self._folder
