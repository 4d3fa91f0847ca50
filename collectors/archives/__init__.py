"""Archives: one file format a module, each a `Format`; `sniff` tells which one a file has."""
