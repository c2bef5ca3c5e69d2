package import Core

extension SeriesKey {
    /// The key of the model that scores keys without one: `*`, a device of every name.
    package static let fallbackModel = SeriesKey(uncheckedDevice: "*", sensor: "")
}

extension PackReader {
    /// The model that scores keys without one, nil when there is none.
    package var fallbackIndex: Int? { find(.fallbackModel) }
}
