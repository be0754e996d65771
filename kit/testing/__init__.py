"""What tests of every service stand on: real servers started once per run, and an events log in memory."""
