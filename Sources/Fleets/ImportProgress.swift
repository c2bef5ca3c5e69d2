/// How far an import is.
package struct ImportProgress: Sendable {
    /// Files whose models are in, and files in all.
    package let done: Int
    package let total: Int
    /// Files that had to be decoded so far.
    package let decoded: Int
}
