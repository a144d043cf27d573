"""Runs the Flask original under gunicorn. The original expects its database as the first argument."""
import os
import sys

sys.argv = ["app.py", os.environ["DATABASE"]]
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "test", "flask-original"))

from app import app  # noqa: E402, F401
