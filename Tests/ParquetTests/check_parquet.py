"""Compares Parquet files with what pyarrow and DuckDB read, or writes files to be read.

    check_parquet.py check FOLDER   every NAME.parquet holds what NAME.json says
    check_parquet.py write FOLDER   pyarrow writes files in several layouts
"""

import datetime
import decimal
import json
import pathlib
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

KINDS = {
    "boolean": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "doubleList": pa.list_(pa.float64()),
}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def convert(kind, value):
    if value is None:
        return None
    if kind in ("int32", "int64"):
        return int(value)
    if kind == "timestamp":
        return EPOCH + datetime.timedelta(microseconds=int(value))
    if kind == "double":
        return float(value)
    if kind == "doubleList":
        return [float(item) for item in value]
    return value


def check_statistics(path, name, kind, values):
    """Bounds must hold for every value, NaN aside, and null counts must be right."""
    file = pq.ParquetFile(path)
    start = 0
    for group in range(file.metadata.num_row_groups):
        meta = file.metadata.row_group(group)
        part = values[start : start + meta.num_rows]
        start += meta.num_rows
        for index in range(meta.num_columns):
            column = meta.column(index)
            if column.path_in_schema != name:
                continue
            statistics = column.statistics
            present = [value for value in part if value is not None and value == value]
            assert statistics.null_count == sum(value is None for value in part), name
            if present and all(len(v.encode()) <= 256 for v in present if kind == "string"):
                assert statistics.has_min_max, name
                low, high = statistics.min, statistics.max
                if kind == "string":
                    low, high = low.encode(), high.encode()
                    present = [value.encode() for value in present]
                assert low == min(present) and high == max(present), (name, low, high)


def check(folder):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    count = 0
    for expected_path in sorted(folder.glob("*.json")):
        path = expected_path.with_suffix(".parquet")
        columns = json.loads(expected_path.read_text())
        table = pq.read_table(path)
        table.validate(full=True)
        assert table.column_names == [column["name"] for column in columns], path
        assert pq.ParquetFile(path).metadata.created_by == "fleetscore version 0.1.0"
        for column in columns:
            name, kind = column["name"], column["kind"]
            values = [convert(kind, value) for value in column["values"]]
            field = table.schema.field(name)
            assert field.type == KINDS[kind], (path, name, field.type)
            assert field.nullable == column["optional"], (path, name)
            assert table.column(name).to_pylist() == values, (path, name)
            rows = connection.execute(
                f'select "{name}" from read_parquet(?)', [str(path)]
            ).fetchall()
            assert [row[0] for row in rows] == values, (path, name, "duckdb")
            if kind != "doubleList":
                check_statistics(path, name, kind, values)
            if kind in ("int32", "int64", "string", "double") and values:
                probe = next((v for v in values if v is not None), None)
                found = connection.execute(
                    f'select count(*) from read_parquet(?) where "{name}" = ?',
                    [str(path), probe],
                ).fetchone()[0]
                assert found == sum(value == probe for value in values) or probe is None, name
        if path.stem == "plain":
            assert table.schema.metadata[b"features"] == b"min,max"
        count += 1
    print(f"{count} files agree")


def write(folder):
    rows = range(1000)
    start = 1_535_500_800_000_000
    table = pa.table(
        {
            "flag": pa.array([None if r % 5 == 2 else r % 2 == 0 for r in rows]),
            "small": pa.array([r - 500 for r in rows], pa.int32()),
            "number": pa.array(
                [None if r % 3 == 0 else r * 1_000_000_007 for r in rows], pa.int64()
            ),
            "score": pa.array([None if r % 4 == 1 else r / 8 for r in rows], pa.float64()),
            "time": pa.array([start + r for r in rows], pa.timestamp("us", tz="UTC")),
            "milli": pa.array(
                [start // 1000 + r for r in rows], pa.timestamp("ms", tz="UTC")
            ),
            "device": pa.array([None if r % 6 == 5 else f"pump-ü-{r % 10}" for r in rows]),
            "features": pa.array(
                [None if r % 9 == 8 else [float(r + i) for i in range(r % 4)] for r in rows],
                pa.list_(pa.float64()),
            ),
            "decimal": pa.array(
                [None if r % 7 == 3 else decimal.Decimal(r - 500) / 4 for r in rows],
                pa.decimal128(7, 2),
            ),
            "wide": pa.array(
                [decimal.Decimal((r - 500) * 2**70) for r in rows], pa.decimal128(30, 3)
            ),
        }
    )

    def put(name, **options):
        pq.write_table(table, folder / f"{name}.parquet", **options)

    put("v1_zstd", compression="zstd")
    put("v1_plain", compression="none", use_dictionary=False, row_group_size=300)
    put("v1_snappy", compression="snappy")
    put("v2_zstd", compression="zstd", data_page_version="2.0")
    put("v2_none", compression="none", data_page_version="2.0", use_dictionary=False)
    put("small_pages", compression="zstd", data_page_size=100, write_batch_size=16)
    put("v1_gzip", compression="gzip")
    put("v2_gzip", compression="gzip", data_page_version="2.0", use_dictionary=False)
    put("v1_lz4", compression="lz4")
    put("decimals", store_decimal_as_integer=True, use_dictionary=False)
    put("int96", use_deprecated_int96_timestamps=True)
    put("int96_plain", use_deprecated_int96_timestamps=True, use_dictionary=False)
    encodings = {
        "small": "DELTA_BINARY_PACKED",
        "number": "DELTA_BINARY_PACKED",
        "time": "DELTA_BINARY_PACKED",
        "milli": "BYTE_STREAM_SPLIT",
        "score": "BYTE_STREAM_SPLIT",
        "device": "DELTA_BYTE_ARRAY",
        "decimal": "BYTE_STREAM_SPLIT",
        "wide": "DELTA_BYTE_ARRAY",
        "flag": "RLE",
    }
    put("v1_delta", use_dictionary=False, column_encoding=encodings)
    encodings.update(device="DELTA_LENGTH_BYTE_ARRAY", score="PLAIN")
    put(
        "v2_delta",
        use_dictionary=False,
        column_encoding=encodings,
        data_page_version="2.0",
        data_page_size=700,
        write_batch_size=16,
    )
    put("brotli", compression={"score": "brotli", "number": "none"})
    write_duckdb(folder)


def write_duckdb(folder):
    """Numbers that DuckDB takes for decimals, in the newest version of the format."""
    for version in ("v1", "v2"):
        path = folder / f"duckdb_{version}.parquet"
        duckdb.connect().execute(
            f"""
            copy (
                select 'pump-' || i % 10 as device, 21.5 + i / 4 as exact, 0.1 * i as value,
                    make_timestamp(1535500800000000 + i * 1000)::timestamptz as time,
                    (i * 1000003 % 65521 - 30000)::int as small
                from range(5000) t(i)
            ) to '{path}' (format parquet, parquet_version {version}, compression gzip)
            """
        )

if __name__ == "__main__":
    {"check": check, "write": write}[sys.argv[1]](pathlib.Path(sys.argv[2]))
