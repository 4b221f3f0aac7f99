"""The palette: seen on both pages, by every reader."""

import itertools

import numpy as np
import pytest

from sostrades_api.reporting.palette import (
    DARK_BACKGROUND,
    LIGHT_BACKGROUND,
    SERIES_COLOURS,
    colour,
    translucent,
)

# Machado, Oliveira and Fernandes (2009), severity 1.0, linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}


def linear(hexadecimal):
    part = np.array([int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    low, high = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (first, second))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb):
    """Ottosson (2020)."""
    to_lms = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.793617785, -0.0040720468],
            [1.9779984951, -2.428592205, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.808675766],
        ]
    )
    return to_lab @ np.cbrt(np.clip(to_lms @ rgb, 0, None))


@pytest.mark.parametrize("background", [LIGHT_BACKGROUND, DARK_BACKGROUND])
@pytest.mark.parametrize("hexadecimal", SERIES_COLOURS)
def test_every_colour_stands_out_from_both_backgrounds(hexadecimal, background):
    assert contrast(hexadecimal, background) >= 3.0


@pytest.mark.parametrize("vision", VISIONS)
def test_colours_stay_apart_for_every_reader(vision):
    seen = [oklab(VISIONS[vision] @ linear(each)) for each in SERIES_COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.05


def test_colours_repeat_after_the_last():
    assert colour(len(SERIES_COLOURS)) == colour(0)
    assert translucent("#ff0010", 0.5) == "rgba(255,0,16,0.5)"
