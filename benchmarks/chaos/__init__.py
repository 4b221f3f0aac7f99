"""A platform under accidents: everything that it accepted has to end, once, with the right results."""
