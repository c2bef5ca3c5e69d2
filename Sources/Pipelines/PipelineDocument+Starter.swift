extension PipelineDocument {
    /// A commented document to begin with; it parses when the three names are valid.
    package static func starter(name: String, windows: String, fleet: String) -> String {
        """
        # A pipeline: which windows are scored by which models, when, and within what limits.
        # Check it with: fleetscore pipelines check FILE
        version: 1
        name: \(name)

        # A window definition of fleetscore.yaml.
        windows: \(windows)

        # What models read from a window: count, sum, mean, min, max, stddev, first, last.
        # For one model per device name the sensors: [temperature.mean, vibration.max]
        features: [mean]

        # The models: name@alias or name@version.
        fleet: \(fleet)

        schedule:
          every: 5m                # or cron: "*/5 * * * *" (with the quotes)
          time_zone: UTC           # any IANA name, such as Europe/Berlin; it applies to cron
          wait_for:
            watermark: true        # start when all windows of the interval are closed ...
            at_most: 10m           # ... or after this long without

        compute:
          target: local
          min: 0                   # workers kept warm
          max: 2                   # workers at most
          idle: 60s                # a worker without work ends after this

        limits:
          failed_items: 10%        # more failed items than this and nothing is published
          item_timeout: 10s
          run_timeout: 1h
          retries: 2               # further attempts of a task whose worker died
          no_model: report         # or fallback: the fleet's fallback model scores such keys

        outputs:
          format: parquet          # or csv

        """
    }
}
