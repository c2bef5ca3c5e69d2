/// Which keys two packs do not have in common, and whose models differ.
///
/// Holds positions of differing models only; what is equal takes no memory.
package struct FleetDiff: Sendable, Equatable {
    /// A key that both have with another model.
    package struct Change: Sendable, Equatable {
        /// Positions of the model in the old and in the new pack.
        package let old: Int
        package let new: Int
    }

    /// Positions in the new pack of keys that the old one lacks, in key order.
    package private(set) var added: [Int] = []
    /// Positions in the old pack of keys that the new one lacks, in key order.
    package private(set) var removed: [Int] = []
    /// Keys whose numbers or description differ, in key order.
    package private(set) var changed: [Change] = []
    package private(set) var unchangedCount = 0

    /// Compares two packs by key; models are equal when numbers, source and features are.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming a model whose record is damaged.
    package init(from old: PackReader, to new: PackReader) throws {
        var (left, right) = (0, 0)
        while left < old.count, right < new.count {
            let order = old.keyBytes(at: left).compared(to: new.keyBytes(at: right))
            if order < 0 {
                removed.append(left)
                left += 1
            } else if order > 0 {
                added.append(right)
                right += 1
            } else {
                if try Self.areEqual(old, left, new, right) {
                    unchangedCount += 1
                } else {
                    changed.append(Change(old: left, new: right))
                }
                left += 1
                right += 1
            }
        }
        removed += left..<old.count
        added += right..<new.count
    }

    package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

    private static func areEqual(
        _ old: PackReader,
        _ left: Int,
        _ new: PackReader,
        _ right: Int
    ) throws -> Bool {
        let (first, second) = (try old.record(left), try new.record(right))
        guard first.digest == second.digest, old.family(at: left) == new.family(at: right) else {
            return false
        }
        guard let before = old.place(left).0.text(first.description) else {
            throw old.damaged(left, "its description does not match its hash")
        }
        guard let after = new.place(right).0.text(second.description) else {
            throw new.damaged(right, "its description does not match its hash")
        }
        return before.baseAddress == after.baseAddress || before.elementsEqual(after)
    }
}
