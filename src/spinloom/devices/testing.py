"""The checks that every device passes. Call :func:`assert_device_api` in the test of a new one."""

from __future__ import annotations

import json
from typing import Any

import spinloom
from spinloom import registry
from spinloom.devices import device
from spinloom.devices.base import Device
from spinloom.errors import SpinloomError
from spinloom.parameters import rules


def assert_device_api(parameter_set: str) -> Any:
    """Fail with a message unless the set's device does what every device does; return the device.

    Checks: registered under its kind, one-line summary, overrides marked and refused with advice, attributes that carry
    parameters, sources and version, and parameters that are not changed from outside.
    """
    found = device(parameter_set)
    assert isinstance(found, Device), f"{type(found).__name__} must derive from Device"
    assert registry.devices.get(found.kind) is type(found), f"register '{found.kind}' in spinloom.registry"
    assert "\n" not in found.summary(), "the summary is one line"
    assert found.summary(), "the summary says something"
    attributes = found.attributes(seed=1, nothing=None)
    assert attributes["spinloom_version"] == spinloom.__version__, "results carry the version"
    assert attributes["references"], "results carry their sources"
    assert "nothing" not in attributes, "attributes without a value are left out"
    carried = json.loads(attributes["parameters"])["parameters"]
    assert set(carried) == set(rules(found.kind)), "results carry every parameter"
    number = next(name for name, item in carried.items() if not isinstance(item["value"], str))
    changed = found.with_parameters(**{number: carried[number]["value"]})
    assert type(changed) is type(found), "an override keeps the device"
    assert changed.attributes()["yours"], "an override is marked as yours"
    assert not found.attributes()["yours"], "an override does not change the original"
    refusal = ""
    try:
        found.with_parameters(**{number + "x": 1.0})
    except SpinloomError as error:
        refusal = str(error)
    assert f"'{number}'" in refusal, "an unknown parameter is refused, with the closest match"
    return found
