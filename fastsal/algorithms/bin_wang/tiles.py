"""Layout of a model on the CPU: tiles of 4 x 64 pixels with their fields side by side.

There are three arrays, one per type, with the fields at distances known to the compiler. It would
not vectorise loops over one array per field.
"""

ROWS, COLS = 4, 64
AREA = ROWS * COLS
REACH = 4 * AREA  # among the shorts, after the counts of four templates
ACTIVITY, CANDIDATE, COUNT, CODE, LEVEL = (AREA * field for field in range(5))  # among the bytes
