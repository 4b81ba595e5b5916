//! Python literals: parse and print.
