"""A table of the open data as an Apache Parquet file, where the extra `parquet` (arro3) is installed.

arro3 is Arrow's Rust implementation without pandas or NumPy: a quarter of the size of PyArrow.
"""

import io
from importlib.util import find_spec
from typing import Final

from projections.statistics.datasets import DataSet

IS_AVAILABLE: Final = find_spec("arro3") is not None and find_spec("arro3.io") is not None
"""True if this installation can write Parquet."""
MEDIA_TYPE: Final = "application/vnd.apache.parquet"


def write_parquet_table(table: DataSet, position: str) -> bytes:
    """Return a table as a Parquet file: dimensions as text, counts as whole numbers, null for one that is not shown.

    The file's metadata have the name of the table and the position of the logs that it was made from.
    """
    from arro3.core import Array, DataType, Field, Schema, Table  # noqa: PLC0415 - an extra
    from arro3.io import write_parquet  # noqa: PLC0415 - an extra

    text, number = DataType.utf8(), DataType.int64()
    dimensions, measures = table.description.dimensions, table.description.measures
    arrays = [Array([row.key[place] for row in table.rows], text) for place in range(len(dimensions))]
    arrays += [Array([row.counts[place] for row in table.rows], number) for place in range(len(measures))]
    fields = [Field(name, text) for name in dimensions] + [Field(name, number) for name in measures]
    file = io.BytesIO()
    write_parquet(
        Table.from_arrays(arrays, schema=Schema(fields)),
        file,
        compression="ZSTD(3)",
        key_value_metadata={"registry.table": table.description.name, "registry.position": position},
    )
    return file.getvalue()
