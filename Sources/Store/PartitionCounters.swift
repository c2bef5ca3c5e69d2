/// Events of a partition by what became of them; they always add up.
///
/// accepted = duplicates + overLimit + assigned, and per definition
/// assigned = windowed + filtered + late + adjusted + corrected.
package struct PartitionCounters: Sendable, Codable, Equatable {
    /// Events taken from the log.
    package var accepted: Int64 = 0
    /// Repeats of a reading among the last of its series; counted once.
    package var duplicates: Int64 = 0
    /// Events of series beyond the limit of series.
    package var overLimit: Int64 = 0
    /// Per definition name.
    package var definitions: [String: DefinitionCounters] = [:]

    package init() {}

    /// Reads counters of earlier versions too: those that they did not have are 0.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        accepted = try values.decode(Int64.self, forKey: .accepted)
        duplicates = try values.decode(Int64.self, forKey: .duplicates)
        overLimit = try values.decodeIfPresent(Int64.self, forKey: .overLimit) ?? 0
        definitions = try values.decode(
            [String: DefinitionCounters].self,
            forKey: .definitions
        )
    }
}

/// Events of a partition by what became of them in one window definition.
package struct DefinitionCounters: Sendable, Codable, Equatable {
    /// Events in windows, open or closed.
    package var windowed: Int64 = 0
    /// Events that `where` left out.
    package var filtered: Int64 = 0
    /// Events that came after their window had closed.
    package var late: Int64 = 0
    /// Late events that count in a later window.
    package var adjusted: Int64 = 0
    /// Late events that changed a closed window.
    package var corrected: Int64 = 0
    /// Windows closed.
    package var closed: Int64 = 0

    package init() {}

    /// Reads counters of earlier versions too: those that they did not have are 0.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        windowed = try values.decode(Int64.self, forKey: .windowed)
        filtered = try values.decode(Int64.self, forKey: .filtered)
        late = try values.decode(Int64.self, forKey: .late)
        adjusted = try values.decodeIfPresent(Int64.self, forKey: .adjusted) ?? 0
        corrected = try values.decodeIfPresent(Int64.self, forKey: .corrected) ?? 0
        closed = try values.decode(Int64.self, forKey: .closed)
    }
}
