"""The standard atmosphere as the report simplifies it: a linear troposphere, an isothermal stratosphere.

Source: NASA/TM-1998-208715, appendix, aerodynamics and range.
"""

import math

TROPOPAUSE = 36_089.0  # ft
_LAPSE = 6.875e-6  # 1/ft
_SEA_LEVEL_DENSITY = 0.002377  # slug/ft^3
_STRATOSPHERE_TEMPERATURE = 0.7519  # over that at sea level


def temperature_ratio(altitude: float) -> float:
    """Temperature at ``altitude`` [ft] over that at sea level."""
    return 1.0 - _LAPSE * altitude if altitude < TROPOPAUSE else _STRATOSPHERE_TEMPERATURE


def density(altitude: float) -> float:
    """Density of air [slug/ft^3] at ``altitude`` [ft]."""
    if altitude < TROPOPAUSE:
        return _SEA_LEVEL_DENSITY * (1.0 - _LAPSE * altitude) ** 4.2561
    return _SEA_LEVEL_DENSITY * 0.2971 * math.exp((TROPOPAUSE - altitude) / 20_806.7)


def speed_of_sound(altitude: float) -> float:
    """Speed of sound [ft/s] at ``altitude`` [ft]."""
    return 1116.39 * math.sqrt(1.0 - _LAPSE * altitude) if altitude < TROPOPAUSE else 968.1


def dynamic_pressure(*, altitude: float, mach: float) -> float:
    """Half of density times speed squared [lbf/ft^2]."""
    return 0.5 * density(altitude) * (mach * speed_of_sound(altitude)) ** 2
