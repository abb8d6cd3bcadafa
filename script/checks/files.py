#!/usr/bin/python3
"""Prints the project's C files whose base names fit the patterns given: for xargs."""
import sys

from project import C_FOLDERS, Check

for name in Check(__doc__, []).files(*sys.argv[1:], folders=C_FOLDERS):
    print(name)
