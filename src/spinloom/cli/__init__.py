"""The command line: parse, call, print. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

from spinloom.cli.app import app, main

__all__ = ["app", "main"]
