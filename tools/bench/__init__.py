"""Measures how fast the doors for sites are: ``python -m tools.bench``, or ``make bench``.

Everything runs in one go on this machine, under the gunicorn settings of ``bridge web`` with two workers, and in short
interleaved rounds, since machines are noisy and a figure alone says little: the ratios at the end are what counts.
"""
