"""Enrolment lists as files: XLSX and CSV read in a process of their own, XLSX written."""
