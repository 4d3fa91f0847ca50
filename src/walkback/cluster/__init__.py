"""A lake analysed where it lies, by Daft on this machine or on a Ray cluster.

Rows are matched, scored and keyed (`keying`), reduced to one a post (`reducing`) and counted (`counting`);
the sums come back, and `analysis` makes of them what it makes of a store's.
"""
