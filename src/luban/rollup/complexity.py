"""What an economy (a region, a park) can make: comparative advantage, complexity, and what lies near.

Source  B. Balassa, Manch. Sch. 33 (1965) 99-123; C. Hidalgo, R. Hausmann, PNAS 106 (2009) 10570-10575,
        DOI 10.1073/pnas.0900943106; proximity and density: Hidalgo et al., Science 317 (2007) 482-487,
        DOI 10.1126/science.1144581; the second eigenvector: R. Hausmann et al., Atlas of Economic Complexity (2014)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats

__all__ = ["Complexity", "complexity"]


@dataclass(frozen=True, slots=True)
class Complexity:
    """Rows are places, columns are products; lines that export nothing are left out of what needs them (NaN).

    advantage  share of a product in a place's exports over its share in all (Balassa); above 1: it has the product
    diversity  products that a place has
    ubiquity   places that have a product
    places     complexity of each place, mean 0, standard deviation 1
    products   complexity of each product, on the same scale
    proximity  products × products: chance that a place that has one has the other, the lesser of both ways, 0 … 1
    density    places × products: share of what lies near a product that the place has, 0 … 1
    """

    advantage: Floats
    diversity: Floats
    ubiquity: Floats
    places: Floats
    products: Floats
    proximity: Floats
    density: Floats


def complexity(exports: Floats) -> Complexity:
    """Complexity of places and products from what each place exports of each product.

    exports  places × products, 0 or more, in one money
    Raises   InputError: negative or unknown values, fewer than three places or products that export
    Signs are chosen so that complexity of places goes with diversity.
    """
    exports = np.asarray(exports, dtype=np.float64)
    if exports.ndim != 2 or not np.isfinite(exports).all() or (exports < 0).any():
        raise InputError("exports are numbers of 0 or more", came=f"shape {exports.shape}",
                         hint="0 where nothing is exported")  # fmt: skip
    total = exports.sum()
    rows, columns = exports.sum(1), exports.sum(0)
    expected = np.outer(rows, columns) / total if total > 0 else np.zeros_like(exports)
    advantage = np.divide(exports, expected, out=np.full(exports.shape, np.nan), where=expected > 0)
    has = np.where(np.nan_to_num(advantage) >= 1, 1.0, 0.0)
    diversity, ubiquity = has.sum(1), has.sum(0)
    some, known = diversity > 0, ubiquity > 0
    if some.sum() < 3 or known.sum() < 3:
        raise InputError("too few places or products with an advantage", came=f"{some.sum()} and {known.sum()}",
                         expected="3 or more of each")  # fmt: skip
    inner = has[np.ix_(some, known)]
    of_places, of_products = _indices(inner, diversity[some], ubiquity[known])
    places, products = np.full(some.size, np.nan), np.full(known.size, np.nan)
    places[some], products[known] = of_places, of_products
    proximity = _proximity(has, ubiquity)
    reach = proximity.sum(1)
    near = np.divide(has @ proximity, reach, out=np.full(has.shape, np.nan), where=reach > 0)
    return Complexity(advantage, diversity, ubiquity, places, products, proximity, near)


def _indices(has: Floats, diversity: Floats, ubiquity: Floats) -> tuple[Floats, Floats]:
    """Second eigenvector of the way from place to place over shared products, and the same of products.

    Both are brought to the places' mean and standard deviation; the way is made symmetric, so that it has real roots.
    """
    root = np.sqrt(diversity)
    values, vectors = np.linalg.eigh((has / ubiquity[None, :]) @ has.T / np.outer(root, root))
    raw = vectors[:, -2] / root
    if np.corrcoef(raw, diversity)[0, 1] < 0:
        raw = -raw
    mean, spread = raw.mean(), raw.std()
    if not (spread > 0 and values[-2] > 0):
        raise InputError("places cannot be told apart", came="all have the same products")
    products = (has / ubiquity[None, :]).T @ raw / values[-2]
    return np.asarray((raw - mean) / spread), np.asarray((products - mean) / spread)


def _proximity(has: Floats, ubiquity: Floats) -> Floats:
    both = has.T @ has
    most = np.maximum(ubiquity[:, None], ubiquity[None, :])
    found = np.divide(both, most, out=np.zeros_like(both), where=most > 0)
    return np.asarray(found)
