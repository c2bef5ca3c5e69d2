/// Events by what became of them; they always add up.
///
/// accepted = duplicates + overLimit + assigned, and for every definition
/// assigned = windowed + filtered + late + adjusted + corrected. Every event is in exactly one of
/// them: a duplicate is nothing else, a filtered one is never late.
public struct WindowCounters: Sendable, Equatable {
    /// Events taken.
    public internal(set) var accepted: Int64 = 0
    /// Repeats of a reading among the last of its series.
    public internal(set) var duplicates: Int64 = 0
    /// Events of new series beyond the partition's limit.
    public internal(set) var overLimit: Int64 = 0
    /// In the order of the definitions; empty before the first call.
    public internal(set) var definitions: [Definition] = []

    public init() {}

    /// The counts of one definition.
    public struct Definition: Sendable, Equatable {
        public let name: String
        /// Events that counted at their time in a window that was open, or in several.
        public internal(set) var windowed: Int64 = 0
        /// Events that the filter left out.
        public internal(set) var filtered: Int64 = 0
        /// Events that came too late to count.
        public internal(set) var late: Int64 = 0
        /// Late events that counted at the watermark instead of their time.
        public internal(set) var adjusted: Int64 = 0
        /// Late events that counted in closed windows only, which were sent out again.
        public internal(set) var corrected: Int64 = 0
        /// Windows sent out for the first time.
        public internal(set) var closed: Int64 = 0
        /// Windows sent out again.
        public internal(set) var revised: Int64 = 0

        init(name: String) {
            self.name = name
        }

        /// Events that were neither duplicates nor over the limit.
        public var assigned: Int64 { windowed + filtered + late + adjusted + corrected }
    }
}
