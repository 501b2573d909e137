"""What clients ask of a device: writes to its set-points and calls of its methods, checked before anything changes."""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from asyncua import ua
from asyncua.crypto.permission_rules import User
from asyncua.server.address_space import AddressSpace, AttributeService

from luban.connect.opcua.machines import DeviceMethod
from luban.connect.opcua.values import plain
from luban.connect.wire import Value
from luban.core.errors import InputError, LubanError, NotAllowedError

__all__ = ["Guard", "OnCall", "called", "refusal", "unfit"]

OnCall = Callable[[str, Sequence[Value]], Awaitable[Sequence[Value]] | Sequence[Value]]
Accept = Callable[[ua.NodeId, ua.DataValue], Awaitable[ua.StatusCode | None]]


class Guard(AttributeService):  # type: ignore[misc]
    """The write service, with a say of the device's: a status where the value is its affair, None where it is not."""

    def __init__(self, space: AddressSpace, accept: Accept) -> None:
        super().__init__(space)
        self._accept = accept

    async def write(self, params: ua.WriteParameters, user: User | None = None) -> list[ua.StatusCode]:
        """One status a value."""
        answers = []
        for asked in params.NodesToWrite:
            status: ua.StatusCode | None = None
            if asked.AttributeId == ua.AttributeIds.Value:
                status = await self._accept(asked.NodeId, asked.Value)
            if status is None:
                one = ua.WriteParameters(NodesToWrite=[asked])
                status = (await (super().write(one) if user is None else super().write(one, user)))[0]
            answers.append(status)
        return answers


def refusal(error: LubanError, unfit: int) -> ua.StatusCode:
    """The status that a client gets; `unfit` where the value or argument is at fault."""
    if isinstance(error, InputError):
        return ua.StatusCode(unfit)
    if isinstance(error, NotAllowedError):
        return ua.StatusCode(ua.StatusCodes.BadUserAccessDenied)
    return ua.StatusCode(ua.StatusCodes.BadInvalidState)


def unfit(value: ua.DataValue, kind: ua.VariantType, span: tuple[float, float] | None) -> ua.StatusCode | None:
    """Why a written value cannot be taken; None if it can."""
    if value.Value is None or value.Value.VariantType != kind or value.Value.is_array:
        return ua.StatusCode(ua.StatusCodes.BadTypeMismatch)
    number = value.Value.Value
    if isinstance(number, int | float) and not isinstance(number, bool):
        low, high = span or (-math.inf, math.inf)
        if not low <= number <= high or not math.isfinite(number):
            return ua.StatusCode(ua.StatusCodes.BadOutOfRange)
    return None


async def called(
    on_call: OnCall | None, path: str, method: DeviceMethod, arguments: Sequence[ua.Variant]
) -> ua.CallMethodResult:
    """Check the arguments, ask whoever listens, and wrap its answer (OPC 10000-4 §5.12.2)."""
    kinds = [ua.VariantType[kind] for kind in method.inputs.values()]
    if len(arguments) != len(kinds):
        few = len(arguments) < len(kinds)
        return _status(ua.StatusCodes.BadArgumentsMissing if few else ua.StatusCodes.BadTooManyArguments)
    each = [ua.StatusCode(0 if a.VariantType == k and not a.is_array else ua.StatusCodes.BadTypeMismatch)
            for a, k in zip(arguments, kinds, strict=True)]  # fmt: skip
    if not all(status.is_good() for status in each):
        return _status(ua.StatusCodes.BadInvalidArgument, each)
    if on_call is None:
        return _status(ua.StatusCodes.BadNotImplemented)
    try:
        answer: Any = on_call(path, [plain(argument.Value) for argument in arguments])
        if inspect.isawaitable(answer):
            answer = await answer
    except LubanError as error:
        result = ua.CallMethodResult()
        result.StatusCode = refusal(error, ua.StatusCodes.BadInvalidArgument)
        return result
    result = _status(ua.StatusCodes.Good, each)
    result.OutputArguments = [
        ua.Variant(ua.LocalizedText(str(value)) if kind == "LocalizedText" else value, ua.VariantType[kind])
        for kind, value in zip(method.outputs.values(), answer or (), strict=True)
    ]
    return result


def _status(code: int, each: Sequence[ua.StatusCode] = ()) -> ua.CallMethodResult:
    result = ua.CallMethodResult()
    result.StatusCode = ua.StatusCode(code)
    result.InputArgumentResults = list(each)
    return result
