"""Writes small Parquet files into Fuzz/corpus/parquet; see docs/fuzzing.md.

    python Fuzz/make_parquet_corpus.py     with pyarrow installed
"""

import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).parent / "corpus" / "parquet"
START = 1_535_500_800_000_000


def table():
    rows = range(20)
    return pa.table(
        {
            "time": pa.array([START + r for r in rows], pa.timestamp("us", tz="UTC")),
            "device": pa.array([None if r % 6 == 5 else f"pump-{r % 4}" for r in rows]),
            "value": pa.array([None if r % 4 == 1 else r / 8 for r in rows], pa.float64()),
            "short": pa.array([r / 2 for r in rows], pa.float32()),
            "count": pa.array([r * 1_000_007 for r in rows], pa.int64()),
            "small": pa.array([r - 9 for r in rows], pa.int32()),
            "flag": pa.array([r % 2 == 0 for r in rows]),
            "exact": pa.array([decimal.Decimal(r - 9) / 4 for r in rows], pa.decimal128(20, 2)),
            "list": pa.array([[float(i) for i in range(r % 3)] for r in rows]),
        }
    )


def put(name, **options):
    options = {"write_statistics": False, "store_schema": False, **options}
    pq.write_table(table(), FOLDER / name, **options)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for codec in ("none", "snappy", "gzip", "zstd", "lz4"):
        put(f"codec-{codec}", compression=codec)
    put("plain", compression="none", use_dictionary=False)
    put("second", compression="none", data_page_version="2.0")
    put("pages", compression="none", data_page_size=40, write_batch_size=4, row_group_size=9)
    put("int96", compression="none", use_deprecated_int96_timestamps=True)
    encodings = {
        "time": "DELTA_BINARY_PACKED",
        "device": "DELTA_BYTE_ARRAY",
        "value": "BYTE_STREAM_SPLIT",
        "count": "DELTA_BINARY_PACKED",
        "small": "BYTE_STREAM_SPLIT",
        "exact": "DELTA_BYTE_ARRAY",
    }
    put("delta", compression="none", use_dictionary=False, column_encoding=encodings)
    encodings.update(device="DELTA_LENGTH_BYTE_ARRAY", exact="BYTE_STREAM_SPLIT")
    put("delta-lengths", compression="none", use_dictionary=False, column_encoding=encodings)
