"""Entry point of web servers and of the ``flask`` command: ``flask --app wsgi run``."""

import gc

gc.disable()  # what is imported is no garbage: looking for some takes a seventh of the start

from sostrades_api.app import create_app  # noqa: E402

app = create_app()
gc.enable()
gc.freeze()  # it stays until the end: no collection looks at it, and a command ends 0.8 s sooner
