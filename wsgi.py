"""Entry point of web servers and of the ``flask`` command: ``flask --app wsgi run``."""

from sostrades_api.app import create_app

app = create_app()
