"""Latin squares, plain and orthogonal to each other, over finite fields."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from luban.core.errors import InputError

__all__ = ["galois_field", "latin_square", "prime_powers"]


def latin_square(size: int, *, squares: int = 1, seed: int = 0) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Squares in which every treatment is once in each row and column; two and more are orthogonal to each other.

    size     treatments, rows and columns
    squares  1 Latin, 2 Graeco-Latin, 3 hyper-Graeco-Latin
    seed     shuffles rows, columns and treatments
    Raises   InputError if there are not so many orthogonal squares (2 and 6 have no pair)
    Source   Bose (1938): over a field of p^m elements there are p^m - 1; others here by the product of such fields
    """
    most = _most_squares(size)
    if not 1 <= squares <= most:
        raise InputError("there are not so many orthogonal squares here", came=f"{squares} of size {size}",
                         expected=f"1 to {most}")  # fmt: skip
    chance = np.random.default_rng(seed)
    rows, columns = chance.permutation(size), chance.permutation(size)
    made = _squares(size, squares)
    out = []
    for square in made:
        names = chance.permutation(size)
        out.append(tuple(tuple(int(names[square[r][c]]) for c in columns) for r in rows))
    return tuple(out)


def prime_powers(n: int) -> list[tuple[int, int]]:
    """Primes of a number with their powers.

    Example  prime_powers(12) == [(2, 2), (3, 1)]
    """
    found, p = [], 2
    while n > 1:
        power = 0
        while n % p == 0:
            n, power = n // p, power + 1
        if power:
            found.append((p, power))
        p += 1
    return found


def _most_squares(size: int) -> int:
    if size < 2:
        raise InputError("a Latin square has two rows at least", came=str(size))
    return max(1, min(int(p**m) for p, m in prime_powers(size)) - 1)


def galois_field(p: int, m: int) -> tuple[list[list[int]], list[list[int]]]:
    """Tables of + and · of the field of p^m elements, as digits to base p over an irreducible polynomial."""
    q = p**m

    def digits(v: int) -> list[int]:
        return [v // p**i % p for i in range(m)]

    def number(d: Sequence[int]) -> int:
        total = 0
        for v in reversed(d):
            total = total * p + v
        return total

    def times(a: int, b: int, low: Sequence[int]) -> int:
        long = [0] * (2 * m)
        for i, x in enumerate(digits(a)):
            for j, y in enumerate(digits(b)):
                long[i + j] = (long[i + j] + x * y) % p
        for top in range(2 * m - 1, m - 1, -1):
            for i, c in enumerate(low):
                long[top - m + i] = (long[top - m + i] - long[top] * c) % p
            long[top] = 0
        return number(long[:m])

    plus = [
        [number([(x + y) % p for x, y in zip(digits(a), digits(b), strict=True)]) for b in range(q)] for a in range(q)
    ]
    for low in range(q):
        table = [[times(a, b, digits(low)) for b in range(q)] for a in range(q)]
        if all(0 not in row[1:] for row in table[1:]):
            return plus, table
    raise InputError("there is no field of this size", came=str(q))


def _squares(size: int, squares: int) -> list[list[list[int]]]:
    """Row r, column c of square s holds a_s·r + c, digit by digit over the fields whose sizes multiply to `size`."""
    if squares == 1:
        return [[[(r + c) % size for c in range(size)] for r in range(size)]]
    fields = [(p**m, *galois_field(p, m)) for p, m in prime_powers(size)]
    out = []
    for s in range(1, squares + 1):
        square = [[0] * size for _ in range(size)]
        for r in range(size):
            for c in range(size):
                value, scale, x, y = 0, 1, r, c
                for q, plus, mult in fields:
                    value += scale * plus[mult[s][x % q]][y % q]
                    scale, x, y = scale * q, x // q, y // q
                square[r][c] = value
        out.append(square)
    return out
