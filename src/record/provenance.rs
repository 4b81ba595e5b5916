//! Capture of what a run ran on: code, machine, build.
