"""The peer PyFlink: NDJSON file, SQL tumbling windows of ten seconds per series, CSV files.

Environment: EVENTS, OUTPUT (a folder). One task slot in a local mini cluster; the query and the
connectors are Flink's own, so that no event passes through Python. There is no SQLite connector in
the wheel; files cost Flink less than rows in a database.
"""

import os
import time

from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment

configuration = Configuration()
configuration.set_string("parallelism.default", "1")
configuration.set_string("table.local-time-zone", "UTC")
settings = EnvironmentSettings.new_instance().in_streaming_mode()
tables = TableEnvironment.create(settings.with_configuration(configuration).build())
tables.execute_sql(f"""
    CREATE TABLE events (
      device STRING, sensor STRING, `time` TIMESTAMP_LTZ(3), `value` DOUBLE,
      WATERMARK FOR `time` AS `time` - INTERVAL '1' SECOND
    ) WITH ('connector' = 'filesystem', 'path' = 'file://{os.environ["EVENTS"]}',
      'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601')
""")
tables.execute_sql(f"""
    CREATE TABLE windows (
      device STRING, sensor STRING, `end` BIGINT, `count` BIGINT, `sum` DOUBLE, `mean` DOUBLE,
      `min` DOUBLE, `max` DOUBLE, `stddev` DOUBLE, `first` DOUBLE, `last` DOUBLE
    ) WITH ('connector' = 'filesystem', 'path' = 'file://{os.environ["OUTPUT"]}',
      'format' = 'csv')
""")
print(f"started {time.monotonic()}", flush=True)
result = tables.execute_sql("""
    INSERT INTO windows
    SELECT device, sensor, UNIX_TIMESTAMP(CAST(window_end AS STRING)), COUNT(*), SUM(`value`),
      AVG(`value`), MIN(`value`), MAX(`value`), STDDEV_SAMP(`value`), FIRST_VALUE(`value`),
      LAST_VALUE(`value`)
    FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`time`), INTERVAL '10' SECOND))
    GROUP BY device, sensor, window_start, window_end
""")
result.wait()
print(f"stored {time.monotonic()}", flush=True)
runtime = result.get_job_client().get_job_execution_result().result().get_net_runtime()
print(f"runtime_ms {runtime}", flush=True)
