"""Common types of the signatures of several packages."""

LUMA = "int64, UniTuple(int64, 3)"  # channels and weights


def each(template, **choices):
    """Return `template` with every combination of the choices filled in."""
    signatures = [template]
    for name, values in choices.items():
        signatures = [s.replace(name, value) for s in signatures for value in values]
    return signatures
