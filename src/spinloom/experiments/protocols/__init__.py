"""Ways to run a published system: functions ``run(spec, context) -> Outcome`` named in ``registry.protocols``."""
