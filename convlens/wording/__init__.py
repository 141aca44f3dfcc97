"""How results are worded: numbers, cells, and the JSON of each analysis, for the program and the report."""
