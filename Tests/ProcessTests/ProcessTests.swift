import Testing

/// Tests of the built binary, one after another: they start processes and time them.
@Suite("The built binary", .serialized)
struct ProcessTests {}
