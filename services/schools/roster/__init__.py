"""Reading a school's list of pupils and fees (XLSX, XLS, CSV) and giving the wrong rows back.

The one rule: no pupil and no fee may vanish silently. A cell that is not surely understood makes its row wrong.
Entry points: `reading.read`, `limited.read_limited` (for uploads), `writing.template`, `writing.wrong_rows`.
"""
